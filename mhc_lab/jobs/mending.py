"""What an audit's actions are, and how each is looked at again before it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConfigurationError, NotFoundError, RefusedError
from mhc_lab.core.ids import ByteId, StorageId
from mhc_lab.core.names import relative_path
from mhc_lab.jobs import reading, stores
from mhc_lab.reconciliation.classes import CLASSES, REMEDIES, Kind, Remedy
from mhc_lab.services import quarantine, storages
from mhc_lab.services.media_audit import Row
from mhc_lab.services.storages import Storage
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.store import FoundFile, Store
from mhc_lab.workbench import Workbench

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mending:
    """One thing to set right, with what has to be true of it; ids are text, because there are hundreds of thousands of them."""

    kind: Kind
    found: str
    """Its class."""
    remedy: Remedy
    storage: str
    """Where it is, or, of a snapshot's path, the file that is meant."""
    path: str
    subject: str = ""
    """The row, or the snapshot and which of its pictures."""
    size_bytes: int = 0
    written_ns: int | None = None
    byte_id: str = ""
    """What the row says; empty when there is none."""
    to_storage: str = ""
    to_path: str = ""
    """Where it is, or belongs, or what it is a copy of."""
    other: str = ""
    """The row that stays, or that has the same bytes."""
    person: str = ""
    before: str | None = None
    """What the row says is wrong with its file."""

    @property
    def name(self) -> str:
        """The kind of thing, and which."""
        return f"snapshot {self.subject}" if self.kind == "path" else f"{self.kind} {self.storage}:{self.path}"

    @property
    def group(self) -> str:
        """The kind of thing, and its class."""
        return f"{self.kind} {self.found}"

    @property
    def files(self) -> tuple[UUID, ...]:
        """The row that it is about, and the one that stays."""
        return tuple(UUID(one) for one in (self.subject, self.other) if one) if self.kind == "row" else ()

    @property
    def reason(self) -> str:
        """What it is, and what is done about it."""
        where = self.path if self.kind == "path" else self.to_path
        there = f" ({self.to_storage}:{where})" if self.to_storage else f" ({where})" if where else ""
        if self.remedy == "flag" and self.found not in PROBLEMS:
            return f"its file is there as it should be: no more said to be {self.before}"
        return f"{CLASSES[self.kind, self.found].meaning}{there}: {REMEDIES[self.remedy]}"


PROBLEMS = frozenset({"missing", "size_differs", "bytes_differ", "unreadable"})


@dataclass(slots=True)
class Outcome:
    """What a step did: what is needed to undo each action, and which were refused and why."""

    undo: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def refuse(self, action: Mending, why: str) -> None:
        """Leave this one as it is."""
        self.refused.append(f"{action.name}: {why}")


class Place(NamedTuple):
    """A place in a storage."""

    storage: str
    path: str


