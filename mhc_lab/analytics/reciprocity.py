"""Who follows whom back: mutual, they only, I only; how that changes, and how long a follow-back takes.

Followers are those in an open spell that follow me, the followed those in an open spell of mine. Both ends of a delay are known to within
two lists only, so it is an interval, and one still awaited has no end: its distribution is the likeliest one that these allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from mhc_lab.analytics import followers
from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart
    from mhc_lab.analytics.npmle import IntervalCurve

MUTUAL, THEY_ONLY, I_ONLY = "mutual", "they only", "I only"
FOLLOWED_BACK, ORDER_UNKNOWN, NOT_YET, ALREADY = "followed back", "order unknown", "not yet", "already followed"
MY_START_UNKNOWN, THEIR_START_UNKNOWN = "my start unknown", "their start unknown"
_COUNTED = (FOLLOWED_BACK, ORDER_UNKNOWN, NOT_YET)
"""The outcomes that say something about the delay."""

_SIDES = {
    "username": "who", "they_since_at": "they follow from", "is_they_left_truncated": "or before",
    "i_since_at": "I follow from", "is_i_left_truncated": "or before ",
    "they_left_at": "they had left", "i_left_at": "I had left",
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Reciprocity:
    """Mutual, they only, I only: at the end of a window, and week by week."""

    frame: pl.DataFrame
    """One row per week: how many are mutual, they only, I only, and the shares that follow from it."""
    persons: pl.DataFrame
    """One row per person who follows or is followed at the end, with since when; by name."""
    window: Window

    @property
    def mutual(self) -> int:
        """How many follow me and are followed by me at the end."""
        return int(self.frame["mutual_count"][-1])

    @property
    def they_only(self) -> int:
        """How many follow me without being followed."""
        return int(self.frame["they_only_count"][-1])

    @property
    def i_only(self) -> int:
        """How many I follow without being followed by them."""
        return int(self.frame["i_only_count"][-1])

    @property
    def mutual_share(self) -> float | None:
        """Mutual ÷ all who follow or are followed (Jaccard's index); None when there are none."""
        return _number(self.frame["mutual_share"][-1])

    @property
    def follow_back_rate(self) -> float | None:
        """Mutual ÷ all whom I follow; None when I follow nobody."""
        return _number(self.frame["follow_back_rate"][-1])

    @property
    def not_following_back(self) -> pl.DataFrame:
        """Whom I follow and who do not follow me, the longest first."""
        return self._only(I_ONLY, "i_since_at", "is_i_left_truncated", "they_left_at")

    @property
    def not_followed_back(self) -> pl.DataFrame:
        """Who follows me and is not followed by me, the longest first."""
        return self._only(THEY_ONLY, "they_since_at", "is_they_left_truncated", "i_left_at")

    def chart(self) -> Chart:
        """The shares of the three, week by week, and the follow-back rate."""
        from mhc_lab.analytics import reciprocity_charts  # altair costs a second, and a table waits for no chart

        return reciprocity_charts.weekly(self.frame)

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        return display.facts(
            f"At {self.window.end:%Y-%m-%d %H:%M} UTC",
            [
                ("mutual", self.mutual),
                ("they only", self.they_only),
                ("I only", self.i_only),
                ("of all, mutual", _percent(self.mutual_share)),
                ("of those I follow, follow back", _percent(self.follow_back_rate)),
            ],
        )

    def table(self) -> str:
        """Who does not follow back, and whom I do not follow back, as safe HTML."""
        return _listed(self.not_following_back, "Whom I follow and who do not follow me (times in UTC)") + _listed(
            self.not_followed_back, "Who follow me and whom I do not follow (times in UTC)"
        )

    def __repr__(self) -> str:
        counts = f"{self.mutual:,} mutual · {self.they_only:,} they only · {self.i_only:,} I only"
        return f"{counts} · {_percent(self.follow_back_rate)} follow back"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()

    def _only(self, relation: str, since: str, *others: str) -> pl.DataFrame:
        return (
            self.persons.filter(pl.col("relation") == relation)
            .sort(since, "username")
            .select("username", since, *others)
        )


@dataclass(frozen=True, slots=True, repr=False)
class FollowBacks:
    """How each spell of mine was answered, and how long the answers took."""

    frame: pl.DataFrame
    """One row per spell of mine: both starts, the outcome, and the delay between ``left_days`` and ``right_days``."""
    curve: IntervalCurve
    """The likeliest distribution of the delay; its survival is the share that has not followed back."""

    def count(self, outcome: str) -> int:
        """How many spells of mine had that outcome."""
        return self.frame.filter(pl.col("outcome") == outcome).height

    @property
    def at_stake(self) -> int:
        """How many could follow back and are watched from my follow on."""
        return sum(map(self.count, _COUNTED))

    @property
    def median_days(self) -> float | None:
        """The days within which half have followed back, at the latest; None when fewer than half ever do."""
        return self.curve.median

    def within(self, days: float) -> tuple[float, float] | None:
        """The share that follows back within ``days``: at least, at most, for where in its interval a delay lies is unknown; None: unknown.

        Beyond the longest anybody was watched the share stays where it was.
        """
        if not self.curve.count:
            return None
        known = self.curve.frame.filter(pl.col("right_days").is_finite())
        surely, perhaps = pl.col("right_days") <= days, (pl.col("left_days") < days) | (pl.col("right_days") <= days)
        low, high = (float(known.filter(which)["mass"].sum()) for which in (surely, perhaps))
        return low, high

    def chart(self) -> Chart:
        """What share has followed back after so many days: at least, and at most."""
        from mhc_lab.analytics import reciprocity_charts

        return reciprocity_charts.follow_backs(self.curve.frame, count=self.at_stake)

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        pairs: list[tuple[str, object]] = [(name, self.count(name)) for name in _COUNTED]
        pairs += [(f"within {display.plural(days, 'day')}", _range(self.within(days))) for days in (1, 7, 30)]
        pairs += [("half of them within (days)", self.median_days)]
        left_out = f"Left out: {self.count(ALREADY):,} followed me already; of {self.count(MY_START_UNKNOWN):,} I do not know when I "
        left_out += f"began, of {self.count(THEIR_START_UNKNOWN):,} when they did, for that was before we looked."
        return display.facts("Do those I follow follow back?", pairs) + display.note(left_out)

    def table(self) -> str:
        """Those who followed back, the newest first, as safe HTML."""
        answered = self.frame.filter(pl.col("outcome").is_in([FOLLOWED_BACK, ORDER_UNKNOWN])).sort(
            "they_by_at", "username", descending=[True, False]
        )
        if not answered.height:
            return display.note("Nobody has followed back yet.")
        headings = {
            "i_by_at": "I follow from", "they_by_at": "they follow from", "left_days": "days later: at least", "right_days": "at most",
        }  # fmt: skip
        shown = answered.select("username", "i_by_at", "they_by_at", "outcome", "left_days", "right_days")
        return display.table(
            shown, caption="Who followed back, newest first (times in UTC)", headings={"username": "who", **headings}
        )

    def __repr__(self) -> str:
        return f"{self.at_stake:,} follows of mine · {_range(self.within(30))} answered within 30 days"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


def reciprocity(mirror: Mirror, *, window: Window) -> Reciprocity:
    """Who is followed back, week by week in ``window`` and by name at its end.

    Examples
    --------
    >>> reciprocity(mirror, window=Window.parse("2026-01-01", "2026-01-20"))
    1 mutual · 1 they only · 1 I only · 50% follow back
    """
    counts = mirror.query("followers/reciprocity", since=window.start, until=window.end)
    mutual, they, i = (pl.col(f"{name}_count") for name in ("mutual", "they_only", "i_only"))
    everybody, followed = mutual + they + i, mutual + i
    shares = {
        "mutual_share": mutual / everybody, "they_only_share": they / everybody, "i_only_share": i / everybody,
        "follow_back_rate": mutual / followed,
    }  # fmt: skip
    frame = counts.with_columns(share.fill_nan(None).alias(name) for name, share in shares.items())
    return Reciprocity(frame, mirror.query("followers/reciprocity_persons", at=window.end), window)


def covered(mirror: Mirror, *, since: str = "", until: str = "") -> Window:
    """The window from ``since`` to ``until``; where one is empty, from the first day with lists of both directions, up to the newest list.

    Before that one side would be missing, and the other would seem alone.
    """
    sides = [followers.covered(mirror, direction="followers"), followers.covered(mirror, direction="following")]
    start, end = max(side.start for side in sides), max(side.end for side in sides)
    start = min(start, end - timedelta(days=1))
    return Window.parse(since or start.isoformat(), until or end.isoformat())


def follow_backs(mirror: Mirror) -> FollowBacks:
    """How long after my follow theirs came, over all time.

    Whoever followed me already, and everybody who was followed or followed before we looked, is left out and counted. Where both starts
    lie between the same lists, theirs is taken to be the answer, from 0 days on: ``order unknown``. Who has not followed back is watched
    until the newest sight of any follower, or until I stop.

    Examples
    --------
    >>> follow_backs(mirror)
    2 follows of mine · 50% answered within 30 days
    """
    from mhc_lab.analytics.npmle import npmle  # numpy: a page without delays does not wait for it

    frame = mirror.query("followers/follow_back")
    rows = (
        frame.filter(pl.col("outcome").is_in(_COUNTED))
        .select("left_days", pl.col("right_days").fill_null(float("inf")))
        .group_by("left_days", "right_days")
        .agg(pl.len().cast(pl.Float64).alias("count"))
        .sort("left_days", "right_days")
    )
    return FollowBacks(frame, npmle(rows["left_days"], rows["right_days"], counts=rows["count"]))


def _listed(frame: pl.DataFrame, caption: str) -> str:
    return (
        display.table(frame, caption=caption, headings=_SIDES) if frame.height else display.note(f"{caption}: nobody.")
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _range(shares: tuple[float, float] | None) -> str:
    if shares is None:
        return "–"
    low, high = (f"{share:.0%}" for share in shares)
    return low if low == high else f"{low} to {high}"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
