"""How good the follow lists are: what each says against what was to be expected, and what was made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import polars as pl

from mhc_lab.analytics.choices import Direction, check
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

STALE_BELOW = 0.001
"""Lists that say the same again and again are called stale when that would happen less often than this."""

_HEADINGS = {
    "observed_at": "taken (UTC)",
    "listed_count": "names",
    "reported_total": "reported",
    "missing_count": "missing",
    "expected_missing": "to be expected",
    "file_name": "file",
}


@dataclass(frozen=True, slots=True, repr=False)
class ListQuality:
    """Every list of one direction with its verdict and the figures behind it."""

    frame: pl.DataFrame
    """One row per list, in order of time.

    ``listed_share``: rows ÷ the total the page reported, or else names ÷ who followed just before (``compared_with`` says which);
    ``excess_missing``: missing − expected; ``is_stale``: nothing changed for longer than chance explains.
    """
    direction: Direction

    @property
    def count(self) -> int:
        """How many lists there are."""
        return self.frame.height

    @property
    def complete(self) -> int:
        """How many may end spells."""
        return self._count("complete")

    @property
    def partial(self) -> int:
        """How many only add."""
        return self._count("partial")

    @property
    def held(self) -> int:
        """How many wait for a decision."""
        return self._count("held")

    @property
    def refused(self) -> int:
        """How many are no lists, or were set aside."""
        return self._count("refused")

    @property
    def stale(self) -> int:
        """How many say the same as those before for longer than chance explains."""
        return self.frame.filter(pl.col("is_stale")).height

    @property
    def longest_gap_hours(self) -> float | None:
        """The longest time between two lists; None with fewer than two."""
        longest = self.frame["hours_since_previous"].max()
        return float(longest) if isinstance(longest, (int, float)) else None

    @property
    def rejected_rows(self) -> int:
        """How many rows of all lists hold no user name."""
        return int(self.frame["rejected_count"].sum())

    def chart(self) -> Chart:
        """Each list as a mark: how much of what was to be there is on it, and by its shape the verdict."""
        from mhc_lab.analytics import list_quality_charts  # altair costs a second, and a table waits for no chart

        return list_quality_charts.quality(self.frame)

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        return display.facts(
            f"Lists of {self.direction}",
            [
                ("lists", self.count),
                ("complete", self.complete),
                ("partial", self.partial),
                ("held", self.held),
                ("refused", self.refused),
                ("stale", self.stale),
                ("longest gap (hours)", self.longest_gap_hours),
                ("rows without a name", self.rejected_rows),
            ],
        )

    def table(self, *, odd_only: bool = False) -> str:
        """A row for each list, newest first, as safe HTML; with ``odd_only`` only for those that somebody should look at."""
        rows = self.odd if odd_only else self.frame
        if rows.is_empty():
            return display.note("There is no such list.")
        shown = rows.reverse().select(
            "observed_at", "verdict", "listed_count", "reported_total", "missing_count", "expected_missing",
            pl.concat_str("why", *_remarks(), separator="\n", ignore_nulls=True).alias("why"),
            "file_name",
        )  # fmt: skip
        which = "to look at" if odd_only else f"of {self.direction}"
        return display.table(shown, caption=f"Lists {which}, newest first", headings=_HEADINGS)

    @property
    def odd(self) -> pl.DataFrame:
        """The lists that are not simply complete: another verdict, a decision, staleness, or rows that could not be read."""
        return self.frame.filter(
            (pl.col("verdict") != "complete")
            | pl.col("decision").is_not_null()
            | pl.col("is_stale")
            | (pl.col("rejected_count") > 0)
            | (pl.col("duplicate_count") > 0)
        )

    def _count(self, verdict: str) -> int:
        return self.frame.filter(pl.col("verdict") == verdict).height

    def __repr__(self) -> str:
        kinds = f"{self.complete:,} complete, {self.partial:,} partial, {self.held:,} held, {self.refused:,} refused"
        return f"{display.plural(self.count, 'list')} of {self.direction}: {kinds}"

    def _repr_html_(self) -> str:
        return self.headline() + self.table(odd_only=True)


def list_quality(mirror: Mirror, *, direction: Direction = "followers") -> ListQuality:
    """Every list with what is on it, what was to be expected, its verdict, and a person's decision where there is one.

    A run of lists without any change is called stale when so few losses, under the known rate, would come about with a chance below
    :data:`STALE_BELOW`; before the rate is known, none is. Excluded persons stand on lists like others: these are figures about lists.

    Examples
    --------
    >>> list_quality(mirror)
    5 lists of followers: 4 complete, 1 partial, 0 held, 0 refused
    """
    check("direction", direction, get_args(Direction))
    lists = mirror.query("followers/list_quality", direction=direction)
    rows_read = pl.col("listed_count") + pl.col("rejected_count")
    reported, before = pl.col("reported_total") > 0, pl.col("at_risk_count") > 0
    frame = lists.with_columns(
        pl.when(reported).then(rows_read / pl.col("reported_total"))
        .when(before).then(pl.col("listed_count") / pl.col("at_risk_count")).alias("listed_share"),
        pl.when(reported).then(pl.lit("reported total")).when(before).then(pl.lit("followers just before"))
        .alias("compared_with"),
        (pl.col("missing_count") - pl.col("expected_missing")).alias("excess_missing"),
        (pl.col("unchanged_expected") > -math.log(STALE_BELOW)).fill_null(value=False).alias("is_stale"),
    )  # fmt: skip
    return ListQuality(frame, direction)


def _remarks() -> list[pl.Expr]:
    """What else there is to say about a list, each NULL where there is nothing."""
    stale = pl.format("Nothing has changed for {} lists: is it taken anew each time?", "unchanged_in_a_row")
    return [
        pl.format("Decided by {}: {}. {}", "decided_by", "decision", "decision_reason"),
        pl.when("is_stale").then(stale),
        pl.when(pl.col("rejected_count") > 0).then(pl.format("Rows without a user name: {}.", "rejected_count")),
        pl.when(pl.col("duplicate_count") > 0).then(pl.format("Repeated rows: {}.", "duplicate_count")),
    ]
