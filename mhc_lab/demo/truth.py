"""What was planted in the demo world and what has to be found in it, by name, path and time, never by a key of the database.

The expected events are worked out here person by person, by another way than ``mhc_lab.following`` goes, so that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter

from mhc_lab.core import home
from mhc_lab.demo.lists import PlantedList
from mhc_lab.demo.people import Rename

FILE = "truth.json"


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
    """A follow or unfollow that the lists show, under the name the person carries in the end."""

    direction: str
    username: str
    action: str
    at: datetime
    is_baseline: bool
    last_seen_at: datetime | None
    first_missing_at: datetime | None
    status: str


@dataclass(frozen=True, slots=True, repr=False)
class Truth:
    """Everything that was planted; paths are relative to the demo world's media folder."""

    seed: int
    broadcaster: str
    persons: tuple[str, ...]
    rename: Rename
    lists: tuple[ExpectedList, ...]
    events: tuple[ExpectedEvent, ...]
    file_count: int
    """Files that were taken in; those missing afterwards are among them, orphans are not."""
    duplicates: tuple[tuple[str, ...], ...]
    reencoded: tuple[tuple[str, str], ...]
    """Original and copy."""
    corrupt: tuple[str, ...]
    refused: tuple[str, ...]
    opaque: tuple[str, ...]
    missing: tuple[str, ...]
    orphans: tuple[str, ...]

    def __repr__(self) -> str:
        return (
            f"Demo world {self.seed}: {len(self.persons)} persons, {len(self.lists)} follow lists, {len(self.events)} events, "
            f"{self.file_count:,} files with {len(self.duplicates)} groups of exact duplicates"
        )

    @classmethod
    def load(cls, path: Path) -> Truth:
        """The truth that was saved at ``path``."""
        return _FORM.validate_json(path.read_bytes())

    def save(self, path: Path) -> None:
        """Write it down at ``path``, the same bytes for the same world."""
        home.replace_text(path, _FORM.dump_json(self, indent=1).decode() + "\n")


_FORM = TypeAdapter(Truth)


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


def expected_events(lists: Iterable[PlantedList]) -> tuple[ExpectedEvent, ...]:
    """What the lists show, by direction, time and name; held lists show nothing."""
    events = [
        event
        for direction in ("followers", "following")
        for event in _of_direction([one for one in lists if one.direction == direction and one.verdict != "held"])
    ]
    return tuple(sorted(events, key=lambda event: (event.direction, event.at, event.username, event.action)))


def _of_direction(lists: Sequence[PlantedList]) -> Iterator[ExpectedEvent]:
    baseline = next(one.observed_at for one in lists if one.verdict == "complete")
    for person in {person for one in lists for person in one.persons}:
        yield from _of_person(person, lists, baseline)


def _of_person(person: str, lists: Sequence[PlantedList], baseline: datetime) -> Iterator[ExpectedEvent]:
    """One person's way through the lists: seen, seen, missing from a complete one, perhaps seen again."""
    seen_at: datetime | None = None
    for number, one in enumerate(lists):
        if person in one.persons:
            if seen_at is None:
                yield _follow(person, one, baseline)
            seen_at = one.observed_at
        elif seen_at is not None and one.verdict == "complete":
            yield _unfollow(person, one, seen_at, _status(person, lists[number + 1 :]))
            seen_at = None


def _follow(person: str, seen: PlantedList, baseline: datetime) -> ExpectedEvent:
    return ExpectedEvent(
        direction=seen.direction,
        username=person,
        action="follow",
        at=seen.observed_at,
        is_baseline=seen.observed_at <= baseline,
        last_seen_at=None,
        first_missing_at=None,
        status="confirmed",
    )


def _unfollow(person: str, missing: PlantedList, seen_at: datetime, status: str) -> ExpectedEvent:
    return ExpectedEvent(
        direction=missing.direction,
        username=person,
        action="unfollow",
        at=missing.observed_at,
        is_baseline=False,
        last_seen_at=seen_at,
        first_missing_at=missing.observed_at,
        status=status,
    )


def _status(person: str, later: Iterable[PlantedList]) -> str:
    """Confirmed when the next list that says anything about the person is a complete one without them."""
    telling = (one for one in later if one.verdict == "complete" or person in one.persons)
    found = next(telling, None)
    return "confirmed" if found is not None and person not in found.persons else "provisional"
