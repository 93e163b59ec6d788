"""Files that were set aside: where they lay, where they lie now, why, and which file with the same bytes stays for them.

A row says what is meant to be before the bytes follow: ``leaving`` is in its old place or in quarantine, ``aside`` is in quarantine,
``lost`` was in neither when its bytes should have moved, ``back`` is in its old place, ``purging`` may be gone, ``purged`` is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import ByteId, MediaId, RunId, StorageId
from mhc_lab.schema.media import file_storages, media_locator, quarantined_files
from mhc_lab.storage.layout import safe_name
from mhc_lab.storage.store import QUARANTINE

_LONGEST = 512
"""In bytes: the key of an object has to have room for what comes before a path."""

State = Literal["leaving", "aside", "lost", "back", "purging", "purged"]


@dataclass(frozen=True, slots=True)
class Leaving:
    """A file that is to be set aside."""

    name: str
    """How a reviewer names it."""
    storage: StorageId
    relative_path: str
    byte_id: ByteId
    size_bytes: int
    reason: str
    media: MediaId | None = None
    """Its row; None when it has none."""
    keeper: MediaId | None = None
    """The file with the same bytes that stays for it; None: there is none, and it can never be purged."""
    is_deleted: bool = False
    """Whether its row was deleted before, and only the file leaves."""


@dataclass(frozen=True, slots=True)
class QuarantinedFile:
    """A file that was set aside."""

    id: UUID
    run_id: RunId
    media_id: MediaId | None
    storage_id: StorageId
    storage: str
    relative_path: str
    quarantine_path: str
    byte_id: ByteId
    size_bytes: int
    reason: str
    keeper_id: MediaId | None
    state: State
    set_aside_at: datetime
    changed_at: datetime

    @property
    def place(self) -> str:
        """Where it lay."""
        return f"{self.storage}:{self.relative_path}"


_FILE = [
    file_storages.c.name if name == "storage" else quarantined_files.c[name]
    for name in QuarantinedFile.__dataclass_fields__
]
_PLACED = quarantined_files.join(file_storages)


def place(run: RunId, relative_path: str) -> str:
    """Where a file goes that ``run`` sets aside: under its own path when every store can keep that there, else under its digest."""
    is_plain = len(relative_path.encode()) <= _LONGEST and all(map(_is_plain, relative_path.split("/")))
    name = relative_path if is_plain else hashlib.sha256(relative_path.encode()).hexdigest()
    return f"{QUARANTINE}/{run}/{name}"


def _is_plain(part: str) -> bool:
    return "\\" not in part and safe_name(part) == part


def add(session: Session, run: RunId, leaving: Sequence[Leaving], *, at: datetime) -> dict[str, UUID]:
    """Rows for files that leave now; the id of each by its name."""
    rows = [
        {
            "run_id": run,
            "media_id": one.media,
            "storage_id": one.storage,
            "relative_path": one.relative_path,
            "quarantine_path": place(run, one.relative_path),
            "byte_id": one.byte_id,
            "size_bytes": one.size_bytes,
            "reason": one.reason,
            "keeper_id": one.keeper,
            "state": "leaving",
            "set_aside_at": at,
            "changed_at": at,
        }
        for one in leaving
    ]
    if not rows:
        return {}
    new = sa.insert(quarantined_files).returning(quarantined_files.c.id, sort_by_parameter_order=True)
    ids = session.scalars(new, rows).all()
    return {one.name: id_ for one, id_ in zip(leaving, ids, strict=True)}


def those(session: Session, ids: Iterable[UUID]) -> list[QuarantinedFile]:
    """The files with these ids, in the order in which they were set aside."""
    return _found(session, _is_one_of(ids))


def locked(session: Session, ids: Iterable[UUID]) -> list[QuarantinedFile]:
    """The same, kept from others until the transaction ends. Whoever locks rows of the library, too, locks them before."""
    return _found(session, _is_one_of(ids), lock=True)


def of_run(session: Session, run: RunId, *states: State) -> list[QuarantinedFile]:
    """What a run set aside and is in one of ``states``."""
    return _found(session, quarantined_files.c.run_id == run, quarantined_files.c.state.in_(states))


def listed(session: Session) -> list[QuarantinedFile]:
    """Every file that was ever set aside."""
    return _found(session)


def beginning(session: Session, digits: str) -> list[QuarantinedFile]:
    """Files whose id begins so; two at most, which is enough to tell that they are several."""
    same = sa.cast(quarantined_files.c.id, sa.Text).startswith(digits, autoescape=True)
    return _found(session, same, limit=2)


def in_state(session: Session, *states: State) -> list[QuarantinedFile]:
    """Every file in one of ``states``."""
    return _found(session, quarantined_files.c.state.in_(states))


def of_row(session: Session, media: MediaId) -> QuarantinedFile | None:
    """The file of this deleted row, when it was set aside since, be it for another row of its place, and did not come back."""
    file, row = quarantined_files.c, media_locator.c
    its_own = sa.exists().where(
        row.id == media,
        row.storage_id == file.storage_id,
        row.relative_path == file.relative_path,
        row.byte_id == file.byte_id,
        row.deleted_at <= file.set_aside_at,
    )
    return next(iter(_found(session, its_own, file.state != "back")), None)


def change(session: Session, ids: Iterable[UUID], state: State, *, at: datetime) -> None:
    """Note that these files are in ``state`` now."""
    session.execute(sa.update(quarantined_files).where(_is_one_of(ids)).values(state=state, changed_at=at))


# files that move, and places that get rows: never both at once


def hold_places(session: Session, storages: Iterable[StorageId]) -> None:
    """Until the transaction ends nobody else gives a row to a place of these storages: their files can be moved.

    Taken before any lock of a row.
    """
    for storage in sorted(set(storages)):
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_turn(storage))))


def hold_files(session: Session, storage: StorageId) -> None:
    """Until the transaction ends no file of ``storage`` leaves or comes back: what lies there now can get a row."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_turn(storage))))


def left(session: Session, storage: StorageId, paths: Iterable[str]) -> dict[str, set[State]]:
    """From which of these places files were set aside, and what became of them."""
    file = quarantined_files.c
    here = file.relative_path == sa.any_(sa.literal(list(paths), sa.ARRAY(sa.Text)))
    states: dict[str, set[State]] = {}
    for path, state in session.execute(
        sa.select(file.relative_path, file.state).where(file.storage_id == storage, here)
    ):
        states.setdefault(path, set()).add(state)
    return states


def _turn(storage: StorageId) -> sa.ColumnElement[int]:
    return sa.func.hashtext(f"files of {storage}")


def _is_one_of(ids: Iterable[UUID]) -> sa.ColumnElement[bool]:
    return quarantined_files.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))


def _found(
    session: Session, *conditions: sa.ColumnElement[bool], lock: bool = False, limit: int | None = None
) -> list[QuarantinedFile]:
    order = (quarantined_files.c.set_aside_at, quarantined_files.c.storage_id, quarantined_files.c.relative_path)
    statement = sa.select(*_FILE).select_from(_PLACED).where(*conditions).order_by(*order).limit(limit)
    if lock:
        statement = statement.with_for_update(of=quarantined_files)
    return [QuarantinedFile(*row) for row in session.execute(statement)]
