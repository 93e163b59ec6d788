"""At which hour of the week people leave, as far as lists taken now and then can tell.

An unfollow is known to lie between two lists. Counting it at the hour of the list would show when lists are taken, not when people
leave. Here every unfollow is spread over the hours of its interval in the proportions that explain all unfollows best: the EM algorithm
for a Poisson rate per hour of the week (Dempster, Laird, Rubin 1977), each rate drawn to the mean by a weak prior, without which wide
intervals would give peaks out of nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import polars as pl

from mhc_lab.analytics.choices import Direction, check
from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mhc_lab.analytics.charts import Chart

HOURS = 168
PRIOR_UNFOLLOWS = 1.0
"""So many unfollows at the mean rate are lent to every hour of the week."""
TELLING_HOURS = 6.0
"""Where half of the intervals are wider than this, the hour of the day cannot be told."""

_MONDAY = 72
"""1970-01-01 was a Thursday: so many hours of its week were over, which begins on Monday at 00:00."""
_STEPS = 2000
_STILL = 1e-7
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, repr=False)
class Rhythm:
    """How fast people leave at each hour of the week."""

    frame: pl.DataFrame
    """One row per hour of the week (UTC): expected unfollows, person-hours watched, the rate per 1,000 person-days, and how many times the
    mean rate that is."""
    window: Window
    direction: Direction
    unfollows: int
    median_hours: float | None
    """Half of the unfollows are known to within so many hours; None without any."""

    @property
    def is_telling(self) -> bool:
        """Whether the lists lie close enough together for the hour of the day to be known."""
        return self.median_hours is not None and self.median_hours <= TELLING_HOURS

    @property
    def busiest(self) -> str | None:
        """The hour of the week at which people leave fastest, such as ``"Sat 22:00"``; None where that cannot be told."""
        if not self.is_telling:
            return None
        weekday, hour = self.frame.sort("rate", descending=True).select("weekday", "hour").row(0)
        return f"{weekday} {hour:02}:00"

    def chart(self) -> Chart:
        """A mark for every hour of the week: full above the mean, hollow below, as large as the distance."""
        from mhc_lab.analytics import rhythm_charts  # altair costs a second, and a table waits for no chart

        return rhythm_charts.hours(self.frame, is_telling=self.is_telling)

    def exposure_chart(self) -> Chart:
        """How many hours of following were watched at every hour of the week: what the rates are out of."""
        from mhc_lab.analytics import rhythm_charts

        return rhythm_charts.exposure(self.frame)

    @property
    def caveat(self) -> str:
        """How far the hours can be believed, in a sentence."""
        if self.median_hours is None:
            return "Nobody left in this window."
        known = f"Half of the {self.unfollows:,} unfollows are known to within {self.median_hours:g} h"
        return f"{known}." if self.is_telling else f"{known}: too wide to tell the hour. Take lists closer together."

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        pairs = [
            ("left", self.unfollows),
            ("half known to within (hours)", self.median_hours),
            ("fastest", self.busiest),
        ]
        return display.facts(f"At which hour people leave, {self.window}", pairs) + display.note(self.caveat)

    def table(self) -> str:
        """A row for each weekday and one for each quarter of the day, as safe HTML."""
        quarter = pl.format("{}–{} h", (pl.col("hour") // 6) * 6, (pl.col("hour") // 6) * 6 + 6)
        parts = [
            self.frame.group_by(key.alias("when"), maintain_order=True).agg(
                pl.col("expected_unfollows").sum().alias("unfollows, spread"),
                pl.col("person_hours").sum().alias("person-days watched") / 24,
            )
            for key in (pl.col("weekday"), quarter)
        ]
        return display.table(pl.concat(parts), caption="When people leave (UTC)")

    def __repr__(self) -> str:
        return f"{display.plural(self.unfollows, 'unfollow')} by hour of the week · {self.caveat} · {self.window}"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


def rhythm(mirror: Mirror, *, window: Window, direction: Direction = "followers") -> Rhythm:
    """How fast people leave at each hour of the week (UTC), from the unfollows of ``window``.

    Examples
    --------
    >>> rhythm(mirror, window=Window.parse("2026-01-01", "2026-02-01"))
    2 unfollows by hour of the week · Half of the 2 unfollows are known to within 24 h: too wide to tell the hour. \
