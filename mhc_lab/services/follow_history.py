"""The follow history, computed from what was seen and decided: verdicts, events, spells and the follow columns of the profiles.

What is new is folded in where the last fold stopped, at a cost in proportion to what is new. Something older than what was folded
already, or a revised decision, makes all of it be computed again. Both give the same rows: keys come from content, and the fold depends on
nothing but the lists, the observations and the decisions.
"""

from __future__ import annotations

import heapq
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on, insert
from sqlalchemy.orm import Session

from mhc_lab.core.ids import PersonKey, ScrapeId
from mhc_lab.db import bulk
from mhc_lab.following.events import (
    TOLERANCE,
    Action,
    Decision,
    Event,
    Fold,
    Judged,
    ListTaken,
    Observation,
    Source,
    State,
    Status,
)  # fmt: skip
from mhc_lab.following.guards import LossRate
from mhc_lab.following.spells import EVENTS, follow_spells
from mhc_lab.following.verdict import Kind, Verdict
from mhc_lab.schema.following import (
    follow_decisions,
    follow_history,
    follow_observations,
    follow_scrape_names,
    follow_scrapes,
)  # fmt: skip
from mhc_lab.schema.following import follow_spells as spells_table
from mhc_lab.schema.people import profiles

DIRECTIONS = ("followers", "following")

KEYS = uuid.UUID("8f0d1c1e-6c43-5a55-9d6f-0f6f5c1f7b10")
"""The namespace of keys that are made of content."""

_PROFILE_COLUMNS = {
    "followers": ("follower", "follower_since", "unfollower_at", "follower_checked_at"),
    "following": ("following", "following_since", "unfollowed_at", "following_checked_at"),
}
_EXACT = [source for source in Source if source.is_exact]
_KEY_BYTES = 16
_COUNTED = re.compile(r"\d{9,16}-(\d{1,9})")

_Events = dict[PersonKey, list[Event]]


@dataclass(frozen=True, slots=True)
class Computed:
    """What the history says now: how many events and spells, and the verdict on each list."""

    event_count: int
    spell_count: int
    verdicts: dict[ScrapeId, Verdict]


def update(session: Session, *, at: datetime) -> Computed:
    """Fold in the lists and observations that are new; when one of them is older than what was folded already, compute everything again."""
    serialise(session)
    for direction in DIRECTIONS:
        oldest_new, newest_folded = _news(session, direction)
        if oldest_new is None:
            continue
        if newest_folded is None or oldest_new <= newest_folded:
            _compute_again(session, direction, at)
        else:
            _fold_in(session, direction, at, oldest_new)
    return computed(session)


def recompute(session: Session, *, at: datetime, directions: Iterable[str] = DIRECTIONS) -> Computed:
    """Verdicts, events, spells and profile columns, computed again from all lists, observations and decisions."""
    serialise(session)
    for direction in directions:
        _compute_again(session, direction, at)
    return computed(session)


def computed(session: Session) -> Computed:
    """What was computed last; nothing is changed."""
    events, spells = (
        session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in (follow_history, spells_table)
    )
    taken = follow_scrapes.c
    rows = session.execute(sa.select(taken.id, taken.verdict, taken.why))
    return Computed(events, spells, {ScrapeId(scrape): Verdict(Kind(kind), why) for scrape, kind, why in rows})


