"""Rows for files that are taken in: first where they lie and which bytes they have, later what they show.

The person is the one whose name, of today or of before, the folder holds, and else the one whose name the file's own begins with. A file of
an unknown person gets a row without one. A place that has a row keeps it: what was seen there first is evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError
from mhc_lab.core.ids import ByteId, MediaId, PersonId, StorageId
from mhc_lab.db import bulk
from mhc_lab.media.examine import Examined
from mhc_lab.schema.media import media_locator, quarantined_files
from mhc_lab.services import people
from mhc_lab.storage.layout import named_in, owner_and_source
from mhc_lab.storage.store import FoundFile

_COLUMNS = (
    "person_id", "storage_id", "relative_path", "byte_id", "size_bytes", "source", "original_name", "modified_at", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file on a store, and which bytes it has."""

    found: FoundFile
    byte_id: ByteId


@dataclass(frozen=True, slots=True)
class Unexamined:
    """A registered file nobody has looked into yet."""

    id: MediaId
    relative_path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a single file came from, and what it was called there."""

    source: str
    original_name: str
    source_url: str | None = None
    photoset_id: str | None = None


def known_bytes(session: Session, storage: StorageId) -> dict[str, ByteId]:
    """The byte id of every live file registered in ``storage``, by relative path."""
    here = sa.select(media_locator.c.relative_path, media_locator.c.byte_id).where(
        media_locator.c.storage_id == storage, media_locator.c.deleted_at.is_(None)
    )
    return dict(session.execute(here).all())


def thrown_away(session: Session, storage: StorageId) -> set[tuple[str, ByteId]]:
    """Relative path and byte id of every file of ``storage`` that was deleted and left where it lay, out of quarantine."""
    set_aside = sa.exists().where(
        quarantined_files.c.media_id == media_locator.c.id, quarantined_files.c.state != "back"
    )
    here = sa.select(media_locator.c.relative_path, media_locator.c.byte_id).where(
        media_locator.c.storage_id == storage, media_locator.c.deleted_at.is_not(None), ~set_aside
    )
    return {(path, byte_id) for path, byte_id in session.execute(here)}


def bytes_at(session: Session, storage: StorageId, relative_paths: Iterable[str]) -> dict[str, ByteId]:
    """The byte id of the live file registered at each of these places, whether it is there or not; a place without one is left out."""
    here = sa.select(media_locator.c.relative_path, media_locator.c.byte_id).where(
        media_locator.c.storage_id == storage,
        media_locator.c.relative_path.in_(list(relative_paths)),
        media_locator.c.deleted_at.is_(None),
    )
    return dict(session.execute(here).all())


def register(session: Session, storage: StorageId, files: Sequence[HashedFile], *, at: datetime) -> int:
    """Rows for files that have none yet; how many were added."""
    if not files:
        return 0
    rows = _rows(session, storage, files, at)
    try:
        with session.begin_nested():
            bulk.copy(session, media_locator, _COLUMNS, rows)
    except psycopg.errors.UniqueViolation:  # another run was there first: the slower way, which leaves its rows alone
        values = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        added = insert(media_locator).values(values).on_conflict_do_nothing().returning(media_locator.c.id)
        return len(session.scalars(added).all())
    return len(rows)


def add(
    session: Session,
    storage: StorageId,
    person: PersonId,
    file: HashedFile,
    origin: Origin,
    looked: Examined,
    *,
    at: datetime,
) -> MediaId:
    """The row of one file whose person and origin are known; a row that was made for its place meanwhile gets to know them.

    Raises
    ------
    ConflictError
        Other bytes were registered in its place meanwhile; that row stays as it is.
    """
    said = {"person_id": person, **asdict(origin), **_found_out(looked, at)}
    row = insert(media_locator).values(
        storage_id=storage,
        relative_path=file.found.relative_path,
        byte_id=file.byte_id,
        size_bytes=file.found.size_bytes,
        modified_at=file.found.modified_at,
        created_at=at,
        **said,
    )
    both = row.on_conflict_do_update(
        index_elements=["storage_id", "relative_path"],
        index_where=media_locator.c.deleted_at.is_(None),
        set_=said,
        where=media_locator.c.byte_id == row.excluded.byte_id,
    )
    added = session.scalar(both.returning(media_locator.c.id))
    if added is None:
        path = file.found.relative_path
        raise ConflictError(
            f"Other bytes are registered at {path} by now than those that were just kept there. The row stays; "
            "verify the storage, then do this again.",
            mine=file.byte_id,
            theirs=bytes_at(session, storage, [path]).get(path),
        )
    return MediaId(added)


def unexamined(session: Session, storage: StorageId) -> list[Unexamined]:
    """Live files of ``storage`` nobody has looked into yet, by path."""
    file = media_locator.c
    waiting = (file.storage_id == storage, file.examined_at.is_(None), file.deleted_at.is_(None))
    statement = sa.select(file.id, file.relative_path, file.size_bytes).where(*waiting).order_by(file.relative_path)
    return [Unexamined(*row) for row in session.execute(statement)]


def examined(session: Session, looked: Iterable[tuple[MediaId, Examined]], *, at: datetime) -> None:
    """Note what files show."""
    rows = [{"which": media, **_found_out(found, at)} for media, found in looked]
    if rows:
        session.connection().execute(sa.update(media_locator).where(media_locator.c.id == sa.bindparam("which")), rows)


def _found_out(looked: Examined, at: datetime) -> dict[str, Any]:
    """What was found out, as columns hold it."""
    said = asdict(looked.metadata)
    return {
        "verdict": looked.probe.verdict,
        "format": looked.probe.format,
        "width": looked.probe.width,
        "height": looked.probe.height,
        "content_id": looked.content_id,
        "look_id": looked.look_id,
        **said,
        "examined_at": at,
    }


def _rows(session: Session, storage: StorageId, files: Sequence[HashedFile], at: datetime) -> list[tuple[object, ...]]:
    """Rows as :data:`_COLUMNS` has them; what the folder says is found once for all that lie in it."""
    split = [file.found.relative_path.rpartition("/") for file in files]
    said = {folder: owner_and_source(f"{folder}/file") for folder in dict.fromkeys(folder for folder, _, _ in split)}
    own = [named_in(name) for _, _, name in split]
    owners = people.find(session, {*filter(None, own), *(owner for owner, _ in said.values() if owner)})
    by_folder = {folder: (owners.get(owner or ""), source) for folder, (owner, source) in said.items()}
    rows: list[tuple[object, ...]] = []
    for file, (folder, _, name), named in zip(files, split, own, strict=True):
        (owner, source), found = by_folder[folder], file.found
        owner = owner or owners.get(named or "")
        rows.append(
            (owner, storage, found.relative_path, file.byte_id, found.size_bytes, source, name, found.modified_at, at)
        )
    return rows
