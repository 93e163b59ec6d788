"""Coming and leaving by calendar period, as shares and as rates.

A share says how many of those who were there have left; it grows with the length of the period. A rate says how many leave per person
and day, so that short and long periods compare; its interval is the exact one of a Poisson count (Garwood 1936). They are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import polars as pl

from mhc_lab.analytics.choices import PERIODS, Direction, Every, check
from mhc_lab.analytics.intervals import poisson_interval
from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

PER = 1000
"""Rates are per this many person-days."""

_HEADINGS = {
    "starts_at": "from",
    "is_whole": "whole",
    "list_count": "complete lists",
    "gains": "came",
    "losses": "left",
    "provisional": "provisional",
    "at_start": "at the start",
    "at_end": "at the end",
    "share_of_start": "left, % of the start",
    "person_days": "person-days",
    "rate": "left per 1,000 of them",
    "rate_low": "at least (95 %)",
    "rate_high": "at most (95 %)",
}


@dataclass(frozen=True, slots=True, repr=False)
class Churn:
    """How many came and left, period by period."""

    frame: pl.DataFrame
    """One row per period: counts, shares (0 to 1), person-days, and the rate per 1,000 of them with its 95 % interval."""
    window: Window
    direction: Direction
    every: Every

    @property
    def gains(self) -> int:
        """How many came in the window."""
        return int(self.frame["gains"].sum())

    @property
    def baseline(self) -> int:
        """How many stood on the first list, when that was taken in the window: they were there before we looked."""
        return int(self.frame["baseline"].sum())

    @property
    def losses(self) -> int:
        """How many left."""
        return int(self.frame["losses"].sum())

    @property
    def net(self) -> int:
        """By how many there are more at the end than at the start."""
        return int(self.frame["net"].sum())

    @property
    def person_days(self) -> float:
        """For how long all of them together were watched while they followed."""
        return float(self.frame["person_days"].sum())

    @property
    def share_of_start(self) -> float | None:
        """Who left in the window ÷ who followed at its start; None when nobody did."""
        first = self.frame["at_start"].item(0)
        return self.losses / first if first else None

    @property
    def share_of_exposed(self) -> float | None:
        """Who left ÷ all who could have left: those at the start, those on a first list, those who came; None when there were none."""
        exposed = self.frame["at_start"].item(0) + self.baseline + self.gains
        return self.losses / exposed if exposed else None

    @property
    def rate(self) -> float | None:
        """Unfollows per 1,000 person-days; None when nobody was watched."""
        return PER * self.losses / self.person_days if self.person_days else None

    @property
    def rate_interval(self) -> tuple[float, float] | None:
        """Where the rate lies with 95 % confidence, if people leave independently of each other; None without a rate."""
        if not self.person_days:
            return None
        low, high = map(float, poisson_interval(self.losses))
        return PER * low / self.person_days, PER * high / self.person_days

    def chart(self) -> Chart:
        """Who came, upwards, who left, downwards, and a line through what remains of both."""
        from mhc_lab.analytics import churn_charts  # altair costs a second, and a table waits for no chart

        return churn_charts.balance(self.frame, period=PERIODS[self.every])

    def rate_chart(self) -> Chart:
        """The rate of each period with its interval."""
        from mhc_lab.analytics import churn_charts

        return churn_charts.rates(self.frame, period=PERIODS[self.every])

    def headline(self) -> str:
        """The numbers of the whole window, as safe HTML."""
        share, rate, interval = self.share_of_exposed, self.rate, self.rate_interval
        return display.facts(
            f"{self.window}, by {PERIODS[self.every]}",
            [
                *([("there before we looked", self.baseline)] if self.baseline else []),
                ("came", self.gains),
                ("left", self.losses),
                ("net", f"{self.net:+,}"),
                ("of all who could have left", None if share is None else f"{share:.1%}"),
                ("left per 1,000 person-days", None if rate is None else f"{rate:.2f}"),
                ("95 % interval", _interval(interval)),
            ],
        )

    def table(self) -> str:
        """A row for each period, as safe HTML."""
        shown = self.frame.select(
            pl.col("starts_at").dt.date(), "is_whole", "list_count",
            "at_start", "gains", "losses", "provisional", "net", "at_end",
            pl.col("share_of_start") * 100, "person_days", "rate", "rate_low", "rate_high",
        )  # fmt: skip
        return display.table(shown, caption=f"Coming and leaving by {PERIODS[self.every]} (UTC)", headings=_HEADINGS)

    def __repr__(self) -> str:
        rate = "no rate" if self.rate is None else f"{self.rate:.2f} per 1,000 person-days"
        return f"{self.gains:,} came, {self.losses:,} left ({self.net:+,}) · {rate} · {self.window}"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


def churn(mirror: Mirror, *, window: Window, every: Every = "1mo", direction: Direction = "followers") -> Churn:
    """How many came and left in each ``every`` of ``window``; the window may cut the first and the last.

    ``net`` is who was there at the end less who was there at the start, and equals gains + baseline − losses; the baseline are those
    of the first list, who were there before we looked. Person-days run from the start of a spell to its end, of an open one to where
    it was seen last. A period without a complete list can show no unfollow: ``list_count`` says so.

    Examples
    --------
    >>> churn(mirror, window=Window.parse("2026-01-01", "2026-02-01"), every="1w")
    2 came, 2 left (+0) · 68.97 per 1,000 person-days · 2026-01-01 – 2026-02-01 UTC
    """
    check("direction", direction, get_args(Direction))
    check("period", every, get_args(Every))
    counted = mirror.query(
        "followers/churn", direction=direction, since=window.start, until=window.end, every=PERIODS[every]
    )
    exposed = pl.col("at_start") + pl.col("baseline") + pl.col("gains")
    frame = counted.with_columns(
        (pl.col("at_end") - pl.col("at_start")).alias("net"),
        _quotient(pl.col("losses"), pl.col("at_start")).alias("share_of_start"),
        _quotient(pl.col("losses"), exposed).alias("share_of_exposed"),
    )
    return Churn(frame.with_columns(_rates(frame)), window, direction, every)


def _rates(frame: pl.DataFrame) -> list[pl.Series]:
    """Losses per 1,000 person-days and both ends of the interval, NULL where nobody was watched."""
    rows = frame.select("losses", "person_days").rows()
    rates = [
        (None, None, None)
        if not days
        else tuple(PER * float(value) / days for value in (losses, *poisson_interval(losses)))
        for losses, days in rows
    ]
    names = ("rate", "rate_low", "rate_high")
    return [pl.Series(name, [rate[place] for rate in rates], dtype=pl.Float64) for place, name in enumerate(names)]


def _quotient(above: pl.Expr, below: pl.Expr) -> pl.Expr:
    return pl.when(below > 0).then(above / below)


def _interval(ends: tuple[float, float] | None) -> str | None:
    return None if ends is None else f"{ends[0]:.2f} – {ends[1]:.2f}"