def serialise(session: Session) -> None:
    """One writer of follow data at a time: the history is computed from all of it."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("follow history"))))


def _news(session: Session, direction: str) -> tuple[datetime | None, datetime | None]:
    """When the oldest thing that is new was seen, and the newest that is folded."""
    lists = sa.select(follow_scrapes.c.observed_at.label("at"), follow_scrapes.c.is_folded).where(_counts(direction))
    single = follow_observations.c
    others = sa.select(single.at, single.is_folded).where(single.direction == direction)
    seen = sa.union_all(lists, others).subquery().c
    oldest_new = sa.func.min(seen.at).filter(~seen.is_folded)
    oldest, newest = session.execute(sa.select(oldest_new, sa.func.max(seen.at).filter(seen.is_folded))).one()
    return oldest, newest


def _counts(direction: str) -> sa.ColumnElement[bool]:
    """The lists of ``direction`` that could be read; one that a person refused can still be taken back."""
    decided = sa.exists().where(follow_decisions.c.scrape_id == follow_scrapes.c.id)
    return sa.and_(follow_scrapes.c.direction == direction, sa.or_(follow_scrapes.c.verdict != "refused", decided))


def _compute_again(session: Session, direction: str, at: datetime) -> None:
    fold = Fold(State())
    for one in _seen(session, direction):
        fold.take(one)
    _write_verdicts(session, direction, fold.verdicts)
    for table in (follow_history, spells_table):
        session.execute(sa.delete(table).where(table.c.direction == direction))
    _write_events(session, direction, fold.state.events, fold.state.last_seen)
    _project(session, direction, at)
    _forget_profiles(session, direction, at)


def _fold_in(session: Session, direction: str, at: datetime, oldest_new: datetime) -> None:
    new = list(_seen(session, direction, new_only=True))
    state = _state(session, direction, new, oldest_new)
    fold = Fold(state)
    for one in new:
        fold.take(one)
    _write_verdicts(session, direction, fold.verdicts)
    observed = {one.person for one in new if isinstance(one, Observation)}
    touched = {person: state.events[person] for person in {*fold.touched, *observed} if state.events.get(person)}
    ids = _ids(touched)
    for table in (follow_history, spells_table):
        session.execute(sa.delete(table).where(table.c.direction == direction, table.c.person_id == sa.any_(ids)))
    _write_events(session, direction, touched, state.last_seen)
    for taken in reversed([one for one in new if isinstance(one, ListTaken)]):
        if fold.verdicts[taken.scrape].verdict.kind in {Kind.COMPLETE, Kind.PARTIAL}:
            _write_sighting(session, direction, taken)
    _project(session, direction, at, only=ids)
    _project_sightings(session, direction)


# what was seen


def _seen(session: Session, direction: str, *, new_only: bool = False) -> Iterator[ListTaken | Observation]:
    """Lists and observations of ``direction`` in order of time; the names of one list at a time."""
    return heapq.merge(
        _observations(session, direction, new_only=new_only), _lists(session, direction, new_only=new_only),
        key=lambda one: one.order,
    )  # fmt: skip


def _lists(session: Session, direction: str, *, new_only: bool) -> Iterator[ListTaken]:
    taken, newest = follow_scrapes.c, newest_decisions()
    statement = (
        sa.select(follow_scrapes, newest.c.decision, newest.c.reason, newest.c.decided_by)
        .outerjoin(newest, newest.c.scrape_id == taken.id)
        .where(_counts(direction))
        .order_by(taken.observed_at, taken.id)
    )
    if new_only:
        statement = statement.where(~taken.is_folded)
    for row in session.execute(statement).all():
        yield ListTaken(
            scrape=ScrapeId(row.id),
            observed_at=row.observed_at.astimezone(UTC),
            recorded_at=row.imported_at.astimezone(UTC),
            is_declared_complete=row.is_declared_complete,
            reported_total=row.reported_total,
            row_count=row.listed_count + len(set(row.rejected_rows)),
            people=_people(session, ScrapeId(row.id)),
            doubts=tuple(row.doubts),
            decision=Decision(Kind(row.decision), row.decided_by, row.reason) if row.decision else None,
        )


def newest_decisions() -> sa.Subquery:
    """The decision that counts for each list; none for one whose decisions were taken back."""
    said = follow_decisions.c
    newest = (
        sa.select(said.scrape_id, said.decision, said.reason, said.decided_by, said.decided_at)
        .ext(distinct_on(said.scrape_id))
        .order_by(said.scrape_id, said.number.desc())
        .subquery()
    )
    return sa.select(newest).where(newest.c.decision != "automatic").subquery()


def _people(session: Session, scrape: ScrapeId) -> tuple[PersonKey, ...]:
    """Who stood on the list, in list order."""
    on_list = follow_scrape_names.c
    in_order = aggregate_order_by(sa.literal(b"", sa.LargeBinary), on_list.place)
    joined = sa.func.string_agg(_key(on_list.person_id), in_order)
    packed = bytes(session.scalar(sa.select(joined).where(on_list.scrape_id == scrape)) or b"")
    return tuple(PersonKey(packed[place : place + _KEY_BYTES]) for place in range(0, len(packed), _KEY_BYTES))


def _observations(session: Session, direction: str, *, new_only: bool) -> list[Observation]:
    return _read_observations(session, direction, ~follow_observations.c.is_folded if new_only else sa.true())


def _read_observations(session: Session, direction: str, which: sa.ColumnElement[bool]) -> list[Observation]:
    """Observations in their order."""
    statement = sa.select(follow_observations).where(follow_observations.c.direction == direction, which)
    found = (
        Observation(
            person=PersonKey(row.person_id.bytes),
            at=row.at.astimezone(UTC),
            is_following=row.is_following,
            source=Source(row.source),
            recorded_at=row.imported_at.astimezone(UTC),
            key=row.id.bytes,
            sequence=_sequence(row.reference),
        )
        for row in session.execute(statement)
    )
    return sorted(found, key=lambda one: one.order)


def _sequence(reference: str) -> int:
    """The number that the event feed gives those of one millisecond: the end of an id like ``1767900000000-3``."""
    counted = _COUNTED.fullmatch(reference)
    return int(counted[1]) if counted else 0


# where the last fold stopped


def _state(session: Session, direction: str, new: Collection[ListTaken | Observation], oldest_new: datetime) -> State:
    """Everything the fold needs to go on with ``new``, and the events of those whom it concerns."""
    spell = spells_table.c
    still_open = sa.select(_key(spell.person_id), spell.last_seen_at).where(
        spell.direction == direction, spell.ended_at.is_(None)
    )
    state = State(last_seen={PersonKey(bytes(key)): seen.astimezone(UTC) for key, seen in session.execute(still_open)})
    state.unconfirmed = _unconfirmed(session, direction)
    state.last_complete, state.order, state.rate = _believed(session, direction)
    state.told = _told(session, direction, since=oldest_new - TOLERANCE)
    concerned = set(state.unconfirmed)
    for one in new:
        concerned |= {one.person} if isinstance(one, Observation) else state.last_seen.keys() ^ set(one.people)
    state.events = _events(session, direction, concerned)
    return state


def _unconfirmed(session: Session, direction: str) -> set[PersonKey]:
    spell, later = spells_table.c, spells_table.alias("later").c
    is_last = ~sa.exists().where(
        later.person_id == spell.person_id, later.direction == spell.direction, later.number > spell.number
    )
    provisional = sa.select(_key(spell.person_id)).where(
        spell.direction == direction, spell.end_status == Status.PROVISIONAL, is_last
    )
    return {PersonKey(bytes(key)) for key in session.scalars(provisional)}


def _believed(session: Session, direction: str) -> tuple[datetime | None, tuple[PersonKey, ...], LossRate]:
    """When the newest complete list was taken, who stood on it, and the rate of loss that all of them show."""
    taken = follow_scrapes.c
    statement = (
        sa.select(taken.id, taken.observed_at, taken.at_risk_count, taken.missing_count)
        .where(taken.direction == direction, taken.verdict == Kind.COMPLETE, taken.is_folded)
        .order_by(taken.observed_at, taken.id)
    )
    rate, newest, before = LossRate(), None, None
    for row in session.execute(statement):
        at = row.observed_at.astimezone(UTC)
        days = 0.0 if before is None else (at - before) / timedelta(days=1)
        rate.add(missing=row.missing_count, at_risk=row.at_risk_count, days=days)
        newest, before = row.id, at
    order = _people(session, ScrapeId(newest)) if newest else ()
    return before, order, rate


def _told(session: Session, direction: str, *, since: datetime) -> dict[PersonKey, tuple[datetime, bool]]:
    single = follow_observations.c
    recent = sa.and_(single.source.in_(_EXACT), single.at >= since, single.is_folded)
    return {one.person: (one.at, one.is_following) for one in _read_observations(session, direction, recent)}


def _events(session: Session, direction: str, people: Collection[PersonKey]) -> _Events:
    """The events of ``people``, each person's in order of time."""
    happened, spell = follow_history.c, spells_table.c
    begun = sa.and_(
        spell.person_id == happened.person_id, spell.direction == happened.direction, spell.started_at == happened.at
    )
    statement = (
        sa.select(follow_history, spell.started_after)
        .outerjoin(spells_table, sa.and_(begun, happened.action == Action.FOLLOW))
        .where(happened.direction == direction, happened.person_id == sa.any_(_ids(people)))
        .order_by(happened.person_id, happened.at, happened.action.desc())
    )
    events = (_event(row) for row in session.execute(statement))
    return {person: list(of_one) for person, of_one in groupby(events, key=lambda event: event.person)}