Take lists closer together. · 2026-01-01 – 2026-02-01 UTC
    """
    check("direction", direction, get_args(Direction))
    asked: dict[str, Any] = {"direction": direction, "since": window.start, "until": window.end}
    intervals = mirror.query("followers/unfollow_intervals", **asked)
    exposed = person_hours(mirror.query("followers/watched_hours", **asked))
    expected, rate = spread(intervals, exposed)
    total, hours = float(expected.sum()), float(exposed.sum())
    mean = total / hours if hours else 0.0
    frame = pl.DataFrame(
        {
            "weekday": [_DAYS[place // 24] for place in range(HOURS)],
            "hour": [place % 24 for place in range(HOURS)],
            "expected_unfollows": expected,
            "person_hours": exposed,
            "rate": rate * 24_000,
            "times_mean": rate / mean if mean else rate,
        }
    )
    widths = intervals.select(pl.col("to_hour") - pl.col("from_hour"), "unfollow_count")
    return Rhythm(frame, window, direction, int(widths["unfollow_count"].sum()), _weighted_median(widths))


def person_hours(watched: pl.DataFrame) -> NDArray[np.float64]:
    """The hours that persons were watched for, by hour of the week, from the number watched from each changing hour on."""
    import numpy as np

    if watched.height < 2:
        return np.zeros(HOURS)
    hours, counts = watched["epoch_hour"].to_numpy(), watched["watched_count"].to_numpy()
    present = np.repeat(counts[:-1], np.diff(hours)).astype(float)
    places = (hours[0] + np.arange(present.size) + _MONDAY) % HOURS
    return np.bincount(places, weights=present, minlength=HOURS).astype(float)


def spread(intervals: pl.DataFrame, exposed: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The expected unfollows at each hour of the week and the rate per person-hour: the mode of the posterior, by EM.

    Hours in which nobody was watched have the mean rate; without an unfollow every rate is 0.
    """
    import numpy as np

    counts = intervals["unfollow_count"].to_numpy().astype(float)
    total = float(counts.sum())
    if not total or not exposed.sum():
        return np.zeros(HOURS), np.zeros(HOURS)
    covers = _covers(intervals["from_hour"].to_numpy(), intervals["to_hour"].to_numpy())
    mean = total / float(exposed.sum())
    rate = np.full(HOURS, mean)
    expected = np.zeros(HOURS)
    for _ in range(_STEPS):
        expected = rate * ((counts / (covers @ rate)) @ covers)
        improved = (expected + PRIOR_UNFOLLOWS) / (exposed + PRIOR_UNFOLLOWS / mean)
        moved = float(np.abs(improved - rate).max())
        rate = improved
        if moved < _STILL * mean:
            break
    return expected, rate


def _covers(from_hour: NDArray[np.float64], to_hour: NDArray[np.float64]) -> NDArray[np.float64]:
    """For how many hours each interval lies in each hour of the week."""
    return _passed(to_hour) - _passed(from_hour)


def _passed(hour: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of each hour of the week has passed, over all weeks, by ``hour``."""
    import numpy as np

    since = hour[:, None] + _MONDAY - np.arange(HOURS)[None, :]
    weeks = np.floor(since / HOURS)
    passed: NDArray[np.float64] = weeks + np.minimum(since - weeks * HOURS, 1.0)
    return passed


def _weighted_median(widths: pl.DataFrame) -> float | None:
    """The width of the middle unfollow."""
    ordered = widths.rename({"to_hour": "width"}).sort("width").with_columns(pl.col("unfollow_count").cum_sum())
    if ordered.is_empty():
        return None
    middle = ordered["unfollow_count"].item(-1) / 2
    return round(float(ordered.filter(pl.col("unfollow_count") >= middle)["width"].item(0)), 1)
