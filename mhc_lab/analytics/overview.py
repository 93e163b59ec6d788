"""What is in the workbench, and from when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

_HEADLINE = ("persons", "followers now", "follow lists", "files")


@dataclass(frozen=True, slots=True, repr=False)
class Overview:
    """How many of everything there are, in one mirror."""

    frame: pl.DataFrame
    """One row per kind of thing: how many, and when the newest came."""
    version: int
    made_at: datetime
    """From when all of it is."""
    revision: str

    def rows(self, kind: str) -> int:
        """How many of ``kind`` there are."""
        return int(self.frame.filter(pl.col("kind") == kind)["row_count"].item())

    def __repr__(self) -> str:
        listed = ", ".join(f"{self.rows(kind):,} {kind}" for kind in _HEADLINE)
        return f"{listed} · mirror {self.version} of {self.made_at:%Y-%m-%d %H:%M} UTC"

    def _repr_html_(self) -> str:
        pairs = [(kind, self.rows(kind)) for kind in _HEADLINE]
        title = f"As of {self.made_at:%Y-%m-%d %H:%M} UTC (mirror {self.version})"
        headings = {"row_count": "how many", "newest_at": "newest (UTC)"}
        return display.facts(title, pairs) + display.table(self.frame, headings=headings)


def overview(mirror: Mirror) -> Overview:
    """How many of everything there are, and how new the newest of each is."""
    return Overview(mirror.query("overview/contents"), mirror.version, mirror.made_at, mirror.revision)
