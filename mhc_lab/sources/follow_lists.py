"""Follow lists read from files: who stood on them, when they were taken, and whether they were whole.

A folder of lists has a ``manifest.json`` that says so for each; a single file needs to be told. Everything here is untrusted: whatever is
wrong with one list is said about that list, and the others are read all the same.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StrictBool, StrictInt, ValidationError

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.core.names import relative_path
from mhc_lab.sources.follow_csv import SIZE_LIMIT, listed_names

MANIFEST = "manifest.json"

Direction = Literal["followers", "following"]


@dataclass(frozen=True, slots=True)
class FollowList:
    """One list as it was taken: accepted names in list order, and what was left out of them."""

    file_name: str
    file_digest: str
    direction: Direction
    observed_at: datetime
    is_declared_complete: bool
    reported_total: int | None
    names: tuple[str, ...]
    rejected_rows: tuple[str, ...]
    duplicate_count: int
    is_torn: bool


@dataclass(frozen=True, slots=True)
class RefusedList:
    """A list that was offered and cannot be taken, and why, in one sentence."""

    file_name: str
    file_digest: str
    """Empty when there was no file to read."""
    direction: Direction
    observed_at: datetime | None
    """None when nobody said."""
    why: str


def _instant(value: object) -> datetime:
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
    except RefusedError as refused:
        raise ValueError(str(refused)) from refused


class _Entry(BaseModel):
    """What is known about a list before it is read: a line of the manifest."""

    file: Annotated[str, BeforeValidator(_below_the_folder)]
    scraped_at: Annotated[datetime, BeforeValidator(_instant)]
    complete: StrictBool
    direction: Direction = "followers"
    reported_total: StrictInt | None = Field(default=None, ge=0, lt=2**31)


def read_lists(
    path: Path, *, observed_at: datetime | None = None, direction: str | None = None, complete: bool | None = None
) -> tuple[FollowList | RefusedList, ...]:
    """The lists of a folder with a manifest, or of a single file, in the order in which they are named.

    Parameters
    ----------
    observed_at, direction, complete
        When a single file was taken, of whom (default: followers), and whether it is whole; a manifest says so itself and is believed.

    Raises
    ------
    NotFoundError
        There is no such file or folder.
    RefusedError
        The folder has no manifest, or none that can be read; a single file was not told its time or whether it is whole.
    """
    if path.is_dir():
        return _from_folder(path)
    if not path.exists():
        raise NotFoundError("file or folder", str(path))
    told = {"file": path.name, "scraped_at": observed_at, "complete": complete, "direction": direction or "followers"}
    try:
        return (_from_file(path, _Entry.model_validate(told)),)
    except ValidationError as invalid:
        raise RefusedError(
            f"{path.name}: {_first_fault(invalid)}. Say when the list was taken, and whether it is complete or partial.",
            rule="a list without a manifest",
        ) from invalid


def _first_fault(invalid: ValidationError) -> str:
    first = invalid.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "entry"
    return f"{where} {first['msg'].removeprefix('Value error, ')}"


def _from_folder(folder: Path) -> tuple[FollowList | RefusedList, ...]:
    entries = [_checked(number, entry) for number, entry in enumerate(_manifest(folder), start=1)]
    named = Counter(entry.file for entry in entries if isinstance(entry, _Entry))
    return tuple(
        entry if isinstance(entry, RefusedList) else _from_entry(folder, entry, named[entry.file]) for entry in entries
    )


def _manifest(folder: Path) -> list[object]:
    path = folder / MANIFEST
    try:
        entries = json.loads(_content(path).decode("utf-8-sig"))
    except FileNotFoundError as missing:
        raise RefusedError(
            f"{folder} has no {MANIFEST}. Write one, or give the lists one by one with their times.", rule="manifest"
        ) from missing
    except (OSError, ValueError, RecursionError) as failure:
        raise RefusedError(
            f"{path} cannot be read: {failure}. Correct it and import again.", rule="manifest"
        ) from failure
    if not isinstance(entries, list):
        raise RefusedError(f"{path} is not a list of entries. Put them in [ ] and import again.", rule="manifest")
    return entries


def _checked(number: int, entry: object) -> _Entry | RefusedList:
    try:
        return _Entry.model_validate(entry)
    except ValidationError as invalid:
        place = f"{MANIFEST}, entry {number}"
        file = entry.get("file") if isinstance(entry, dict) else None
        name = file if file and isinstance(file, str) and file.isprintable() else place
        return RefusedList(name, "", "followers", None, f"{place}: {_first_fault(invalid)}.")


def _from_entry(folder: Path, entry: _Entry, times_named: int) -> FollowList | RefusedList:
    path = folder / entry.file
    if times_named > 1:
        return _refusal(entry, "", f"{MANIFEST} names it {times_named} times; say once when it was taken.")
    try:
        is_below = path.resolve(strict=True) == folder.resolve() / entry.file
    except OSError as failure:
        return _refusal(entry, "", f"It cannot be read: {failure.strerror}.")
    if not is_below or not path.is_file():
        return _refusal(entry, "", "It is a link, or not a file.")
    return _from_file(path, entry)


def _from_file(path: Path, entry: _Entry) -> FollowList | RefusedList:
    try:
        content = _content(path)
    except (OSError, ValueError) as failure:
        return _refusal(entry, "", f"It cannot be read: {failure}.")
    digest = hashlib.sha256(content).hexdigest()
    try:
        listed = listed_names(content, is_complete=entry.complete)
    except RefusedError as refused:
        return _refusal(entry, digest, str(refused))
    return FollowList(
        file_name=entry.file,
        file_digest=digest,
        direction=entry.direction,
        observed_at=entry.scraped_at,
        is_declared_complete=entry.complete,
        reported_total=entry.reported_total,
        names=listed.names,
        rejected_rows=listed.rejected_rows,
        duplicate_count=listed.duplicate_count,
        is_torn=listed.is_torn,
    )


def _refusal(entry: _Entry, digest: str, why: str) -> RefusedList:
    return RefusedList(entry.file, digest, entry.direction, entry.scraped_at, why)


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(SIZE_LIMIT + 1)
    if len(content) > SIZE_LIMIT:
        raise ValueError(f"it is larger than {SIZE_LIMIT >> 20} MiB")
    return content
