"""Verifications of storages: which files one is about, which of them it has seen, and what it found of each.

A verification marks every row it has seen with the instant at which it began, and no two of a storage began at the same. One that was
killed goes on with what does not bear its mark, and what it found to be wrong is looked at once more. One that only counts and measures
takes no mark away from one that reads and has no end yet. Instants are compared for being the same only: clocks are set back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import ByteId, MediaId, StorageId
from mhc_lab.schema.media import file_storages, media_locator, media_verifications

Problem = Literal["missing", "size_differs", "bytes_differ", "unreadable"]

_CLOSE = timedelta(seconds=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Slice:
    """One of several parts of a storage that together hold every file once, whichever are added or go meanwhile."""

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise RefusedError(
                f"There is no slice {self.number} of {self.count}. The first of seven is 1/7.", rule="slices"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """The slice that ``n/t`` means."""
        number, _, count = text.partition("/")
        if not (number.isdecimal() and count.isdecimal()):
            raise RefusedError(f'"{text}" is no slice. The first of seven is 1/7.', rule="slices")
        return cls(int(number), int(count))

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


WHOLE = Slice()


@dataclass(frozen=True, slots=True)
class Verification:
    """One that was begun and has no end yet."""

    id: UUID
    storage: StorageId
    part: Slice
    reads_data: bool
    started_at: datetime
    """Its mark."""


class Registered(NamedTuple):
    """What the library says of a live file; a tuple, because there are hundreds of thousands."""

    id: MediaId
    relative_path: str
    byte_id: ByteId
    size_bytes: int
    modified_at: datetime | None
    problem: Problem | None
    """What was found before."""


class Seen(NamedTuple):
    """A file that was looked at, and what is wrong with it."""

    file: Registered
    problem: Problem | None
    why: str = ""
    """In words, for who has to act."""


_REGISTERED = [media_locator.c[name] for name in Registered._fields]


def begin(session: Session, storage: StorageId, *, part: Slice, reads_data: bool, at: datetime) -> Verification:
    """The verification of that part that has no end yet, or a new one."""
    session.execute(sa.select(file_storages.c.id).where(file_storages.c.id == storage).with_for_update())
    table = media_verifications.c
    open_ = session.execute(
        sa.select(table.id, table.started_at).where(
            table.storage_id == storage, table.slice_number == part.number, table.slice_count == part.count,
            table.reads_data == reads_data, table.finished_at.is_(None),
        ).order_by(table.started_at)
    ).first()  # fmt: skip
    if open_:
        return Verification(open_.id, storage, part, reads_data, open_.started_at)
    mark = _unused_instant(session, storage, at)
    new = sa.insert(media_verifications).values(
        storage_id=storage,
        slice_number=part.number,
        slice_count=part.count,
        reads_data=reads_data,
        started_at=mark,
    )
    return Verification(session.execute(new.returning(table.id)).scalar_one(), storage, part, reads_data, mark)


def waiting(session: Session, verification: Verification) -> list[Registered]:
    """The live files that this verification has still to look at, by path."""
    file = media_locator.c
    is_seen = sa.and_(file.verified_at == verification.started_at, file.problem.is_(None))
    statement = sa.select(*_REGISTERED).where(*_about(verification), is_seen.is_not(sa.true()))
    return [Registered(*row) for row in session.execute(statement.order_by(file.relative_path))]


def note(session: Session, verification: Verification, seen: Sequence[Seen], *, at: datetime) -> None:
    """Mark files that were looked at and say what is wrong with each; a row that was changed meanwhile is left for the next time.

    No table is joined: right after an ingest the server knows nothing of its rows, and would compare every one with every other.
    """
    file = media_locator.c
    right = [one.file for one in seen if not (one.problem or one.file.problem)]
    others = [_values(one) for one in seen if one.problem or one.file.problem]
    here = (file.storage_id == verification.storage, file.deleted_at.is_(None))
    as_read = [
        column == sa.any_(sa.literal([getattr(one, column.name) for one in right], sa.ARRAY(column.type)))
        for column in (file.id, file.relative_path, file.byte_id)
    ]
    session.execute(sa.update(media_locator).where(*here, *as_read).values(verified_at=_mark(verification)))
    if others:
        problem = sa.bindparam("now_wrong", type_=sa.Text)
        since = sa.case((problem.is_(None), None), (file.problem == problem, file.problem_at), else_=sa.literal(at))
        this = [
            column == sa.bindparam(f"which_{column.name}") for column in (file.id, file.relative_path, file.byte_id)
        ]
        change = sa.update(media_locator).where(*here, *this)
        session.connection().execute(
            change.values(verified_at=verification.started_at, problem=problem, problem_at=since), others
        )


def _values(one: Seen) -> dict[str, object]:
    file = one.file
    which = {"which_id": file.id, "which_relative_path": file.relative_path, "which_byte_id": file.byte_id}
    return {**which, "now_wrong": one.problem}


def _mark(verification: Verification) -> sa.ColumnElement[datetime]:
    """What a file bears that was and is right: one that was read for a verification which goes on stays read for it."""
    mark, other = sa.literal(verification.started_at), media_verifications.c
    if verification.reads_data:
        return mark
    here = (other.storage_id == verification.storage, other.reads_data, other.finished_at.is_(None))
    was_read = media_locator.c.verified_at.in_(sa.select(other.started_at).where(*here))
    return sa.case((was_read, media_locator.c.verified_at), else_=mark)


def finish(session: Session, verification: Verification, *, at: datetime) -> None:
    """Every file of that part was looked at; what was registered meanwhile, and nobody has looked at, does not count."""
    is_seen = media_locator.c.verified_at.is_not(None)
    counts = sa.select(sa.func.count(), sa.func.count(media_locator.c.problem)).where(*_about(verification), is_seen)
    checked, problems = session.execute(counts).one()
    this = media_verifications.c.id == verification.id
    session.execute(
        sa.update(media_verifications).where(this).values(checked_count=checked, problem_count=problems, finished_at=at)
    )


def _about(verification: Verification) -> list[sa.ColumnElement[bool]]:
    file, part = media_locator.c, verification.part
    conditions = [file.storage_id == verification.storage, file.deleted_at.is_(None)]
    if part.count > 1:
        digits = sa.func.right(sa.func.md5(sa.cast(file.id, sa.Text)), 8)
        number = sa.cast(sa.cast(sa.func.concat("x", digits), sa.dialects.postgresql.BIT(32)), sa.BigInteger)
        conditions.append(number % part.count == part.number - 1)
    return conditions


def _unused_instant(session: Session, storage: StorageId, at: datetime) -> datetime:
    """``at``, or as soon after as no row of ``storage`` bears."""
    used = sa.union_all(
        sa.select(media_locator.c.verified_at).where(media_locator.c.storage_id == storage),
        sa.select(media_verifications.c.started_at).where(media_verifications.c.storage_id == storage),
    ).subquery("used")
    mark = used.c[0]
    latest: datetime | None = session.scalar(sa.select(sa.func.max(mark)).where(mark.between(at, at + _CLOSE)))
    return latest + _TICK if latest else at
