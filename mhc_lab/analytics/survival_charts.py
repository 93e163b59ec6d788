"""Charts of how long people stay: frames in, charts out."""

from __future__ import annotations

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart
from mhc_lab.core import display

MOST_POINTS = 4_500
"""All curves of one chart together have no more points."""

_HEIGHT, _LINE = 260, 15
_DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [1, 4])
_ROUND_DAYS = (1, 2, 5, 7, 10, 15, 30, 60, 90, 180, 365, 730)
_MOST_TICKS = 6
_SHARE = alt.Axis(format=".0%")


def curves(frame: pl.DataFrame, *, inferred_below: float, title: str) -> Chart:
    """A falling line with its band for each group, told apart by colour and dash; below, how many were watched so long."""
    names = frame["group"].unique(maintain_order=True).to_list()
    last = float(frame["days"].max() or 1.0)  # type: ignore[arg-type]
    ticks = _ticks(last)
    base = alt.Chart(_thinned(frame, len(names))).encode(
        x=alt.X(
            "days:Q",
            title=None,
            scale=alt.Scale(domain=[0, last], nice=False),
            axis=alt.Axis(values=ticks, format=",d"),
        ),
        color=alt.Color(
            "group:N", title=None, scale=alt.Scale(domain=names, range=list(charts.PALETTE)), legend=_legend(names)
        ),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip("days:Q", title="days after coming", format=","),
            alt.Tooltip("survival:Q", title="still follow", format=".1%"),
            alt.Tooltip("lo:Q", title="at least", format=".1%"),
            alt.Tooltip("hi:Q", title="at most", format=".1%"),
            alt.Tooltip("at_risk:Q", title="watched so long", format=","),
        ],
    )
    band = base.mark_area(opacity=0.18, interpolate="step-after").encode(
        y=alt.Y("lo:Q", title="still follow", axis=_SHARE, scale=alt.Scale(domain=[0, 1])), y2="hi:Q"
    )
    line = base.mark_line(interpolate="step-after", strokeWidth=2).encode(
        y="survival:Q",
        strokeDash=alt.StrokeDash(
            "group:N", title=None, scale=alt.Scale(domain=names, range=list(_DASHES)), legend=_legend(names)
        ),
    )
    layers = [*_unseen(inferred_below), band, line, *_watched(frame, names, ticks)]
    note = (
        f"Shaded: under {inferred_below:,.0f} days, by the trend." if inferred_below >= 1 else "Band: 95 % intervals."
    )
    return charts.finished(
        alt.LayerChart(layer=layers, height=_HEIGHT),
        title=title,
        note=note,
        description=f"{title}: the share that still follows, for each day up to {last:,.0f}, in {display.plural(len(names), 'group')}.",
    )


def intervals(frame: pl.DataFrame, *, count: float) -> Chart:
    """A falling line that is a rectangle wherever nobody can know how it falls."""
    before = pl.col("survival") + pl.col("mass")
    rows = frame.filter(pl.col("right_days").is_finite()).with_columns(before=before).tail(MOST_POINTS // 2)
    x = alt.X("left_days:Q", title="days")
    spans = pl.concat(
        [
            pl.DataFrame({"left_days": [0.0], "survival": [1.0]}),
            rows.select(pl.col("right_days").alias("left_days"), "survival"),
        ]
    ).with_columns(
        right_days=pl.col("left_days").shift(-1, fill_value=frame["left_days"].max() if frame.height else 1.0)
    )
    doubt = alt.Chart(rows).mark_rect(opacity=0.3, color=charts.ACCENT).encode(
        x=x, x2="right_days:Q", y=alt.Y("survival:Q", title="last longer", axis=_SHARE), y2="before:Q"
    )  # fmt: skip
    sure = alt.Chart(spans).mark_rule(color=charts.ACCENT, strokeWidth=2).encode(x=x, x2="right_days:Q", y="survival:Q")
    return charts.finished(
        (doubt + sure).properties(height=_HEIGHT),
        title="What share lasts longer",
        note="A box: somewhere in it the line falls.",
        description=f"The share of {count:,.0f} lengths that last longer, with a box wherever their exact place is unknown.",
    )


def _thinned(frame: pl.DataFrame, groups: int) -> pl.DataFrame:
    """Every so many days only, where there would be too many points; the last of each group stays."""
    every = -(-frame.height // (MOST_POINTS - groups)) if frame.height > MOST_POINTS else 1
    is_last = pl.col("days") == pl.col("days").max().over("group")
    return frame.filter((pl.col("days") % every == 0) | is_last)


def _ticks(last: float) -> list[int]:
    """Round days, so few that their numbers stand side by side on a narrow screen."""
    step = next((days for days in _ROUND_DAYS if last / days < _MOST_TICKS), None)
    step = step or 365 * -(-int(last) // (365 * (_MOST_TICKS - 1)))
    return list(range(0, int(last) + 1, step))


def _legend(names: list[str]) -> alt.Legend | None:
    """One group is told by the title."""
    return (
        alt.Legend(symbolType="stroke", symbolStrokeWidth=2, symbolSize=500, symbolOpacity=1)
        if len(names) > 1
        else None
    )


def _unseen(inferred_below: float) -> list[alt.Chart]:
    if inferred_below < 1:
        return []
    ages = pl.DataFrame({"days": [0.0], "to_days": [inferred_below]})
    shade = alt.Chart(ages).mark_rect(color="currentColor", opacity=0.08).encode(x="days:Q", x2="to_days:Q")
    return [shade]


def _watched(frame: pl.DataFrame, names: list[str], ticks: list[int]) -> list[alt.Chart]:
    """Numbers under the axis, a line for each group, and above them what they are."""
    head = pl.DataFrame({"days": [0], "words": ["days after coming · watched so long:"]})
    title = alt.Chart(head).mark_text(align="left", fontSize=11, color="currentColor", opacity=0.8).encode(
        x="days:Q", y=alt.value(_HEIGHT + 2 * _LINE), text="words:N"
    )  # fmt: skip
    lines = [title]
    for number, name in enumerate(names):
        place, color = (
            alt.value(_HEIGHT + (3 + number) * _LINE),
            charts.PALETTE[number] if len(names) > 1 else "currentColor",
        )
        shown = frame.filter((pl.col("group") == name) & pl.col("days").is_in(ticks))
        counts = (
            alt.Chart(shown)
            .mark_text(fontSize=11, color=color)
            .encode(x="days:Q", y=place, text=alt.Text("at_risk:Q", format=",d"))
        )
        lines.append(counts)
        if len(names) > 1:
            label = alt.Chart(shown.head(1)).mark_text(fontSize=11, color=color, align="right")
            lines.append(label.encode(x=alt.value(-24), y=place, text="group:N"))
    return lines
