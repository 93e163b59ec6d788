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
class Found:
    """What stores list, and once for all files in it what each folder says."""

    files: pl.DataFrame
    """:data:`FILES`, each with its place as ``file``, its ``name``, and as ``folder`` the place of its folder in :attr:`folders`."""
    folders: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Classified:
    """The same rows, files and paths, each with its ``class`` and what its remedy needs."""

    rows: pl.DataFrame
    """``to_storage`` and ``to_path``: where the file lies; ``other``: the row that stays, or one with the same bytes."""
    files: pl.DataFrame
    """``person``: whose it is; ``to_path``: where it belongs, or what it is a copy of."""
    paths: pl.DataFrame
    """``to_storage`` and ``to_path``: the file that is meant."""


def described(files: pl.DataFrame) -> Found:
    """Files with their names and with what their folders say."""
    split = places.split(files.select("path"))
    folders = places.folders(split["folder"].unique())
    place = _beside(split, folders.select("folder").with_row_index("place"), "folder")["place"]
    return Found(files.with_row_index("file").with_columns(split["name"], folder=place), folders)


def names_said(found: Found) -> set[str]:
    """Every user name that a folder or the name of a thumbnail holds: whoever knows persons tells whose they are."""
    files = places.said(found.files.select("name", "folder"), found.folders, "owner")
    is_told = pl.col("owner").is_not_null() & pl.col("name").str.starts_with(pl.col("owner") + "_")
    others = files.filter(~is_told).select(said=places.named(pl.col("name")))["said"]
    held = (found.folders["owner"], found.folders["meant_owner"], others)
    return {name for said in held for name in said.drop_nulls().unique()}


def classify(
    rows: pl.DataFrame,
    found: Found,
    paths: pl.DataFrame,
    *,
    names: Mapping[str, str],
    checked: Collection[int],
    waiting: Collection[int],
) -> Classified:
    """Everything with its class.

    Parameters
    ----------
    found
        As :func:`described`.
    names
        Who carries each of the :func:`names_said`.
    checked
        The storages whose listing can be trusted.
    waiting
        The others that are in use: what is not found may lie there, and what seems to have no row may have one of theirs.

    Raises
    ------
    InternalError
        Something is in no class, or in two.
    """
    is_checked = pl.col("storage").is_in(list(checked))
    rows, (files, folders) = rows.with_row_index("row"), _owned(found, names)
    live, gone = rows.filter(is_checked & ~pl.col("is_deleted")), rows.filter(is_checked & pl.col("is_deleted"))
    listed = files.filter(is_checked)
    claims = _claims(live, listed, folders)
    seen = _claimed(listed.filter(~pl.col("is_litter")).drop("written_ns", "is_litter"), claims)
    live_told = records.live(live, claims, seen, folders, _unlooked(listed), is_whole=not waiting)
    deleted_told = records.deleted(gone, live, live_told, seen)
    rows_told = _placed(rows, files, pl.concat([live_told, deleted_told]), is_checked)
    awaited = rows.filter(pl.col("storage").is_in(list(waiting)) & ~pl.col("is_deleted"))
    known = orphans.Known(live, awaited, paths, names, folders)
    files_told = _files(files, seen, claims, live_told, deleted_told, known, is_checked)
    takers = live_told.select("row", file="to_file").drop_nulls().join(live.select("row", taker="person"), on="row")
    paths_told = pictures.told(paths, seen, files_told, takers, is_whole=not waiting)
    return Classified(rows_told, files_told, _same(paths, paths_told))


