"""What is known about files before they are read: ``manifest.json``, entry by entry, and the files it names.

Everything here is untrusted: a wrong entry is said about that entry, and a file is read only below the folder and never through a link.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StrictBool, StrictInt, ValidationError

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import relative_path, username
from mhc_lab.sources.follow_names import SIZE_LIMIT, Direction, refused

MANIFEST = "manifest.json"

_PAGES = frozenset({".htm", ".html"})
_DIGITS = re.compile(r"(\d+)")


def instant(value: object) -> datetime:
    """A time with its zone, in UTC.

    Raises
    ------
    ValueError
        It has no zone, or is no time.
    """
    taken = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(taken, datetime) or taken.tzinfo is None:
        raise ValueError("is no time with its zone, such as 2026-03-29T10:00:00+02:00")
    try:
        return taken.astimezone(UTC)
    except OverflowError as failure:
        raise ValueError("is before the first or after the last year there is") from failure


def _below_the_folder(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("is not a file name")
    try:
        return relative_path(value)
    except RefusedError as refusal:
        raise ValueError(str(refusal)) from refusal


def _files(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and value:
        return tuple(map(_below_the_folder, value))
    return (_below_the_folder(value),)


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("is not a user name")  # noqa: TRY004 - what a validator has to raise
    try:
        return username(value.strip().removeprefix("@"))
    except RefusedError as refusal:
        raise ValueError(str(refusal)) from refusal


_Instant = Annotated[datetime, BeforeValidator(instant)]
_Name = Annotated[str, BeforeValidator(_name)]


class ListEntry(BaseModel):
    """A follow list: one file, several pages in their order, or a folder of pages."""

    file: Annotated[tuple[str, ...], BeforeValidator(_files)]
    scraped_at: _Instant
    complete: StrictBool
    direction: Direction = "followers"
    reported_total: StrictInt | None = Field(default=None, ge=0, lt=2**31)
    account: _Name | None = None
    """Whose list it is said to be."""


class FeedEntry(BaseModel):
    """Saved answers of the events API."""

    file: Annotated[tuple[str, ...], BeforeValidator(_files)]


class ProfileEntry(BaseModel):
    """The saved page of a person."""

    file: Annotated[tuple[str, ...], BeforeValidator(_files), Field(max_length=1)]
    scraped_at: _Instant
    username: _Name


Entry = ListEntry | FeedEntry | ProfileEntry
Kind = Literal["list", "feed", "profile"]
_MODELS: dict[object, type[ListEntry] | type[FeedEntry] | type[ProfileEntry]] = {
    "list": ListEntry,
    "feed": FeedEntry,
    "profile": ProfileEntry,
}


def entries(folder: Path) -> list[object]:
    """The entries of the manifest in ``folder``, as they stand there.

    Raises
    ------
    RefusedError
        There is none, or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        found = json.loads(content_of(path).decode("utf-8-sig"))
    except FileNotFoundError as missing:
        raise RefusedError(
            f"{folder} has no {MANIFEST}. Write one, or give the lists one by one with their times.", rule="manifest"
        ) from missing
    except (OSError, ValueError, RecursionError) as failure:
        raise RefusedError(
            f"{path} cannot be read: {failure}. Correct it and import again.", rule="manifest"
        ) from failure
    if not isinstance(found, list):
        raise RefusedError(f"{path} is not a list of entries. Put them in [ ] and import again.", rule="manifest")
    return found


def checked(entry: object) -> Entry:
    """The entry, when it says everything that its kind needs.

    Raises
    ------
    RefusedError
        It does not; the message says the first thing that is wrong.
    """
    kind = entry.get("kind", "list") if isinstance(entry, dict) else "list"
    if not isinstance(kind, str) or kind not in _MODELS:
        raise refused(f"kind is none of {', '.join(map(str, _MODELS))}")
    try:
        return _MODELS[kind].model_validate(entry)
    except ValidationError as invalid:
        raise refused(first_fault(invalid)) from invalid


def first_fault(invalid: ValidationError) -> str:
    """The first thing that is wrong, in a few words."""
    first = invalid.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "entry"
    return f"{where} {first['msg'].removeprefix('Value error, ')}"


def files_of(folder: Path, entry: Entry) -> tuple[str, ...]:
    """The files that an entry names, a folder of pages opened in the order of their numbers."""
    if len(entry.file) > 1 or not (folder / entry.file[0]).is_dir():
        return entry.file
    inside = folder / entry.file[0]
    try:
        pages = sorted((one.name for one in inside.iterdir() if one.suffix.lower() in _PAGES), key=_in_order)
    except OSError:
        pages = []
    return tuple(f"{entry.file[0]}/{name}" for name in pages) or entry.file


def contents(folder: Path, files: tuple[str, ...]) -> tuple[bytes, ...]:
    """The bytes of files below ``folder``.

    Raises
    ------
    RefusedError
        One is not there, is no file, is reached through a link, or they are too large together.
    """
    found: list[bytes] = []
    for name in files:
        which = f"{name}: it" if len(files) > 1 else "It"
        path = folder / name
        try:
            is_below = path.resolve(strict=True) == folder.resolve() / name
        except (OSError, RuntimeError) as failure:  # RuntimeError: a link that leads to itself
            raise refused(f"{which} cannot be read: {getattr(failure, 'strerror', None) or failure}.") from failure
        if not is_below or not path.is_file():
            raise refused(f"{which} is a link, or not a file.")
        try:
            found.append(content_of(path, limit=SIZE_LIMIT - sum(map(len, found))))
        except (OSError, ValueError) as failure:
            raise refused(f"{which} cannot be read: {failure}.") from failure
    return tuple(found)


def content_of(path: Path, *, limit: int = SIZE_LIMIT) -> bytes:
    """The bytes of one file.

    Raises
    ------
    ValueError
        There are more than ``limit``.
    """
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"it is larger than {SIZE_LIMIT >> 20} MiB")
    return content


def _in_order(name: str) -> list[tuple[int, str]]:
    """The second page before the tenth."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in _DIGITS.split(name.lower())]
