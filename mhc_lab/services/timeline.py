"""One timeline per person: notes, attributes, relationships, pairs, names, follows, room events and interactions, each thing once.

What counts as the same thing stands in ``timeline.sql``; what a row says in ``timeline_rows.sql``. Pages hang on the place of a row and not
on its number, so that what is added meanwhile moves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import UserError
from mhc_lab.core.ids import PersonId

KINDS = (
    "note", "attribute", "relationship", "collaboration", "account", "rename", "follow", "chat", "message", "tip", "purchase", "visit",
    "room",
)  # fmt: skip
"""Of which kind a thing can be; ``room``: what happened in the person's own room, and events of which nobody knows more."""

LONGEST_TEXT = 2000
"""A longer text is cut here; the row it is referred to has all of it."""

_NUMBERED = ("attribute_history", "profile_relationship_history")
_PLACES = (
    *_NUMBERED, "profile_notes", "collaborations", "alternate_accounts", "person_aliases", "follow_history", "event_logs", "interactions",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands in the timeline: its time, and the table and key by which things of one instant are put in order."""

    at: datetime
    table: str
    key: str

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.table}~{self.key}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place that ``text`` is, as an earlier page gave it.

        Raises
        ------
        UserError
            It is none.
        """
        at, _, rest = text.partition("~")
        table, _, key = rest.partition("~")
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or table not in _PLACES or not key:
            raise UserError(f'"{text}" is no place in a timeline. Take the one that the page before gave as "older".')
        return cls(moment, table, key)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a person, or that was noted about them."""

    at: datetime
    kind: str
    title: str
    text: str
    tokens: int | None
    source: str
    """Who said so: a service, or whose hand it was."""
    place: Place

    @property
    def reference(self) -> str:
        """The row it comes from."""
        key = self.place.key.lstrip("0") if self.place.table in _NUMBERED else self.place.key
        return f"{self.place.table}/{key}"


@dataclass(frozen=True, slots=True)
class Page:
    """Some moments, the newest first, and where the next older ones begin."""

    moments: tuple[Moment, ...]
    older: Place | None
    """None when these are the oldest."""


def counts(
    session: Session, person: PersonId, *, since: datetime | None = None, until: datetime | None = None
) -> dict[str, int]:
    """How many things of each kind there are after ``since`` and up to ``until``; kinds there are none of are left out."""
    things = _things(person)
    statement = sa.select(things.c.kind, sa.func.count()).where(*_within(things, since, until)).group_by(things.c.kind)
    found = {str(kind): int(count) for kind, count in session.execute(statement)}
    return {kind: found[kind] for kind in KINDS if kind in found}


def page(
    session: Session,
    person: PersonId,
    *,
    kinds: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before: Place | None = None,
    limit: int = 50,
) -> Page:
    """The newest ``limit`` things after ``since`` and up to ``until``, or those that come after the place ``before`` on the way back.

    Parameters
    ----------
    kinds
        Some of :data:`KINDS`; none means all.

    Raises
    ------
    UserError
        There is no such kind.
    """
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise UserError(f'"{unknown[0]}" is no kind of thing in a timeline. Choose from: {", ".join(KINDS)}.')
    things = _things(person)
    conditions = _within(things, since, until)
    if kinds:
        conditions.append(things.c.kind.in_(sorted(kinds)))
    if before is not None:
        bound = sa.tuple_(before.at, before.table, before.key)
        conditions.append(sa.tuple_(things.c.at, things.c.place, things.c.key) < bound)
    newest = [things.c.at.desc(), things.c.place.desc(), things.c.key.desc()]
    rows = session.execute(sa.select(things).where(*conditions).order_by(*newest).limit(limit + 1)).all()
    found = [(row.kind, Place(row.at, row.place, row.key)) for row in rows[:limit]]
    said = _said(session, person, [place for _, place in found])
    moments = tuple(Moment(place.at, kind, *said[place.table, place.key], place) for kind, place in found)
    return Page(moments, moments[-1].place if len(rows) > limit else None)


def _said(
    session: Session, person: PersonId, places: Iterable[Place]
) -> dict[tuple[str, str], tuple[str, str, int | None, str]]:
    """Title, text, tokens and source of each thing."""
    wanted: dict[str, list[object]] = {table: [] for table in _PLACES}
    for place in places:
        wanted[place.table].append(int(place.key) if place.table in _NUMBERED else UUID(place.key))
    types = {table: sa.ARRAY(sa.BigInteger if table in _NUMBERED else sa.Uuid) for table in _PLACES}
    bound = [sa.bindparam(table, keys, types[table]) for table, keys in wanted.items()]
    statement = _statement("timeline_rows.sql").bindparams(
        sa.bindparam("person", person, sa.Uuid), sa.bindparam("longest", LONGEST_TEXT), *bound
    )
    rows = session.execute(statement).all()
    return {(row.place, row.key): (row.title, row.text, row.tokens, row.source) for row in rows}


def _things(person: PersonId) -> sa.Subquery:
    columns = (
        sa.column("at", sa.DateTime(timezone=True)), sa.column("kind", sa.Text), sa.column("place", sa.Text),
        sa.column("key", sa.Text),
    )  # fmt: skip
    return _statement("timeline.sql").bindparams(sa.bindparam("person", person, sa.Uuid)).columns(*columns).subquery()


def _within(things: sa.Subquery, since: datetime | None, until: datetime | None) -> list[sa.ColumnElement[bool]]:
    after = [] if since is None else [things.c.at > since]
    return after if until is None else [*after, things.c.at <= until]


@cache
def _statement(name: str) -> sa.TextClause:
    return sa.text(Path(__file__).with_name(name).read_text(encoding="utf-8"))
