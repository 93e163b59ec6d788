"""Storages: places where files may lie, known by their markers, in use or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.core.ids import StorageId
from mhc_lab.schema.media import file_storages, media_locator
from mhc_lab.storage.store import Capacity


@dataclass(frozen=True, slots=True)
class Storage:
    """A place where files may lie."""

    id: StorageId
    name: str
    kind: str
    root: str
    marker: UUID
    is_active: bool
    is_reachable: bool | None
    """When it was checked last; None: never."""
    total_bytes: int | None
    free_bytes: int | None
    checked_at: datetime | None
    deactivated_at: datetime | None
    deactivated_reason: str | None

    def __str__(self) -> str:
        state = "in use" if self.is_active else f"not in use: {self.deactivated_reason}"
        seen = {None: "never checked", True: "reachable", False: "offline"}[self.is_reachable]
        room = f", {display.bytes_text(self.free_bytes)} free" if self.free_bytes is not None else ""
        return f"{self.name} ({self.kind} {self.root}): {state}, {seen}{room}"


@dataclass(frozen=True, slots=True)
class Contents:
    """What is registered of one source in one storage."""

    storage: str
    source: str
    file_count: int
    size_bytes: int
    deleted_count: int
    flawed_count: int
    """Corrupt or refused."""
    unexamined_count: int


_STORAGE = [file_storages.c[name] for name in Storage.__dataclass_fields__]


def listed(session: Session) -> list[Storage]:
    """Every storage, by name."""
    return [Storage(*row) for row in session.execute(sa.select(*_STORAGE).order_by(file_storages.c.name))]


def get(session: Session, name: str) -> Storage:
    """The storage with that name.

    Raises
    ------
    NotFoundError
        None has it; near names are suggested.
    """
    found = listed(session)
    for storage in found:
        if storage.name == name:
            return storage
    raise NotFoundError("storage", name, known=[one.name for one in found], hint="List them with `mhc storage list`.")


def marker_of(session: Session, root: str) -> UUID | None:
    """The marker that the store at ``root`` has to carry; None when that place is no storage yet."""
    return session.scalar(sa.select(file_storages.c.marker).where(file_storages.c.root == root))


def add(session: Session, *, kind: str, root: str, marker: UUID, name: str) -> Storage:
    """The storage with that marker, made under ``name`` when it is new; one that lies elsewhere by now gets its new root."""
    row = insert(file_storages).values(name=_free_name(session, name, marker), kind=kind, root=root, marker=marker)
    moved = row.on_conflict_do_update(index_elements=["marker"], set_={"root": root})
    return Storage(*session.execute(moved.returning(*_STORAGE)).one())


def checked(
    session: Session, storage: StorageId, *, capacity: Capacity | None, is_reachable: bool, at: datetime
) -> Storage:
    """Note how a storage was found; what was known of its capacity stays while it is offline."""
    values: dict[str, object] = {"is_reachable": is_reachable, "checked_at": at}
    if capacity:
        values |= {"total_bytes": capacity.total_bytes, "free_bytes": capacity.free_bytes}
    return _changed(session, storage, values)


def deactivate(session: Session, name: str, *, reason: str, at: datetime) -> Storage:
    """Use this storage no more; its files and their rows stay as they are.

    Raises
    ------
    RefusedError
        There is no reason, or it is out of use already.
    """
    storage = get(session, name)
    if not reason.strip():
        raise RefusedError("Say why it is not to be used, in a few words.", rule="reason")
    if not storage.is_active:
        raise RefusedError(f"{name} is out of use already: {storage.deactivated_reason}.", rule="storage in use")
    values = {"is_active": False, "deactivated_at": at, "deactivated_reason": reason.strip()}
    return _changed(session, storage.id, values)


def reactivate(session: Session, name: str) -> Storage:
    """Use this storage again."""
    storage = get(session, name)
    return _changed(session, storage.id, {"is_active": True, "deactivated_at": None, "deactivated_reason": None})


def contents(session: Session) -> list[Contents]:
    """What is registered, by storage and source."""
    file = media_locator.c
    is_live = file.deleted_at.is_(None)
    statement = (
        sa.select(
            file_storages.c.name,
            file.source,
            sa.func.count().filter(is_live),
            sa.cast(sa.func.coalesce(sa.func.sum(file.size_bytes).filter(is_live), 0), sa.BigInteger),
            sa.func.count().filter(sa.not_(is_live)),
            sa.func.count().filter(is_live, file.verdict.in_(["corrupt", "refused"])),
            sa.func.count().filter(is_live, file.examined_at.is_(None)),
        )
        .join(file_storages, file_storages.c.id == file.storage_id)
        .group_by(file_storages.c.name, file.source)
        .order_by(file_storages.c.name, file.source)
    )
    return [Contents(*row) for row in session.execute(statement)]


def _changed(session: Session, storage: StorageId, values: dict[str, object]) -> Storage:
    change = sa.update(file_storages).where(file_storages.c.id == storage).values(values)
    return Storage(*session.execute(change.returning(*_STORAGE)).one())


def _free_name(session: Session, name: str, marker: UUID) -> str:
    taken = session.scalar(sa.select(sa.exists().where(file_storages.c.name == name, file_storages.c.marker != marker)))
    return f"{name}-{str(marker)[:8]}" if taken else name
