"""Frames written as text tables: what goes into a query and what has to come out.

::

    username | started_at       | is_excluded | paths: texts
    ann      | 2026-01-01       | no          | a.jpg b.jpg
    bo       | 2026-01-02 04:00 | -           | -

A dash is NULL. A column's type is written behind its name, or follows from the name as the house style has it (``_at`` time, ``_on``
date, ``is_`` yes or no, ``_count`` and ``_bytes`` whole numbers), or from its cells: whole numbers, numbers, else text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

import polars as pl

from mhc_lab.mirror.connection import Mirror

_TYPES: dict[str, tuple[pl.DataType | type[pl.DataType], Callable[[str], object]]] = {
    "text": (pl.String, str),
    "int": (pl.Int64, int),
    "float": (pl.Float64, float),
    "bool": (pl.Boolean, lambda cell: {"yes": True, "no": False}[cell]),
    "time": (pl.Datetime("us", "UTC"), lambda cell: datetime.fromisoformat(cell).replace(tzinfo=UTC)),
    "date": (pl.Date, date.fromisoformat),
    "texts": (pl.List(pl.String), str.split),
}
_ENDINGS = {"_at": "time", "_on": "date", "_count": "int", "_bytes": "int"}


def table(text: str) -> pl.DataFrame:
    """The frame that ``text`` describes."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    columns = [[row[place] for row in rows] for place in range(len(head))]
    return pl.DataFrame([_series(name, cells) for name, cells in zip(head, columns, strict=True)])


def mirror_of(**tables: str) -> Mirror:
    """A mirror in memory that holds these text tables."""
    return Mirror.from_tables({name: table(text) for name, text in tables.items()})


def _series(heading: str, cells: Sequence[str]) -> pl.Series:
    name, _, declared = (part.strip() for part in heading.partition(":"))
    dtype, read = _TYPES[declared or _kind(name, cells)]
    return pl.Series(name, [None if cell == "-" else read(cell) for cell in cells], dtype=dtype)


def _kind(name: str, cells: Sequence[str]) -> str:
    if name.startswith(("is_", "has_")):
        return "bool"
    for ending, kind in _ENDINGS.items():
        if name.endswith(ending):
            return kind
    present = [cell for cell in cells if cell != "-"]
    for kind in ("int", "float"):
        if present and all(_reads(kind, cell) for cell in present):
            return kind
    return "text"


def _reads(kind: str, cell: str) -> bool:
    try:
        _TYPES[kind][1](cell)
    except ValueError:
        return False
    return True
