"""Storages and the files registered in them: one row per copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.ids import ByteId, PersonId, StorageId
from mhc_lab.media.probe import Probe
from mhc_lab.schema.media import file_storages, media_locator
from mhc_lab.services import people
from mhc_lab.storage.layout import owner_and_source
from mhc_lab.storage.store import FoundFile


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """A file on a store with what its bytes say."""

    found: FoundFile
    byte_id: ByteId
    probe: Probe


@dataclass(frozen=True, slots=True)
class Storage:
    """A place where files may lie."""

    id: StorageId
    name: str
    kind: str
    root: str
    marker: UUID
    is_active: bool


_STORAGE = [file_storages.c[name] for name in Storage.__slots__]


def storages(session: Session) -> list[Storage]:
    """Every storage, by name."""
    return [Storage(*row) for row in session.execute(sa.select(*_STORAGE).order_by(file_storages.c.name))]


def marker_of(session: Session, root: Path) -> UUID | None:
    """The marker that the store at ``root`` has to carry; None when that folder is no store yet."""
    return session.scalar(sa.select(file_storages.c.marker).where(file_storages.c.root == str(root)))


def disk_storage(session: Session, *, root: Path, marker: UUID, name: str) -> Storage:
    """The storage with that marker, made under ``name`` when it is new; one that was mounted elsewhere gets its new root."""
    statement = insert(file_storages).values(
        name=_free_name(session, name, marker), kind="disk", root=str(root), marker=marker
    )
    moved = statement.on_conflict_do_update(index_elements=["marker"], set_={"root": str(root)})
    return Storage(*session.execute(moved.returning(*_STORAGE)).one())


def known_bytes(session: Session, storage: StorageId) -> dict[str, ByteId]:
    """The byte id of every file registered in ``storage``, by relative path."""
    here = sa.select(media_locator.c.relative_path, media_locator.c.byte_id).where(
        media_locator.c.storage_id == storage, media_locator.c.deleted_at.is_(None)
    )
    return {path: ByteId(digest) for path, digest in session.execute(here)}


def register(session: Session, storage: StorageId, files: Sequence[MeasuredFile], *, at: datetime) -> int:
    """Rows for files that have none yet; how many were added.

    The person is the one whose name, of today or of before, the path holds; a path of an unknown person gets none. A place that has a row
    keeps it: what was seen there first is evidence.
    """
    if not files:
        return 0
    owners = people.find(session, [owner for file in files if (owner := owner_and_source(file.found.relative_path)[0])])
    rows = [_row(storage, file, owners, at) for file in files]
    added = insert(media_locator).values(rows).on_conflict_do_nothing().returning(media_locator.c.id)
    return len(session.scalars(added).all())


def _free_name(session: Session, name: str, marker: UUID) -> str:
    taken = session.scalar(sa.select(sa.exists().where(file_storages.c.name == name, file_storages.c.marker != marker)))
    return f"{name}-{str(marker)[:8]}" if taken else name


def _row(storage: StorageId, file: MeasuredFile, owners: dict[str, PersonId], at: datetime) -> dict[str, object]:
    path = file.found.relative_path
    owner, source = owner_and_source(path)
    return {
        "person_id": owners.get(owner) if owner else None,
        "storage_id": storage,
        "relative_path": path,
        "byte_id": file.byte_id,
        "size_bytes": file.found.size_bytes,
        "verdict": file.probe.verdict,
        "format": file.probe.format,
        "width": file.probe.width,
        "height": file.probe.height,
        "source": source,
        "original_name": PurePosixPath(path).name,
        "modified_at": file.found.modified_at,
        "created_at": at,
    }
