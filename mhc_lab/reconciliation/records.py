"""Rows of the library against files: what became of the file of each."""

from __future__ import annotations

from functools import partial

import polars as pl

from mhc_lab.reconciliation import places

TOLD = {"row": pl.UInt32, "class": pl.String, "to_file": pl.UInt32, "other": pl.UInt32}
"""A row, its class, the file that it means or that is still there, and the row that stays for it."""

_AGREE = (pl.col("size") == pl.col("size_found")) & (
    pl.col("byte_id_found").is_null() | (pl.col("byte_id_found") == pl.col("byte_id"))
)
"""Whether a file can be the one a row is about, as far as that is known without reading it."""


def live(
    rows: pl.DataFrame,
    claims: pl.DataFrame,
    seen: pl.DataFrame,
    folders: pl.DataFrame,
    unlooked: pl.DataFrame,
    *,
    is_whole: bool,
) -> pl.DataFrame:
    """Live rows of storages that were looked through.

    Parameters
    ----------
    claims
        Those with a file in their place.
    folders
        What the folders of files say.
    unlooked
        Folders that nobody looked into, each with the ``class`` of rows below it.
    is_whole
        Whether every storage was looked through; else a file that is not found may lie in another.
    """
    told = [_in_place(claims)]
    left = rows.join(claims, on="row", how="anti")
    for rule in (partial(_below, unlooked), _respelt, _elsewhere, partial(_by_name, folders)):
        told.append(rule(left, seen, pl.concat(told)))
        left = left.join(told[-1], on="row", how="anti")
    return pl.concat([*told, _told(left, pl.lit("missing" if is_whole else "not_checked"))])


