"""Paths that snapshots name: which file each of them means, those included that get their rows only now."""

from __future__ import annotations

import polars as pl

from mhc_lab.reconciliation.classes import GET_ROWS
from mhc_lab.reconciliation.records import is_absolute, is_nowhere, last_name, place_said


def told(
    paths: pl.DataFrame, seen: pl.DataFrame, files: pl.DataFrame, takers: pl.DataFrame, *, is_whole: bool
) -> pl.DataFrame:
    """Each path with its class and the file it means.

    Parameters
    ----------
    takers
        Whose rows will be about files that nothing is known of yet.
    is_whole
        Whether every storage was looked through.
    """
    usable = _usable(seen, files, takers)
    path = pl.col("path")
    paths = paths.with_row_index("number")
    open_ = paths.filter(pl.col("media").is_null()).with_columns(place=place_said(path), name=last_name(path))
    first = usable.join(open_, on="place", how="semi").unique("place", keep="first", maintain_order=True)
    exact = open_.join(first, on="place").select(
        "number", "to_storage", to_path="place", **{"class": pl.lit("should_be_reference")}
    )
    left = open_.join(exact, on="number", how="anti").filter(is_absolute(path) | is_nowhere(path))
    near = usable.join(left, on="name", how="semi").join(left, on=["person", "name"], how="semi")
    named = left.join(_by_name(near), on=["person", "name"]).with_columns(
        pl.when(pl.col("count") == 1).then(pl.lit("bare_name")).otherwise(pl.lit("ambiguous")).alias("class")
    )
    found = pl.concat([exact, named.select(exact.columns)])
    joined = paths.join(found, on="number", how="left", maintain_order="left")
    none = pl.lit("missing" if is_whole else "not_checked")
    known = pl.when(pl.col("media").is_not_null()).then(pl.lit("in_order")).otherwise(none)
    return joined.with_columns(pl.coalesce("class", known).alias("class")).drop("number")


def _usable(seen: pl.DataFrame, files: pl.DataFrame, takers: pl.DataFrame) -> pl.DataFrame:
    """Files that have a row or get one, where they will lie; those with a row first, then by storage."""
    has_row = pl.col("row").is_not_null()
    is_moved = pl.col("class") == "wrong_prefix"
    wanted = files.with_row_index("file").filter(
        pl.col("class").is_in(GET_ROWS) | (is_moved & pl.col("to_path").is_not_null())
    )
    place = pl.when(is_moved).then("to_path").otherwise("path")
    placed = wanted.select("file", "person", place=place, to_storage="storage")
    known = placed.join(seen.select("file", "row", "name", row_owner="person"), on="file", maintain_order="left")
    known = known.join(takers.select("file", "taker"), on="file", how="left", maintain_order="left")
    owner = pl.when(has_row).then("row_owner").otherwise(pl.coalesce("taker", "person"))
    return known.sort(~has_row, "to_storage", maintain_order=True).select("name", "place", "to_storage", person=owner)


def _by_name(usable: pl.DataFrame) -> pl.DataFrame:
    """How many files of each person have each name, and the first of them; a copy in another storage is no other file."""
    once = usable.unique(["person", "place"], keep="first", maintain_order=True)
    first = (pl.col("to_storage").first(), pl.col("place").first().alias("to_path"))
    return once.group_by("person", "name", maintain_order=True).agg(pl.len().alias("count"), *first)
