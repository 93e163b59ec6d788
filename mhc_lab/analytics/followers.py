"""Who left and when, told with its uncertainty.

Lists are taken at irregular times, so nobody knows when a person left, only between which two lists: results keep both ends,
and charts draw them. What one complete list says is provisional until a second one says it too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args

import polars as pl

from mhc_lab.analytics.choices import SOURCE_WORDS, Filter, check
from mhc_lab.analytics.choices import Direction as Direction
from mhc_lab.analytics.choices import Status as Status
from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

_HEADINGS = {
    "username": "who",
    "followed_at": "followed from",
    "last_seen_at": "last seen",
    "first_missing_at": "first missing",
    "is_left_truncated": "followed before we looked",
    "returned_at": "came back",
    "known": "how it is known",
}
_SHOWN = (
    "username", "followed_at", "last_seen_at", "first_missing_at", "days_followed", "status", "is_left_truncated", "returned_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Unfollows:
    """The unfollows of a window and what they are out of."""

    frame: pl.DataFrame
    """One row per unfollow that fits what was asked for, newest first."""
    daily: pl.DataFrame
    """One row per day on which somebody came or left, whatever the status asked for."""
    window: Window
    direction: Direction
    status: Status | None
    at_start: int
    at_end: int
    follows: int
    """Who came in the window."""
    baseline: int
    """Who stood on the first list, when that was taken in the window: they were there before we looked and did not come."""
    only: Filter = field(default_factory=Filter)

    @property
    def count(self) -> int:
        """How many left, of those asked for."""
        return self.frame.height

    @property
    def provisional(self) -> int:
        """How many of them are missing from one complete list only."""
        return self.frame.filter(pl.col("status") == "provisional").height

    @property
    def confirmed(self) -> int:
        """How many of them are missing from a second complete list, too."""
        return self.count - self.provisional

    @property
    def returned(self) -> int:
        """How many of them have followed again since."""
        return self.frame.filter(pl.col("has_returned")).height

    @property
    def median_days_followed(self) -> float | None:
        """Half of those who left had followed longer; None when nobody left."""
        return _number(self.frame["days_followed"].median())

    @property
    def mean_days_followed(self) -> float | None:
        """The average stay of those who left; None when nobody left."""
        return _number(self.frame["days_followed"].mean())

    @property
    def rate_of_start(self) -> float | None:
        """Unfollows ÷ those following at the start; None when there were none."""
        return self.count / self.at_start if self.at_start else None

    @property
    def rate_of_exposed(self) -> float | None:
        """Unfollows ÷ all who could have left: those at the start, those on a first list, those who came; None when there were none."""
        exposed = self.at_start + self.baseline + self.follows
        return self.count / exposed if exposed else None

    @property
    def stats(self) -> dict[str, float | int | None]:
        """The numbers of the window by name, as ``mhc follow stats --json`` tells them."""
        return {
            "at_start": self.at_start,
            "at_end": self.at_end,
            "follows": self.follows,
            "unfollows": self.count,
            "rate_of_start": self.rate_of_start,
            "rate_of_exposed": self.rate_of_exposed,
            "mean_days_followed": self.mean_days_followed,
            "median_days_followed": self.median_days_followed,
        }

    def chart(self, *, events: pl.DataFrame | None = None) -> Chart:
        """When each of them left, as precisely as it is known; of many, the newest. ``events`` (kind, at) are drawn across."""
        from mhc_lab.analytics import follower_charts  # altair costs a second, and a table waits for no chart

        return follower_charts.timeline(self.frame, window=self.window, events=events)

    def daily_chart(self) -> Chart:
        """Who came, upwards, and who left, downwards, day by day."""
        from mhc_lab.analytics import follower_charts

        return follower_charts.daily(self.daily)

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        rate = self.rate_of_exposed
        return display.facts(
            str(self.window),
            [
                ("left", self.count),
                ("of them provisional", self.provisional),
                ("of them back again", self.returned),
                (f"{self.direction} at the start", self.at_start),
                *([("there before we looked", self.baseline)] if self.baseline else []),
                ("came", self.follows),
                (f"{self.direction} at the end", self.at_end),
                ("of all who could have left", None if rate is None else f"{rate:.1%}"),
                ("days followed (median)", self.median_days_followed),
            ],
        )

    def table(self) -> str:
        """A row for each of them, as safe HTML."""
        if not self.count:
            asked = "" if self.only.is_open and self.status is None else " of those asked for"
            return display.note(f"Nobody{asked} left in this window.")
        known = pl.concat_str(pl.col("source").replace(SOURCE_WORDS), "reason", separator=": ", ignore_nulls=True)
        shown = self.frame.select(*_SHOWN, known.str.strip_suffix(": ").alias("known"))
        return display.table(shown, caption="Who left, newest first (times in UTC)", headings=_HEADINGS)

    def __repr__(self) -> str:
        left = f"{display.plural(self.count, 'unfollow')} ({self.provisional} provisional)"
        return f"{left} · {self.at_start:,} → {self.at_end:,} {self.direction} · {self.window}"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


@dataclass(frozen=True, slots=True, repr=False)
class ListLengths:
    """How long each follow list was, and whether it could be believed."""

    frame: pl.DataFrame
    """One row per list, in order of time."""
    direction: Direction

    @property
    def newest(self) -> int | None:
        """The length of the newest complete list; None when there is none."""
        complete = self.frame.filter(pl.col("verdict") == "complete")
        return complete["listed_count"].item(-1) if complete.height else None

    def chart(self) -> Chart:
        """The lengths over time; lists that are not complete stand apart by their shape."""
        from mhc_lab.analytics import follower_charts

        return follower_charts.lengths(self.frame, title=f"Lists of {self.direction}")

    def __repr__(self) -> str:
        newest = "none complete" if self.newest is None else f"{self.newest:,} on the newest complete one"
        return f"{display.plural(self.frame.height, 'list')} of {self.direction} · {newest}"

    def _repr_html_(self) -> str:
        return display.table(self.frame, caption=f"Lists of {self.direction} (times in UTC)")


def unfollows(
    mirror: Mirror,
    *,
    window: Window,
    direction: Direction = "followers",
    status: Status | None = None,
    only: Filter | None = None,
) -> Unfollows:
    """Who left in ``window``: followers who left us, or with ``direction="following"`` whom we left.

    Excluded persons are in no figure. With a ``status`` or a filter only these unfollows are listed and counted; those they are out
    of stay the same.

    Examples
    --------
    >>> left = unfollows(mirror, window=Window.parse("2026-01-01", "2026-02-01"))
    >>> left
    2 unfollows (1 provisional) · 2 → 1 followers · 2026-01-01 – 2026-02-01 UTC
    >>> left.frame.select("username", "days_followed", "status").rows()
    [('bo', 2.0, 'provisional'), ('ann', 7.0, 'confirmed')]
    """
    check("direction", direction, get_args(Direction))
    if status is not None:
        check("status", status, get_args(Status))
    only = only or Filter()
    asked: dict[str, Any] = {"direction": direction, "since": window.start, "until": window.end}
    headline = mirror.query("followers/headline", **asked).row(0, named=True)
    return Unfollows(
        frame=mirror.query("followers/unfollows", **asked, status=status, **only.params),
        daily=mirror.query("followers/daily_changes", **asked),
        window=window, direction=direction, status=status,
        at_start=headline["at_start"], at_end=headline["at_end"], follows=headline["follows"],
        baseline=headline["baseline"], only=only,
    )  # fmt: skip


def counts(mirror: Mirror, *, direction: Direction = "followers") -> ListLengths:
    """How many names each list had, over all time."""
    check("direction", direction, get_args(Direction))
    return ListLengths(mirror.query("followers/follower_count", direction=direction), direction)


def covered(mirror: Mirror, *, since: str = "", until: str = "", direction: Direction = "followers") -> Window:
    """The window from ``since`` to ``until``; where one is empty, from the first list of ``direction`` and up to the newest.

    Those on the first list are its followers at the start: before it nobody looked. With fewer than two lists it is a day long.
    """
    lists = counts(mirror, direction=direction).frame.filter(pl.col("verdict").is_in(["complete", "partial"]))
    taken = lists["observed_at"].to_list() or [mirror.made_at]
    first = taken[0] if taken[0] < taken[-1] else taken[0] - timedelta(days=1)
    return Window.parse(since or first.isoformat(), until or taken[-1].isoformat())


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
