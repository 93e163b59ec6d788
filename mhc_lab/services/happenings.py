"""What happened: room events as they were told, and interactions made from them or entered by hand.

An event is told apart by its reference, so that the same answer twice adds nothing and two tips in one second are two. What somebody said
or gave becomes an interaction that names its event; coming, leaving and following stand in the events and the follow history only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError, RefusedError, UserError
from mhc_lab.core.ids import PersonId
from mhc_lab.core.names import username
from mhc_lab.schema.happenings import TYPES, event_logs, interactions
from mhc_lab.services import audit_log, people
from mhc_lab.sources.room_events import RoomEvent, inner

MANUAL = "manual"
_FEED = "cb_events"

_TYPES = {
    "chatMessage": "CHAT_MESSAGE", "privateMessage": "PRIVATE_MESSAGE", "directMessage": "PRIVATE_MESSAGE", "tip": "TIP_EVENT",
    "fanclubJoin": "FANCLUB_JOIN", "mediaPurchase": "MEDIA_PURCHASE",
}  # fmt: skip
"""What an interaction made from an event is."""


@dataclass(frozen=True, slots=True)
class RecordedEvents:
    """What became of the events that were offered."""

    new_count: int
    known_count: int
    interaction_count: int
    """Interactions that were made from the new ones."""


@dataclass(frozen=True, slots=True)
class NewInteraction:
    """Something a person did that no feed told of."""

    type: str
    content: str
    happened_at: datetime
    metadata: Mapping[str, object] = field(default_factory=dict)
    """What else there is to know: ``tokens``, ``broadcaster``."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """A thing a person did, as it is kept."""

    id: UUID
    person: PersonId
    type: str
    content: str
    happened_at: datetime
    source: str
    metadata: Mapping[str, object] | None
    event_log_id: UUID | None

    def __str__(self) -> str:
        return f"{self.type} of {self.happened_at:%Y-%m-%d %H:%M} UTC"


_COLUMNS = [
    interactions.c[name]
    for name in ("id", "person_id", "type", "content", "happened_at", "source", "metadata", "event_log_id")
]


def record(session: Session, events: Iterable[RoomEvent], *, at: datetime) -> RecordedEvents:
    """A row for each of ``events`` that is new, and the interactions made from them; whoever is named and not known becomes a viewer.

    An event is about whoever did it, under the name they had then; the broadcaster's private message is about whom it went to.
    """
    every = _single(events)
    known = set(_known(session, every))
    offered = {reference: event for reference, event in every.items() if reference not in known}
    me = people.whose(session)
    named = {reference: name for reference, event in offered.items() if (name := _whom(event, me))}
    found = people.behind(
        session, [(name, offered[reference].happened_at) for reference, name in named.items()], role="VIEWER"
    )
    persons = {reference: found[name, offered[reference].happened_at] for reference, name in named.items()}
    rows = [_row(event, persons.get(event.reference), at) for event in offered.values()]
    added = dict(_insert(session, rows)) if rows else {}
    done = [
        _interaction(offered[reference], key, persons[reference], at)
        for reference, key in added.items()
        if reference in persons and named[reference] != me and offered[reference].method in _TYPES
    ]
    if done:
        session.execute(sa.insert(interactions), done)
    return RecordedEvents(len(added), len(every) - len(added), len(done))


def add(session: Session, person: PersonId, new: NewInteraction) -> Interaction:
    """``new`` as a row of ``person``, entered by hand.

    Raises
    ------
    UserError
        There is no such type, nothing in it, or its time has no zone.
    """
    if new.type not in TYPES:
        raise UserError(f'"{new.type}" is no kind of interaction. Choose one of: {", ".join(TYPES)}.')
    if not new.content.strip():
        raise UserError("An interaction needs some words: what did they do?")
    if new.happened_at.tzinfo is None:
        raise UserError(f'The time "{new.happened_at}" has no time zone. Write 2026-03-01T10:00Z.')
    values = {
        "person_id": person,
        "type": new.type,
        "content": new.content,
        "happened_at": new.happened_at,
        "source": MANUAL,
        "metadata": dict(new.metadata) or sa.null(),
    }
    row = session.execute(sa.insert(interactions).values(values).returning(*_COLUMNS)).one()
    return Interaction(*row)


def get(session: Session, key: UUID) -> Interaction:
    """The interaction with that key.

    Raises
    ------
    NotFoundError
        There is none.
    """
    row = session.execute(sa.select(*_COLUMNS).where(interactions.c.id == key)).one_or_none()
    if row is None:
        raise NotFoundError("interaction", str(key))
    return Interaction(*row)


def remove(session: Session, key: UUID, *, by: str) -> Interaction:
    """Take back an interaction that was entered by hand; what it was is returned, for :func:`put_back`, and stands in the audit log.

    Raises
    ------
    NotFoundError
        There is none.
    RefusedError
        It was not entered by hand.
    """
    removed = get(session, key)
    if removed.source != MANUAL:
        raise RefusedError(
            f"This {removed} was told by {removed.source}; only what was entered by hand can be taken back.",
            rule="what was told stays",
        )
    session.execute(sa.delete(interactions).where(interactions.c.id == key))
    _log(session, "interaction.remove", removed, by)
    return removed


def put_back(session: Session, removed: Interaction, *, by: str) -> None:
    """Undo :func:`remove`; twice is once."""
    values = {column.name: value for column, value in zip(_COLUMNS, _values(removed), strict=True)}
    new = insert(interactions).values(values).on_conflict_do_nothing().returning(interactions.c.id)
    if session.scalar(new) is not None:
        _log(session, "interaction.put_back", removed, by)


def _single(events: Iterable[RoomEvent]) -> dict[str, RoomEvent]:
    """One event for each reference: of several tellings the first that names somebody."""
    every: dict[str, RoomEvent] = {}
    for event in events:
        told = every.setdefault(event.reference, event)
        if event.username and not told.username:
            every[event.reference] = event
    return every


def _known(session: Session, offered: Mapping[str, RoomEvent]) -> Sequence[str]:
    references = sa.literal(list(offered), sa.ARRAY(sa.Text))
    return session.scalars(sa.select(event_logs.c.reference).where(event_logs.c.reference == sa.any_(references))).all()


def _whom(event: RoomEvent, me: str | None) -> str | None:
    """The accepted name of whom an event is about; None when it names nobody who can be."""
    name = _accepted(event.username)
    return _accepted(event.recipient) or name if event.is_private and name == me else name


def _accepted(written: str) -> str | None:
    try:
        return username(written)
    except RefusedError:
        return None


def _row(event: RoomEvent, person: PersonId | None, at: datetime) -> dict[str, object]:
    return {
        "happened_at": event.happened_at,
        "method": event.method,
        "broadcaster": event.broadcaster,
        "username": event.username,
        "person_id": person,
        "raw_event": event.raw,
        "reference": event.reference,
        "imported_at": at,
    }


def _insert(session: Session, rows: list[dict[str, object]]) -> Iterator[tuple[str, UUID]]:
    new = insert(event_logs).on_conflict_do_nothing().returning(event_logs.c.reference, event_logs.c.id)
    yield from session.execute(new, rows)


def _interaction(event: RoomEvent, key: UUID, person: PersonId, at: datetime) -> dict[str, object]:
    return {
        "person_id": person,
        "type": "DIRECT_MESSAGE" if event.is_direct else _TYPES[event.method],
        "content": event.text,
        "happened_at": event.happened_at,
        "source": _FEED,
        "metadata": _metadata(event),
        "event_log_id": key,
        "created_at": at,
    }


def _metadata(event: RoomEvent) -> dict[str, object]:
    """What the event says about its person, and what there is beside the words; what it does not say is left out."""
    about = inner(event.raw) or {}
    user, tip, message = (_object(about.get(key)) for key in ("user", "tip", "message"))
    said = {
        "broadcaster": event.broadcaster,
        "tokens": event.tokens,
        "isAnon": tip.get("isAnon"),
        "fromUser": message.get("fromUser"),
        "toUser": message.get("toUser"),
        "isDM": event.is_direct or None,
    }
    return {**user, **{key: value for key, value in said.items() if value is not None}}


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _values(one: Interaction) -> tuple[object, ...]:
    metadata = sa.null() if one.metadata is None else dict(one.metadata)
    return (one.id, one.person, one.type, one.content, one.happened_at, one.source, metadata, one.event_log_id)


def _log(session: Session, action: str, one: Interaction, by: str) -> None:
    details = {
        "person": str(one.person),
        "type": one.type,
        "content": one.content,
        "at": one.happened_at.isoformat(),
        "metadata": one.metadata,
    }
    audit_log.append(session, actor=by, action=action, subject=str(one.id), details=details)
