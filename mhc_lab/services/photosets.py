"""Sets of pictures that are not to be fetched again: a set is one from which somebody took a picture away, or that somebody named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.schema.media import skipped_photosets
from mhc_lab.schema.people import persons


@dataclass(frozen=True, slots=True)
class SkippedPhotoset:
    """A set that is not fetched again, and why."""

    username: str
    photoset_id: str
    reason: str
    created_at: datetime

    def __str__(self) -> str:
        return f"{self.username} {self.photoset_id}: {self.reason}"


def skip(session: Session, person: PersonId, photoset: str, *, reason: str, at: datetime) -> bool:
    """Fetch this set no more; False when that was said before, whose reason stays."""
    if not photoset.strip() or not reason.strip():
        raise RefusedError("Name the set, and say in a few words why it is not wanted.", rule="photoset")
    row = insert(skipped_photosets).values(
        person_id=person, photoset_id=photoset.strip(), reason=reason.strip(), created_at=at
    )
    return session.scalar(row.on_conflict_do_nothing().returning(skipped_photosets.c.person_id)) is not None


def allow(session: Session, person: PersonId, photoset: str) -> None:
    """Fetch this set again.

    Raises
    ------
    NotFoundError
        Nobody said that it is not to be fetched.
    """
    gone = sa.delete(skipped_photosets).where(
        skipped_photosets.c.person_id == person, skipped_photosets.c.photoset_id == photoset
    )
    if not session.scalar(gone.returning(skipped_photosets.c.person_id)):
        raise NotFoundError("skipped photoset", photoset, hint="List them with `mhc media photosets list`.")


def is_skipped(session: Session, person: PersonId, photoset: str) -> bool:
    """Whether this set is not to be fetched."""
    there = sa.exists().where(skipped_photosets.c.person_id == person, skipped_photosets.c.photoset_id == photoset)
    return bool(session.scalar(sa.select(there)))


def listed(session: Session, person: PersonId | None = None) -> list[SkippedPhotoset]:
    """All of them, or those of one person, by name and set."""
    statement = (
        sa.select(persons.c.username, *(skipped_photosets.c[name] for name in ("photoset_id", "reason", "created_at")))
        .join(persons, persons.c.id == skipped_photosets.c.person_id)
        .order_by(persons.c.username, skipped_photosets.c.photoset_id)
    )
    if person is not None:
        statement = statement.where(skipped_photosets.c.person_id == person)
    return [SkippedPhotoset(*row) for row in session.execute(statement)]
