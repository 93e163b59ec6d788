"""What was planted in the demo world and what has to be found in it, by name, path and time, never by a key of the database.

The expected events are worked out here person by person, by another way than ``mhc_lab.following`` goes, so that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mhc_lab.demo.lists import PlantedList
from mhc_lab.demo.marks import Marks
from mhc_lab.demo.observations import PlantedObservation
from mhc_lab.demo.people import Rename
from mhc_lab.demo.saved import Saved
from mhc_lab.demo.snapshots import PlantedBroadcast
from mhc_lab.demo.stories import ExpectedKnowledge, ExpectedTimeline


@dataclass(frozen=True, slots=True)
class ExpectedList:
    """A list that was planted and what the rules make of it."""

    file_name: str
    direction: str
    observed_at: datetime
    oddity: str
    verdict: str
    name_count: int
    rejected_count: int
    duplicate_count: int


@dataclass(frozen=True, slots=True)
class ExpectedEvent:
    """A follow or unfollow that lists, feed and pages show, under the name the person carries in the end."""

    direction: str
    username: str
    action: str
    at: datetime
    is_baseline: bool
    last_seen_at: datetime | None
    first_missing_at: datetime | None
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class ExpectedBroadcast:
    """A broadcast as the affiliate feed told of it; when it really began, which the feed says to some seconds only."""

    username: str
    started_at: datetime
    last_seen_at: datetime
    snapshot_count: int
    peak_viewers: int
    followers_first: int
    followers_last: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Truth(Saved):
    """Everything that was planted; paths are relative to the demo world's media folder."""

    seed: int
    broadcaster: str
    persons: tuple[str, ...]
    rename: Rename
    untold_rename: Rename
    """Shown only by a list with numeric ids, at whose time it counts."""
    lists: tuple[ExpectedList, ...]
    events: tuple[ExpectedEvent, ...]
    file_count: int
    """Files that were taken in and kept; those missing afterwards are among them, orphans are not."""
    duplicates: tuple[tuple[str, ...], ...]
    reencoded: tuple[tuple[str, str], ...]
    """Original and copy."""
    corrupt: tuple[str, ...]
    refused: tuple[str, ...]
    opaque: tuple[str, ...]
    missing: tuple[str, ...]
    orphans: tuple[str, ...]
    broadcasts: tuple[ExpectedBroadcast, ...]
    """In order of time; the broadcaster's and those of some others."""
    without_trophy: str
    """Whom CBHours does not know."""
    knowledge: ExpectedKnowledge
    """Notes, attributes, ties, profiles, names to look at, room events and interactions."""
    timeline: ExpectedTimeline
    """Everything there is to tell of one person."""
    marks: Marks
    """Favourites, tags, primary pictures, when some were taken, what was thrown away and is not wanted again."""

    def __repr__(self) -> str:
        return (
            f"Demo world {self.seed}: {len(self.persons)} persons, {len(self.lists)} follow lists, {len(self.events)} events, "
            f"{self.file_count:,} files with {len(self.duplicates)} groups of exact duplicates"
        )


def expected_lists(lists: Iterable[PlantedList]) -> tuple[ExpectedList, ...]:
    """What has to be made of each list."""
    return tuple(
        ExpectedList(
            file_name=planted.file_name,
            direction=planted.direction,
            observed_at=planted.observed_at,
            oddity=planted.oddity,
            verdict=planted.verdict,
            name_count=len(planted.persons),
            rejected_count=planted.rejected_count,
            duplicate_count=planted.duplicate_count,
        )
        for planted in lists
    )


def expected_broadcasts(broadcasts: Iterable[PlantedBroadcast]) -> tuple[ExpectedBroadcast, ...]:
    """What the affiliate feed told of each broadcast."""
    return tuple(
        ExpectedBroadcast(
            username=planted.username,
            started_at=planted.started_at,
            last_seen_at=planted.looks[-1].at,
            snapshot_count=len(planted.looks),
            peak_viewers=max(look.viewers for look in planted.looks),
            followers_first=planted.looks[0].followers,
            followers_last=planted.looks[-1].followers,
            tags=planted.tags,
        )
        for planted in broadcasts
    )


def expected_events(
    lists: Iterable[PlantedList], observations: Iterable[PlantedObservation] = ()
) -> tuple[ExpectedEvent, ...]:
    """What all of it shows, by direction, time and name; held and refused lists show nothing."""
    believed = [one for one in lists if one.verdict in {"complete", "partial"}]
    told = list(observations)
    events = [
        event
        for direction in ("followers", "following")
        for event in _of_direction(
            direction, [one for one in believed if one.direction == direction],
            [one for one in told if one.direction == direction],
        )
    ]  # fmt: skip
    return tuple(sorted(events, key=lambda event: (event.direction, event.at, event.username, event.action)))


@dataclass(frozen=True, slots=True)
class _Evidence:
    """That somebody followed at an instant, or did not, and whether it says that this is when it changed."""

    at: datetime
    is_there: bool
    source: str

    @property
    def is_exact(self) -> bool:
        return self.source == "events_api"


def _of_direction(
    direction: str, lists: Sequence[PlantedList], told: Sequence[PlantedObservation]
) -> Iterator[ExpectedEvent]:
    baseline = next(one.observed_at for one in lists if one.verdict == "complete")
    for person in {person for one in lists for person in one.persons} | {one.person for one in told}:
        evidence = [
            _Evidence(one.observed_at, person in one.persons, "list_scrape")
            for one in lists
            if person in one.persons or one.verdict == "complete"
        ]
        evidence += [_Evidence(one.at, one.is_following, one.source) for one in told if one.person == person]
        yield from _of_person(direction, person, sorted(evidence, key=lambda one: one.at), baseline)


def _of_person(
    direction: str, person: str, evidence: Sequence[_Evidence], baseline: datetime
) -> Iterator[ExpectedEvent]:
    """One person's way through what was seen: there, there, missing from a complete list or said to have left, perhaps there again."""
    seen_at: datetime | None = None
    for number, one in enumerate(evidence):
        if one.is_there:
            if seen_at is None:
                yield _follow(direction, person, one, baseline)
            seen_at = one.at
        elif seen_at is not None:
            yield _unfollow(direction, person, one, seen_at, evidence[number + 1 :])
            seen_at = None


def _follow(direction: str, person: str, seen: _Evidence, baseline: datetime) -> ExpectedEvent:
    return ExpectedEvent(
        direction=direction,
        username=person,
        action="follow",
        at=seen.at,
        is_baseline=not seen.is_exact and seen.at <= baseline,
        last_seen_at=None,
        first_missing_at=None,
        status="confirmed",
        source=seen.source,
    )


def _unfollow(
    direction: str, person: str, missing: _Evidence, seen_at: datetime, later: Sequence[_Evidence]
) -> ExpectedEvent:
    """Certain when the feed says so, or when the next that says anything about the person says the same."""
    is_certain = missing.is_exact or bool(later and not later[0].is_there)
    return ExpectedEvent(
        direction=direction,
        username=person,
        action="unfollow",
        at=missing.at,
        is_baseline=False,
        last_seen_at=missing.at if missing.is_exact else seen_at,
        first_missing_at=missing.at,
        status="confirmed" if is_certain else "provisional",
        source=missing.source,
    )
