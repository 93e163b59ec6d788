"""Who comes back: the share of follows that are second ones, and the chance to return within so many days.

Most of those who left may still return, so a plain share of returned ones is too low. The chance is 1 − S(d) of the time away, by
Kaplan and Meier (1958): those who are still away count for as long as they were watched, up to the newest complete list.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, get_args

import polars as pl

from mhc_lab.analytics.choices import Direction, check
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

DAYS_ASKED = (7, 30, 90)


@dataclass(frozen=True, slots=True, repr=False)
class Refollows:
    """How often, and how soon, those who left come back."""

    frame: pl.DataFrame
    """One row per day away on which somebody came back, or was watched no longer: how many were still away before, how many came back, the
    share back by then, and its 95 % interval (log-log)."""
    direction: Direction
    as_of: datetime
    follows: int
    """How many came, not counting those who were there before we looked."""
    refollows: int
    """How many of them had followed before."""
    unfollows: int
    still_away: int

    @property
    def refollow_share(self) -> float | None:
        """Follows with an earlier spell ÷ follows; None when nobody came."""
        return self.refollows / self.follows if self.follows else None

    def returned_by(self, days: int) -> float | None:
        """The chance to be back ``days`` after leaving; None when nobody was watched for so long."""
        if self.frame.filter(pl.col("days_away") >= days).is_empty():
            return None
        return self._at(days, "returned_share") or 0.0

    def returned_by_interval(self, days: int) -> tuple[float, float] | None:
        """Its 95 % interval; None when the chance is not known, or nobody was back so soon."""
        if self.returned_by(days) is None:
            return None
        low, high = self._at(days, "returned_low"), self._at(days, "returned_high")
        return None if low is None or high is None else (low, high)

    def chart(self) -> Chart:
        """The share of those who left that is back, by days away."""
        from mhc_lab.analytics import cohort_charts  # altair costs a second, and a table waits for no chart

        return cohort_charts.returns(self.frame)

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        chances = [(f"back within {days} days", _percent(self.returned_by(days))) for days in DAYS_ASKED]
        return display.facts(
            "Who comes back",
            [
                ("of those who came had followed before", _percent(self.refollow_share)),
                ("left so far", self.unfollows),
                ("of them still away", self.still_away),
                *chances,
            ],
        )

    def table(self) -> str:
        """The chance to be back after some days, as safe HTML."""
        rows = [
            (days, _percent(self.returned_by(days)), _ends(self.returned_by_interval(days)))
            for days in (1, 3, *DAYS_ASKED, 180)
            if self.returned_by(days) is not None
        ]
        if not rows:
            return display.note("Nobody who left was watched long enough to say whether people come back.")
        shown = pl.DataFrame(rows, schema=["days after leaving", "back by then", "95 % interval"], orient="row")
        return display.table(shown, caption="Who comes back, and when")

    def _at(self, days: int, column: str) -> float | None:
        past: list[float | None] = self.frame.filter(pl.col("days_away") <= days)[column].to_list()
        return past[-1] if past else None

    def __repr__(self) -> str:
        return (
            f"{_percent(self.refollow_share) or '–'} of {display.plural(self.follows, 'follow')} are second ones · "
            f"{_percent(self.returned_by(30)) or '–'} back within 30 days"
        )

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


def refollows(mirror: Mirror, *, direction: Direction = "followers") -> Refollows:
    """How often those who left come back, over all time up to the newest complete list.

    The time away runs from the first list without the person to the first that has them again.

    Examples
    --------
    >>> refollows(mirror)
    50.0% of 2 follows are second ones · – back within 30 days
    """
    check("direction", direction, get_args(Direction))
    as_of = newest_complete(mirror, direction)
    counted = mirror.query("followers/refollows", direction=direction).row(0, named=True)
    gaps = mirror.query("followers/returns", direction=direction, as_of=as_of)
    away = gaps.filter(~pl.col("has_returned"))["spell_count"].sum()
    return Refollows(returned(gaps), direction, as_of, still_away=int(away), **counted)


def returned(gaps: pl.DataFrame) -> pl.DataFrame:
    """The share that is back after each number of days, from days away, whether they ended in a return, and how many did.

    The interval is the log-log one: it stays between 0 and 1, and there is none before the first return.
    """
    from mhc_lab.analytics.kaplan_meier import kaplan_meier  # numpy, which a page without this figure does not load

    away = kaplan_meier(gaps["days_away"].to_numpy(), gaps["has_returned"].to_numpy(), gaps["spell_count"].to_numpy())
    return away.frame.select(
        pl.col("days").cast(pl.Int64).alias("days_away"),
        pl.col("at_risk").cast(pl.Int64).alias("at_risk_count"),
        pl.col("ended").cast(pl.Int64).alias("returned_count"),
        (1 - pl.col("survival")).alias("returned_share"),
        pl.when(pl.col("survival") < 1).then(1 - pl.col("hi")).alias("returned_low"),
        pl.when(pl.col("survival") < 1).then(1 - pl.col("lo")).alias("returned_high"),
    )


def newest_complete(mirror: Mirror, direction: Direction) -> datetime:
    """When the newest complete list was taken; without one, when the mirror was made."""
    lists = mirror.query("followers/follower_count", direction=direction)
    taken: list[datetime] = lists.filter(pl.col("verdict") == "complete")["observed_at"].to_list()
    return max(taken, default=mirror.made_at)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1%}"


def _ends(interval: tuple[float, float] | None) -> str | None:
    return None if interval is None else f"{interval[0]:.1%} – {interval[1]:.1%}"
