"""How long people followed, side by side for those who have left and those who are still here.

Completed stays alone mislead: whoever stays long has had no time to complete it, so they are too short (they are a biased sample of
lengths). Those who are still here are shown with the days they have so far. How long people stay is what survival curves tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import polars as pl

from mhc_lab.analytics.choices import Direction, check
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart


@dataclass(frozen=True, slots=True, repr=False)
class DaysFollowed:
    """Stays counted by their length, in spans that double."""

    frame: pl.DataFrame
    """One row per span of days [least, most): how many completed and how many open stays are so long."""
    direction: Direction

    @property
    def completed(self) -> int:
        """How many stays have ended."""
        return int(self.frame["completed_count"].sum())

    @property
    def still_here(self) -> int:
        """How many go on."""
        return int(self.frame["open_count"].sum())

    @property
    def left_truncated(self) -> int:
        """How many had begun before we looked: nobody knows how long they are, so they are in neither count."""
        return int(self.frame["left_truncated_count"].sum())

    def chart(self) -> Chart:
        """A step line for those who left and one for those who are still here, by days on a scale that doubles."""
        from mhc_lab.analytics import cohort_charts  # altair costs a second, and a table waits for no chart

        return cohort_charts.stays(self.frame)

    def headline(self) -> str:
        """How many of each there are and what they do not say, as safe HTML."""
        unknown = f" {self.left_truncated:,} that began before we looked are left out." if self.left_truncated else ""
        return display.facts(
            "How long they followed", [("stays that ended", self.completed), ("that go on", self.still_here)]
        ) + display.note(f"Stays that ended are shorter than stays are: the long ones go on.{unknown}")

    def table(self) -> str:
        """A row for each span, as safe HTML."""
        shown = self.frame.select(
            pl.format("{} – {}", pl.col("least_days").cast(pl.Int64), pl.col("most_days").cast(pl.Int64)).alias("days"),
            pl.col("completed_count").alias("have left"),
            pl.col("open_count").alias("still here"),
            pl.col("left_truncated_count").alias("there before we looked"),
        )
        return display.table(shown, caption="For how many days people followed, so far")

    def __repr__(self) -> str:
        completed = display.plural(self.completed, "completed stay")
        return f"{completed}, {self.still_here:,} that go on, {self.left_truncated:,} of unknown length"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


def days_followed(mirror: Mirror, *, direction: Direction = "followers") -> DaysFollowed:
    """Every stay there ever was, by its length so far.

    Examples
    --------
    >>> days_followed(mirror)
    1 completed stay, 1 that go on, 2 of unknown length
    """
    check("direction", direction, get_args(Direction))
    return DaysFollowed(mirror.query("followers/days_followed", direction=direction), direction)
