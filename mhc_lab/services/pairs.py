"""Unordered pairs of persons: one row for two, asked from either side.

:mod:`mhc_lab.services.collaborations` and :mod:`mhc_lab.services.alternates` are this over a table each. Who comes first when a pair is
added does not matter; what the order in the row is, only the database knows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.schema.people import persons
from mhc_lab.services import audit_log
from mhc_lab.services.refusals import refused

LARGEST_GROUP = 200
"""A group makes a pair of every two; a list that was pasted by mistake must not make millions."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair as one of the two sees it."""

    id: uuid.UUID
    other: PersonId
    username: str
    """What the other one is called today."""
    notes: str | None
    first_seen_at: datetime
    created_at: datetime

    def __str__(self) -> str:
        since = f"{self.username}, first seen {self.first_seen_at:%Y-%m-%d}"
        return f"{since}: {self.notes}" if self.notes else since


@dataclass(frozen=True, slots=True)
class AddedGroup:
    """What became of all pairs of a group."""

    new_count: int
    known_count: int
    """Pairs that were here already."""

    def __str__(self) -> str:
        return f"{display.plural(self.new_count, 'pair')} new, {self.known_count:,} known already."


@dataclass(frozen=True, slots=True)
class RemovedPair:
    """A pair that was taken away, with all that it takes to put it back."""

    id: uuid.UUID
    person_a_id: PersonId
    person_b_id: PersonId
    notes: str | None
    first_seen_at: datetime
    created_at: datetime

    @property
    def columns(self) -> dict[str, Any]:
        """The row as the table has it."""
        return {name: getattr(self, name) for name in self.__slots__}


