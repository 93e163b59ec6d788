"""The library as a whole: how much there is by source and storage, how it grew, who takes the room, what is wrong, what was set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

NEAR_LIMIT_SHARE = 0.8
"""From this share of the limit on somebody is near it."""


_HEADINGS = {
    "is_active": "in use", "file_count": "files", "size_bytes": "bytes", "deleted_count": "deleted", "problem_count": "damaged",
    "missing_bytes": "bytes missing", "unverified_count": "never verified", "month_on": "month", "total_count": "files in all",
    "total_bytes": "bytes in all", "username": "person", "limit_share": "of the limit", "relative_path": "path",
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class StorageReport:
    """What the library holds."""

    contents: pl.DataFrame
    """One row per storage and source."""
    growth: pl.DataFrame
    """One row per month in which files came."""
    largest: pl.DataFrame
    """The largest files."""
    persons: pl.DataFrame
    """Who has the most bytes, and everybody who is near the limit."""
    problems: pl.DataFrame
    """One row per storage and problem."""
    quarantined: pl.DataFrame
    """One row per storage and state of what was set aside."""
    limit_bytes: int | None
    """What one person may take; None: as much as there is."""

    @property
    def files(self) -> int:
        """How many are live."""
        return int(self.contents["file_count"].sum())

    @property
    def size_bytes(self) -> int:
        """How large those are."""
        return int(self.contents["size_bytes"].sum())

    @property
    def problem_count(self) -> int:
        """How many of them are missing or damaged."""
        return int(self.problems["file_count"].sum())

    @property
    def missing_bytes(self) -> int:
        """How large the missing ones were."""
        return int(self.contents["missing_bytes"].sum())

    @property
    def unverified(self) -> int:
        """After how many nobody has looked since they were registered."""
        return int(self.contents["unverified_count"].sum())

    @property
    def quarantined_bytes(self) -> int:
        """What was set aside and takes room all the same."""
        return int(self.quarantined["size_bytes"].sum())

    @property
    def near_limit(self) -> tuple[str, ...]:
        """Who takes at least :data:`NEAR_LIMIT_SHARE` of what one may, the most first."""
        return tuple(self.persons.filter("is_near_limit")["username"])

    def chart(self) -> Chart:
        """How the library grew."""
        from mhc_lab.analytics import media_charts  # altair costs a second, and a table waits for no chart

        return media_charts.growth(self.growth)

    def sources_chart(self) -> Chart:
        """How much came from each source."""
        from mhc_lab.analytics import media_charts

        return media_charts.sources(self.contents)

    def facts(self) -> dict[str, object]:
        """The numbers that come first, by what they are called."""
        return {
            "files": self.files,
            "size": display.bytes_text(self.size_bytes),
            "missing or damaged": self.problem_count,
            "missing": display.bytes_text(self.missing_bytes),
            "never verified": self.unverified,
            "in quarantine": display.bytes_text(self.quarantined_bytes),
            "near the limit": len(self.near_limit),
        }

    def tables(self) -> dict[str, pl.DataFrame]:
        """What stands behind them, by caption; empty ones are left out."""
        all_ = {
            "By storage and source": self.contents,
            "Missing or damaged": self.problems,
            "In quarantine": self.quarantined,
            "Growth by month": self.growth,
            "Who takes the most room": self.persons.drop("is_near_limit"),
            "The largest files": self.largest,
        }
        return {caption: frame for caption, frame in all_.items() if frame.height}

    def __repr__(self) -> str:
        return " · ".join(f"{name}: {display.text(value)}" for name, value in self.facts().items())

    def _repr_html_(self) -> str:
        tables = (display.table(frame, caption=name, headings=_HEADINGS) for name, frame in self.tables().items())
        return display.facts("The library", self.facts().items()) + "".join(tables)


def storage_report(mirror: Mirror, *, limit_bytes: int | None = None, shown: int = 20) -> StorageReport:
    """The whole library as the mirror has it, with the ``shown`` largest files and persons.

    Parameters
    ----------
    mirror
        Excluded persons are in no figure about persons, and not named beside files.
    limit_bytes
        What one person may take, to see who is near it.
    shown
        How many files and persons are listed.
    """
    persons = mirror.query("media/persons", limit_bytes=limit_bytes, near_share=NEAR_LIMIT_SHARE, shown=shown)
    return StorageReport(
        contents=mirror.query("media/contents"),
        growth=mirror.query("media/growth"),
        largest=mirror.query("media/largest", shown=shown),
        persons=persons,
        problems=mirror.query("media/problems"),
        quarantined=mirror.query("media/quarantined"),
        limit_bytes=limit_bytes,
    )
