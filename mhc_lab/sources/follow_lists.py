"""What somebody offers about following, read into values: lists of names, and observations of single persons.

A folder has a ``manifest.json`` that says what its files are and when they were taken; a single file needs to be told. Which format a list
has is seen from its content. Everything here is untrusted: whatever is wrong with one list is said about that list, and the others are read
all the same.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.sources import manifest
from mhc_lab.sources.follow_feed import FollowObservation, follows
from mhc_lab.sources.follow_names import Direction, refused
from mhc_lab.sources.list_formats import is_feed_content, names_in
from mhc_lab.sources.manifest import Entry, FeedEntry, ListEntry, ProfileEntry
from mhc_lab.sources.profile_page import read_profile
from mhc_lab.sources.room_events import RoomEvent, read_events

PASTED = "pasted"
"""What a list is called that has no file."""


@dataclass(frozen=True, slots=True)
class FollowList:
    """One list as it was taken: accepted names in list order, and what was left out of them."""

    file_name: str
    file_digest: str
    direction: Direction
    observed_at: datetime
    is_declared_complete: bool
    """Whether who took it says that it is whole, and nothing in it says otherwise."""
    reported_total: int | None
    names: tuple[str, ...]
    rejected_rows: tuple[str, ...]
    duplicate_count: int
    is_torn: bool
    format: str = "csv"
    """csv, json, text or html."""
    numeric_ids: Mapping[str, int] = field(default_factory=dict)
    """The platform's number of a name, where the list gives one."""
    notes: tuple[str, ...] = ()
    """Why it is not believed to be whole although it was said to be, a sentence each."""


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


@dataclass(frozen=True, slots=True)
class Offered:
    """Everything that was offered at once, in the order in which it was named."""

    lists: tuple[FollowList | RefusedList, ...] = ()
    observations: tuple[FollowObservation, ...] = ()
    rejected_rows: tuple[str, ...] = ()
    """What was offered beside lists and could not be read, one by one."""
    duplicate_count: int = 0
    """Events that were offered more than once."""
    events: tuple[RoomEvent, ...] = ()
    """Everything that the feeds tell of, also what is not about following."""


def read_path(
    path: Path,
    *,
    observed_at: datetime | None = None,
    direction: str | None = None,
    complete: bool | None = None,
    broadcaster: str | None = None,
    profile_of: str | None = None,
) -> Offered:
    """The lists and observations of a folder with a manifest, or of a single file.

    Parameters
    ----------
    observed_at, direction, complete
        When a single list was taken, of whom (default: followers), and whether it is whole; a manifest says so itself and is believed.
        A saved feed needs none of them: its events have their times.
    broadcaster
        Whose workbench this is: what is another account's is refused. None when nobody knows.
    profile_of
        The single file is the saved page of that person.

    Raises
    ------
    NotFoundError
        There is no such file or folder.
    RefusedError
        The folder has no manifest, or none that can be read; a single file was not told its time or whether it is whole.
    """
    if path.is_dir():
        return _from_folder(path, broadcaster)
    if not path.is_file():
        raise NotFoundError(
            "file or folder", str(path), hint="" if not path.exists() else "It is there, but is no file."
        )
    told: dict[str, object] = {"file": path.name, "scraped_at": observed_at, "complete": complete}
    told |= {"kind": "list", "direction": direction or "followers"}
    if profile_of is not None:
        told |= {"kind": "profile", "username": profile_of}
    try:
        content = manifest.content_of(path)
    except (OSError, ValueError) as failure:
        content, fault = b"", f"It cannot be read: {failure}."
    else:
        fault = ""
        if profile_of is None and is_feed_content(content):
            told["kind"] = "feed"
    if observed_at is None and told["kind"] != "feed":
        raise RefusedError(
            f"{path.name} has no time. Say when the list was taken, and whether it is complete or partial: --at 2026-03-29T10:00+02:00, "
            "and --partial when it is not whole. A folder says both in its manifest.json.",
            rule="a list without a manifest",
        )
    try:
        entry = manifest.checked(told)
    except RefusedError as refusal:
        raise RefusedError(
            f"{path.name}: {refusal}. Say when the list was taken, and whether it is complete or partial.",
            rule="a list without a manifest",
        ) from refusal
    return _refusal(entry, "", fault) if fault else _read(entry, (content,), broadcaster)


def read_lists(
    path: Path,
    *,
    observed_at: datetime | None = None,
    direction: str | None = None,
    complete: bool | None = None,
    broadcaster: str | None = None,
) -> tuple[FollowList | RefusedList, ...]:
    """The lists alone of what :func:`read_path` reads."""
    told = {"observed_at": observed_at, "direction": direction, "complete": complete}
    return read_path(path, **told, broadcaster=broadcaster).lists  # type: ignore[arg-type]  # each is of its own type


def read_pasted(
    text: str,
    *,
    observed_at: datetime,
    direction: Direction,
    complete: bool,
    reported_total: int | None = None,
    broadcaster: str | None = None,
) -> FollowList | RefusedList:
    """The list that somebody pasted; what was pasted has no torn last line.

    Raises
    ------
    RefusedError
        The time has no zone, the direction is none, or the total is no number of people.
    """
    told = {"file": PASTED, "scraped_at": observed_at, "complete": complete, "direction": direction}
    try:
        entry = ListEntry.model_validate(told | {"reported_total": reported_total})
    except ValidationError as invalid:
        raise RefusedError(
            f"{manifest.first_fault(invalid)}. Correct it and try again.", rule="a pasted list"
        ) from invalid
    content = text.encode("utf-8", errors="replace")
    digest = hashlib.sha256(content).hexdigest()
    try:
        if is_feed_content(content):
            raise refused("It is a feed of events, not a list. Save it as a file and import that.")
        return _list(entry, digest, (content + b"\n",), broadcaster)
    except RefusedError as refusal:
        return RefusedList(PASTED, digest, entry.direction, entry.scraped_at, str(refusal))


