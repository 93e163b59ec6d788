"""Charts of coming and leaving: frames in, charts out. All times are drawn in UTC."""

from __future__ import annotations

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart
from mhc_lab.analytics.window import Window
from mhc_lab.core import display

TIMELINE_ROWS = 60
"""The timeline draws this many of the newest unfollows; more would not be read."""
TIMELINE_EVENTS = 400
"""And this many of the newest events across it."""

_UTC = alt.Scale(type="utc")
_STATUSES = ["confirmed", "provisional"]
_CHANGES = {
    "came": (charts.ACCENT, charts.ACCENT),
    "left": (charts.CONTRAST, charts.CONTRAST),
    "left (provisional)": ("transparent", charts.CONTRAST),
}
"""Each change and the colours of its bar: inside and line."""
_VERDICTS = {"complete": "circle", "partial": "triangle-down", "held": "cross", "refused": "square"}


def timeline(frame: pl.DataFrame, *, window: Window, events: pl.DataFrame | None = None) -> Chart:
    """When each person left: a thin line while they followed, a strong one over the time in which they left, a mark at its end.

    ``events`` (kind, at) go across from top to bottom, each kind with a dash of its own.
    """
    drawn = frame.head(TIMELINE_ROWS)
    base = alt.Chart(_with_texts(drawn, window)).encode(
        y=alt.Y("username:N", sort=drawn["username"].unique(maintain_order=True).to_list(), title=None),
        tooltip=[
            alt.Tooltip("username:N", title="who"),
            alt.Tooltip("followed_at_text:N", title="followed from"),
            alt.Tooltip("last_seen_at_text:N", title="last seen"),
            alt.Tooltip("first_missing_at_text:N", title="first missing"),
            alt.Tooltip("days_followed:Q", title="days followed", format=".1f"),
            alt.Tooltip("status:N"),
        ],
    )
    stay = base.mark_rule(color="currentColor", opacity=0.3).encode(
        x=alt.X("stay_from:T", scale=_UTC, title="time (UTC)"), x2="last_seen_at:T"
    )
    doubt = base.mark_rule(color=charts.ACCENT, strokeWidth=4).encode(
        x=alt.X("last_seen_at:T", scale=_UTC), x2="first_missing_at:T"
    )
    end = base.mark_point(color=charts.ACCENT, size=55, opacity=1).encode(
        x=alt.X("first_missing_at:T", scale=_UTC),
        shape=alt.Shape("status:N", title=None, scale=alt.Scale(domain=_STATUSES, range=["circle", "diamond"])),
        fill=alt.Fill("status:N", title=None, scale=alt.Scale(domain=_STATUSES, range=[charts.ACCENT, "transparent"])),
    )
    cut = f"The newest {drawn.height} of {frame.height:,}." if frame.height > drawn.height else ""
    layers = stay + doubt + end
    if events is not None:
        layers = _across(events, window) + layers
    return charts.finished(
        layers.properties(height=alt.Step(17)),
        title="When each of them left",
        note=cut or "Thin: while they followed. Strong: when they left.",
        description=f"When each of them left, {window}: a line for each of {display.plural(drawn.height, 'unfollow')}.",
    )


def _across(events: pl.DataFrame, window: Window) -> alt.Chart:
    """A faint line for each event of the window, with its kind."""
    within = events.filter(pl.col("at") > window.start, pl.col("at") <= window.end)
    rows = within.sort("at", descending=True).head(TIMELINE_EVENTS).with_columns(_minute("at"))
    drawn: alt.Chart = (
        alt.Chart(rows.select("kind", "at", "at_text"))
        .mark_rule(color="currentColor", opacity=0.2, strokeWidth=1)
        .encode(
            x=alt.X("at:T", scale=_UTC),
            strokeDash=alt.StrokeDash("kind:N", title="event"),
            tooltip=[alt.Tooltip("kind:N"), alt.Tooltip("at_text:N", title="when")],
        )
    )
    return drawn


