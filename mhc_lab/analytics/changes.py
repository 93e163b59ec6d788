"""What changed since last time: who came, who came back, who left, who took another name, and which lists say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

import polars as pl

from mhc_lab.analytics.choices import Direction, check
from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

_HEADINGS = {
    "username": "who",
    "after_at": "after",
    "changed_at": "by",
    "days_followed": "days followed",
    "days_away": "days away",
    "name_before": "was called",
    "renamed_at": "since",
    "observed_at": "taken",
    "listed_count": "names",
    "added_count": "new on it",
    "missing_count": "missing from it",
}


@dataclass(frozen=True, slots=True, repr=False)
class Changes:
    """The changes of a window, person by person."""

    frame: pl.DataFrame
    """One row per person and change, newest first: came, came back, or left, after ``after_at`` and by ``changed_at``."""
    renames: pl.DataFrame
    """One row per name that was given up; a rename is no unfollow."""
    lists: pl.DataFrame
    """One row per list taken in the window, in order of time."""
    window: Window
    direction: Direction
    at_start: int
    at_end: int

    @property
    def came(self) -> int:
        """How many came for the first time."""
        return self._count("came")

    @property
    def came_back(self) -> int:
        """How many came who had followed before."""
        return self._count("came back")

    @property
    def left(self) -> int:
        """How many left."""
        return self._count("left")

    @property
    def left_provisional(self) -> int:
        """How many of these are missing from one complete list only."""
        return self.frame.filter(pl.col("status") == "provisional").height

    @property
    def renamed(self) -> int:
        """How many names were given up for another."""
        return self.renames.height

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        return display.facts(
            str(self.window),
            [
                ("came", self.came),
                ("came back", self.came_back),
                ("left", self.left),
                ("of them provisional", self.left_provisional),
                ("renamed", self.renamed),
                (f"{self.direction} before", self.at_start),
                ("now", self.at_end),
                ("lists", self.lists.height),
            ],
        )

    def table(self) -> str:
        """Who came, who left, who was renamed, and the lists, as safe HTML."""
        return self._came() + self._left() + self._renamed() + self._taken()

    def _count(self, change: str) -> int:
        return self.frame.filter(pl.col("change") == change).height

    def _came(self) -> str:
        rows = self.frame.filter(pl.col("change") != "left")
        if rows.is_empty():
            return display.note("Nobody came.")
        shown = rows.select("username", "change", "after_at", "changed_at", "days_away")
        return display.table(shown, caption="Who came (times in UTC)", headings=_HEADINGS)

    def _left(self) -> str:
        rows = self.frame.filter(pl.col("change") == "left")
        if rows.is_empty():
            return display.note("Nobody left.")
        shown = rows.select("username", "status", "after_at", "changed_at", "days_followed")
        return display.table(shown, caption="Who left (times in UTC)", headings=_HEADINGS)

    def _renamed(self) -> str:
        if self.renames.is_empty():
            return ""
        return display.table(self.renames, caption="Who took another name (times in UTC)", headings=_HEADINGS)

    def _taken(self) -> str:
        if self.lists.is_empty():
            return display.note("No list was taken in this time.")
        names = ("observed_at", "listed_count", "added_count", "missing_count", "verdict", "why")
        return display.table(self.lists.select(names), caption="Lists taken (times in UTC)", headings=_HEADINGS)

    def __repr__(self) -> str:
        moves = f"{self.came:,} came, {self.came_back:,} came back, {self.left:,} left ({self.left_provisional} provisional)"
        return f"{moves} · {self.at_start:,} → {self.at_end:,} {self.direction} · {self.window}"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


def since_last(mirror: Mirror, *, direction: Direction = "followers", since: datetime | None = None) -> Changes:
    """What changed after ``since``; unless it is said, after the complete list before the newest complete one.

    Up to everything that is known: also what partial lists and other sources told after the newest complete list.

    Examples
    --------
    >>> since_last(mirror)
    0 came, 1 came back, 1 left (1 provisional) · 2 → 2 followers · 2026-01-13 – 2026-01-14 UTC

    Raises
    ------
    UserError
        ``since`` has no time zone, or lies after everything that is known.
    """
    check("direction", direction, get_args(Direction))
    window = _window(mirror, direction, since)
    asked: dict[str, Any] = {"direction": direction, "since": window.start, "until": window.end}
    headline = mirror.query("followers/headline", **asked).row(0, named=True)
    lists = mirror.query("followers/list_quality", direction=direction)
    return Changes(
        frame=mirror.query("followers/changes", **asked),
        renames=mirror.query("followers/renames", **asked),
        lists=lists.filter(pl.col("observed_at") > window.start, pl.col("observed_at") <= window.end),
        window=window, direction=direction, at_start=headline["at_start"], at_end=headline["at_end"],
    )  # fmt: skip


def _window(mirror: Mirror, direction: Direction, since: datetime | None) -> Window:
    """From the last look but one to all that is known; of a single list, the day that ends with it."""
    looked = mirror.query("followers/looked", direction=direction).row(0, named=True)
    until = looked["newest_at"] or mirror.made_at
    return Window(since or looked["previous_complete_at"] or until - timedelta(days=1), until)
