"""Follow lists and single observations folded, in order of time, into follow and unfollow events.

The fold judges each list by who was following just before it, so the verdicts come out of it too. It depends on nothing but what was seen
and decided: whatever the order things were taken in, the events are the same. And it can stop and go on: a state that was kept, and the
lists after it, give what all lists together give.

Sources are merged by one rule. The event feed knows the instant, so its word counts: a list or a page that says otherwise within
``TOLERANCE`` after it is late, and a change that a list showed just before it is the same change, told more exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mhc_lab.core.ids import PersonKey, ScrapeId
from mhc_lab.following.guards import LEAST_NAMES, LossRate
from mhc_lab.following.verdict import Kind, Standing, Verdict, judge

TOLERANCE = timedelta(minutes=5)
"""Statements of two sources about one person that lie no further apart are about one change."""

_DAY = timedelta(days=1)


class Action(StrEnum):
    """What happened."""

    FOLLOW = "follow"
    UNFOLLOW = "unfollow"


class Status(StrEnum):
    """How sure it is: an unfollow that a list or a page shows is confirmed by a second one."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"


class Source(StrEnum):
    """Who says so."""

    FEED = "events_api"
    PAGE = "profile_scrape"
    LIST = "list_scrape"
    PERSON = "manual_import"

    @property
    def is_exact(self) -> bool:
        """Whether it knows the instant of a change, and not only how things stand."""
        return self in {Source.FEED, Source.PERSON}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person made of a list: it counts in place of the verdict of the rules."""

    kind: Kind
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ListTaken:
    """A follow list as the fold sees it."""

    scrape: ScrapeId
    observed_at: datetime
    recorded_at: datetime
    is_declared_complete: bool
    reported_total: int | None
    row_count: int
    """How many different names it had, with those that could not be read: they are people too."""
    people: tuple[PersonKey, ...]
    """In list order, each once."""
    decision: Decision | None = None
    doubts: tuple[str, ...] = ()
    """Why it is not whole although whoever took it said so, a sentence each."""

    @property
    def order(self) -> tuple[datetime, int, bytes]:
        """Its place among all that was seen."""
        return self.observed_at, 1, self.scrape.bytes


@dataclass(frozen=True, slots=True)
class Observation:
    """What the event feed, a profile page or a person says about one person."""

    person: PersonKey
    at: datetime
    is_following: bool
    source: Source
    recorded_at: datetime
    key: bytes
    sequence: int = 0
    """Its number among those of one instant, where the source counts them."""

    @property
    def order(self) -> tuple[datetime, int, bytes]:
        """Its place among all that was seen: before a list of the same instant, and as its source counts them."""
        return self.at, 0, self.sequence.to_bytes(8, "big") + self.key


@dataclass(frozen=True, slots=True)
class Event:
    """A follow or an unfollow of one person."""

    person: PersonKey
    action: Action
    at: datetime
    """The list's time for a follow, ``first_missing_at`` for an unfollow; of the event feed, the instant itself."""
    status: Status
    source: Source
    reason: str
    recorded_at: datetime
    is_baseline: bool = False
    """A follow that was there before we looked: its real time is unknown."""
    last_missing_at: datetime | None = None
    """For a follow: when the person certainly did not follow yet; ``at`` itself when the instant is known."""
    last_seen_at: datetime | None = None
    first_missing_at: datetime | None = None
    """For an unfollow: the two ends of the time in which it happened; equal when the instant is known."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on a list and the numbers behind it."""

    verdict: Verdict
    at_risk: int
    added: int
    missing: int
    expected_missing: float | None


@dataclass(slots=True)
class State:
    """Where the fold stands after everything it has taken: all that what comes later is judged by."""

    last_seen: dict[PersonKey, datetime] = field(default_factory=dict)
    """Everybody who follows now, and the last time they were seen to."""
    events: dict[PersonKey, list[Event]] = field(default_factory=dict)
    """The events of each person in order; of those whom nothing new concerns, they may be left out."""
    unconfirmed: set[PersonKey] = field(default_factory=set)
    """Whose last event is a provisional unfollow."""
    last_complete: datetime | None = None
    order: tuple[PersonKey, ...] = ()
    """The last complete list, in list order."""
    rate: LossRate = field(default_factory=LossRate)
    told: dict[PersonKey, tuple[datetime, bool]] = field(default_factory=dict)
    """The newest word of an exact source about each person; what is older than ``TOLERANCE`` may be left out."""


@dataclass(frozen=True, slots=True)
class History:
    """What the lists and observations of one direction say."""

    verdicts: dict[ScrapeId, Judged]
    events: tuple[Event, ...]
    """Of everybody to whom something happened, in order of time."""
    last_seen: dict[PersonKey, datetime]
    """Everybody who follows now, and the last time they were seen to."""