def daily(frame: pl.DataFrame) -> Chart:
    """Who came, upwards, and who left, downwards, by UTC day; what is provisional is hollow."""
    rows = (
        frame.select(
            "changed_on",
            pl.col("follows").alias("came"),
            (pl.col("provisional") - pl.col("unfollows")).alias("left"),
            (-pl.col("provisional")).alias("left (provisional)"),
        )
        .unpivot(index="changed_on", variable_name="change", value_name="signed_count")
        .filter(pl.col("signed_count") != 0)
        .with_columns(
            pl.col("signed_count").abs().alias("person_count"), pl.col("changed_on").cast(pl.String).alias("day")
        )
    )
    kinds, (inside, line) = list(_CHANGES), zip(*_CHANGES.values(), strict=True)
    bars = (
        alt.Chart(rows)
        .mark_bar(strokeWidth=1)
        .encode(
            x=alt.X(
                "changed_on:T",
                timeUnit="utcyearmonthdate",
                title="day (UTC)",
                axis=alt.Axis(format="%Y-%m-%d", labelOverlap=True, labelSeparation=8),
            ),
            y=alt.Y("signed_count:Q", title="persons", axis=alt.Axis(labelExpr="abs(datum.value)", tickMinStep=1)),
            fill=alt.Fill("change:N", title=None, scale=alt.Scale(domain=kinds, range=list(inside))),
            stroke=alt.Stroke("change:N", title=None, scale=alt.Scale(domain=kinds, range=list(line))),
            tooltip=[alt.Tooltip("day:N"), alt.Tooltip("change:N"), alt.Tooltip("person_count:Q", title="persons")],
        )
    )
    return charts.finished(
        bars.properties(height=220),
        title="Who came and who left",
        note="Upwards: came. Downwards: left.",
        description=f"Who came and who left, day by day: {frame['follows'].sum():,} came and {frame['unfollows'].sum():,} left.",
    )


def lengths(frame: pl.DataFrame, *, title: str) -> Chart:
    """How long each list was: a line through the complete ones, and every other as a shape of its own."""
    rows = frame.with_columns(_minute("observed_at"))
    base = alt.Chart(rows).encode(
        x=alt.X("observed_at:T", scale=_UTC, title="time (UTC)"),
        y=alt.Y("listed_count:Q", title="names on the list", scale=alt.Scale(zero=False)),
    )
    line = base.transform_filter(alt.datum.verdict == "complete").mark_line(color=charts.ACCENT)
    scale = alt.Scale(domain=list(_VERDICTS), range=list(_VERDICTS.values()))
    marks = base.mark_point(color=charts.ACCENT, size=40, opacity=1).encode(
        shape=alt.Shape("verdict:N", title=None, scale=scale),
        tooltip=[
            alt.Tooltip("observed_at_text:N", title="taken"),
            alt.Tooltip("listed_count:Q", title="names", format=","),
            alt.Tooltip("reported_total:Q", title="reported", format=","),
            alt.Tooltip("verdict:N"),
            alt.Tooltip("why:N"),
        ],
    )
    return charts.finished(
        (line + marks).properties(height=220),
        title=title,
        description=f"{title}: {display.plural(frame.height, 'list')}.",
    )


def _with_texts(drawn: pl.DataFrame, window: Window) -> pl.DataFrame:
    """The rows with their times as text for the tooltip, and the stay cut to the window."""
    texts = [_minute(name) for name in ("followed_at", "last_seen_at", "first_missing_at")]
    began = pl.max_horizontal("followed_at", pl.lit(window.start, dtype=pl.Datetime("us", "UTC")))
    return drawn.with_columns(*texts, pl.min_horizontal(began, "last_seen_at").alias("stay_from"))


def _minute(name: str) -> pl.Expr:
    """A tooltip's own clock is the reader's; a text stays UTC."""
    return pl.col(name).dt.strftime("%Y-%m-%d %H:%M").alias(f"{name}_text")
