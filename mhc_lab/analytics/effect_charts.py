"""The chart of losses around events: a frame in, a chart out."""

from __future__ import annotations

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart
from mhc_lab.core import display

HIGHEST = 6.0
"""Intervals are cut here: what is this wide says nothing, and would press the rest flat."""


def lags(frame: pl.DataFrame, *, kind: str, event_count: int, hours: float) -> Chart:
    """Observed ÷ expected in each step from an event, with its interval; filled where the losses asked about are."""
    inside = f"within {hours:g} h"
    rows = frame.with_columns(
        ((pl.col("from_hours") + pl.col("to_hours")) / 2).alias("hours"),
        pl.col("ratio_hi").clip(upper_bound=HIGHEST).alias("drawn_hi"),
        pl.when((pl.col("from_hours") >= 0) & (pl.col("to_hours") <= hours))
        .then(pl.lit(inside))
        .otherwise(pl.lit("before or later"))
        .alias("part"),
        pl.format("{} to {} h", pl.col("from_hours"), pl.col("to_hours")).alias("step"),
    )
    when = alt.X(
        "hours:Q",
        title="hours from the event",
        scale=_scale(rows),
        axis=alt.Axis(values=_ticks(rows, hours), grid=False),
    )
    base = alt.Chart(rows).encode(x=when)
    interval = base.mark_rule(color=charts.ACCENT, strokeWidth=2).encode(
        y=alt.Y("ratio_lo:Q", title="losses ÷ expected", scale=alt.Scale(domainMin=0)), y2="drawn_hi:Q"
    )
    parts = [inside, "before or later"]
    fill = alt.Scale(domain=parts, range=[charts.ACCENT, "transparent"])
    shape = alt.Scale(domain=parts, range=["circle", "diamond"])
    points = base.mark_point(color=charts.ACCENT, size=70, opacity=1).encode(
        y="ratio:Q",
        fill=alt.Fill("part:N", title=None, scale=fill),
        shape=alt.Shape("part:N", title=None, scale=shape),
        tooltip=[
            alt.Tooltip("step:N", title="from the event"),
            alt.Tooltip("observed:Q", title="left (spread evenly)", format=".1f"),
            alt.Tooltip("expected:Q", format=".1f"),
            alt.Tooltip("ratio:Q", title="left ÷ expected", format=".2f"),
            alt.Tooltip("ratio_lo:Q", title="at least", format=".2f"),
            alt.Tooltip("ratio_hi:Q", title="at most", format=".2f"),
        ],
    )
    usual = alt.Chart(rows.head(1)).mark_rule(color="currentColor", strokeDash=[5, 4]).encode(y=alt.datum(1))
    event = alt.Chart(rows.head(1)).mark_rule(color="currentColor", opacity=0.4).encode(x=alt.datum(0))
    return charts.finished(
        (interval + points + usual + event).properties(height=240),
        title=f"Do more leave after a {kind}?",
        note=f"{display.plural(event_count, 'event')}. Dashed: as many as usual. Lines: 0.95 intervals.",
        description=f"Losses divided by expected losses from {-hours:g} to {2 * hours:g} hours around {display.plural(event_count, kind)}.",
    )


def _scale(rows: pl.DataFrame) -> alt.Scale:
    return alt.Scale(domain=[rows["from_hours"][0], rows["to_hours"][-1]], nice=False)


def _ticks(rows: pl.DataFrame, hours: float) -> list[float]:
    """Every half of the hours asked about."""
    first, last = round(rows["from_hours"][0] / hours), round(rows["to_hours"][-1] / hours)
    return [hours * half / 2 for half in range(2 * first, 2 * last + 1)]
