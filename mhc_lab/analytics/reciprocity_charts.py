"""Charts of who follows whom back: frames in, charts out."""

from __future__ import annotations

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart
from mhc_lab.core import display

_UTC = alt.Scale(type="utc")
_SHARE = alt.Scale(domain=[0, 1])
_KINDS = {"mutual": (charts.ACCENT, 0.75), "they only": (charts.ACCENT, 0.25), "I only": (charts.CONTRAST, 0.08)}
"""From the bottom up: the colour of line and filling, and how dense the filling is; each is also named where it lies."""
_COLUMNS = {"mutual": "mutual", "they only": "they_only", "I only": "i_only"}


def weekly(frame: pl.DataFrame) -> Chart:
    """The three shares one upon the other, and the follow-back rate as a dashed line."""
    rows = pl.concat(_stretch(frame, number, kind) for number, kind in enumerate(_KINDS)).with_columns(
        pl.col("counted_at").dt.strftime("%Y-%m-%d").alias("week")
    )
    kinds = list(_KINDS)
    when = alt.X("counted_at:T", scale=_UTC, title="time (UTC)")
    color = alt.Color(
        "kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[color for color, _ in _KINDS.values()])
    )
    dense = alt.FillOpacity(
        "kind:N", legend=None, scale=alt.Scale(domain=kinds, range=[part for _, part in _KINDS.values()])
    )
    areas = (
        alt.Chart(rows)
        .mark_area()
        .encode(
            x=when,
            y=alt.Y("low:Q", scale=_SHARE, title="share of all who follow or are followed", axis=alt.Axis(format="%")),
            y2="high:Q",
            color=color,
            opacity=dense,
            tooltip=[
                alt.Tooltip("week:N", title="on"),
                alt.Tooltip("kind:N", title="who"),
                alt.Tooltip("person_count:Q", title="persons", format=","),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
    )
    edges = alt.Chart(rows).mark_line(strokeWidth=1.5).encode(x=when, y=alt.Y("high:Q", scale=_SHARE), color=color)
    rate = (
        alt.Chart(frame.drop_nulls("follow_back_rate"))
        .mark_line(color="currentColor", strokeDash=[6, 4])
        .encode(x=when, y=alt.Y("follow_back_rate:Q", scale=_SHARE))
    )
    return charts.finished(
        (areas + edges + rate + _names(rows)).properties(height=260),
        title="Who follows whom back",
        note=f"From the bottom up: {', '.join(kinds)}. Dashed: of those I follow, the share that follows back.",
        description="Week by week, the shares of those who follow me and are followed, who only follow, and who are only followed.",
    )


def follow_backs(mass: pl.DataFrame, *, count: int) -> Chart:
    """The share that has followed back after so many days: a solid line for at least, a dashed one for at most, and what is between."""
    rows = _steps(mass)
    base = alt.Chart(rows).encode(x=alt.X("days:Q", title="days after my follow"))
    between = base.mark_area(color=charts.ACCENT, opacity=0.2, interpolate="step-after").encode(
        y=alt.Y("at_least:Q", title="have followed back", scale=alt.Scale(domainMin=0), axis=alt.Axis(format="%")),
        y2="at_most:Q",
    )
    tooltip = [
        alt.Tooltip("days:Q", format=".1f"),
        alt.Tooltip("at_least:Q", title="at least", format=".1%"),
        alt.Tooltip("at_most:Q", title="at most", format=".1%"),
    ]
    least = base.mark_line(color=charts.ACCENT, interpolate="step-after").encode(y="at_least:Q", tooltip=tooltip)
    most = base.mark_line(color=charts.ACCENT, interpolate="step-after", strokeDash=[5, 4]).encode(
        y="at_most:Q", tooltip=tooltip
    )
    return charts.finished(
        (between + least + most).properties(height=240),
        title="How soon do they follow back?",
        note=f"{display.plural(count, 'follow')} of mine. Solid: at least. Dashed: at most, for lists do not tell the hour.",
        description=f"The share that has followed back so many days after {display.plural(count, 'follow')} of mine.",
    )


def _stretch(frame: pl.DataFrame, number: int, kind: str) -> pl.DataFrame:
    """Where the area of ``kind`` lies at each week: above those before it."""
    below = [pl.col(f"{_COLUMNS[before]}_share") for before in list(_KINDS)[:number]]
    low = pl.sum_horizontal(below) if below else pl.lit(0.0)
    share = pl.col(f"{_COLUMNS[kind]}_share")
    return frame.drop_nulls("mutual_share").select(
        "counted_at",
        pl.lit(kind).alias("kind"),
        pl.col(f"{_COLUMNS[kind]}_count").alias("person_count"),
        share.alias("share"),
        low.alias("low"),
        (low + share).alias("high"),
    )


def _names(rows: pl.DataFrame) -> alt.Chart:
    """Each name inside its area, at the right, where there is room for it."""
    last = rows.filter((pl.col("counted_at") == pl.col("counted_at").max()) & (pl.col("share") > 0.06))
    places = last.with_columns(((pl.col("low") + pl.col("high")) / 2).alias("middle"))
    named: alt.Chart = (
        alt.Chart(places)
        .mark_text(align="right", dx=-6, color="currentColor", fontWeight="bold")
        .encode(x=alt.X("counted_at:T", scale=_UTC), y=alt.Y("middle:Q", scale=_SHARE), text="kind:N")
    )
    return named


def _steps(mass: pl.DataFrame) -> pl.DataFrame:
    """The lower and the upper step line, at every day at which either rises, up to the last day known."""
    known = mass.filter(pl.col("right_days").is_finite())
    days = pl.concat([pl.Series([0.0]), mass["left_days"], known["right_days"]]).unique().sort().alias("days")
    least = known.group_by("right_days").agg(pl.col("mass").sum()).sort("right_days")
    most = known.group_by("left_days").agg(pl.col("mass").sum()).sort("left_days")
    return (
        pl.DataFrame(days)
        .join_asof(
            least.select("right_days", pl.col("mass").cum_sum().alias("at_least")),
            left_on="days",
            right_on="right_days",
        )
        .join_asof(
            most.select("left_days", pl.col("mass").cum_sum().alias("at_most")), left_on="days", right_on="left_days"
        )
        .select("days", pl.col("at_least", "at_most").fill_null(0.0))
    )
