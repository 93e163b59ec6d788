"""What the folder of a file says, worked out once for all files in it: whose they are, and whether they are where files belong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

import polars as pl

from mhc_lab.storage.layout import SOURCES, THUMBNAIL_ENDING, VIEW, is_view, owner_and_source
from mhc_lab.storage.layout import folded as folded_name

ARTEFACTS = frozenset({"migrated", "QUARANTINE"})
"""Folders that a migration or a quarantine of former times left."""
PEOPLE = "people"
_ALIKE = 0.8
"""How much of a misspelt name has to be right."""
PERSON_VIEW = rf"^{PEOPLE}/[^/]+/{VIEW}/[^/]+$"
"""The path of a link to a file of one person."""
_NAME = r"^[A-Za-z0-9_]{1,25}$"


class Folder(NamedTuple):
    """What a folder says of the files in it."""

    folder: str
    """With a slash at its end; empty for the root."""
    owner: str | None
    """The user name it holds."""
    own: str | None
    """The folder of that person, up to ``people/{name}/``."""
    inner: str | None
    """What comes below it, with dots for slashes: how links tell two files of one name apart."""
    is_view: bool
    is_artefact: bool
    is_proper: bool
    """Whether it is below ``people/{name}/{folder}/``."""
    meant: str | None
    """The folder it should be, when its first part is misspelt."""
    meant_owner: str | None


SCHEMA: dict[str, type[pl.DataType]] = {
    "folder": pl.String, "owner": pl.String, "own": pl.String, "inner": pl.String, "is_view": pl.Boolean, "is_artefact": pl.Boolean,
    "is_proper": pl.Boolean, "meant": pl.String, "meant_owner": pl.String,
}  # fmt: skip


def split(frame: pl.DataFrame, path: str = "path") -> pl.DataFrame:
    """``frame`` with the ``folder``, with its slash, and the ``name`` of each path."""
    name = pl.col(path).str.split("/").list.last()
    return frame.with_columns(name=name).with_columns(folder=pl.col(path).str.strip_suffix(pl.col("name")))


def folders(paths: Iterable[str]) -> pl.DataFrame:
    """What each of these folders says."""
    return pl.DataFrame([_folder(path) for path in paths], schema=SCHEMA, orient="row")


def said(files: pl.DataFrame, folders: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """``files`` with what is asked of their folders; ``folder`` is the place of each in ``folders``.

    Not all of it at once: beside each of half a million files it would be most of the memory that is needed.
    """
    return files.hstack(folders.select(pl.col(columns).gather(files["folder"])))


def around(folder: str) -> list[str]:
    """A folder and those that it is in, each with its slash."""
    parents = [str(parent) for parent in PurePosixPath(folder).parents if parent.name]
    return [f"{one}/" for one in (folder.rstrip("/"), *parents)]


def plain(path: pl.Expr) -> pl.Expr:
    """A path without doubled slashes and dots that lead nowhere."""
    return path.str.replace_all(r"/(?:\.?/)+", "/").str.replace(r"^(?:\./+)+", "")


def folded(paths: pl.Series) -> pl.Series:
    """Each path as :func:`mhc_lab.storage.layout.folded` has it; plain letters all at once."""
    is_plain = paths.str.len_bytes() == paths.str.len_chars()
    if is_plain.all():
        return paths.str.to_lowercase()
    odd = paths.filter(~is_plain).unique()
    forms = pl.Series([folded_name(path) for path in odd], dtype=pl.String)
    return paths.str.to_lowercase().zip_with(is_plain, paths.replace(odd, forms))


def named(name: pl.Expr) -> pl.Expr:
    """The user name in the name of a thumbnail, as :func:`mhc_lab.storage.layout.named_in` reads it; null when there is none."""
    said = name.str.replace(f"{THUMBNAIL_ENDING}$", "").str.strip_chars()
    return pl.when(said.str.contains(_NAME), said != name).then(said.str.to_lowercase())


def _folder(path: str) -> Folder:
    parts = path.split("/")[:-1]
    owner, _ = owner_and_source(f"{path}file")
    is_people = owner is not None
    has_artefact = not ARTEFACTS.isdisjoint(parts)
    meant = _meant(parts)
    return Folder(
        path,
        owner,
        f"{parts[0]}/{parts[1]}/" if is_people else None,
        ".".join(parts[2:]) if is_people else None,
        is_view(path),
        has_artefact,
        is_people and len(parts) >= 3 and not has_artefact and parts[2] != VIEW,
        meant,
        owner_and_source(f"{meant}file")[0] if meant else None,
    )


def _meant(parts: list[str]) -> str | None:
    """The folder that is meant by one whose first part is a misspelling of ``people``, or comes twice; None for every other."""
    is_twice = parts[:2] == [PEOPLE, PEOPLE]
    rest = parts[2:] if is_twice else parts[1:]
    if len(rest) < 2 or rest[1] not in SOURCES or not (is_twice or _is_misspelt(parts[0])):
        return None
    return "/".join((PEOPLE, *rest, ""))


def _is_misspelt(name: str) -> bool:
    return name != PEOPLE and difflib.SequenceMatcher(None, name.lower(), PEOPLE).ratio() >= _ALIKE