class Bench:
    """The storages of a step, each opened once, and what lies in them now."""

    def __init__(self, wb: Workbench, session: Session) -> None:
        self._wb = wb
        self._known: dict[str, Storage] = {one.name: one for one in storages.listed(session) if one.is_active}
        self._open: dict[str, Store] = {}

    def id(self, name: str) -> StorageId:
        """The id of the storage with that name.

        Raises
        ------
        NotFoundError
            There is none in use.
        """
        if name not in self._known:
            raise NotFoundError("storage", name, known=list(self._known), hint="List them with `mhc storage list`.")
        return self._known[name].id

    def hold(self, session: Session, names: Iterable[str]) -> None:
        """Until the transaction ends no file of these storages leaves or comes back: what lies there now can be a row's."""
        for storage in sorted(map(self.id, set(names))):  # in the order of whoever moves files
            quarantine.hold_files(session, storage)

    def store(self, name: str) -> Store:
        """The store of the storage with that name."""
        if name not in self._open:
            self.id(name)
            self._open[name] = stores.opened(self._wb, self._known[name])
        return self._open[name]

    def place(self, storage: StorageId, path: str) -> Place | None:
        """A place in the storage with that id; None when it is not in use."""
        name = next((one.name for one in self._known.values() if one.id == storage), None)
        return Place(name, path) if name else None

    def stat(self, place: Place) -> FoundFile | None:
        """What lies there; None: nothing that could be a file."""
        found = self._look(place)
        return found if isinstance(found, FoundFile) else None

    def is_empty(self, place: Place) -> bool:
        """Whether nothing lies there, be it a link or something closed to us."""
        return self._look(place) is None

    def is_one(self, place: Place, other: Place) -> bool:
        """Whether the storage takes these two places for one."""
        here, there = self.stat(place), self.stat(other)
        stamps = [file.stamp[:2] for file in (here, there) if file and file.stamp]
        return place.storage == other.storage and len(stamps) == 2 and stamps[0] == stamps[1]

    def has_lost(self, place: Place) -> bool:
        """Whether nothing lies there; nobody can say so of a storage that is offline."""
        try:
            return self.is_empty(place)
        except ConfigurationError:
            return False

    def problem(self, place: Place, row: Row, read: ByteId | None) -> str | None:
        """What is wrong with the file of a row, whose bytes were read; None: nothing."""
        found = self._look(place)
        if found is None:
            return "missing"
        if isinstance(found, FoundFile) and found.size_bytes != row.size_bytes:
            return "size_differs"
        if read is None:
            return "unreadable"
        return "bytes_differ" if read != row.byte_id else None

    def listed(self, action: Mending) -> FoundFile | None:
        """The file as it was listed when the plan was made; None when it is another one, or gone.

        An object is not asked for: reading it tells.
        """
        file = FoundFile(action.path, action.size_bytes, action.written_ns)
        if not isinstance(self.store(action.storage), DiskStore):
            return file
        now = self.stat(Place(action.storage, action.path))
        return now if now and now[:3] == file[:3] else None

    def read(self, files: Mapping[str, Sequence[FoundFile]]) -> dict[Place, ByteId]:
        """Which bytes files have, by storage; those that cannot be read as they were listed are left out."""
        return {
            Place(storage, file.relative_path): digest
            for storage, some in files.items()
            for batch in reading.read(self._wb, self.store(storage), some)
            for file, digest in batch
            if digest
        }

    def read_places(self, places: Iterable[Place]) -> dict[Place, ByteId]:
        """Which bytes lie in these places."""
        by_storage: dict[str, list[FoundFile]] = {}
        for place in sorted(set(places)):
            if file := self.stat(place):
                by_storage.setdefault(place.storage, []).append(file)
        return self.read(by_storage)

    def _look(self, place: Place) -> FoundFile | Exception | None:
        """The file there; why it is none; None when nothing is there, or no store lists such a place."""
        try:
            is_listed = relative_path(place.path) == place.path
        except RefusedError:
            is_listed = False
        if not is_listed:
            return None
        try:
            return self.store(place.storage).stat(place.path)
        except FileNotFoundError:
            return None
        except (OSError, RefusedError) as closed:
            return closed


Refusals = Iterator[tuple[str, str]]
"""Name and reason of what is left as it is."""


def said(one: Mending) -> dict[str, Any]:
    """What an undo needs of the action itself."""
    return {
        "name": one.name,
        "subject": one.subject,
        "storage": one.storage,
        "path": one.path,
        "to_storage": one.to_storage,
        "to_path": one.to_path,
    }


def flagged(row: Row) -> dict[str, str | None]:
    """What a row says is wrong with its file."""
    return {"problem": row.problem, "problem_at": row.problem_at.isoformat() if row.problem_at else None}


def by_storage(items: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """What belongs to each storage, in the order in which it comes."""
    grouped: dict[str, list[T]] = {}
    for storage, item in items:
        grouped.setdefault(storage, []).append(item)
    return grouped


def instant(text: str | None) -> datetime | None:
    """The time that was written down; None when there was none."""
    return datetime.fromisoformat(text) if text else None
