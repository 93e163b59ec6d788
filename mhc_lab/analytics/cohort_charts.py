"""Charts of staying and returning: frames in, charts out."""

from __future__ import annotations

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart

_KINDS = {"completed_count": "have left", "open_count": "still here"}
_ROUND_DAYS = [1, 2, 4, 7, 14, 30, 60, 120, 365, 730, 1460]


def heat_map(frame: pl.DataFrame, *, period: str, cohort_count: int) -> Chart:
    """A square for each cohort and age, stronger where more stayed, with the share in percent written in it."""
    drawn = frame.with_columns(
        pl.format("{} · {}", pl.col("cohort_on").dt.strftime("%Y-%m" if period == "month" else "%Y-%m-%d"), "member_count")
        .alias("cohort"),
        pl.format(
            "{}{}", pl.when("is_complete").then(pl.lit("")).otherwise(pl.lit("~")),
            (100 * pl.col("retained_share")).round().cast(pl.Int64),
        ).alias("percent"),
        pl.when("is_complete").then("retained_share").alias("shade"),
    )  # fmt: skip
    base = alt.Chart(drawn).encode(
        x=alt.X("age_weeks:O", title="weeks after coming", axis=alt.Axis(labelAngle=0, orient="top", domain=False)),
        y=alt.Y("cohort:O", title=None, sort=None, axis=alt.Axis(domain=False, ticks=False)),
        tooltip=[
            alt.Tooltip("cohort:N", title="came · how many"),
            alt.Tooltip("age_weeks:Q", title="weeks after coming"),
            alt.Tooltip("retained_count:Q", title="still here", format=","),
            alt.Tooltip("observed_count:Q", title="of those watched for so long", format=","),
            alt.Tooltip("retained_share:Q", title="share", format=".1%"),
            alt.Tooltip("is_complete:N", title="everybody was"),
        ],
    )
    full = base.transform_filter(alt.datum.is_complete).mark_rect(color=charts.ACCENT, cornerRadius=2)
    shaded = full.encode(
        opacity=alt.Opacity("shade:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 0.72]), legend=None)
    )
    unsure = base.transform_filter(~alt.datum.is_complete).mark_rect(
        fillOpacity=0, stroke="currentColor", strokeOpacity=0.45, strokeDash=[3, 3], cornerRadius=2
    )
    words = base.mark_text(fontSize=11, color="currentColor").encode(text="percent:N")
    rows = drawn["cohort"].n_unique()
    cut = f"The newest {rows} of {cohort_count:,} cohorts." if cohort_count > rows else ""
    return charts.finished(
        (shaded + unsure + words).properties(height=alt.Step(22)),
        title="Still here, of each hundred",
        note=cut or f"Row: {period} · who came. ~: not all watched yet.",
        description=f"The share of {rows} cohorts that still follows, by weeks after coming; the same numbers as in the table.",
    )


def stays(frame: pl.DataFrame) -> Chart:
    """Step lines of how many stays are so long, solid for completed ones and dashed for those that go on."""
    steps = (
        _spans(frame)
        .unpivot(index=["least_days", "most_days"], on=list(_KINDS), variable_name="kind", value_name="person_count")
        .with_columns(
            pl.col("kind").replace_strict(_KINDS), pl.format("{} – {} days", "least_days", "most_days").alias("span")
        )
    )
    scale = alt.Scale(domain=list(_KINDS.values()), range=[charts.CONTRAST, charts.ACCENT])
    dashes = alt.Scale(domain=list(_KINDS.values()), range=[[1, 0], [6, 4]])
    line = (
        alt.Chart(steps)
        .mark_line(interpolate="step-after", strokeWidth=2.5)
        .encode(
            x=alt.X(
                "least_days:Q", title="days followed so far", scale=alt.Scale(type="log", nice=False),
                axis=alt.Axis(values=_ROUND_DAYS, format="d", grid=False),
            ),
            y=alt.Y("person_count:Q", title="stays", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("kind:N", title=None, scale=scale),
            strokeDash=alt.StrokeDash("kind:N", title=None, scale=dashes),
            tooltip=[alt.Tooltip("kind:N"), alt.Tooltip("span:N"), alt.Tooltip("person_count:Q", title="stays", format=",")],
        )
    )  # fmt: skip
    return charts.finished(
        line.properties(height=200),
        title="How long they followed",
        note="Completed stays alone are too short.",
        description="Stays by their length in days, on a scale that doubles: a line for completed ones, a dashed one for those that go on.",
    )


def returns(frame: pl.DataFrame) -> Chart:
    """The share that is back, by days away, as a step line in its 95 % band."""
    drawn = _every_so_often(frame)
    base = alt.Chart(drawn).encode(
        x=alt.X("days_away:Q", title="days after leaving", axis=alt.Axis(format="d", tickMinStep=1)),
        tooltip=[
            alt.Tooltip("days_away:Q", title="days after leaving"),
            alt.Tooltip("returned_share:Q", title="back by then", format=".1%"),
            alt.Tooltip("at_risk_count:Q", title="still away before", format=","),
        ],
    )
    percent = alt.Axis(format="%")
    band = base.mark_area(color=charts.ACCENT, opacity=0.18, interpolate="step-after").encode(
        y=alt.Y("returned_low:Q", title="back by then", axis=percent), y2="returned_high:Q"
    )
    line = base.mark_line(color=charts.ACCENT, interpolate="step-after", strokeWidth=2).encode(
        y=alt.Y("returned_share:Q", axis=percent)
    )
    return charts.finished(
        (band + line).properties(height=200),
        title="Who comes back, and when",
        note="Band: where the share lies with 95 % confidence.",
        description="The share of those who left that follows again, by days after leaving, with its 95 % band.",
    )


def _spans(frame: pl.DataFrame) -> pl.DataFrame:
    """Every span from half a day to the longest, those that nobody fits into as well, and an end for the last step."""
    longest = frame["most_days"].max()
    edges = [0.5]
    while isinstance(longest, float) and edges[-1] < longest:
        edges.append(edges[-1] * 2)
    spans = pl.DataFrame({"least_days": edges, "most_days": [edge * 2 for edge in edges]})
    counted = frame.with_columns(
        pl.when(pl.col("least_days") == 0).then(0.5).otherwise("least_days").alias("least_days")
    )
    joined = spans.join(counted.drop("most_days"), on="least_days", how="left")
    return joined.with_columns(pl.col(name).fill_null(0) for name in _KINDS).sort("least_days")


def _every_so_often(frame: pl.DataFrame, most: int = 1000) -> pl.DataFrame:
    """At most so many of the rows, from an even spread, the first and last among them; the curve begins with nobody back."""
    begin = pl.DataFrame(
        {"days_away": [0], "returned_share": [0.0], "returned_low": [0.0], "returned_high": [0.0]},
        schema={name: frame.schema[name] for name in ("days_away", "returned_share", "returned_low", "returned_high")},
    )
    kept = frame.gather_every(max(1, frame.height // most))
    return pl.concat([begin, kept, frame.tail(1)], how="diagonal").unique("days_away", keep="first").sort("days_away")
