"""The follow history as a log: every follow and unfollow, who follows now, and the lists that could not be believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

import polars as pl

from mhc_lab.analytics.choices import Direction, check
from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

EVER = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
"""All of time."""


@dataclass(frozen=True, slots=True, repr=False)
class FollowLog:
    """The events of one direction, and what stands behind them."""

    frame: pl.DataFrame
    """One row per follow or unfollow, in order of time."""
    current: tuple[str, ...]
    """Who follows now, by name."""
    lists: pl.DataFrame
    """One row per list that was taken in."""

    def files(self, verdict: str) -> list[str]:
        """The files of the lists with ``verdict``."""
        return self.lists.filter(pl.col("verdict") == verdict)["file_name"].to_list()

    @property
    def rejected_rows(self) -> list[str]:
        """Rows of all lists that held no user name."""
        return [row for rows in self.lists["rejected_rows"].drop_nulls() for row in rows]

    @property
    def duplicate_rows(self) -> int:
        """Rows of all lists that repeated a name."""
        return int(self.lists["duplicate_count"].sum())

    def table(self) -> str:
        """A row for each event, as safe HTML."""
        return display.table(self.frame, caption="Who came and who left (times in UTC)")

    def __repr__(self) -> str:
        left = self.frame.filter(pl.col("event") == "unfollow").height
        held, refused = len(self.files("held")), len(self.files("refused"))
        return (
            f"{display.plural(self.frame.height - left, 'follow')}, {display.plural(left, 'unfollow')}; "
            f"{len(self.current):,} follow now; {display.plural(self.lists.height, 'list')}, {held} held, {refused} refused"
        )

    def _repr_html_(self) -> str:
        return self.table()


def follow_log(mirror: Mirror, *, direction: str = "followers", window: Window = EVER) -> FollowLog:
    """Every follow and unfollow in ``window``, and who follows now; excluded persons are in neither."""
    check("direction", direction, get_args(Direction))
    events = mirror.query("followers/events", direction=direction, since=window.start, until=window.end)
    current = mirror.query("followers/now_following", direction=direction)
    lists = mirror.query("followers/lists_taken", direction=direction)
    return FollowLog(events, tuple(current["username"]), lists)