def follow_events(taken: Iterable[ListTaken | Observation], *, state: State | None = None) -> History:
    """The verdict on each list of one direction, and the events that all of it shows.

    Parameters
    ----------
    taken
        Lists and observations, in any order.
    state
        Where an earlier fold stood; everything in ``taken`` is newer than what that one took. It is changed.
    """
    fold = Fold(state or State())
    for one in sorted(taken, key=lambda one: one.order):
        fold.take(one)
    return fold.history


class Fold:
    """The fold itself, for those who cannot hold all lists at once: hand them over in the order of their ``order``."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.verdicts: dict[ScrapeId, Judged] = {}
        self.touched: dict[PersonKey, None] = {}

    @property
    def history(self) -> History:
        """What came out so far: the events of those to whom something happened since the fold began."""
        events = [event for person in self.touched for event in self.state.events[person]]
        events.sort(key=lambda event: (event.at, event.person))  # keeps the order of one person's
        return History(self.verdicts, tuple(events), self.state.last_seen)

    def take(self, one: ListTaken | Observation) -> None:
        """Fold in the next list or observation."""
        if isinstance(one, Observation):
            self._observe(one)
            return
        listed = frozenset(one.people)
        judged = self.verdicts[one.scrape] = self._judge(one, listed)
        if judged.verdict.kind in {Kind.COMPLETE, Kind.PARTIAL}:
            self._add(one)
        if judged.verdict.kind is Kind.COMPLETE:
            self._end(one, listed, judged)

    # lists

    def _judge(self, taken: ListTaken, listed: frozenset[PersonKey]) -> Judged:
        state, days = self.state, self._days_since_complete(taken.observed_at)
        missing = [person for person in state.last_seen if person not in listed]
        at_risk = len(state.last_seen)
        return Judged(
            self._verdict(taken, missing, days),
            at_risk=at_risk,
            added=len(listed) - (at_risk - len(missing)),
            missing=len(missing),
            expected_missing=state.rate.expected(at_risk=at_risk, days=days),
        )

    def _verdict(self, taken: ListTaken, missing: list[PersonKey], days: float) -> Verdict:
        if taken.decision is not None:
            return Verdict(taken.decision.kind, f"Decided by {taken.decision.by}: {taken.decision.reason}")
        gone = frozenset(missing) if len(self.state.last_seen) >= LEAST_NAMES else frozenset()
        places = [place for place, person in enumerate(self.state.order) if person in gone] if gone else []
        standing = Standing(
            at_risk=len(self.state.last_seen), missing=len(missing), days=days, rate=self.state.rate,
            missing_places=places, previous_length=len(self.state.order),
        )  # fmt: skip
        verdict = judge(
            row_count=taken.row_count, name_count=len(taken.people), is_declared_complete=taken.is_declared_complete,
            reported_total=taken.reported_total, standing=standing,
        )  # fmt: skip
        if taken.doubts and verdict.kind is Kind.PARTIAL:
            return replace(verdict, why=" ".join(taken.doubts))
        return verdict

    def _days_since_complete(self, at: datetime) -> float:
        return 0.0 if self.state.last_complete is None else (at - self.state.last_complete) / _DAY

    def _add(self, taken: ListTaken) -> None:
        """Everybody on the list follows; who did not before has just followed."""
        last_seen, at = self.state.last_seen, taken.observed_at
        new = [one for one in taken.people if one not in last_seen]
        late = [one for one in new if self._contradicts(one, at, is_following=True)] if self.state.told else []
        last_seen.update(dict.fromkeys(taken.people, at))
        for person in late:
            del last_seen[person]
        for person in new:
            if person in last_seen:
                self._followed(person, at, Source.LIST, taken.recorded_at)

    def _end(self, taken: ListTaken, listed: frozenset[PersonKey], judged: Judged) -> None:
        """Who is missing from a complete list has left; who is missing for the second time has left for certain."""
        state, at = self.state, taken.observed_at
        for person in sorted(one for one in state.unconfirmed if one not in listed):
            self._confirm(person, at - TOLERANCE, "Missing from a second complete list.")
        gone = [one for one, seen in state.last_seen.items() if one not in listed and seen < at]
        gone = sorted(one for one in gone if not self._contradicts(one, at, is_following=False))
        for person in gone:
            self._unfollowed(person, at, Source.LIST, taken.recorded_at, "Missing from one complete list.")
        days = self._days_since_complete(at)
        state.rate.add(missing=judged.missing, at_risk=judged.at_risk, days=days)
        state.last_complete, state.order = at, taken.people

    # observations

    def _observe(self, one: Observation) -> None:
        if one.source.is_exact:
            self._heed(one)
            self.state.told[one.person] = (one.at, one.is_following)
        elif not self._contradicts(one.person, one.at, is_following=one.is_following):
            self._look(one)

    def _heed(self, one: Observation) -> None:
        """The word of a source that knows the instant."""
        last = self._last(one.person)
        follows = one.person in self.state.last_seen
        if last is not None and (last.action is Action.FOLLOW) is one.is_following:
            self._repeat(one, last)
        elif one.is_following and not follows:
            self._followed(one.person, one.at, one.source, one.recorded_at)
        elif follows and last is not None and last.at < one.at:
            self._unfollowed(one.person, one.at, one.source, one.recorded_at, _SAID[one.source])
        elif follows and last is not None:
            self._take_back(one.person)
        if one.is_following:
            self.state.last_seen[one.person] = max(one.at, self.state.last_seen.get(one.person, one.at))

    def _take_back(self, person: PersonKey) -> None:
        """Whoever leaves in the instant in which they came was never here: a spell has a length."""
        self.state.events[person].pop()
        del self.state.last_seen[person]
        last = self._last(person)
        if last is not None and last.status is Status.PROVISIONAL:
            self.state.unconfirmed.add(person)
        self.touched[person] = None

    def _repeat(self, one: Observation, last: Event) -> None:
        """A change that is known already: perhaps it is told more exactly now, or for the second time."""
        if not last.source.is_exact and one.at - last.at <= TOLERANCE:
            told = replace(last, at=one.at, source=one.source, reason=_SAID[one.source], recorded_at=one.recorded_at)
            if one.is_following:
                self._put(replace(told, is_baseline=False, last_missing_at=one.at))
            else:
                self._put(replace(told, status=Status.CONFIRMED, last_seen_at=one.at, first_missing_at=one.at))
                self.state.unconfirmed.discard(one.person)
        elif not one.is_following:
            self._confirm(one.person, one.at, _SAID[one.source])

    def _look(self, one: Observation) -> None:
        """A page that shows how things stand, as a list of one would."""
        last_seen = self.state.last_seen
        if one.is_following:
            is_new = one.person not in last_seen
            last_seen[one.person] = one.at
            if is_new:
                self._followed(one.person, one.at, one.source, one.recorded_at)
        elif one.person in last_seen and last_seen[one.person] < one.at:
            self._unfollowed(one.person, one.at, one.source, one.recorded_at, _SAID[one.source])
        else:  # a page that fails to load right fails for the next minutes, too
            self._confirm(one.person, one.at - TOLERANCE, "The profile page says so, too.")

    # events

    def _contradicts(self, person: PersonKey, at: datetime, *, is_following: bool) -> bool:
        """Whether an exact source said otherwise so shortly before ``at`` that this is merely late."""
        told = self.state.told.get(person)
        return told is not None and told[1] is not is_following and at - told[0] <= TOLERANCE

    def _followed(self, person: PersonKey, at: datetime, source: Source, recorded_at: datetime) -> None:
        last = self._last(person)
        known = [
            moment for moment in (self._last_complete_after(last), last.at if last else None) if moment is not None
        ]
        before = at if source.is_exact else max(known, default=None)
        event = Event(
            person, Action.FOLLOW, at, Status.CONFIRMED, source, _SAID[source], recorded_at,
            is_baseline=before is None, last_missing_at=before,
        )  # fmt: skip
        self.state.events.setdefault(person, []).append(event)
        self.state.last_seen.setdefault(person, at)
        self.state.unconfirmed.discard(person)
        self.touched[person] = None

    def _last_complete_after(self, last: Event | None) -> datetime | None:
        """The newest complete list, unless it was merely late when the person was last heard of."""
        complete = self.state.last_complete
        if complete and last and last.source.is_exact and timedelta() <= complete - last.at <= TOLERANCE:
            return None
        return complete

    def _unfollowed(self, person: PersonKey, at: datetime, source: Source, recorded_at: datetime, reason: str) -> None:
        seen = self.state.last_seen.pop(person)
        status = Status.CONFIRMED if source.is_exact else Status.PROVISIONAL
        self.state.events[person].append(
            Event(
                person, Action.UNFOLLOW, at, status, source, reason, recorded_at,
                last_seen_at=at if source.is_exact else seen, first_missing_at=at,
            )
        )  # fmt: skip
        if status is Status.PROVISIONAL:
            self.state.unconfirmed.add(person)
        self.touched[person] = None

    def _confirm(self, person: PersonKey, at: datetime, reason: str) -> None:
        """The last event of ``person``, when it is a provisional unfollow from before ``at``, is certain now."""
        last = self._last(person)
        if person in self.state.unconfirmed and last is not None and last.at < at:
            self._put(replace(last, status=Status.CONFIRMED, reason=reason))
            self.state.unconfirmed.discard(person)

    def _put(self, event: Event) -> None:
        """In place of the last event of this person."""
        self.state.events[event.person][-1] = event
        self.touched[event.person] = None

    def _last(self, person: PersonKey) -> Event | None:
        events = self.state.events.get(person)
        return events[-1] if events else None


_SAID = {
    Source.FEED: "The event feed says so.",
    Source.PAGE: "The profile page says so.",
    Source.LIST: "On a list.",
    Source.PERSON: "Somebody entered it.",
}