def _owned(found: Found, names: Mapping[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Files and folders with whose they are, as far as folder or name say."""
    known = pl.DataFrame([*names.items()], schema={"owner": pl.String, "person": pl.String}, orient="row")
    folders = found.folders.join(known, on="owner", how="left", maintain_order="left")
    files = places.said(found.files, folders, "person")
    own = files.filter(pl.col("person").is_null()).select("file", owner=places.named(pl.col("name"))).drop_nulls()
    own = own.join(known, on="owner").select("file", own_person="person")
    whose = files.hstack(_beside(files, own, "file")).with_columns(person=pl.coalesce("person", "own_person"))
    return whose.drop("own_person"), folders


def _claims(live: pl.DataFrame, listed: pl.DataFrame, folders: pl.DataFrame) -> pl.DataFrame:
    """Rows with the file in their place. Names that are no text are shown as such that are: of two shown alike it is the one that is."""
    rows = live.select("row", "storage", "path", "size", "byte_id", "person", "problem")
    files = listed.select("file", "storage", "path", "size", "byte_id", "is_readable", "folder")
    claims = rows.join(files, on=["storage", "path"], suffix="_found")
    if claims["row"].n_unique() < claims.height:  # hardly ever, and it takes a while
        claims = claims.sort("is_readable", descending=True).unique("row", keep="first", maintain_order=True)
    return places.said(claims, folders, "is_proper")


def _unlooked(listed: pl.DataFrame) -> pl.DataFrame:
    """Folders nobody looked into, because they are closed or a system's, each with the class of rows below it."""
    class_ = pl.when("is_litter").then(pl.lit("not_checked")).otherwise(pl.lit("unreadable"))
    return listed.filter(pl.col("path").str.ends_with("/")).select("storage", "path", class_.alias("class"))


def _claimed(seen: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Files with the row that is about each, the bytes it says, and whose it says the file is."""
    said = claims.select("file", "row", row_byte_id="byte_id", row_person="person")
    claimed = seen.hstack(_beside(seen, said, "file")).with_columns(person=pl.coalesce("row_person", "person"))
    return claimed.drop("row_person")


def _placed(rows: pl.DataFrame, files: pl.DataFrame, told: pl.DataFrame, is_checked: pl.Expr) -> pl.DataFrame:
    """Rows with their class and where what they mean lies; those of storages that were not looked through are not checked."""
    told = _beside(rows, told, "row")
    where = files.select(pl.col("storage", "path").gather(told["to_file"]).name.prefix("to_"))
    other = rows.select(other=pl.col("id").gather(told["other"]))
    placed = rows.drop("row").hstack(told.select("class")).hstack(where).hstack(other)
    return _same(
        rows, placed.with_columns(pl.when(is_checked).then("class").otherwise(pl.lit("not_checked")).alias("class"))
    )


def _files(
    files: pl.DataFrame,
    seen: pl.DataFrame,
    claims: pl.DataFrame,
    live: pl.DataFrame,
    gone: pl.DataFrame,
    known: orphans.Known,
    is_checked: pl.Expr,
) -> pl.DataFrame:
    """Files with their class; those nobody took are orphans."""
    taken, deleted = (told["to_file"].drop_nulls() for told in (live, gone))
    plain = (
        pl.when(~is_checked)
        .then(pl.lit("not_checked"))
        .when(~pl.col("is_readable"))
        .then(pl.lit("unreadable"))
        .when(pl.col("file").is_in(pl.concat([claims["file"], taken]).implode()))
        .then(pl.lit("in_order"))
        .when("is_litter")
        .then(pl.lit("litter"))
        .when(pl.col("file").is_in(deleted.implode()))
        .then(pl.lit("of_a_deleted_row"))
    )
    classed = files.select("file", plain.alias("plain"), folder_person="person")
    left = seen.join(classed.filter(pl.col("plain").is_null()), on="file", how="semi")
    told = classed.hstack(_beside(files, orphans.told(left, seen, known), "file"))
    whole = files.select("storage", "path", "size", "written_ns").hstack(
        told.select(pl.coalesce("plain", "class").alias("class"), pl.coalesce("person", "folder_person"), "to_path")
    )
    return _same(files, whole)


def _beside(things: pl.DataFrame, told: pl.DataFrame, on: str) -> pl.DataFrame:
    """What is told of each thing, in their order; null where nothing is."""
    beside = things.select(on).join(told, on=on, how="left", maintain_order="left").drop(on)
    if beside.height != things.height:
        raise InternalError(f"Of {things.height:,} things something is said of one twice.")
    return beside


def _same(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    if before.height != after.height or after["class"].has_nulls():
        raise InternalError(f"Of {before.height:,} things {after['class'].count():,} are in a class.")
    return after
