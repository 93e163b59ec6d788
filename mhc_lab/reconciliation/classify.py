"""Rows × files × paths of snapshots: each in exactly one class.

A library has hundreds of thousands of each, so this works on whole columns. Nothing is decided twice: rows take files first, in the
order in which they say so most plainly, then deleted rows; files that nobody took are asked for themselves; and paths come last, because
they may mean files that get their rows only now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from mhc_lab.core.errors import InternalError
from mhc_lab.reconciliation import orphans, pictures, places, records

ROWS: dict[str, type[pl.DataType]] = {
    "id": pl.String, "storage": pl.UInt16, "path": pl.String, "size": pl.Int64, "byte_id": pl.String, "person": pl.String,
    "at": pl.Int64, "is_deleted": pl.Boolean, "problem": pl.String,
}  # fmt: skip
"""Rows of the library; ``at`` is when one was deleted, else made, and ``problem`` what an audit said last."""
FILES: dict[str, type[pl.DataType]] = {
    "storage": pl.UInt16, "path": pl.String, "size": pl.Int64, "written_ns": pl.Int64, "byte_id": pl.String,
    "is_readable": pl.Boolean, "is_litter": pl.Boolean,
}  # fmt: skip
"""What stores list; ``byte_id`` only where it is known without reading, and a closed folder has a slash at its end."""
PATHS: dict[str, type[pl.DataType]] = {
    "snapshot": pl.Int64, "which": pl.String, "path": pl.String, "person": pl.String, "media": pl.String,
}  # fmt: skip
"""Paths of snapshots, and the file that is meant, where it is known."""


@dataclass(frozen=True, slots=True)
class Classified:
    """The same rows, files and paths, each with its ``class`` and what its remedy needs."""

    rows: pl.DataFrame
    """``to_storage`` and ``to_path``: where the file lies; ``other``: the row that stays, or one with the same bytes."""
    files: pl.DataFrame
    """``person``: whose it is; ``to_path``: where it belongs, or what it is a copy of."""
    paths: pl.DataFrame
    """``to_storage`` and ``to_path``: the file that is meant."""


def described(files: pl.DataFrame) -> pl.DataFrame:
    """Files with their names and with what their folders say."""
    split = places.split(files.with_row_index("file"))
    return split.join(places.folders(split["folder"].unique()), on="folder", how="left", maintain_order="left")


def names_said(files: pl.DataFrame) -> set[str]:
    """Every user name that a folder or the name of a thumbnail holds: whoever knows persons tells whose they are."""
    is_told = pl.col("owner").is_not_null() & pl.col("name").str.starts_with(pl.col("owner") + "_")
    others = files.filter(~is_told).select(said=places.named(pl.col("name")))["said"]
    return {name for said in (files["owner"], files["meant_owner"], others) for name in said.drop_nulls().unique()}


def classify(
    rows: pl.DataFrame,
    files: pl.DataFrame,
    paths: pl.DataFrame,
    *,
    names: Mapping[str, str],
    checked: Collection[int],
    is_whole: bool,
) -> Classified:
    """Everything with its class.

    Parameters
    ----------
    files
        As :func:`described`.
    names
        Who carries each of the :func:`names_said`.
    checked
        The storages whose listing can be trusted.
    is_whole
        Whether these are all that are in use.

    Raises
    ------
    InternalError
        Something is in no class, or in two.
    """
    is_checked = pl.col("storage").is_in(list(checked))
    rows, files = rows.with_row_index("row"), _owned(files, names)
    live, gone = rows.filter(is_checked & ~pl.col("is_deleted")), rows.filter(is_checked & pl.col("is_deleted"))
    seen = files.filter(is_checked & ~pl.col("is_litter"))
    claims = live.join(seen, on=["storage", "path"], suffix="_found")
    seen = _claimed(seen, claims)
    live_told = records.live(live, claims, seen)
    deleted_told = records.deleted(gone, live_told.join(live, on="row"), records.free(seen, live_told))
    rows_told = _placed(rows, files, pl.concat([live_told, deleted_told]))
    files_told = _files(files, seen, live_told, deleted_told, orphans.Known(live, paths, names), is_checked)
    paths_told = pictures.told(paths, seen, files_told, is_whole=is_whole)
    return Classified(rows_told, files_told, _same(paths, paths_told))


def _owned(files: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Files with whose they are, as far as folder or name say."""
    known = pl.DataFrame([*names.items()], schema={"owner": pl.String, "person": pl.String}, orient="row")
    files = files.join(known, on="owner", how="left", maintain_order="left")
    own = files.filter(pl.col("person").is_null()).select("file", owner=places.named(pl.col("name"))).drop_nulls()
    own = own.join(known, on="owner").select("file", own_person="person")
    joined = files.join(own, on="file", how="left", maintain_order="left")
    return joined.with_columns(person=pl.coalesce("person", "own_person")).drop("own_person")


def _claimed(seen: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Files with the row that is about each, the bytes it says, and whose it says the file is."""
    said = claims.select("file", "row", row_byte_id="byte_id", row_person="person")
    joined = seen.join(said, on="file", how="left", maintain_order="left")
    return joined.with_columns(person=pl.coalesce("row_person", "person")).drop("row_person")


def _placed(rows: pl.DataFrame, files: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Rows with their class and where what they mean lies; those of storages that were not looked through are not checked."""
    unchecked = rows.join(told, on="row", how="anti").select("row", **{"class": pl.lit("not_checked")})
    told = pl.concat([told, unchecked], how="diagonal")
    where = files.select(to_file="file", to_storage="storage", to_path="path")
    other = rows.select(other="row", other_id="id")
    placed = told.join(where, on="to_file", how="left").join(other, on="other", how="left")
    placed = rows.join(placed.select("row", "class", "to_storage", "to_path", other="other_id"), on="row", how="left")
    return _same(rows, placed).drop("row")


def _files(
    files: pl.DataFrame,
    seen: pl.DataFrame,
    live: pl.DataFrame,
    gone: pl.DataFrame,
    known: orphans.Known,
    is_checked: pl.Expr,
) -> pl.DataFrame:
    """Files with their class; those nobody took are orphans."""
    taken, deleted = (told["to_file"].drop_nulls() for told in (live, gone))
    claimed = seen.filter(pl.col("row").is_not_null())["file"]
    plain = (
        pl.when(~is_checked)
        .then(pl.lit("not_checked"))
        .when("is_litter")
        .then(pl.lit("litter"))
        .when(~pl.col("is_readable"))
        .then(pl.lit("unreadable"))
        .when(pl.col("file").is_in(pl.concat([claimed, taken]).implode()))
        .then(pl.lit("in_order"))
        .when(pl.col("file").is_in(deleted.implode()))
        .then(pl.lit("of_a_deleted_row"))
    )
    classed = files.with_columns(plain.alias("class"))
    left = seen.join(classed.filter(pl.col("class").is_null()), on="file", how="semi")
    told = orphans.told(left, seen, known)
    joined = classed.join(told, on="file", how="left", suffix="_told", maintain_order="left")
    whole = joined.with_columns(
        pl.coalesce("class", "class_told").alias("class"), person=pl.coalesce("person_told", "person")
    )
    return _same(files, whole.select("storage", "path", "size", "written_ns", "class", "person", "to_path"))


def _same(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    if before.height != after.height or after["class"].has_nulls():
        raise InternalError(f"Of {before.height:,} things {after['class'].count():,} are in a class.")
    return after
