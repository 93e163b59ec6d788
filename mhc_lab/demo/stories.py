"""What has to be found of rooms and of what is known about people, and one person's timeline without anything told twice.

Worked out from what was planted, by another way than the services go. Changes of attributes and relationships bear the time of the build.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from mhc_lab.demo.knowledge import Knowledge
from mhc_lab.demo.people import Cast
from mhc_lab.demo.rooms import PlantedEvent

_SAID_OR_GIVEN = {"chatMessage", "privateMessage", "tip", "mediaPurchase", "fanclubJoin"}
_KINDS = {
    "chatMessage": "chat", "privateMessage": "message", "tip": "tip", "mediaPurchase": "purchase", "fanclubJoin": "purchase",
    "userEnter": "visit", "userLeave": "visit", "TIP_EVENT": "tip", "MANUAL_NOTE": "note", "PROFILE_PASTE": "note",
}  # fmt: skip
_SMOKING = {"YES", "YEAH", "SOMETIMES"}


@dataclass(frozen=True, slots=True)
class ExpectedNote:
    """A note, told from others by what it says."""

    username: str
    category: str
    noted_at: datetime
    digest: str
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class ExpectedPair:
    """Two persons, in order of name."""

    one: str
    other: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class ExpectedRelationship:
    """What ``related`` is to ``username`` in the end, after so many changes."""

    username: str
    related: str
    type: str
    status: str
    tier: int
    change_count: int


@dataclass(frozen=True, slots=True)
class ExpectedKnowledge:
    """Everything known about people, and how many events and interactions there are."""

    room_events: dict[str, int]
    """Method → how many, follows and unfollows among them."""
    interactions: int
    """Made from events."""
    manual_interactions: int
    repeated_interactions: int
    """Of those entered by hand: what the feed told of, too."""
    notes: tuple[ExpectedNote, ...]
    attributes: tuple[tuple[str, str], ...]
    """Person and attribute that holds, derived ones included."""
    collaborations: tuple[ExpectedPair, ...]
    alternates: tuple[ExpectedPair, ...]
    relationships: tuple[ExpectedRelationship, ...]
    fields: tuple[tuple[str, str, str], ...]
    """Person, field of the profile, value as JSON."""
    lookups: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ExpectedMoment:
    """One thing in a timeline; without a time when it is that of the build."""

    at: datetime | None
    kind: str
    text: str
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ExpectedTimeline:
    """Everything there is to tell of one person, each thing once, in any order."""

    username: str
    moments: tuple[ExpectedMoment, ...]


def expected_knowledge(
    cast: Cast, knowledge: Knowledge, events: Sequence[PlantedEvent], told: dict[str, int]
) -> ExpectedKnowledge:
    """What has to be found; ``told`` are the events of the feed about following, by method."""
    made = [one for one in events if one.method in _SAID_OR_GIVEN and one.about(cast.broadcaster) != cast.broadcaster]
    return ExpectedKnowledge(
        room_events=dict(sorted((Counter(one.method for one in events) + Counter(told)).items())),
        interactions=len(made),
        manual_interactions=len(knowledge.interactions),
        repeated_interactions=sum(one.is_repetition for one in knowledge.interactions),
        notes=tuple(
            ExpectedNote(one.person, one.category, one.noted_at, one.digest, one.is_deleted) for one in knowledge.notes
        ),
        attributes=tuple(sorted(_attributes(knowledge))),
        collaborations=tuple(sorted(_collaborations(knowledge), key=lambda pair: (pair.one, pair.other))),
        alternates=(_pair(knowledge.alternate.one, knowledge.alternate.other, knowledge.alternate.first_seen_at),),
        relationships=tuple(
            ExpectedRelationship(
                tie.person, tie.related, tie.steps[-1].type, tie.steps[-1].status, tie.steps[-1].tier, len(tie.steps)
            )
            for tie in knowledge.ties
        ),
        fields=tuple(
            (person, name, json.dumps(value))
            for person, fields in knowledge.fields.items()
            for name, value in fields.items()
        ),
        lookups=tuple(sorted(knowledge.lookups.items())),
    )


def expected_timeline(
    cast: Cast,
    renamed_at: datetime,
    followed: Iterable[datetime],
    events: Iterable[PlantedEvent],
    knowledge: Knowledge,
) -> ExpectedTimeline:
    """The timeline of the one of whom there is everything to tell; ``followed`` is when they began to follow, stopped, or were found to."""
    who = cast.storied
    moments = [ExpectedMoment(renamed_at, "rename", "")]
    moments += [ExpectedMoment(at, "follow", "") for at in followed]
    moments += [
        ExpectedMoment(one.at, _KINDS.get(one.method, "room"), one.text, one.tokens)
        for one in events
        if one.about(cast.broadcaster) == who
    ]
    moments += [
        ExpectedMoment(one.at, _KINDS[one.type], one.content, one.tokens)
        for one in knowledge.interactions
        if one.person == who and not one.is_repetition
    ]
    return ExpectedTimeline(who, (*moments, *_known(who, knowledge)))


def _known(who: str, knowledge: Knowledge) -> Iterator[ExpectedMoment]:
    for note in knowledge.notes:
        if note.person == who and not note.is_deleted:
            yield ExpectedMoment(note.noted_at, "note", note.content)
    for pair in knowledge.pairs:
        if who in (pair.one, pair.other):
            yield ExpectedMoment(pair.first_seen_at, "collaboration", pair.notes)
    yield ExpectedMoment(knowledge.alternate.first_seen_at, "account", knowledge.alternate.notes)
    for holds in [*knowledge.attributes.get(who, {}).values(), *_derived(knowledge, who)]:
        yield from [ExpectedMoment(None, "attribute", "")] * (1 if holds else 2)
    for tie in knowledge.ties:
        if who in (tie.person, tie.related):
            yield from (ExpectedMoment(None, "relationship", terms.notes) for terms in tie.steps)


def _attributes(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    for person, wanted in knowledge.attributes.items():
        yield from ((person, key) for key, holds in wanted.items() if holds)
    yield from ((person, "profile_smoke") for person in knowledge.fields if any(_derived(knowledge, person)))


def _derived(knowledge: Knowledge, person: str) -> list[bool]:
    """Whether the profile says that they smoke, when it says something."""
    said = knowledge.fields.get(person, {}).get("smoke_drink")
    return [True] if said is not None and str(said).split("/")[0].strip().upper() in _SMOKING else []


def _collaborations(knowledge: Knowledge) -> Iterator[ExpectedPair]:
    group = sorted(knowledge.group)
    for place, one in enumerate(group):
        yield from (_pair(one, other, knowledge.group_seen_at) for other in group[place + 1 :])
    yield from (_pair(pair.one, pair.other, pair.first_seen_at) for pair in knowledge.pairs)


def _pair(one: str, other: str, first_seen_at: datetime) -> ExpectedPair:
    return ExpectedPair(min(one, other), max(one, other), first_seen_at)
