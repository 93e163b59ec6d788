"""Charts of coming and leaving by calendar period: frames in, charts out."""

from __future__ import annotations

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart

PERIODS_DRAWN = 120
"""The newest periods that are drawn; more would not be read."""

_CHANGES = {
    "came": (charts.ACCENT, charts.ACCENT),
    "left": (charts.CONTRAST, charts.CONTRAST),
    "left (provisional)": ("transparent", charts.CONTRAST),
}
"""Each change and the colours of its bar: inside and line."""
_ACROSS = alt.Axis(labelOverlap="greedy", labelSeparation=6, labelAngle=0)


def balance(frame: pl.DataFrame, *, period: str) -> Chart:
    """Bars upwards for who came, downwards for who left, hollow where that is provisional; a line through the difference."""
    drawn = _named(frame, period)
    rows = (
        drawn.select(
            "period", "net",
            pl.col("gains").alias("came"),
            (pl.col("provisional") - pl.col("losses")).alias("left"),
            (-pl.col("provisional")).alias("left (provisional)"),
        )
        .unpivot(index=["period", "net"], variable_name="change", value_name="signed_count")
        .filter(pl.col("signed_count") != 0)
        .with_columns(pl.col("signed_count").abs().alias("person_count"))
    )  # fmt: skip
    kinds, (inside, line) = list(_CHANGES), zip(*_CHANGES.values(), strict=True)
    bars = (
        alt.Chart(rows)
        .mark_bar(strokeWidth=1)
        .encode(
            x=alt.X("period:O", title=f"{period} (UTC)", axis=_ACROSS),
            y=alt.Y("signed_count:Q", title="persons", axis=alt.Axis(labelExpr="abs(datum.value)", tickMinStep=1)),
            fill=alt.Fill("change:N", title=None, scale=alt.Scale(domain=kinds, range=list(inside))),
            stroke=alt.Stroke("change:N", title=None, scale=alt.Scale(domain=kinds, range=list(line))),
            tooltip=[alt.Tooltip("period:N"), alt.Tooltip("change:N"), alt.Tooltip("person_count:Q", title="persons")],
        )
    )
    net = (
        alt.Chart(drawn)
        .mark_line(color="currentColor", strokeWidth=1.5, point=alt.OverlayMarkDef(color="currentColor", size=22))
        .encode(x=alt.X("period:O"), y="net:Q", tooltip=[alt.Tooltip("period:N"), alt.Tooltip("net:Q", format="+,")])
    )
    return charts.finished(
        (bars + net).properties(height=220),
        title=f"Who came and who left, by {period}",
        note=_cut(frame, drawn) or "Upwards: came. Downwards: left. Line: net.",
        description=f"Coming and leaving in {drawn.height} periods: {drawn['gains'].sum():,} came, {drawn['losses'].sum():,} left.",
    )


def rates(frame: pl.DataFrame, *, period: str) -> Chart:
    """A mark for the rate of each period and a line over its interval."""
    drawn = _named(frame, period).filter(pl.col("rate").is_not_null())
    base = alt.Chart(drawn).encode(
        x=alt.X("period:O", title=f"{period} (UTC)", axis=_ACROSS),
        tooltip=[
            alt.Tooltip("period:N"),
            alt.Tooltip("losses:Q", title="left", format=","),
            alt.Tooltip("person_days:Q", title="person-days", format=",.0f"),
            alt.Tooltip("rate:Q", title="per 1,000 person-days", format=".2f"),
            alt.Tooltip("rate_low:Q", title="at least (95 %)", format=".2f"),
            alt.Tooltip("rate_high:Q", title="at most (95 %)", format=".2f"),
        ],
    )
    ends = base.mark_rule(color=charts.ACCENT, strokeWidth=2).encode(
        y=alt.Y("rate_low:Q", title="left per 1,000 person-days"), y2="rate_high:Q"
    )
    marks = base.mark_point(color=charts.ACCENT, size=45, filled=True, opacity=1).encode(y="rate:Q")
    return charts.finished(
        (ends + marks).properties(height=180),
        title=f"How fast people leave, by {period}",
        note=_cut(frame, drawn) or "Line: where it lies with 95 % confidence.",
        description=f"Unfollows per 1,000 person-days in {drawn.height} periods, each with its 95 % interval.",
    )


def _named(frame: pl.DataFrame, period: str) -> pl.DataFrame:
    """The newest periods, each under the name that an axis gives it."""
    pattern = "%Y-%m" if period == "month" else "%Y-%m-%d"
    return frame.tail(PERIODS_DRAWN).with_columns(pl.col("starts_at").dt.strftime(pattern).alias("period"))


def _cut(frame: pl.DataFrame, drawn: pl.DataFrame) -> str:
    return f"The newest {PERIODS_DRAWN} of {frame.height:,}." if frame.height > PERIODS_DRAWN else ""
