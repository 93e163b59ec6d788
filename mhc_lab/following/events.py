"""Follow lists folded, in order of time, into follow and unfollow events.

The fold judges each list by who was following just before it, so the verdicts come out of it too. It depends on nothing but the lists:
whatever the order they were taken in, the events are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from mhc_lab.core.ids import PersonId, ScrapeId
from mhc_lab.following.verdict import Kind, Verdict, judge


@dataclass(frozen=True, slots=True)
class ListTaken:
    """A follow list as the fold sees it."""

    scrape: ScrapeId
    observed_at: datetime
    recorded_at: datetime
    is_declared_complete: bool
    reported_total: int | None
    row_count: int
    people: frozenset[PersonId]


class Action(StrEnum):
    """What happened."""

    FOLLOW = "follow"
    UNFOLLOW = "unfollow"


class Status(StrEnum):
    """How sure it is: an unfollow is confirmed by a second complete list without the name."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Event:
    """A follow or an unfollow of one person."""

    person: PersonId
    action: Action
    at: datetime
    """The list's time for a follow, ``first_missing_at`` for an unfollow."""
    status: Status
    recorded_at: datetime
    is_baseline: bool = False
    """A follow that was there before we looked: its real time is unknown."""
    last_missing_at: datetime | None = None
    """For a follow: the last complete list without the name."""
    last_seen_at: datetime | None = None
    first_missing_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What the lists of one direction say."""

    verdicts: dict[ScrapeId, Verdict]
    events: tuple[Event, ...]
    last_seen: dict[PersonId, datetime]
    """The last list on which each person stood."""


@dataclass(slots=True)
class _Fold:
    following: set[PersonId] = field(default_factory=set)
    last_seen: dict[PersonId, datetime] = field(default_factory=dict)
    last_complete: datetime | None = None
    events: list[Event] = field(default_factory=list)
    unconfirmed: dict[PersonId, int] = field(default_factory=dict)

    def judge(self, taken: ListTaken) -> Verdict:
        return judge(
            taken.people,
            row_count=taken.row_count,
            now_following=self.following,
            is_declared_complete=taken.is_declared_complete,
            reported_total=taken.reported_total,
        )

    def add(self, taken: ListTaken) -> None:
        """Everybody on the list follows; who did not before has just followed."""
        for person in sorted(taken.people - self.following):
            self.events.append(
                Event(
                    person, Action.FOLLOW, taken.observed_at, Status.CONFIRMED, taken.recorded_at,
                    is_baseline=self.last_complete is None, last_missing_at=self.last_complete,
                )
            )  # fmt: skip
            self.unconfirmed.pop(person, None)
        self.following |= taken.people
        self.last_seen.update(dict.fromkeys(taken.people, taken.observed_at))

    def end(self, taken: ListTaken) -> None:
        """Who is missing from a complete list has left; who is missing for the second time has left for certain."""
        for index in self.unconfirmed.values():
            if self.events[index].at < taken.observed_at:
                self.events[index] = replace(self.events[index], status=Status.CONFIRMED)
        self.unconfirmed = {
            person: i for person, i in self.unconfirmed.items() if self.events[i].status is Status.PROVISIONAL
        }
        gone = [p for p in self.following - taken.people if self.last_seen[p] < taken.observed_at]
        for person in sorted(gone):
            self.unconfirmed[person] = len(self.events)
            self.events.append(
                Event(
                    person, Action.UNFOLLOW, taken.observed_at, Status.PROVISIONAL, taken.recorded_at,
                    last_seen_at=self.last_seen[person], first_missing_at=taken.observed_at,
                )
            )  # fmt: skip
        self.following.difference_update(gone)
        self.last_complete = taken.observed_at


def follow_events(lists: Iterable[ListTaken]) -> History:
    """The verdict on each list of one direction, and the events they show, in order of time."""
    fold, verdicts = _Fold(), {}
    for taken in sorted(lists, key=lambda one: (one.observed_at, one.scrape)):
        verdict = verdicts[taken.scrape] = fold.judge(taken)
        if verdict.kind is Kind.HELD:
            continue
        fold.add(taken)
        if verdict.kind is Kind.COMPLETE:
            fold.end(taken)
    return History(verdicts, tuple(fold.events), fold.last_seen)