def deleted(rows: pl.DataFrame, live: pl.DataFrame, told: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """Deleted rows; the last one that was deleted from a place is the one whose file is still there.

    ``told`` is what became of the ``live`` ones.
    """
    near = free(seen.filter("is_readable").join(rows, on="path", how="semi"), told)
    there = _joined(rows, near, on=["storage", "path"]).filter(_AGREE)
    there = there.sort("at", "row", descending=[True, False]).unique("file", keep="first", maintain_order=True)
    in_order = live.join(there, on="byte_id", how="semi").join(
        told.filter(pl.col("class") == "in_order"), on="row", how="semi"
    )
    oldest = in_order.sort("at", "row").unique("byte_id", keep="first", maintain_order=True)
    keepers = oldest.select("byte_id", other="row")
    present = there.join(keepers, on="byte_id", how="left")
    told = _told(present, pl.lit("deleted_present"), to_file="file", other="other")
    return pl.concat([told, _told(rows.join(told, on="row", how="anti"), pl.lit("deleted"))])


def free(seen: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Files that no row took yet."""
    taken = told.select(file="to_file").drop_nulls()
    return seen.filter(pl.col("row").is_null()).join(taken, on="file", how="anti")


def is_absolute(path: pl.Expr) -> pl.Expr:
    """Whether a path says where something lay on some machine."""
    return path.str.contains(r"^([A-Za-z]:)?[/\\]")


def tail(path: pl.Expr) -> pl.Expr:
    """What an absolute path, or one with backslashes, says of the place in a store; null when it says nothing."""
    return path.str.replace_all("\\", "/", literal=True).str.extract(r"(?s)(?:^|/)(people/.*)$", 1)


def place_said(path: pl.Expr) -> pl.Expr:
    """What a path says of the place in a store, be it absolute or not; null when it says nothing."""
    return pl.when(is_absolute(path)).then(tail(path)).otherwise(path)


def last_name(path: pl.Expr) -> pl.Expr:
    """The name of the file, whichever way the path is written."""
    return path.str.extract(r"(?s)([^/\\]*)$", 1)


def is_nowhere(path: pl.Expr) -> pl.Expr:
    """Whether a path does not say where in a store its file lies: a bare name, or a link in a folder of links."""
    return ~path.str.contains("/", literal=True) | path.str.contains(places.PERSON_VIEW)


def _told(rows: pl.DataFrame, class_: pl.Expr, *, to_file: str = "", other: str = "") -> pl.DataFrame:
    files = pl.col(to_file) if to_file else pl.lit(None)
    others = pl.col(other) if other else pl.lit(None)
    return rows.select("row", class_.alias("class"), to_file=files.cast(pl.UInt32), other=others.cast(pl.UInt32))


def _joined(rows: pl.DataFrame, seen: pl.DataFrame, *, on: list[str]) -> pl.DataFrame:
    said = ["file", "storage", "path", "size", "byte_id", "row", "row_byte_id"]
    found = seen.select(*on, *(pl.col(name).alias(f"{name}_found") for name in said))
    return rows.join(found, on=on).rename({"file_found": "file"})


def _in_place(claims: pl.DataFrame) -> pl.DataFrame:
    """Rows with a file in their place. What was found by reading is believed until it is read again."""
    is_read = pl.col("byte_id_found").is_not_null()
    class_ = (
        pl.when(~pl.col("is_readable"))
        .then(pl.lit("unreadable"))
        .when(pl.col("size") != pl.col("size_found"))
        .then(pl.lit("size_differs"))
        .when(is_read & (pl.col("byte_id") != pl.col("byte_id_found")))
        .then(pl.lit("bytes_differ"))
        .when(~is_read & pl.col("problem").is_in(["bytes_differ", "unreadable"]))
        .then("problem")
        .when(~pl.col("is_proper"))
        .then(pl.lit("legacy_path"))
        .otherwise(pl.lit("in_order"))
    )
    return _told(claims, class_)


def _below(unlooked: pl.DataFrame, left: pl.DataFrame, _: pl.DataFrame, __: pl.DataFrame) -> pl.DataFrame:
    """Rows below folders that nobody looked into."""
    if unlooked.is_empty():
        return _told(left.clear(), pl.lit(""))
    closed = {(storage, path): class_ for storage, path, class_ in unlooked.rows()}
    below = [
        (storage, folder, closed[storage, outer])
        for storage, folder in places.split(left).select("storage", "folder").unique().rows()
        for outer in places.around(folder)
        if (storage, outer) in closed
    ]
    inside = pl.DataFrame(below, schema={"storage": pl.UInt16, "folder": pl.String, "class": pl.String}, orient="row")
    return _told(places.split(left).join(inside, on=["storage", "folder"]), pl.col("class"))


def _respelt(left: pl.DataFrame, seen: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Rows of whose place a store lists another spelling, where nothing is known of the one file that can be meant."""
    left = left.filter(~is_absolute(pl.col("path")))
    left = left.with_columns(spelt=places.folded(left.select(places.plain(pl.col("path")))["path"]))
    near = seen.with_columns(spelt=places.folded(seen["path"])).filter(pl.col("spelt").is_in(left["spelt"].implode()))
    found = _joined(left, free(near.filter("is_readable"), told), on=["storage", "spelt"]).filter(_AGREE)
    once = found.filter(pl.col("file").n_unique().over("row") == 1)
    takes = once.sort("at", "row").unique("file", keep="first", maintain_order=True)
    return _told(takes, pl.lit("other_spelling"), to_file="file")


def _elsewhere(left: pl.DataFrame, seen: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Rows whose file lies at their path in another storage, where nothing is known of it."""
    near = free(seen.filter("is_readable").join(left, on="path", how="semi"), told)
    found = _joined(left, near, on=["path"]).filter(_AGREE)
    first = found.sort("storage_found").unique("row", keep="first", maintain_order=True)
    first = first.sort("at", "row").unique("file", keep="first", maintain_order=True)
    return _told(first, pl.lit("wrong_storage"), to_file="file")


def _by_name(folders: pl.DataFrame, left: pl.DataFrame, seen: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Rows that say no place in a store: their person and name lead to one file, or nowhere.

    One in the storage that the row names is meant rather than one in another. When another row is about that file already, this one
    is a duplicate of it; and so it is when an older one takes the file now.
    """
    path = pl.col("path")
    lost = left.filter(is_absolute(path) | is_nowhere(path)).with_columns(tail=tail(path), name=last_name(path))
    is_near = path.is_in(lost["tail"].implode()) | pl.col("name").is_in(lost["name"].implode())
    near = places.said(seen.filter(is_near, "is_readable"), folders, "is_view", "is_artefact")
    usable = near.filter(~pl.col("is_view"), ~pl.col("is_artefact"))
    usable = usable.join(told.select(file="to_file").drop_nulls(), on="file", how="anti")
    usable = usable.join(told.filter(pl.col("class") == "bytes_differ"), on="row", how="anti")
    by_tail = _candidates(lost, usable.with_columns(tail="path"), ["tail"])
    by_name = _candidates(lost.join(by_tail, on="row", how="anti"), usable, ["person", "name"])
    one = pl.concat([by_tail, by_name])
    claimed = one.filter(pl.col("row_found").is_not_null())
    first = one.join(claimed, on="row", how="anti").sort("at", "row")
    takes = first.unique("file", keep="first", maintain_order=True)
    again = first.join(takes, on="row", how="anti").join(
        takes.select("file", "byte_id", other="row"), on=["file", "byte_id"]
    )
    class_ = pl.when(is_absolute(path)).then(pl.lit("absolute_path")).otherwise(pl.lit("bare_name"))
    return pl.concat(
        [
            _told(takes, class_, to_file="file"),
            _told(claimed, pl.lit("duplicate_record"), other="row_found"),
            _told(again, pl.lit("duplicate_record"), other="other"),
        ]
    )


def _candidates(lost: pl.DataFrame, usable: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """The file that each row can mean, of those for which there is exactly one."""
    is_its = pl.col("row_found").is_null() | (pl.col("row_byte_id_found") == pl.col("byte_id"))
    found = _joined(lost, usable, on=on).filter(_AGREE, is_its)
    found = found.with_columns(is_away=pl.col("storage") != pl.col("storage_found"))
    nearest = found.filter(pl.col("is_away") == pl.col("is_away").min().over("row"))
    once = nearest.filter(pl.col("path_found").n_unique().over("row") == 1)
    return once.sort("storage_found").unique("row", keep="first", maintain_order=True)