def _event(row: Any) -> Event:
    return Event(
        person=PersonKey(row.person_id.bytes),
        action=Action(row.action),
        at=row.at.astimezone(UTC),
        status=Status(row.status),
        source=Source(row.source),
        reason=row.reason,
        recorded_at=row.recorded_at.astimezone(UTC),
        is_baseline=row.is_baseline,
        last_missing_at=row.started_after and row.started_after.astimezone(UTC),
        last_seen_at=row.last_seen_at and row.last_seen_at.astimezone(UTC),
        first_missing_at=row.first_missing_at and row.first_missing_at.astimezone(UTC),
    )


# what is written


def _write_verdicts(session: Session, direction: str, verdicts: Mapping[ScrapeId, Judged]) -> None:
    """The verdicts; everything of ``direction`` that could be read is folded now."""
    statement = (
        sa.update(follow_scrapes)
        .where(follow_scrapes.c.id == sa.bindparam("scrape"))
        .values({name: sa.bindparam(f"new_{name}") for name in (*_NUMBERS, "verdict", "why", "is_folded")})
    )
    rows = [_verdict_row(scrape, judged) for scrape, judged in verdicts.items()]
    if rows:
        session.connection().execute(statement, rows)
    single = follow_observations.c
    session.execute(
        sa.update(follow_observations).where(single.direction == direction, ~single.is_folded).values(is_folded=True)
    )


