"""Files of which an audit found that they are missing or damaged, and where else their bytes are registered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import ByteId, MediaId, StorageId
from mhc_lab.schema.media import file_storages, media_locator
from mhc_lab.services.verifications import Problem

MENDABLE: tuple[Problem, ...] = ("missing", "size_differs", "bytes_differ")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A registered file: where it should lie, its bytes, and what is wrong with it."""

    id: MediaId
    storage_id: StorageId
    storage: str
    relative_path: str
    byte_id: ByteId
    size_bytes: int
    modified_at: datetime | None
    problem: Problem | None
    problem_at: datetime | None
    verified_at: datetime | None
    deleted_at: datetime | None

    @property
    def place(self) -> str:
        """As a person reads it."""
        return f"{self.storage}:{self.relative_path}"


_FILE = [
    file_storages.c.name if name == "storage" else media_locator.c[name] for name in StoredFile.__dataclass_fields__
]
_PLACED = sa.select(*_FILE).join(file_storages, file_storages.c.id == media_locator.c.storage_id)
_PLACE = (file_storages.c.name, media_locator.c.relative_path)


def found(session: Session) -> list[StoredFile]:
    """Live files with a problem that another copy could mend, by place."""
    file = media_locator.c
    rows = session.execute(_PLACED.where(file.problem.in_(MENDABLE), file.deleted_at.is_(None)).order_by(*_PLACE))
    return [StoredFile(*row) for row in rows]


def copies(session: Session, byte_ids: Iterable[ByteId]) -> Mapping[ByteId, Sequence[StoredFile]]:
    """Live files with these bytes of which nothing bad is known, those verified last first; whoever's they are."""
    file = media_locator.c
    wanted = file.byte_id == sa.any_(sa.literal(list(byte_ids), sa.ARRAY(sa.Text)))
    statement = _PLACED.where(wanted, file.problem.is_(None), file.deleted_at.is_(None))
    by_id = defaultdict[ByteId, list[StoredFile]](list)
    for row in session.execute(statement.order_by(file.verified_at.desc().nulls_last(), *_PLACE)):
        by_id[ByteId(row.byte_id)].append(StoredFile(*row))
    return by_id


def locked(session: Session, ids: Iterable[MediaId]) -> dict[MediaId, StoredFile]:
    """The files as they are now, kept from changing until the transaction ends."""
    wanted = media_locator.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))
    rows = session.execute(_PLACED.where(wanted).order_by(media_locator.c.id).with_for_update(of=media_locator))
    return {MediaId(row.id): StoredFile(*row) for row in rows}


def clear(session: Session, ids: Iterable[MediaId], *, at: datetime) -> None:
    """These files have their bytes again, read at ``at``."""
    wanted = media_locator.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))
    session.execute(sa.update(media_locator).where(wanted).values(problem=None, problem_at=None, verified_at=at))


def note(session: Session, file: MediaId, problem: str, *, at: datetime | None, verified_at: datetime | None) -> None:
    """A file is known to be wrong again, since ``at``, and was last verified then, as before it was mended."""
    values: dict[str, Any] = {"problem": problem, "problem_at": at, "verified_at": verified_at}
    session.execute(sa.update(media_locator).where(media_locator.c.id == file).values(values))
