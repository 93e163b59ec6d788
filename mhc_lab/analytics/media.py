"""What the files are: where they came from, copies of the same bytes, and files that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart


@dataclass(frozen=True, slots=True, repr=False)
class ExactDuplicates:
    """Files that are there more than once, byte for byte."""

    frame: pl.DataFrame
    """One row per byte id with more than one copy, the largest saving first."""

    @property
    def groups(self) -> int:
        """How many files have copies."""
        return self.frame.height

    @property
    def redundant_copies(self) -> int:
        """How many copies could go if one of each stayed."""
        return int(self.frame["copy_count"].sum()) - self.groups

    @property
    def reclaimable_bytes(self) -> int:
        """What they take."""
        return int(self.frame["reclaimable_bytes"].sum())

    def chart(self) -> Chart:
        """The groups that would save most."""
        from mhc_lab.analytics import media_charts  # altair costs a second, and a table waits for no chart

        return media_charts.savings(self.frame)

    def __repr__(self) -> str:
        copies = display.plural(self.redundant_copies, "redundant copy", "redundant copies")
        return f"{display.plural(self.groups, 'group')} · {copies} · {display.bytes_text(self.reclaimable_bytes)} reclaimable"

    def _repr_html_(self) -> str:
        pairs = [
            ("files with copies", self.groups),
            ("redundant copies", self.redundant_copies),
            ("reclaimable", display.bytes_text(self.reclaimable_bytes)),
        ]
        shown = self.frame.select(
            pl.col("paths").list.join("\n"),
            pl.col("persons").list.join(", "),
            pl.col("copy_count").alias("copies"),
            pl.col("size_bytes").alias("bytes each"),
            pl.col("reclaimable_bytes").alias("bytes reclaimable"),
            pl.col("byte_id").str.head(12),
        )
        return display.facts("Exact duplicates", pairs) + display.table(
            shown, caption="Copies, the largest saving first"
        )


@dataclass(frozen=True, slots=True, repr=False)
class LibraryFigures:
    """How many files there are, and how they are marked."""

    frame: pl.DataFrame
    """One row per source."""

    @property
    def files(self) -> int:
        """How many are live."""
        return self._sum("file_count")

    @property
    def size_bytes(self) -> int:
        """How large those are."""
        return self._sum("size_bytes")

    @property
    def favorites(self) -> int:
        """How many of them are favourites."""
        return self._sum("favorite_count")

    @property
    def tagged(self) -> int:
        """How many of them have a tag."""
        return self._sum("tagged_count")

    @property
    def flawed(self) -> int:
        """How many of them are corrupt or refused."""
        return self._sum("flawed_count")

    @property
    def unexamined(self) -> int:
        """Into how many of them nobody has looked."""
        return self._sum("unexamined_count")

    @property
    def deleted(self) -> int:
        """How many are deleted."""
        return self._sum("deleted_count")

    def _sum(self, name: str) -> int:
        return int(self.frame[name].sum())

    def __repr__(self) -> str:
        return (
            f"{display.plural(self.files, 'file')} · {display.bytes_text(self.size_bytes)} · {self.deleted:,} deleted"
        )

    def _repr_html_(self) -> str:
        pairs = [
            ("files", self.files), ("size", display.bytes_text(self.size_bytes)), ("favourites", self.favorites),
            ("tagged", self.tagged), ("deleted", self.deleted),
        ]  # fmt: skip
        shown = self.frame.with_columns(pl.col("source").str.replace_all("_", " "))
        headings = {name: name.removesuffix("_count") for name in self.frame.columns}
        headings |= {"file_count": "files", "size_bytes": "bytes", "favorite_count": "favourites"}
        table = display.table(shown, caption="Files by source", headings=headings)
        return display.facts("", pairs) + table


def library(mirror: Mirror) -> LibraryFigures:
    """The files by where they came from."""
    return LibraryFigures(mirror.query("media/library"))


def exact_duplicates(mirror: Mirror) -> ExactDuplicates:
    """The live files that have at least one exact copy; a file of no bytes is a copy of every other one."""
    return ExactDuplicates(mirror.query("media/exact_duplicates"))


def verdicts(mirror: Mirror) -> pl.DataFrame:
    """How many live files of each verdict there are, and how large they are."""
    return mirror.query("media/verdicts")