_NUMBERS = ("at_risk_count", "added_count", "missing_count", "expected_missing")


def _verdict_row(scrape: ScrapeId, judged: Judged) -> dict[str, object]:
    numbers = (judged.at_risk, judged.added, judged.missing, judged.expected_missing)
    row: dict[str, object] = {f"new_{name}": number for name, number in zip(_NUMBERS, numbers, strict=True)}
    verdict = judged.verdict
    return row | {"scrape": scrape, "new_verdict": verdict.kind, "new_why": verdict.why, "new_is_folded": True}


def _write_events(session: Session, direction: str, events: _Events, last_seen: Mapping[PersonKey, datetime]) -> None:
    """The events of these persons and the spells that they make; they have none yet."""
    people = {person: uuid.UUID(bytes=person) for person in events}
    bulk.copy(
        session, follow_history, _COPIED[follow_history],
        [_event_row(event, direction, people[person]) for person in events for event in events[person]],
    )  # fmt: skip
    ids, spells = list(people.items()), follow_spells(_frame(events))
    rows = []
    for number, nth, started_at, started_after, seen_at, ended_at, is_confirmed in spells.iter_rows():
        key, person = ids[number]
        status = None if ended_at is None else Status.CONFIRMED if is_confirmed else Status.PROVISIONAL
        seen = last_seen[key] if ended_at is None else seen_at
        rows.append((person, direction, nth, started_at, started_after, seen, ended_at, status))
    bulk.copy(session, spells_table, _COPIED[spells_table], rows)


