"""How many followers there are, from several sources that do not agree.

Each source tells a number now and then, and each counts a little differently, so their numbers are never strung into one chain: every
instant has the number of the best source that is still fresh (CBHours, then the affiliate feed, then our own complete lists), and where
none is, the last one known, marked as stale. How far the fresh ones lie apart is kept beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import polars as pl

from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

SOURCES = ("cbhours", "affiliate", "list")
"""The best first."""
SOURCE_NAMES = {"cbhours": "CBHours", "affiliate": "affiliate feed", "list": "complete lists"}
FRESH_FOR: Mapping[str, timedelta] = MappingProxyType(
    {"cbhours": timedelta(hours=12), "affiliate": timedelta(hours=12), "list": timedelta(hours=36)}
)
"""How long a number of each source stands for the present one: the feeds tell it while online, lists are taken once a day."""
BUCKETS = 1200
"""Of each source so many numbers at most are kept in a window, the newest of each stretch."""


@dataclass(frozen=True, slots=True, repr=False)
class FollowerCount:
    """The number of followers over a window."""

    frame: pl.DataFrame
    """One row per instant at which any source told a number, and the end of the window: the number to use, its source, when that told it,
    whether it is stale, and by how much the fresh sources disagree (NULL when fewer than two are fresh)."""
    told: pl.DataFrame
    """One row per number told in the window, and the newest one before it: source, told_at, follower_count."""
    lists: pl.DataFrame
    """One row per list taken in the window, with its verdict."""
    window: Window
    fresh_for: Mapping[str, timedelta]

    @property
    def count(self) -> int | None:
        """The number at the end of the window; None when no source ever told one."""
        return self._last("follower_count")  # type: ignore[no-any-return]

    @property
    def source(self) -> str | None:
        """Who told it."""
        return self._last("source")  # type: ignore[no-any-return]

    @property
    def told_at(self) -> datetime | None:
        """When."""
        return self._last("told_at")  # type: ignore[no-any-return]

    @property
    def is_stale(self) -> bool:
        """Whether no source is fresh, so that it is only the last known one; True also when there is none."""
        stale = self._last("is_stale")
        return True if stale is None else bool(stale)

    @property
    def disagreement(self) -> int | None:
        """The largest difference between fresh sources at the end of the window; None when fewer than two are fresh."""
        return self._last("disagreement")  # type: ignore[no-any-return]

    @property
    def change(self) -> int | None:
        """By how much the number of that source has changed since the first that it told; None when it told none but that."""
        numbers = self.told.filter(pl.col("source").eq_missing(pl.lit(self.source)))["follower_count"]
        return int(numbers.item(-1) - numbers.item(0)) if numbers.len() > 1 else None

    @property
    def largest_disagreement(self) -> int | None:
        """The same at the worst instant of the window."""
        largest = self.frame["disagreement"].max()
        return int(largest) if isinstance(largest, int) else None

    def within(self, window: Window) -> FollowerCount:
        """The same numbers in a part of the window, such as somebody has marked in the chart."""
        inside = pl.col("at").is_between(window.start, window.end)
        told = pl.col("told_at").is_between(window.start, window.end)
        taken = pl.col("observed_at").is_between(window.start, window.end)
        parts = self.frame.filter(inside), self.told.filter(told), self.lists.filter(taken)
        return FollowerCount(*parts, window, self.fresh_for)

    def chart(self) -> Chart:
        """A line for each source, dashed where it is stale, and a line across for each list."""
        from mhc_lab.analytics import follower_count_charts  # altair costs a second, and a table waits for no chart

        return follower_count_charts.sources(self.told, self.lists, fresh_for=self.fresh_for, window=self.window)

    def used_chart(self) -> Chart:
        """The number that is used, and from which source it comes."""
        from mhc_lab.analytics import follower_count_charts

        return follower_count_charts.used(self.frame)

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        change = None if self.change is None else f"{self.change:+,}"
        named = None if self.source is None else SOURCE_NAMES[self.source]
        facts = display.facts(
            f"Followers at the end of {self.window}",
            [
                ("followers", self.count), ("according to", named), ("told at (UTC)", self.told_at),
                ("since the start, by the same source", change), ("sources differ by", self.disagreement),
                ("at most, in this time", self.largest_disagreement),
            ],
        )  # fmt: skip
        if self.count is None:
            return facts + display.note("No source has told a number yet.")
        return facts + (
            display.note("No source is fresh: this is the last number known.", kind="bad") if self.is_stale else ""
        )

    def table(self) -> str:
        """The newest number of each source, as safe HTML."""
        newest = self.told.group_by("source").agg(pl.all().sort_by("told_at").last()).sort("told_at", descending=True)
        shown = newest.select(
            pl.col("source").replace(SOURCE_NAMES), "told_at", pl.col("follower_count").alias("followers")
        )
        return display.table(shown, caption="What each source told last (times in UTC)")

    def _last(self, column: str) -> Any:
        return self.frame[column].item(-1) if self.frame.height else None

    def __repr__(self) -> str:
        if self.count is None:
            return f"no number of followers · {self.window}"
        stale = ", stale" if self.is_stale else ""
        return f"{display.plural(self.count, 'follower')} ({SOURCE_NAMES[str(self.source)]}{stale}) · {self.window}"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


def follower_count(mirror: Mirror, *, window: Window, fresh_for: Mapping[str, timedelta] = FRESH_FOR) -> FollowerCount:
    """How many followers the broadcaster has over ``window``; ``fresh_for`` says how long a number of each source holds.

    Examples
    --------
    >>> follower_count(mirror, window=Window.parse("2026-01-01", "2026-01-03"))
    123 followers (CBHours) · 2026-01-01 – 2026-01-03 UTC
    """
    bucket = max(1, round(window.days * 86_400_000_000 / BUCKETS))
    told = mirror.query("followers/count_sources", since=window.start, until=window.end, bucket_us=bucket)
    lists = mirror.query("followers/follower_count", direction="followers").filter(
        pl.col("observed_at") > window.start, pl.col("observed_at") <= window.end
    )
    return FollowerCount(_used(told, window, fresh_for), told, lists, window, fresh_for)


def _used(told: pl.DataFrame, window: Window, fresh_for: Mapping[str, timedelta]) -> pl.DataFrame:
    """At each instant the number of the first fresh source, or else the newest number of any."""
    inside = told.filter(pl.col("told_at") > window.start)["told_at"].rename("at")
    ends = pl.Series("at", [window.start, window.end], dtype=pl.Datetime("us", "UTC"))
    instants = pl.concat([inside.cast(pl.Datetime("us", "UTC")), ends]).unique().sort().to_frame()
    for source in SOURCES:
        numbers = told.filter(pl.col("source") == source).select(
            pl.col("told_at").alias("at"),
            pl.col("told_at").alias(f"{source}_at"),
            pl.col("follower_count").alias(source),
        )
        instants = instants.join_asof(numbers.set_sorted("at"), on="at", strategy="backward")
    fresh = {source: pl.col("at") - pl.col(f"{source}_at") <= fresh_for[source] for source in SOURCES}
    values = [pl.when(fresh[source]).then(pl.col(source)) for source in SOURCES]
    names = [pl.when(fresh[source]).then(pl.lit(source)) for source in SOURCES]
    newest = pl.max_horizontal(f"{source}_at" for source in SOURCES)
    last = [pl.when(pl.col(f"{source}_at") == newest) for source in SOURCES]
    used = instants.with_columns(
        pl.coalesce(*names, *[when.then(pl.lit(source)) for when, source in zip(last, SOURCES, strict=True)]).alias("source"),
        pl.coalesce(*values, *[when.then(pl.col(source)) for when, source in zip(last, SOURCES, strict=True)]).alias("follower_count"),
        pl.coalesce(*values).is_null().alias("is_stale"),
        pl.when(pl.sum_horizontal(value.is_not_null() for value in values) > 1)
        .then(pl.max_horizontal(values) - pl.min_horizontal(values)).alias("disagreement"),
    )  # fmt: skip
    told_at = pl.coalesce(pl.when(pl.col("source") == source).then(pl.col(f"{source}_at")) for source in SOURCES)
    return used.select("at", "follower_count", "source", told_at.alias("told_at"), "is_stale", "disagreement")
