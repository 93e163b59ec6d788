"""Files that no row is about: what they are, and whose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from mhc_lab.reconciliation import places
from mhc_lab.reconciliation.records import is_absolute, is_nowhere, last_name, place_said

_MARKED = r"(?s)^(.+)~([^~]+?)(\.[^.]{1,15})?$"
"""A link whose plain name was taken: ``name~folder.jpg``."""


@dataclass(frozen=True, slots=True)
class Known:
    """What may say something about a file besides its place."""

    rows: pl.DataFrame
    awaited: pl.DataFrame
    """Rows of storages in use that were not looked through."""
    paths: pl.DataFrame
    names: Mapping[str, str]
    folders: pl.DataFrame


def told(left: pl.DataFrame, seen: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Each of ``left`` with its class, its person, and where it belongs or what it is a copy of."""
    rules: tuple[Callable[[pl.DataFrame], pl.DataFrame], ...] = (
        lambda left: _awaited(left, known.awaited),
        lambda left: _told(left.filter("is_artefact"), "artefact"),
        lambda left: _copies(left.filter("is_view"), seen, known.folders),
        lambda left: _twins(left, known.rows),
        lambda left: _misspelt(left, seen, known),
        lambda left: _told(left.filter(pl.col("person").is_not_null()), "known_person", person="person"),
        lambda left: _spoken_of(left, known.paths),
        lambda left: _told(left, "unknown_person"),
    )
    told, left = [], places.said(left, known.folders, "is_artefact", "is_view")
    for rule in rules:
        told.append(rule(left))
        left = left.join(told[-1], on="file", how="anti")
    return pl.concat(told)


def _told(files: pl.DataFrame, class_: str, *, person: str = "", to_path: str = "") -> pl.DataFrame:
    owner, there = (pl.col(name) if name else pl.lit(None, pl.String) for name in (person, to_path))
    return files.select("file", pl.lit(class_).alias("class"), person=owner, to_path=there)


def _awaited(left: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Files that rows may mean of which nobody can say where their own are: by path, or by person and name where they say no place."""
    if rows.is_empty():
        return _told(left.clear(), "")
    path = pl.col("path")
    named = rows.filter(is_absolute(path) | is_nowhere(path)).with_columns(name=last_name(path))
    meant = [
        left.join(rows.with_columns(place_said(path)), on=["path", "size"], how="semi"),
        left.join(named, on=["person", "name", "size"], how="semi"),
    ]
    return _told(pl.concat(meant).unique("file", maintain_order=True), "not_checked")


def _copies(views: pl.DataFrame, seen: pl.DataFrame, folders: pl.DataFrame) -> pl.DataFrame:
    """Files in folders of links that are as large as what a link of that name led to, and have its bytes as far as these are known."""
    if views.is_empty():
        return _told(views, "")
    views = places.said(views.select("file", "folder", "storage", "name", "size", "byte_id"), folders, "own")
    plain = views.with_columns(shown="name", mark=pl.lit(None, pl.String))
    marked = views.with_columns(
        shown=pl.col("name").str.replace(_MARKED, "${1}${3}"), mark=pl.col("name").str.extract(_MARKED, 2)
    ).filter(pl.col("mark").is_not_null())
    links = pl.concat([plain, marked])
    near = seen.join(views, on="size", how="semi").filter("is_readable")
    near = places.said(near, folders, "is_view", "is_artefact", "own", "owner", "inner")
    real = near.filter(~pl.col("is_view"), ~pl.col("is_artefact"), pl.col("own").is_not_null())
    bytes_ = pl.coalesce("byte_id", "row_byte_id")
    real = real.select("storage", "size", "own", "owner", "name", "inner", to_path="path", byte_id_real=bytes_)
    shown = real.with_columns(name=pl.col("owner") + "_" + pl.col("name"))
    own, everybody = links.filter(pl.col("own").is_not_null()), links.filter(pl.col("own").is_null())
    found = [
        own.join(
            real,
            left_on=["storage", "own", "shown", "size"],
            right_on=["storage", "own", "name", "size"],
            suffix="_real",
        ),
        everybody.join(
            shown, left_on=["storage", "shown", "size"], right_on=["storage", "name", "size"], suffix="_real"
        ),
    ]
    is_same = (pl.col("byte_id") == pl.col("byte_id_real")).fill_null(value=True)
    both = pl.concat([one.filter(is_same).select("file", "to_path", "mark", "inner") for one in found])
    is_marked = pl.col("mark").str.ends_with(pl.col("inner")).fill_null(value=False)
    best = both.sort(~is_marked, "to_path").unique("file", keep="first", maintain_order=True)
    return _told(best, "link_copy", to_path="to_path")


def _twins(left: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Files whose path a disk may take for a registered one."""
    registered = rows.select("storage", key=places.folded(rows["path"]))
    same = left.with_columns(key=places.folded(left["path"])).join(registered, on=["storage", "key"], how="semi")
    return _told(same, "twin")


def _misspelt(left: pl.DataFrame, seen: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Files that would be those of a known person if their first folder were spelt right; two cannot have one place.

    Nor can one have that of a row which is about another file and has lost it.
    """
    left = places.said(left, known.folders, "meant", "meant_owner").filter(pl.col("meant").is_not_null())
    if left.is_empty():
        return _told(left, "")
    owners = pl.DataFrame(
        [*known.names.items()], schema={"meant_owner": pl.String, "meant_person": pl.String}, orient="row"
    )
    found = left.join(owners, on="meant_owner")
    found = found.with_columns(to_path=pl.col("meant") + pl.col("name")).sort("file")
    taken = seen.join(found, left_on="path", right_on="to_path", how="semi")
    meant = known.rows.join(found, left_on=["storage", "path"], right_on=["storage", "to_path"], suffix="_found")
    is_its = (pl.col("size") == pl.col("size_found")) & pl.col("person").eq_missing(pl.col("meant_person"))
    is_its &= (pl.col("byte_id") == pl.col("byte_id_found")).fill_null(value=True)
    taken = pl.concat([taken.select("storage", "path"), meant.filter(~is_its).select("storage", "path")]).unique()
    taken = taken.select("storage", to_path="path", is_taken=pl.lit(value=True))
    found = found.join(taken, on=["storage", "to_path"], how="left", maintain_order="left")
    is_free = pl.col("is_taken").is_null() & pl.struct("storage", "to_path").is_first_distinct()
    found = found.with_columns(to_path=pl.when(is_free).then("to_path"))
    return _told(found, "wrong_prefix", person="meant_person", to_path="to_path")


def _spoken_of(left: pl.DataFrame, paths: pl.DataFrame) -> pl.DataFrame:
    """Files of nobody known that snapshots name, all of one person."""
    said = (
        paths.join(left.select("path").unique(), on="path", how="semi").group_by("path").agg(pl.col("person").unique())
    )
    said = said.filter(pl.col("person").list.len() == 1).select("path", speaker=pl.col("person").list.first())
    return _told(left.join(said, on="path"), "named_by_snapshot", person="speaker")
