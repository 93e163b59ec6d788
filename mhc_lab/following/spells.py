"""Events joined into spells: unbroken stretches of following. A re-follow opens the next spell; the first keeps its dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from mhc_lab.core.ids import PersonId
from mhc_lab.following.events import Action, Event, History, Status


@dataclass(frozen=True, slots=True)
class Spell:
    """One stretch of following: begun in (``started_after``, ``started_at``], ended in (``last_seen_at``, ``ended_at``]."""

    person: PersonId
    number: int
    started_at: datetime
    started_after: datetime | None
    """None: open before we looked (left-truncated)."""
    last_seen_at: datetime
    ended_at: datetime | None
    """None: not ended yet (right-censored at the last list)."""
    end_status: Status | None


def follow_spells(history: History) -> tuple[Spell, ...]:
    """The spells of one direction, by person and number."""
    ordered = sorted(history.events, key=lambda event: (event.person, event.at, event.action is Action.FOLLOW))
    return tuple(
        spell
        for person, events in groupby(ordered, key=lambda event: event.person)
        for spell in _of_one(list(events), history.last_seen[person])
    )


def _of_one(events: list[Event], last_seen: datetime) -> list[Spell]:
    """The spells of one person, whose events alternate and begin with a follow."""
    starts = [event for event in events if event.action is Action.FOLLOW]
    ends = [event for event in events if event.action is Action.UNFOLLOW]
    padded: list[Event | None] = [*ends, *[None] * (len(starts) - len(ends))]
    return [
        Spell(
            person=start.person,
            number=number,
            started_at=start.at,
            started_after=start.last_missing_at,
            last_seen_at=end.last_seen_at if end and end.last_seen_at else last_seen,
            ended_at=end.at if end else None,
            end_status=end.status if end else None,
        )
        for number, (start, end) in enumerate(zip(starts, padded, strict=True), start=1)
    ]
