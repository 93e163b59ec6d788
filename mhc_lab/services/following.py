"""Follow lists taken in, and the history computed from them.

``follow_scrapes`` and ``follow_scrape_names`` are what was seen. History, spells and the follow columns of the profiles follow from them
alone and are written again by :func:`recompute`; their keys come from their content, so the same lists always give the same rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from mhc_lab.core.ids import PersonId, ScrapeId
from mhc_lab.following.events import Event, History, ListTaken, follow_events
from mhc_lab.following.spells import Spell, follow_spells
from mhc_lab.following.verdict import Kind, Verdict
from mhc_lab.schema.following import follow_history, follow_scrape_names, follow_scrapes
from mhc_lab.schema.following import follow_spells as spells_table
from mhc_lab.schema.people import profiles
from mhc_lab.services import people
from mhc_lab.sources.follow_lists import FollowList, RefusedList

DIRECTIONS = ("followers", "following")

_KEYS = uuid.UUID("8f0d1c1e-6c43-5a55-9d6f-0f6f5c1f7b10")
_ROLES = {"followers": "VIEWER", "following": "MODEL"}
_PROFILE_COLUMNS = {
    "followers": ("follower", "follower_since", "unfollower_at", "follower_checked_at"),
    "following": ("following", "following_since", "unfollowed_at", "following_checked_at"),
}


@dataclass(frozen=True, slots=True)
class AddedList:
    """One list that was offered; ``is_new`` is False when it was here already and nothing changed."""

    scrape: ScrapeId | None
    is_new: bool
    name_count: int


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What the lists say now: how many events and spells, and the verdict on each list."""

    event_count: int
    spell_count: int
    verdicts: dict[ScrapeId, Verdict]


def add_list(session: Session, offered: FollowList | RefusedList, *, at: datetime) -> AddedList:
    """``offered`` as a row with its names, unless the same list is here already; call :func:`recompute` afterwards.

    A refused list whose time nobody knows has no place in the history: it gets no row.

    The verdict of a new list stays open (held) until the history is computed; a refused one has no names and never counts.
    """
    _serialise(session)
    if offered.observed_at is None:
        return AddedList(None, is_new=False, name_count=0)
    scrape = _scrape_id(offered.direction, offered.observed_at, offered.file_digest)
    if session.scalar(sa.select(sa.exists().where(follow_scrapes.c.id == scrape))):
        return AddedList(scrape, is_new=False, name_count=0)
    if isinstance(offered, RefusedList):
        session.execute(sa.insert(follow_scrapes).values(**_refused(offered), id=scrape, imported_at=at))
        return AddedList(scrape, is_new=True, name_count=0)
    session.execute(sa.insert(follow_scrapes).values(**_taken(offered), id=scrape, imported_at=at))
    found = people.find_or_create(session, offered.names, at=offered.observed_at, role=_ROLES[offered.direction])
    _insert_names(session, scrape, offered.names, found)
    return AddedList(scrape, is_new=True, name_count=len(offered.names))


def recompute(session: Session, *, at: datetime) -> Recomputed:
    """Verdicts, history, spells and profile columns, computed again from all lists."""
    _serialise(session)
    event_count = spell_count = 0
    verdicts: dict[ScrapeId, Verdict] = {}
    for direction in DIRECTIONS:
        history = follow_events(_lists(session, direction))
        spells = follow_spells(history)
        _write_verdicts(session, history)
        _replace(session, follow_history, direction, [_event_row(event, direction) for event in history.events])
        _replace(session, spells_table, direction, [_spell_row(spell, direction) for spell in spells])
        _project(session, direction, at)
        event_count += len(history.events)
        spell_count += len(spells)
        verdicts |= history.verdicts
    return Recomputed(event_count, spell_count, verdicts)


def computed(session: Session) -> Recomputed:
    """What :func:`recompute` wrote last; nothing is changed."""
    events, spells = (
        session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in (follow_history, spells_table)
    )
    taken = follow_scrapes.c
    rows = session.execute(sa.select(taken.id, taken.verdict, taken.why).where(taken.verdict != "refused"))
    return Recomputed(events, spells, {ScrapeId(scrape): Verdict(Kind(kind), why) for scrape, kind, why in rows})


