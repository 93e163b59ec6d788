"""What was seen of following, written as text: a line for each list or observation, in any order.

::

    day | who   | kind
    1   | a b c | complete
    2   | a b   | partial
    3   | a     | complete of 7
    4   | a     | complete, decided refused
    5+3 | b     | feed left

A day may have minutes behind a plus. ``feed``, ``page`` and ``typed`` say ``follows`` or ``left`` of each person named.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import polars as pl

from mhc_lab.core.ids import PersonKey, ScrapeId
from mhc_lab.following.events import Action, Decision, Event, History, ListTaken, Observation, Source, Status
from mhc_lab.following.spells import EVENTS, follow_spells
from mhc_lab.following.verdict import Kind

START = datetime(2026, 1, 1, tzinfo=UTC)
SOURCES = {"feed": Source.FEED, "page": Source.PAGE, "typed": Source.PERSON}


def seen(text: str) -> list[ListTaken | Observation]:
    """The lists and observations that ``text`` describes."""
    lines = [line for line in text.strip().splitlines()[1:] if line.strip()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [one for number, row in enumerate(cells) for one in _seen(number, *row)]


def lists(text: str) -> list[ListTaken]:
    """The lists that ``text`` describes, which has nothing else."""
    return [one for one in seen(text) if isinstance(one, ListTaken)]


def person(name: str) -> PersonKey:
    """The person called ``name`` in a text."""
    return PersonKey(name.encode())


def shown(events: tuple[Event, ...]) -> list[str]:
    """Events as short lines: ``2 a follow``, ``4 a unfollow (2, 4] provisional``, ``5+3 b unfollow exactly confirmed``."""
    return [_shown(event) for event in events]


def spells(history: History) -> list[tuple[str, int, str, str, str]]:
    """Name, number, start, the bound before it and the end of each spell; ``-`` for what is not there."""
    ordered = sorted(history.events, key=lambda event: event.person)
    people = sorted({event.person for event in ordered})
    rows = [
        (
            people.index(one.person),
            one.action is Action.FOLLOW,
            one.at,
            one.last_missing_at or one.last_seen_at,
            one.status is Status.CONFIRMED,
        )
        for one in ordered
    ]
    found = follow_spells(pl.DataFrame(rows, schema=EVENTS, orient="row"))
    return [
        (people[who].decode(), number, _day(start), _day(after), _day(end))
        for who, number, start, after, _, end, _ in found.rows()
    ]


def _shown(event: Event) -> str:
    line = f"{_day(event.at)} {event.person.decode()} {event.action}"
    if event.last_seen_at and event.first_missing_at:
        bounds = f"({_day(event.last_seen_at)}, {_day(event.first_missing_at)}]"
        line += f" {'exactly' if event.last_seen_at == event.first_missing_at else bounds} {event.status}"
    return line + (" baseline" if event.is_baseline else "")


def _day(instant: datetime | None) -> str:
    if instant is None:
        return "-"
    minutes = (instant - START) % timedelta(days=1) // timedelta(minutes=1)
    return f"{(instant - START).days}+{minutes}" if minutes else str((instant - START).days)


def _moment(day: str) -> datetime:
    days, _, minutes = day.partition("+")
    return START + timedelta(days=int(days), minutes=int(minutes or 0))


def _seen(number: int, day: str, who: str, kind: str) -> Iterator[ListTaken | Observation]:
    first, _, rest = kind.partition(" ")
    if first in SOURCES:
        for name in who.split():
            key = bytes([number]) + name.encode()
            yield Observation(person(name), _moment(day), rest == "follows", SOURCES[first], _moment(day), key)
        return
    declared, _, decision = kind.partition(", decided ")
    completeness, _, total = declared.partition(" of ")
    people = tuple(person(name) for name in who.split())
    yield ListTaken(
        scrape=ScrapeId(uuid.UUID(int=number)),
        observed_at=_moment(day),
        recorded_at=_moment(day),
        is_declared_complete=completeness == "complete",
        reported_total=int(total) if total else None,
        row_count=len(people),
        people=people,
        decision=Decision(Kind(decision), "ada", "because") if decision else None,
    )
