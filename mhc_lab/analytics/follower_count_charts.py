"""Charts of the number of followers from several sources: frames in, charts out. All times are drawn in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart
from mhc_lab.analytics.window import Window

BRUSH = "brush"
"""The name of the stretch of time that a reader marks in the chart of the sources."""
RULES_DRAWN = 400
"""The newest lists that have a line across."""

_NAMES = {"cbhours": "CBHours", "affiliate": "affiliate feed", "list": "complete lists"}
_WRONG = charts.PALETTE[4]
_LOOKS = {
    "CBHours": ("square", charts.ACCENT),
    "affiliate feed": ("triangle-up", charts.CONTRAST),
    "complete lists": ("circle", charts.PALETTE[2]),
    "partial list": ("triangle-down", _WRONG),
    "held list": ("cross", _WRONG),
    "refused list": ("diamond", _WRONG),
}
"""Each source, and each kind of list that is not believed, with its shape and colour."""
_UTC = alt.Scale(type="utc")


def sources(told: pl.DataFrame, lists: pl.DataFrame, *, fresh_for: Mapping[str, timedelta], window: Window) -> Chart:
    """A line for each source, dashed where its number is stale; a line across for each list, red with a shape if it is not complete."""
    named = told.with_columns(pl.col("source").replace(_NAMES))
    wrong = _wrong(lists)
    present = [name for name in _LOOKS if name in {*named["source"], *wrong["source"]}]
    lines = _lines(_stretches(told, fresh_for, window), present)
    layers: alt.LayerChart = alt.LayerChart(
        layer=[_across(lists), lines, _marks(named, window, present), *_doubts(wrong, present)], height=260
    )
    return charts.finished(
        layers,
        title="Followers, according to whom",
        note="Dashed: no news. Red: list not complete.",
        description=f"The number of followers from {told['source'].n_unique()} sources, {window}, and when lists were taken.",
    )


def used(frame: pl.DataFrame) -> Chart:
    """The number that is used as a step line, and marks that say by their shape from which source it is."""
    rows = frame.drop_nulls("follower_count").with_columns(
        pl.col("source").replace(_NAMES), _minute("at"), _minute("told_at")
    )
    present = [name for name in _LOOKS if name in {*rows["source"]}]
    base = alt.Chart(rows).encode(
        x=alt.X("at:T", scale=_UTC, title="time (UTC)"),
        y=alt.Y("follower_count:Q", title="followers", scale=alt.Scale(zero=False)),
    )
    line = base.mark_line(color="currentColor", interpolate="step-after", opacity=0.5)
    marks = base.mark_point(filled=True, size=36, opacity=1).encode(
        color=_coloured(present), shape=_shaped(present),
        tooltip=[
            alt.Tooltip("at_text:N", title="at"),
            alt.Tooltip("follower_count:Q", title="followers", format=","),
            alt.Tooltip("source:N"),
            alt.Tooltip("told_at_text:N", title="told"),
            alt.Tooltip("is_stale:N", title="stale"),
            alt.Tooltip("disagreement:Q", title="sources differ by", format=","),
        ],
    )  # fmt: skip
    return charts.finished(
        (line + marks).properties(height=200),
        title="The number that is used",
        note="From the best source that is fresh.",
        description=f"The number of followers that is used at {rows.height} instants, and its source.",
    )


def _lines(stretches: pl.DataFrame, present: list[str]) -> alt.Chart:
    drawn: alt.Chart = (
        alt.Chart(stretches)
        .mark_rule(strokeWidth=2, opacity=1)
        .encode(
            x=alt.X("told_at:T", scale=_UTC, title="time (UTC)"),
            x2="until_at:T",
            y=alt.Y("follower_count:Q", title="followers", scale=alt.Scale(zero=False)),
            y2="next_count:Q",
            color=_coloured(present),
            strokeDash=alt.StrokeDash(
                "is_stale:N", scale=alt.Scale(domain=[False, True], range=[[1, 0], [3, 5]]), legend=None
            ),
        )
    )
    return drawn


def _marks(told: pl.DataFrame, window: Window, present: list[str]) -> alt.Chart:
    drawn: alt.Chart = (
        alt.Chart(told.filter(pl.col("told_at") > window.start).with_columns(_minute("told_at")))
        .mark_point(filled=True, size=26, opacity=1)
        .encode(
            x=alt.X("told_at:T", scale=_UTC),
            y=alt.Y("follower_count:Q"),
            color=_coloured(present),
            shape=_shaped(present),
            tooltip=[
                alt.Tooltip("told_at_text:N", title="told"),
                alt.Tooltip("source:N"),
                alt.Tooltip("follower_count:Q", title="followers", format=","),
            ],
        )
        .add_params(alt.selection_interval(name=BRUSH, encodings=["x"]))
    )
    return drawn


def _across(lists: pl.DataFrame) -> alt.Chart:
    """A faint line for each list."""
    rows = lists.select("observed_at").tail(RULES_DRAWN)
    drawn: alt.Chart = (
        alt.Chart(rows).mark_rule(color="currentColor", opacity=0.1).encode(x=alt.X("observed_at:T", scale=_UTC))
    )
    return drawn


def _doubts(wrong: pl.DataFrame, present: list[str]) -> tuple[alt.Chart, alt.Chart]:
    """A red line for each list that is not complete, with the shape of its verdict on top."""
    base = alt.Chart(wrong).encode(
        x=alt.X("observed_at:T", scale=_UTC),
        tooltip=[
            alt.Tooltip("observed_at_text:N", title="list taken"),
            alt.Tooltip("listed_count:Q", title="names", format=","),
            alt.Tooltip("verdict:N"),
            alt.Tooltip("why:N"),
        ],
    )
    tops = base.mark_point(filled=True, size=60, opacity=1)
    return (
        base.mark_rule(color=_WRONG, opacity=0.5),
        tops.encode(y=alt.value(4), color=_coloured(present), shape=_shaped(present)),
    )


def _wrong(lists: pl.DataFrame) -> pl.DataFrame:
    """The lists that are not complete, each named like an entry of the legend."""
    odd = lists.filter(pl.col("verdict") != "complete").tail(RULES_DRAWN)
    return odd.with_columns((pl.col("verdict") + " list").alias("source"), _minute("observed_at"))


def _stretches(told: pl.DataFrame, fresh_for: Mapping[str, timedelta], window: Window) -> pl.DataFrame:
    """From each number of a source to its next: fresh up to its limit and, where the next comes later, stale; the last up to the end."""
    limits = pl.DataFrame(
        {"source": list(fresh_for), "limit": list(fresh_for.values())}, schema_overrides={"limit": pl.Duration("us")}
    )
    chained = (
        told.sort("source", "told_at")
        .with_columns(
            pl.col("told_at").shift(-1).over("source").alias("until_at"),
            pl.col("follower_count").shift(-1).over("source").alias("next_count"),
        )
        .with_columns(
            pl.col("until_at").fill_null(window.end), pl.col("next_count").fill_null(pl.col("follower_count"))
        )
        .filter(pl.col("until_at") > window.start, pl.col("until_at") > pl.col("told_at"))
        .join(limits, on="source", how="left")
        .with_columns((pl.col("until_at") - pl.col("told_at") > pl.col("limit")).alias("is_stale"))
        .with_columns(pl.max_horizontal("told_at", pl.lit(window.start, dtype=pl.Datetime("us", "UTC"))))
    )
    return chained.select(
        pl.col("source").replace(_NAMES), "told_at", "until_at", "follower_count", "next_count", "is_stale"
    )


def _coloured(present: list[str]) -> alt.Color:
    return alt.Color(
        "source:N", title=None, scale=alt.Scale(domain=present, range=[_LOOKS[name][1] for name in present])
    )


def _shaped(present: list[str]) -> alt.Shape:
    return alt.Shape(
        "source:N", title=None, scale=alt.Scale(domain=present, range=[_LOOKS[name][0] for name in present])
    )


def _minute(name: str) -> pl.Expr:
    """A tooltip's own clock is the reader's; a text stays UTC."""
    return pl.col(name).dt.strftime("%Y-%m-%d %H:%M").alias(f"{name}_text")