class Pairs:
    """All pairs of one kind: what can be asked of them and done to them.

    Parameters
    ----------
    other
        What the view calls the other one of a pair.
    alone
        What is said when somebody is paired with themselves.
    """

    def __init__(self, table: sa.Table, *, noun: str, other: str, alone: str) -> None:
        self.noun, self._table, self._alone = noun, table, alone
        shared = [sa.column(name, table.c[name].type) for name in ("id", "notes", "first_seen_at", "created_at")]
        ends = [sa.column(name, sa.Uuid()) for name in ("person_id", f"{other}_id")]
        self._view = sa.table(f"{table.name}_view", *shared, *ends)
        self._other = self._view.c[f"{other}_id"]
        self._add = f"add_{noun}"

    def of(self, session: Session, person: PersonId) -> list[Pair]:
        """Everybody who is paired with ``person``, in order of name."""
        return [Pair(*row) for row in session.execute(self._seen_by(person).order_by(persons.c.username))]

    def are(self, session: Session, one: PersonId, other: PersonId) -> bool:
        """Whether the two are a pair."""
        return session.scalar(sa.select(sa.exists().where(self._is(one, other)))) is True

    def add(
        self,
        session: Session,
        one: PersonId,
        other: PersonId,
        *,
        notes: str | None = None,
        first_seen_at: datetime | None = None,
    ) -> Pair:
        """The pair of ``one`` and ``other``, as ``one`` sees it.

        One that is here already stays: its notes unless there are new ones, and the earlier of the two times.

        Raises
        ------
        RefusedError
            They are the same person, or one of them is gone.
        """
        function = getattr(sa.func, self._add)
        added = function(one, other, _said(notes), sa.literal(first_seen_at, self._table.c.first_seen_at.type))
        with refused(session, self._sentences()):
            session.execute(sa.select(added))
        return Pair(*session.execute(self._seen_by(one).where(self._other == other)).one())

    def add_group(
        self,
        session: Session,
        group: Iterable[PersonId],
        *,
        notes: str | None = None,
        first_seen_at: datetime | None = None,
    ) -> AddedGroup:
        """Pair everybody in ``group`` with everybody else in it, in one statement.

        Pairs that are here already stay as in :meth:`add`. Rows are written in one order for all callers, so that two groups that
        overlap never wait for each other in a circle.

        Raises
        ------
        RefusedError
            These are fewer than two persons, more than :data:`LARGEST_GROUP`, or one of them is gone.
        """
        members = sorted(set(group))
        if len(members) < 2:
            raise RefusedError("A group is two persons or more. Name another one.", rule="group")
        if len(members) > LARGEST_GROUP:
            raise RefusedError(f"{len(members):,} persons are no group: {LARGEST_GROUP} are the most.", rule="group")
        with refused(session, self._sentences()):
            new_count = session.scalars(self._group(members, _said(notes), first_seen_at)).one()
        return AddedGroup(new_count, len(members) * (len(members) - 1) // 2 - new_count)

    def remove(self, session: Session, one: PersonId, other: PersonId, *, by: str) -> RemovedPair:
        """Take the pair away; logged, and what was there is for :meth:`put_back`.

        Raises
        ------
        NotFoundError
            They are no pair.
        """
        row = session.execute(
            sa.delete(self._table).where(self._is(one, other)).returning(*self._table.c)
        ).one_or_none()
        if row is None:
            names = session.scalars(sa.select(persons.c.username).where(persons.c.id.in_([one, other])))
            raise NotFoundError(self.noun.replace("_", " "), " and ".join(sorted(names)))
        removed = RemovedPair(**row._mapping)  # noqa: SLF001 - the documented way to a row as a mapping
        self._log(session, "remove", removed, by)
        return removed

    def put_back(self, session: Session, removed: RemovedPair, *, by: str) -> None:
        """Make the row again that :meth:`remove` took away, exactly as it was; logged.

        Raises
        ------
        ConflictError
            The two are a pair again.
        RefusedError
            One of them is gone.
        """
        again = insert(self._table).values(**removed.columns).on_conflict_do_nothing().returning(self._table.c.id)
        with refused(session, self._sentences()):
            is_back = session.scalar(again) is not None
        if not is_back:
            there = session.execute(self._seen_by(removed.person_a_id).where(self._other == removed.person_b_id)).one()
            raise ConflictError(
                "The two are a pair again. Remove that one first, or leave it.", mine=removed, theirs=Pair(*there)
            )
        self._log(session, "put_back", removed, by)

    def _seen_by(self, person: PersonId) -> sa.Select[Any]:
        pair = self._view.c
        columns = pair.id, self._other, persons.c.username, pair.notes, pair.first_seen_at, pair.created_at
        return sa.select(*columns).join(persons, persons.c.id == self._other).where(pair.person_id == person)

    def _is(self, one: PersonId, other: PersonId) -> sa.ColumnElement[bool]:
        ends = sa.literal(one, sa.Uuid), sa.literal(other, sa.Uuid)
        return sa.and_(
            self._table.c.person_a_id == sa.func.least(*ends), self._table.c.person_b_id == sa.func.greatest(*ends)
        )

    def _group(self, members: list[PersonId], notes: str | None, first_seen_at: datetime | None) -> sa.Select[int]:
        """One statement that adds all pairs and counts the new ones."""
        one, other = (_column(members, name) for name in ("one", "other"))
        seen = sa.func.coalesce(sa.literal(first_seen_at, self._table.c.first_seen_at.type), sa.func.now())
        every_two = (
            sa.select(one.c.id, other.c.id, sa.literal(notes, sa.Text), seen)
            .join_from(one, other, one.c.id < other.c.id)
            .order_by(one.c.id, other.c.id)
        )
        known, columns = self._table.c, ["person_a_id", "person_b_id", "notes", "first_seen_at"]
        new = insert(self._table).from_select(columns, every_two)
        given = new.excluded
        added = new.on_conflict_do_update(
            index_elements=columns[:2],
            set_={
                "notes": sa.func.coalesce(given.notes, known.notes),
                "first_seen_at": sa.func.least(known.first_seen_at, given.first_seen_at),
            },
            where=sa.or_(given.notes.is_not(None), given.first_seen_at < known.first_seen_at),
        )
        is_new = sa.literal_column("xmax = 0", sa.Boolean).label(
            "is_new"
        )  # one that was here has been locked, and xmax says by whom
        rows = added.returning(is_new).cte("rows")
        return sa.select(sa.func.count()).select_from(rows).where(rows.c.is_new)

    def _sentences(self) -> dict[str, str]:
        gone = "One of them is no longer here. Look them up again."
        return {f"{self._table.name}_ordered_check": self._alone} | {
            f"{self._table.name}_{end}_fkey": gone for end in ("person_a_id", "person_b_id")
        }

    def _log(self, session: Session, what: str, removed: RemovedPair, by: str) -> None:
        details = {name: None if value is None else str(value) for name, value in removed.columns.items()}
        audit_log.append(session, actor=by, action=f"{self.noun}.{what}", subject=str(removed.id), details=details)


def _column(members: list[PersonId], name: str) -> sa.TableValuedAlias:
    return sa.func.unnest(sa.literal(members, sa.ARRAY(sa.Uuid))).table_valued("id", name=name).render_derived()


def _said(notes: str | None) -> str | None:
    return (notes or "").strip() or None