def _serialise(session: Session) -> None:
    """One writer of follow data at a time: the history is computed from all of it."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("follow history"))))


def _scrape_id(direction: str, observed_at: datetime, file_digest: str) -> ScrapeId:
    return ScrapeId(uuid.uuid5(_KEYS, f"{direction} {observed_at.isoformat()} {file_digest}"))


def _refused(offered: RefusedList) -> dict[str, object]:
    return {
        "direction": offered.direction,
        "observed_at": offered.observed_at,
        "listed_count": 0,
        "verdict": "refused",
        "why": offered.why,
        "file_name": offered.file_name,
        "file_digest": offered.file_digest,
    }


def _taken(offered: FollowList) -> dict[str, object]:
    return {
        "direction": offered.direction,
        "observed_at": offered.observed_at,
        "listed_count": len(offered.names),
        "reported_total": offered.reported_total,
        "is_declared_complete": offered.is_declared_complete,
        "verdict": "held",
        "why": "Not judged yet.",
        "file_name": offered.file_name,
        "file_digest": offered.file_digest,
        "rejected_rows": list(offered.rejected_rows),
        "duplicate_count": offered.duplicate_count,
    }


def _insert_names(session: Session, scrape: ScrapeId, names: Iterable[str], found: dict[str, PersonId]) -> None:
    """The names in list order; two names of one person (a rename seen from both sides) are one row, the upper one."""
    first: dict[PersonId, tuple[int, str]] = {}
    for place, name in enumerate(names, start=1):
        first.setdefault(found[name], (place, name))
    if not first:
        return
    columns = (
        sa.func.unnest(
            sa.literal(list(first), sa.ARRAY(sa.Uuid)),
            sa.literal([place for place, _ in first.values()], sa.ARRAY(sa.Integer)),
            sa.literal([name for _, name in first.values()], sa.ARRAY(sa.Text)),
        )
        .table_valued("person_id", "place", "username")
        .render_derived()
    )
    rows = sa.select(sa.literal(scrape), columns.c.person_id, columns.c.place, columns.c.username)
    session.execute(sa.insert(follow_scrape_names).from_select(["scrape_id", "person_id", "place", "username"], rows))


def _lists(session: Session, direction: str) -> list[ListTaken]:
    names = (
        sa.select(follow_scrape_names.c.scrape_id, sa.func.array_agg(follow_scrape_names.c.person_id).label("people"))
        .group_by(follow_scrape_names.c.scrape_id)
        .subquery()
    )
    taken = follow_scrapes.c
    rows = session.execute(
        sa.select(follow_scrapes, names.c.people)
        .outerjoin(names, names.c.scrape_id == taken.id)
        .where(taken.direction == direction, taken.verdict != "refused")
    )
    return [
        ListTaken(
            scrape=row.id,
            observed_at=row.observed_at,
            recorded_at=row.imported_at,
            is_declared_complete=row.is_declared_complete,
            reported_total=row.reported_total,
            row_count=row.listed_count + len(row.rejected_rows),
            people=frozenset(row.people or ()),
        )
        for row in rows
    ]


def _write_verdicts(session: Session, history: History) -> None:
    if history.verdicts:
        statement = (
            sa.update(follow_scrapes)
            .where(follow_scrapes.c.id == sa.bindparam("scrape"))
            .values(verdict=sa.bindparam("kind"), why=sa.bindparam("reason"))
        )
        rows = [{"scrape": key, "kind": one.kind, "reason": one.why} for key, one in history.verdicts.items()]
        session.connection().execute(statement, rows)


def _replace(session: Session, table: sa.Table, direction: str, rows: list[dict[str, object]]) -> None:
    session.execute(sa.delete(table).where(table.c.direction == direction))
    if rows:
        session.execute(sa.insert(table), rows)


def _event_row(event: Event, direction: str) -> dict[str, object]:
    key = uuid.uuid5(_KEYS, f"{direction} {event.person} {event.action} {event.at.isoformat()}")
    return {
        "id": key,
        "person_id": event.person,
        "direction": direction,
        "action": event.action,
        "source": "list_scrape",
        "at": event.at,
        "is_baseline": event.is_baseline,
        "last_seen_at": event.last_seen_at,
        "first_missing_at": event.first_missing_at,
        "status": event.status,
        "recorded_at": event.recorded_at,
    }


def _spell_row(spell: Spell, direction: str) -> dict[str, object]:
    return {
        "person_id": spell.person,
        "direction": direction,
        "number": spell.number,
        "started_at": spell.started_at,
        "started_after": spell.started_after,
        "last_seen_at": spell.last_seen_at,
        "ended_at": spell.ended_at,
        "end_status": spell.end_status,
    }


def _project(session: Session, direction: str, at: datetime) -> None:
    """The follow columns of the profiles: what each person's latest spell says."""
    is_open, since, until, checked = _PROFILE_COLUMNS[direction]
    spell = spells_table.c
    latest = (
        sa.select(
            spell.person_id,
            spell.ended_at.is_(None),
            spell.started_at,
            spell.ended_at,
            sa.func.coalesce(spell.ended_at, spell.last_seen_at),
            sa.literal(at, profiles.c.updated_at.type),
        )
        .ext(distinct_on(spell.person_id))
        .where(spell.direction == direction)
        .order_by(spell.person_id, spell.number.desc())
    )
    columns = [is_open, since, until, checked]
    new = insert(profiles).from_select(["person_id", *columns, "updated_at"], latest)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["person_id"], set_={name: new.excluded[name] for name in [*columns, "updated_at"]}
        )
    )
    without = sa.update(profiles).where(
        profiles.c[since].is_not(None),
        ~sa.exists().where(spell.person_id == profiles.c.person_id, spell.direction == direction),
    )
    session.execute(without.values({is_open: False, since: None, until: None, checked: None, "updated_at": at}))