def _frame(events: _Events) -> pl.DataFrame:
    """The events as a frame, the persons numbered as they come."""
    rows = [(number, event) for number, of_one in enumerate(events.values()) for event in of_one]
    columns = {
        "person": [number for number, _ in rows],
        "is_follow": [event.action is Action.FOLLOW for _, event in rows],
        "at": [event.at for _, event in rows],
        "not_before": [event.last_missing_at or event.last_seen_at for _, event in rows],
        "is_confirmed": [event.status is Status.CONFIRMED for _, event in rows],
    }
    return pl.DataFrame(columns, schema=EVENTS)


def _event_row(event: Event, direction: str, person: uuid.UUID) -> tuple[object, ...]:
    return (
        uuid.uuid5(KEYS, f"{direction} {person} {event.action} {event.at.isoformat()}"), person, direction, event.action,
        event.source, event.at, event.is_baseline, event.last_seen_at, event.first_missing_at, event.status,
        event.reason, event.recorded_at,
    )  # fmt: skip


_COPIED = {
    follow_history: (
        "id", "person_id", "direction", "action", "source", "at", "is_baseline", "last_seen_at", "first_missing_at",
        "status", "reason", "recorded_at",
    ),
    spells_table: (
        "person_id", "direction", "number", "started_at", "started_after", "last_seen_at", "ended_at", "end_status",
    ),
}  # fmt: skip


def _write_sighting(session: Session, direction: str, taken: ListTaken) -> None:
    """Whoever follows still and stood on ``taken`` was seen then, unless they were seen later."""
    spell, listed = spells_table.c, follow_scrape_names.c
    session.execute(
        sa.update(spells_table)
        .where(
            listed.scrape_id == taken.scrape, listed.person_id == spell.person_id, spell.direction == direction,
            spell.ended_at.is_(None), spell.last_seen_at < taken.observed_at,
        )
        .values(last_seen_at=taken.observed_at)
    )  # fmt: skip


def _project(
    session: Session, direction: str, at: datetime, *, only: sa.BindParameter[list[uuid.UUID]] | None = None
) -> None:
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
    if only is not None:
        latest = latest.where(spell.person_id == sa.any_(only))
    columns = [is_open, since, until, checked]
    new = insert(profiles).from_select(["person_id", *columns, "updated_at"], latest)
    is_news = sa.or_(*(profiles.c[name].is_distinct_from(new.excluded[name]) for name in columns))
    values = {name: new.excluded[name] for name in [*columns, "updated_at"]}
    session.execute(new.on_conflict_do_update(index_elements=["person_id"], set_=values, where=is_news))


def _project_sightings(session: Session, direction: str) -> None:
    """When those who follow were looked at last: all that a list of the same people changes."""
    checked, spell = profiles.c[_PROFILE_COLUMNS[direction][3]], spells_table.c
    session.execute(
        sa.update(profiles)
        .where(
            spell.person_id == profiles.c.person_id, spell.direction == direction, spell.ended_at.is_(None),
            checked.is_distinct_from(spell.last_seen_at),
        )
        .values({checked: spell.last_seen_at})
    )  # fmt: skip


def _forget_profiles(session: Session, direction: str, at: datetime) -> None:
    """Whom no list shows any more has no follow columns: a revised decision can do that."""
    is_open, since, until, checked = _PROFILE_COLUMNS[direction]
    spell = spells_table.c
    without = sa.update(profiles).where(
        profiles.c[since].is_not(None),
        ~sa.exists().where(spell.person_id == profiles.c.person_id, spell.direction == direction),
    )
    session.execute(without.values({is_open: False, since: None, until: None, checked: None, "updated_at": at}))


def _key(person: sa.ColumnElement[Any]) -> sa.Function[bytes]:
    return sa.func.uuid_send(person, type_=sa.LargeBinary)


def _ids(people: Iterable[PersonKey]) -> sa.BindParameter[list[uuid.UUID]]:
    return sa.literal([uuid.UUID(bytes=person) for person in people], sa.ARRAY(sa.Uuid))
