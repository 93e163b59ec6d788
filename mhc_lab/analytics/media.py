"""What the files are: copies of the same bytes, and files that cannot be read."""

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


def exact_duplicates(mirror: Mirror) -> ExactDuplicates:
    """The live files that have at least one exact copy; a file of no bytes is a copy of every other one."""
    return ExactDuplicates(mirror.query("media/exact_duplicates"))


def verdicts(mirror: Mirror) -> pl.DataFrame:
    """How many live files of each verdict there are, and how large they are."""
    return mirror.query("media/verdicts")