def _from_folder(folder: Path, broadcaster: str | None) -> Offered:
    entries = [_checked(number, entry) for number, entry in enumerate(manifest.entries(folder), start=1)]
    files = [() if isinstance(entry, RefusedList) else manifest.files_of(folder, entry) for entry in entries]
    named = Counter(name for some in files for name in some)
    return _together(
        Offered(lists=(entry,))
        if isinstance(entry, RefusedList)
        else _from_entry(folder, entry, some, named, broadcaster)
        for entry, some in zip(entries, files, strict=True)
    )


def _checked(number: int, entry: object) -> Entry | RefusedList:
    try:
        return manifest.checked(entry)
    except RefusedError as refusal:
        place = f"{manifest.MANIFEST}, entry {number}"
        file = entry.get("file") if isinstance(entry, dict) else None
        name = file if file and isinstance(file, str) and file.isprintable() else place
        return RefusedList(name, "", "followers", None, f"{place}: {refusal}.")


def _from_entry(
    folder: Path, entry: Entry, files: tuple[str, ...], named: Counter[str], broadcaster: str | None
) -> Offered:
    often = max(files, key=lambda name: named[name])
    if named[often] > 1:
        which = f"{often} " if len(files) > 1 else "it "
        return _refusal(
            entry, "", f"{manifest.MANIFEST} names {which}{named[often]} times; say once when it was taken."
        )
    try:
        contents = manifest.contents(folder, files)
    except RefusedError as refusal:
        return _refusal(entry, "", str(refusal))
    return _read(entry, contents, broadcaster)


def _read(entry: Entry, contents: tuple[bytes, ...], broadcaster: str | None) -> Offered:
    digest = _digest(contents)
    try:
        if isinstance(entry, ProfileEntry):
            return _from_profile(entry, contents[0])
        if isinstance(entry, FeedEntry) or all(map(is_feed_content, contents)):
            return _together(_from_feed(content, broadcaster) for content in contents)
        return Offered(lists=(_list(entry, digest, contents, broadcaster),))
    except RefusedError as refusal:
        return _refusal(entry, digest, str(refusal))


def _list(entry: ListEntry, digest: str, contents: tuple[bytes, ...], broadcaster: str | None) -> FollowList:
    owner = broadcaster.lower() if broadcaster else None
    listed = names_in(contents, is_complete=entry.complete, direction=entry.direction, owner=owner)
    for account in filter(None, (listed.account, entry.account)):
        if account != (owner or entry.account or account):
            raise refused(f"It is the list of {account}, not of {owner or entry.account}.")
    totals = sorted({*listed.totals, *([] if entry.reported_total is None else [entry.reported_total])})
    notes = listed.doubts
    if len(totals) > 1:
        notes = (
            *notes,
            f"It says that it has {' and '.join(f'{total:,}' for total in totals)} names; nobody knows which is right.",
        )
    return FollowList(
        file_name=_file_name(entry),
        file_digest=digest,
        direction=entry.direction,
        observed_at=entry.scraped_at,
        is_declared_complete=entry.complete and not notes,
        reported_total=totals[0] if len(totals) == 1 else None,
        names=listed.names,
        rejected_rows=listed.rejected_rows,
        duplicate_count=listed.duplicate_count,
        is_torn=listed.is_torn,
        format=listed.format,
        numeric_ids=listed.numeric_ids,
        notes=notes,
    )


def _from_profile(entry: ProfileEntry, content: bytes) -> Offered:
    seen = read_profile(content, username=entry.username, at=entry.scraped_at)
    if seen is None:
        return Offered(rejected_rows=(f"{_file_name(entry)}: does not show whether {entry.username} is followed",))
    return Offered(observations=(seen,))


def _from_feed(content: bytes, broadcaster: str | None) -> Offered:
    told = read_events(content)
    feed = follows(told, broadcaster=broadcaster)
    return Offered((), feed.observations, feed.rejected, feed.duplicate_count, told.events)


def _together(offered: Iterable[Offered]) -> Offered:
    every = tuple(offered)
    return Offered(
        lists=tuple(one for some in every for one in some.lists),
        observations=tuple(one for some in every for one in some.observations),
        rejected_rows=tuple(row for some in every for row in some.rejected_rows),
        duplicate_count=sum(some.duplicate_count for some in every),
        events=tuple(event for some in every for event in some.events),
    )


def _refusal(entry: Entry, digest: str, why: str) -> Offered:
    direction = entry.direction if isinstance(entry, ListEntry) else "followers"
    taken = None if isinstance(entry, FeedEntry) else entry.scraped_at
    return Offered(lists=(RefusedList(_file_name(entry), digest, direction, taken, why),))


def _file_name(entry: Entry) -> str:
    first, *others = entry.file
    return f"{first} and {len(others)} more" if others else first


def _digest(contents: tuple[bytes, ...]) -> str:
    """SHA-256 of a file; of several, of their digests in order."""
    digests = [hashlib.sha256(content) for content in contents]
    if len(digests) == 1:
        return digests[0].hexdigest()
    return hashlib.sha256(b"".join(one.digest() for one in digests)).hexdigest()
