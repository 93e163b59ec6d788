"""Charts of the quality of follow lists: frames in, charts out. All times are drawn in UTC."""

from __future__ import annotations

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart

LISTS_DRAWN = 2000
"""The newest lists that are drawn."""

_VERDICTS = {
    "complete": ("circle", charts.ACCENT),
    "partial": ("triangle-down", charts.CONTRAST),
    "held": ("cross", charts.PALETTE[4]),
    "refused": ("square", charts.PALETTE[5]),
}
"""Each verdict with its shape and colour."""
_TOLD = [
    alt.Tooltip("observed_at_text:N", title="taken"),
    alt.Tooltip("verdict:N"),
    alt.Tooltip("why:N"),
    alt.Tooltip("listed_count:Q", title="names", format=","),
    alt.Tooltip("compared_with:N", title="compared with"),
    alt.Tooltip("listed_share:Q", title="share", format=".1%"),
    alt.Tooltip("missing_count:Q", title="missing", format=","),
    alt.Tooltip("expected_missing:Q", title="to be expected", format=",.1f"),
    alt.Tooltip("decision:N"),
]
"""What is told of a list under the pointer."""


def quality(frame: pl.DataFrame) -> Chart:
    """A mark per list at the share of what was to be there; larger where more, or fewer, are missing than was to be expected."""
    drawn = frame.tail(LISTS_DRAWN)
    rows = drawn.with_columns(
        pl.col("observed_at").dt.strftime("%Y-%m-%d %H:%M").alias("observed_at_text"),
        pl.col("listed_share").fill_null(0),
        pl.col("excess_missing").abs().fill_null(0).alias("distance"),
    )
    marks = (
        alt.Chart(rows)
        .mark_point(filled=True, opacity=0.85, strokeWidth=1)
        .encode(
            x=alt.X("observed_at:T", scale=alt.Scale(type="utc"), title="time (UTC)"),
            y=alt.Y("listed_share:Q", title="listed ÷ to be there", axis=alt.Axis(format="%")),
            shape=alt.Shape(
                "verdict:N", title=None,
                scale=alt.Scale(domain=list(_VERDICTS), range=[shape for shape, _ in _VERDICTS.values()]),
            ),
            color=alt.Color(
                "verdict:N", title=None,
                scale=alt.Scale(domain=list(_VERDICTS), range=[colour for _, colour in _VERDICTS.values()]),
            ),
            size=alt.Size("distance:Q", scale=alt.Scale(range=[30, 400], zero=True), legend=None),
            tooltip=_TOLD,
        )
    )  # fmt: skip
    whole = alt.Chart(pl.DataFrame({"whole": [1.0]})).mark_rule(color="currentColor", opacity=0.4, strokeDash=[4, 4])
    cut = f"The newest {drawn.height:,} of {frame.height:,}." if frame.height > drawn.height else ""
    return charts.finished(
        (whole.encode(y="whole:Q") + marks).properties(height=240),
        title="How much of each list is there",
        note=cut or "Larger: more, or fewer, missing than expected.",
        description=f"{drawn.height} lists by time and by the share of the reported total that is on them, each verdict with its shape.",
    )
