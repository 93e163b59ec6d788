"""Those who came in the same week or month, and how many of them still follow so many weeks later.

Who was there before we looked is in no cohort: nobody knows when they came. A stay is reckoned from the first list with a person to the
first without, so a share may be too high by what is lost within one gap between lists; survival curves correct for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, get_args

import polars as pl

from mhc_lab.analytics.choices import PERIODS, Direction, Every, check
from mhc_lab.analytics.refollows import newest_complete
from mhc_lab.core import display
from mhc_lab.core.errors import UserError
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

AGES = (1, 2, 3, 4, 6, 8, 12, 16, 20, 26, 39, 52, 78, 104, 156, 208)
"""The ages in weeks that charts and tables show; the frame has them all."""
COHORTS_SHOWN = 60
"""Charts and tables show this many of the newest cohorts."""


@dataclass(frozen=True, slots=True, repr=False)
class Cohorts:
    """How many of each cohort are retained at each age."""

    frame: pl.DataFrame
    """One row per cohort and week of age. ``is_complete``: every member, present or to come, was watched for so long; else the share is of
    those who were."""
    every: Every
    direction: Direction
    as_of: datetime

    @property
    def count(self) -> int:
        """How many cohorts there are."""
        return int(self.frame["cohort_on"].n_unique())

    @property
    def members(self) -> int:
        """How many persons came, each as often as they did."""
        return int(self.frame.filter(pl.col("age_weeks") == 0)["member_count"].sum())

    def retained(self, age_weeks: int) -> float | None:
        """The share of all that were watched for ``age_weeks`` that was still there then; None when nobody was."""
        cells = self.frame.filter(pl.col("age_weeks") == age_weeks)
        retained, observed = int(cells["retained_count"].sum()), int(cells["observed_count"].sum())
        return retained / observed if observed else None

    @property
    def shown(self) -> pl.DataFrame:
        """What fits a chart: the newest cohorts at the chosen ages, in order of time."""
        newest = self.frame["cohort_on"].unique().sort().tail(COHORTS_SHOWN)
        return self.frame.filter(pl.col("cohort_on").is_in(newest.to_list()), pl.col("age_weeks").is_in(AGES))

    def chart(self) -> Chart:
        """A square for each cohort and age with its share in it; one that is not fully watched yet is empty and dashed."""
        from mhc_lab.analytics import cohort_charts  # altair costs a second, and a table waits for no chart

        return cohort_charts.heat_map(self.shown, period=PERIODS[self.every], cohort_count=self.count)

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        return display.facts(
            f"Cohorts by {PERIODS[self.every]} of coming, watched up to {display.text(self.as_of)} UTC",
            [
                ("cohorts", self.count),
                ("came", self.members),
                *[(f"still here after {weeks} weeks", _percent(self.retained(weeks))) for weeks in (4, 12, 26)],
            ],
        )

    def table(self) -> str:
        """A row for each cohort, a column for each age, as safe HTML; ~ marks what is not fully watched yet."""
        if self.frame.is_empty():
            return display.note("Nobody has come since we began to look, so there is no cohort yet.")
        cell = pl.when("is_complete").then(pl.lit("")).otherwise(pl.lit("~")) + (
            100 * pl.col("retained_share")
        ).round().cast(pl.Int64).cast(pl.String)
        shown = self.shown.with_columns(cell.alias("cell"), pl.format("{} w", "age_weeks").alias("age"))
        wide = shown.pivot("age", index=["cohort_on", "member_count"], values="cell").sort("cohort_on")
        caption = (
            "Of each hundred who came, still here so many weeks later (~ not everybody was watched for so long yet)"
        )
        return display.table(wide, caption=caption, headings={"cohort_on": "came from", "member_count": "came"})

    def __repr__(self) -> str:
        retained = self.retained(4)
        share = "–" if retained is None else f"{retained:.0%}"
        return f"{display.plural(self.count, 'cohort')} of {self.members:,} who came · {share} still here after 4 weeks"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


def cohorts(mirror: Mirror, *, every: Every = "1mo", direction: Direction = "followers") -> Cohorts:
    """The cohorts of everybody who came, by week or month (UTC), watched up to the newest complete list.

    Examples
    --------
    >>> cohorts(mirror, every="1w").frame.select("cohort_on", "age_weeks", "retained_count", "is_complete").rows()[:2]
    [(datetime.date(2025, 12, 29), 0, 1, True), (datetime.date(2025, 12, 29), 1, 0, True)]
    """
    check("direction", direction, get_args(Direction))
    check("period", every, get_args(Every))
    if every == "1d":
        raise UserError("Cohorts of a day are too small to say anything. Ask by week (1w) or month (1mo).")
    as_of = newest_complete(mirror, direction)
    counted = mirror.query("followers/cohorts", direction=direction, as_of=as_of, every=PERIODS[every])
    share = pl.col("retained_count") / pl.col("observed_count")
    return Cohorts(counted.with_columns(share.alias("retained_share")), every, direction, as_of)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"
