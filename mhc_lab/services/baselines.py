"""Baselines: which pictures of whom could be shown at a time, kept to be compared with later.

A picture is a person's when a live row of theirs holds its bytes, or when one of their snapshots means the row that does. Pictures are
counted by their bytes: a second copy is no second picture, so a duplicate may go, and a picture may not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError
from mhc_lab.core.ids import ByteId, PersonId, RunId
from mhc_lab.schema.media import file_storages, media_baselines, media_locator, snapshot_pictures
from mhc_lab.schema.people import persons
from mhc_lab.schema.sources import affiliate_api_snapshots


@dataclass(frozen=True, slots=True)
class PersonPictures:
    """The pictures of one person by their byte ids, as they were found at one time."""

    person: PersonId
    username: str
    working: tuple[ByteId, ...]
    """Read, with the bytes that are registered, and decoded."""
    broken: tuple[ByteId, ...]
    """Missing, with other bytes, or damaged: no copy can be shown."""
    unseen: tuple[ByteId, ...]
    """Every copy lies in a storage that is offline or out of use."""
    left_out_count: int
    """Beyond the bound; they have a row, and were not read."""
    primary: ByteId | None
    """The picture that stands for them, unless that is broken."""
    is_chosen: bool
    """Whether somebody chose it."""

    @property
    def total(self) -> int:
        """How many pictures there are."""
        return len(self.looked_at) + self.left_out_count

    @property
    def looked_at(self) -> frozenset[ByteId]:
        """Those that are no more than counted."""
        return frozenset((*self.working, *self.broken, *self.unseen))

    def __str__(self) -> str:
        said = f"{self.username}: {len(self.working):,} of {self.total:,} working, {len(self.broken):,} broken"
        said += f", {len(self.unseen):,} out of reach" if self.unseen else ""
        said += f", {self.left_out_count:,} not looked at" if self.left_out_count else ""
        return said + ("" if self.primary else ", no primary picture")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What could be shown of some persons at one time."""

    id: UUID
    recorded_at: datetime
    recorded_by: str
    run: RunId | None
    """The run it was recorded before."""
    persons: tuple[PersonPictures, ...]

    def __str__(self) -> str:
        lines = [f"Baseline {self.id} of {self.recorded_at:%Y-%m-%d %H:%M} by {self.recorded_by}"]
        return "\n".join([*lines, *(f"  {one}" for one in self.persons)])


@dataclass(frozen=True, slots=True)
class Copy:
    """Where one copy of a picture lies."""

    byte_id: ByteId
    size_bytes: int
    storage: str
    relative_path: str
    is_primary: bool
    is_favorite: bool


_BASELINE = [media_baselines.c[name] for name in ("id", "recorded_at", "recorded_by", "run_id", "persons")]
_IS_PICTURE = sa.and_(media_locator.c.deleted_at.is_(None), media_locator.c.verdict.is_distinct_from("opaque"))


def copies(session: Session, person: PersonId) -> list[Copy]:
    """Every live copy of every picture of a person; files that are no pictures and no videos are left out."""
    file, meant = media_locator.c, snapshot_pictures.join(affiliate_api_snapshots)
    own = sa.select(file.id).where(file.person_id == person)
    named = sa.select(snapshot_pictures.c.media_id).select_from(meant)
    named = named.where(affiliate_api_snapshots.c.person_id == person)
    is_theirs = sa.and_(file.person_id == person, file.is_primary)
    return _copies(session, is_theirs, file.id.in_(own.union(named)))


def copies_of_anybody(session: Session, pictures: Collection[ByteId]) -> list[Copy]:
    """Every live copy of these pictures, whoever's it is."""
    wanted = media_locator.c.byte_id == sa.any_(sa.literal(list(pictures), sa.ARRAY(sa.Text)))
    return _copies(session, media_locator.c.is_primary, wanted)


def _copies(session: Session, is_primary: sa.ColumnElement[bool], wanted: sa.ColumnElement[bool]) -> list[Copy]:
    file = media_locator.c
    statement = (
        sa.select(file.byte_id, file.size_bytes, file_storages.c.name, file.relative_path, is_primary, file.is_favorite)
        .join(file_storages, file_storages.c.id == file.storage_id)
        .where(wanted, _IS_PICTURE)
        .order_by(file_storages.c.name, file.relative_path)
    )
    return [Copy(*row) for row in session.execute(statement)]


def with_pictures(session: Session, *, seed: str, limit: int | None) -> dict[PersonId, str]:
    """Persons who have pictures, and their names; in an order by chance that the same ``seed`` gives again."""
    has_some = sa.exists().where(media_locator.c.person_id == persons.c.id, _IS_PICTURE)
    chance = sa.func.md5(sa.func.concat(persons.c.id, seed))
    statement = sa.select(persons.c.id, persons.c.username).where(has_some).order_by(chance).limit(limit)
    return {PersonId(person): name for person, name in session.execute(statement)}


def add(session: Session, baseline: Baseline) -> None:
    """Keep a baseline."""
    found = [{**asdict(one), "person": str(one.person)} for one in baseline.persons]
    session.execute(
        sa.insert(media_baselines).values(
            id=baseline.id,
            recorded_at=baseline.recorded_at,
            recorded_by=baseline.recorded_by,
            run_id=baseline.run,
            persons=found,
        )
    )


def get(session: Session, name: str = "") -> Baseline:
    """The baseline with that id; without one the newest that was not recorded for a run.

    Raises
    ------
    NotFoundError
        There is none.
    """
    wanted = sa.cast(media_baselines.c.id, sa.Text) == name.lower() if name else media_baselines.c.run_id.is_(None)
    found = _first(session, wanted)
    if found is None:
        raise NotFoundError("baseline", name or "newest", hint="Record one with `mhc media baseline record`.")
    return found


def of_run(session: Session, run: RunId) -> Baseline | None:
    """The baseline that was recorded before ``run``."""
    return _first(session, media_baselines.c.run_id == run)


def _first(session: Session, wanted: sa.ColumnElement[bool]) -> Baseline | None:
    newest = sa.select(*_BASELINE).where(wanted).order_by(media_baselines.c.recorded_at.desc()).limit(1)
    row = session.execute(newest).one_or_none()
    return Baseline(row[0], row[1], row[2], row[3], _persons(row[4])) if row else None


def _persons(found: Sequence[Mapping[str, Any]]) -> tuple[PersonPictures, ...]:
    lists = ("working", "broken", "unseen")
    return tuple(
        PersonPictures(**{**one, "person": PersonId(UUID(one["person"])), **{name: tuple(one[name]) for name in lists}})
        for one in found
    )
