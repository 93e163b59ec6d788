"""Records of files with the same bytes: which there are, which of them stays, and what it takes over from the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import ByteId, MediaId, PersonId, StorageId
from mhc_lab.schema.media import file_storages, media_locator, skipped_photosets
from mhc_lab.schema.people import persons
from mhc_lab.services import media_references


@dataclass(frozen=True, slots=True)
class Copy:
    """One of several records with the same bytes."""

    id: MediaId
    person_id: PersonId | None
    username: str | None
    storage: str
    relative_path: str
    byte_id: ByteId
    size_bytes: int
    created_at: datetime
    reference_count: int

    @property
    def place(self) -> str:
        """Where it lies."""
        return f"{self.storage}:{self.relative_path}"


@dataclass(frozen=True, slots=True)
class Record:
    """What is said of one file, as far as another can take it over."""

    id: MediaId
    person_id: PersonId | None
    storage_id: StorageId
    storage: str
    is_storage_active: bool
    relative_path: str
    byte_id: ByteId
    size_bytes: int
    deleted_at: datetime | None
    is_primary: bool
    is_favorite: bool
    tags: tuple[str, ...]
    source_url: str | None
    photoset_id: str | None

    @property
    def place(self) -> str:
        """Where it lies."""
        return f"{self.storage}:{self.relative_path}"


@dataclass(frozen=True, slots=True)
class Gift:
    """What a keeper had from a record that was set aside, and had not itself."""

    tags: tuple[str, ...] = ()
    is_favorite: bool = False
    is_primary: bool = False
    source_url: str | None = None
    photoset_id: str | None = None


_SPECIAL: dict[str, sa.ColumnElement[Any]] = {
    "storage": file_storages.c.name,
    "is_storage_active": file_storages.c.is_active,
    "username": persons.c.username,
}
_PLACED = media_locator.join(file_storages, file_storages.c.id == media_locator.c.storage_id)


def copies(session: Session, *, across_persons: bool) -> list[list[Copy]]:
    """Live records with the same bytes, the one that stays first: it has most references, or is the oldest.

    Records of one person are told together; those of several, and of nobody known, only ``across_persons``: there, one that is somebody's
    goes before one that is nobody's. What lies in a storage that is not in use, and what an audit found damaged or missing, is no copy.
    """
    file, counted = media_locator.c, media_references.counts()
    number = sa.func.coalesce(counted.c.number, 0)
    alike = [file.byte_id] if across_persons else [file.byte_id, file.person_id]
    good = [file.deleted_at.is_(None), file.problem.is_(None), file_storages.c.is_active]
    whose = [] if across_persons else [file.person_id.is_not(None)]
    columns = [number if name == "reference_count" else _column(name) for name in Copy.__dataclass_fields__]
    found = (
        sa.select(*(column.label(name) for column, name in zip(columns, Copy.__dataclass_fields__, strict=True)))
        .add_columns(sa.func.count().over(partition_by=alike).label("copy_count"))
        .select_from(_PLACED.outerjoin(persons).outerjoin(counted, counted.c.media == file.id))
        .where(*good, *whose)
        .subquery()
    )
    names = [found.c[name] for name in Copy.__dataclass_fields__]
    order = (
        found.c.byte_id,
        *([] if across_persons else [found.c.person_id]),
        found.c.person_id.is_(None),
        found.c.reference_count.desc(),
        found.c.created_at,
        found.c.id,
    )
    rows = session.execute(sa.select(*names).where(found.c.copy_count > 1).order_by(*order))
    groups: dict[object, list[Copy]] = {}
    for row in rows:
        copy = Copy(*row)
        groups.setdefault((copy.byte_id, None if across_persons else copy.person_id), []).append(copy)
    return list(groups.values())


def locked(session: Session, ids: Iterable[MediaId]) -> dict[MediaId, Record]:
    """These records, kept from others until the transaction ends."""
    wanted = media_locator.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))
    columns = [_column(name) for name in Record.__dataclass_fields__]
    statement = sa.select(*columns).select_from(_PLACED).where(wanted).order_by(media_locator.c.id)
    rows = session.execute(statement.with_for_update(of=media_locator))
    records = (Record(*row) for row in rows)
    return {record.id: replace(record, tags=tuple(record.tags)) for record in records}


def gift(removed: Record, keeper: Record) -> Gift:
    """What ``keeper`` takes over: tags and marks, and from another record of the same person also what is said of where it came from."""
    tags = tuple(tag for tag in removed.tags if tag not in keeper.tags)
    is_favorite = removed.is_favorite and not keeper.is_favorite
    if removed.person_id is None or removed.person_id != keeper.person_id:
        return Gift(tags, is_favorite)
    source_url = removed.source_url if keeper.source_url is None else None
    photoset_id = removed.photoset_id if keeper.photoset_id is None else None
    return Gift(tags, is_favorite, removed.is_primary, source_url, photoset_id)


def with_gift(keeper: Record, given: Gift) -> Record:
    """The keeper with what it was given."""
    return replace(
        keeper,
        tags=(*keeper.tags, *given.tags),
        is_favorite=keeper.is_favorite or given.is_favorite,
        is_primary=keeper.is_primary or given.is_primary,
        source_url=keeper.source_url if given.source_url is None else given.source_url,
        photoset_id=keeper.photoset_id if given.photoset_id is None else given.photoset_id,
    )


def has_gift(keeper: Record, given: Gift) -> bool:
    """Whether the keeper has still all that it was given."""
    return (
        set(given.tags) <= set(keeper.tags)
        and given.is_favorite <= keeper.is_favorite
        and given.is_primary <= keeper.is_primary
        and given.source_url in {None, keeper.source_url}
        and given.photoset_id in {None, keeper.photoset_id}
    )


def without_gift(keeper: Record, given: Gift) -> Record:
    """The keeper as it was before it was given anything."""
    return replace(
        keeper,
        tags=tuple(tag for tag in keeper.tags if tag not in given.tags),
        is_favorite=keeper.is_favorite and not given.is_favorite,
        is_primary=keeper.is_primary and not given.is_primary,
        source_url=keeper.source_url if given.source_url is None else None,
        photoset_id=keeper.photoset_id if given.photoset_id is None else None,
    )


def save(session: Session, records: Iterable[tuple[Record, Record]]) -> None:
    """Write down how marks, tags and links changed, from the first of each two to the second; marks are taken before they are given."""
    for before, now in sorted(records, key=lambda two: two[1].is_primary):
        said = {one.name: getattr(now, one.name) for one in fields(Gift)}
        changed = {name: value for name, value in said.items() if value != getattr(before, name)}
        if changed:
            session.execute(sa.update(media_locator).where(media_locator.c.id == now.id).values(changed))


def keep_fetching(session: Session, pairs: Iterable[tuple[Record, Record]]) -> None:
    """Let a set be fetched as before when its picture was set aside in this transaction and the keeper, the second, is of the same set.

    The database takes every deleted picture of a set for a sign that nobody wants the set.
    """
    sets = {
        (removed.person_id, removed.photoset_id)
        for removed, keeper in pairs
        if removed.photoset_id and (removed.person_id, removed.photoset_id) == (keeper.person_id, keeper.photoset_id)
    }
    skipped = skipped_photosets.c
    new = (sa.tuple_(skipped.person_id, skipped.photoset_id).in_(sets), skipped.created_at == sa.func.now())
    if sets:
        session.execute(sa.delete(skipped_photosets).where(*new))


def _column(name: str) -> sa.ColumnElement[Any]:
    return _SPECIAL[name] if name in _SPECIAL else media_locator.c[name]
