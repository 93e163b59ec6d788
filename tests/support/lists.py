"""Follow lists written as text: a line per list, in any order.

::

    day | who   | kind
    1   | a b c | complete
    2   | a b   | partial
    3   | a     | complete of 7
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from mhc_lab.core.ids import PersonId, ScrapeId
from mhc_lab.following.events import Event, ListTaken

START = datetime(2026, 1, 1, tzinfo=UTC)


def lists(text: str) -> list[ListTaken]:
    """The lists that ``text`` describes."""
    lines = [line for line in text.strip().splitlines()[1:] if line.strip()]
    return [_list(number, *(cell.strip() for cell in line.split("|"))) for number, line in enumerate(lines)]


def person(name: str) -> PersonId:
    """The person called ``name`` in a text."""
    return PersonId(uuid.uuid5(uuid.NAMESPACE_OID, name))


def shown(events: tuple[Event, ...], *names: str) -> list[str]:
    """Events as short lines: ``2 a follow``, ``4 a unfollow (2, 4] provisional``."""
    called = {person(name): name for name in names}
    return [_shown(event, called[event.person]) for event in events]


def _shown(event: Event, name: str) -> str:
    line = f"{_day(event.at)} {name} {event.action}"
    if event.last_seen_at and event.first_missing_at:
        line += f" ({_day(event.last_seen_at)}, {_day(event.first_missing_at)}] {event.status}"
    return line + (" baseline" if event.is_baseline else "")


def _day(instant: datetime) -> int:
    return (instant - START).days


def _list(number: int, day: str, who: str, kind: str) -> ListTaken:
    people = frozenset(person(name) for name in who.split())
    declared, _, total = kind.partition(" of ")
    at = START + timedelta(days=int(day))
    return ListTaken(
        scrape=ScrapeId(uuid.UUID(int=number)),
        observed_at=at,
        recorded_at=at,
        is_declared_complete=declared == "complete",
        reported_total=int(total) if total else None,
        row_count=len(people),
        people=people,
    )
