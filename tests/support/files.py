"""Registered files as rows, with what a test cares about."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from itertools import count

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import MediaId, PersonId, StorageId
from mhc_lab.schema.media import file_storages, media_locator
from mhc_lab.services import people

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = count(1)


def a_storage(session: Session, name: str = "ssd", *, root: str = "") -> StorageId:
    """A disk of that name, made when there is none."""
    known = session.scalar(sa.select(file_storages.c.id).where(file_storages.c.name == name))
    if known is not None:
        return StorageId(known)
    row = sa.insert(file_storages).values(name=name, kind="disk", root=root or f"/media/{name}", marker=uuid.uuid4())
    return StorageId(session.scalars(row.returning(file_storages.c.id)).one())


def a_person(session: Session, username: str = "alice") -> PersonId:
    """The person of that name."""
    return people.find_or_create(session, [username], at=NOON)[username]


def a_file(
    session: Session, path: str = "", *, of: str | None = "alice", storage: str = "ssd", **columns: object
) -> MediaId:
    """A readable picture of 100 bytes, changed at noon; ``columns`` say what is different."""
    place = path or f"people/{of}/auto/file-{next(_numbers)}.jpg"
    values: dict[str, object] = {
        "person_id": None if of is None else a_person(session, of),
        "storage_id": a_storage(session, storage),
        "relative_path": place,
        "original_name": place.rpartition("/")[2],
        "byte_id": hashlib.sha256(place.encode()).hexdigest(),
        "size_bytes": 100,
        "verdict": "readable",
        "examined_at": NOON,
        "source": "affiliate_api",
        "modified_at": NOON,
        **columns,
    }
    return MediaId(session.scalars(sa.insert(media_locator).values(**values).returning(media_locator.c.id)).one())
