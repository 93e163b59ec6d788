"""Charts of the hours of the week: frames in, charts out. All hours are UTC."""

from __future__ import annotations

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart

_WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_SIDES = ["above the mean", "below the mean"]


def hours(frame: pl.DataFrame, *, is_telling: bool) -> Chart:
    """A circle for every hour of the week: full where people leave faster than on average, hollow where slower."""
    rows = frame.with_columns(
        pl.when(pl.col("times_mean") >= 1).then(pl.lit(_SIDES[0])).otherwise(pl.lit(_SIDES[1])).alias("side"),
        (pl.col("times_mean") - 1).abs().alias("distance"),
    )
    farthest = max(0.5, float(rows.select(pl.col("distance").max().fill_null(0)).item()))
    marks = (
        _week(rows)
        .mark_point(shape="circle", strokeWidth=1.5, opacity=1)
        .encode(
            size=alt.Size("distance:Q", scale=alt.Scale(domain=[0, farthest], range=[6, 260]), legend=None),
            stroke=alt.Stroke(
                "side:N", title=None, scale=alt.Scale(domain=_SIDES, range=[charts.CONTRAST, charts.ACCENT])
            ),
            fill=alt.Fill("side:N", title=None, scale=alt.Scale(domain=_SIDES, range=[charts.CONTRAST, "transparent"])),
            tooltip=[
                alt.Tooltip("weekday:N"),
                alt.Tooltip("hour:Q", title="hour (UTC)"),
                alt.Tooltip("times_mean:Q", title="times the mean", format=".2f"),
                alt.Tooltip("rate:Q", title="left per 1,000 person-days", format=".2f"),
                alt.Tooltip("expected_unfollows:Q", title="unfollows, spread", format=".1f"),
            ],
        )
    )
    note = "Larger: farther from the mean." if is_telling else "Lists lie too far apart to tell the hour."
    return charts.finished(
        marks.properties(height=alt.Step(26)),
        title="At which hour people leave",
        note=note,
        description=f"A mark for every hour of the week: how much faster or slower than on average people leave. {note}",
    )


def exposure(frame: pl.DataFrame) -> Chart:
    """A square for every hour of the week, the larger the longer people were watched in it."""
    most = max(1.0, float(frame.select(pl.col("person_hours").max().fill_null(0)).item()))
    marks = (
        _week(frame)
        .mark_square(color=charts.ACCENT, opacity=0.8)
        .encode(
            size=alt.Size("person_hours:Q", scale=alt.Scale(domain=[0, most], range=[0, 260]), legend=None),
            tooltip=[
                alt.Tooltip("weekday:N"),
                alt.Tooltip("hour:Q", title="hour (UTC)"),
                alt.Tooltip("person_hours:Q", title="person-hours", format=",.0f"),
            ],
        )
    )
    return charts.finished(
        marks.properties(height=alt.Step(26)),
        title="What the rates are out of",
        note="Larger: more was watched at that hour.",
        description="Person-hours watched at every hour of the week.",
    )


def _week(rows: pl.DataFrame) -> alt.Chart:
    return alt.Chart(rows).encode(
        x=alt.X("hour:O", title="hour (UTC)", axis=alt.Axis(labelAngle=0, labelOverlap="parity")),
        y=alt.Y("weekday:O", title=None, sort=_WEEKDAYS),
    )
