"""What the demo world's broadcaster knows about people: notes, attributes, ties, profiles, names to look at, things typed in.

It goes through the services that forms use, in one transaction: an interrupted build has all of it or nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mhc_lab.demo import calendar, note_texts
from mhc_lab.demo.people import Cast
from mhc_lab.demo.rooms import PlantedEvent
from mhc_lab.schema.notes import profile_notes
from mhc_lab.services import (
    alternates,
    attribute_definitions,
    attributes,
    collaborations,
    happenings,
    lookups,
    notes,
    people,
    profiles,
    relationships,
)  # fmt: skip
from mhc_lab.services.happenings import NewInteraction
from mhc_lab.services.notes import NewNote
from mhc_lab.services.relationship_terms import Terms

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mhc_lab.core.ids import PersonId
    from mhc_lab.workbench import Workbench

CUSTOM = {
    "label": "Night owl",
    "color": "indigo",
    "icon": "☾",
    "show_as_badge": True,
    "description": "Comes after midnight.",
}
CUSTOM_KEY = "night_owl"

_INTERACTIONS = {"tip": "TIP_EVENT", "chatMessage": "CHAT_MESSAGE"}
_FIRST_DAY = calendar.START.date()


@dataclass(frozen=True, slots=True)
class PlantedNote:
    """A note as it is in the end."""

    person: str
    category: str
    content: str
    noted_at: datetime
    source_url: str | None = None
    was: str = ""
    """What it said before somebody changed it."""
    is_deleted: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of what it says."""
        return hashlib.sha256(self.content.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PlantedPair:
    """Two who were on camera together, or two accounts of one human."""

    one: str
    other: str
    first_seen_at: datetime
    notes: str = ""


@dataclass(frozen=True, slots=True)
class PlantedTie:
    """What ``related`` is to ``person``, step by step."""

    person: str
    related: str
    steps: tuple[Terms, ...]


@dataclass(frozen=True, slots=True)
class PlantedInteraction:
    """Something entered by hand; ``is_repetition`` when the feed told of it, too."""

    person: str
    type: str
    content: str
    at: datetime
    tokens: int | None = None
    is_repetition: bool = False


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that is known about people."""

    notes: tuple[PlantedNote, ...]
    attributes: Mapping[str, Mapping[str, bool]]
    """Person → attributes in the order in which they were set; False: set and taken away again."""
    fields: Mapping[str, Mapping[str, object]]
    """Person → fields of the profile, entered by hand."""
    group: tuple[str, ...]
    """Who were all on camera together."""
    group_seen_at: datetime
    pairs: tuple[PlantedPair, ...]
    """Who was on camera with whom, beside the group."""
    alternate: PlantedPair
    ties: tuple[PlantedTie, ...]
    lookups: Mapping[str, int]
    interactions: tuple[PlantedInteraction, ...] = field(default=())


def plant(cast: Cast, events: Sequence[PlantedEvent], *, seed: int) -> Knowledge:
    """Everything known in the world with that seed."""
    rng = Random(f"{seed} knowledge")  # noqa: S311 - a world to look at, not a secret
    viewers = rng.sample(sorted(set(cast.followers) - {cast.storied, cast.rename.new}), 24)
    models = rng.sample(sorted(set(cast.following) - {cast.storied}), 8)
    return Knowledge(
        notes=tuple(_notes(rng, cast, viewers, models)),
        attributes=_attributes(cast, viewers),
        fields=_fields(cast, viewers),
        group=tuple(models[:3]),
        group_seen_at=calendar.day(60),
        pairs=(
            PlantedPair(models[3], models[4], calendar.day(75), "a guest appearance"),
            PlantedPair(cast.storied, models[5], calendar.day(150.5), "New Year's <i>show</i>"),
        ),
        alternate=PlantedPair(cast.storied, viewers[0], calendar.day(120), "same boots, same jokes"),
        ties=tuple(_ties(cast, viewers, models)),
        lookups={viewers[1]: 1, viewers[2]: 2, models[0]: 2, "nobody_here_yet": 1},
        interactions=tuple(_interactions(rng, cast, events)),
    )


def take_in(wb: Workbench, knowledge: Knowledge) -> None:
    """Tell the workbench all of it, unless it knows already."""
    at = wb.clock.now()
    with wb.transaction() as session:
        if session.scalar(sa.select(sa.exists().where(profile_notes.c.id.is_not(None)))):
            return
        known = people.find(session, _everybody(knowledge))
        _take_notes(session, knowledge.notes, author=wb.user, at=at)
        _take_attributes(session, knowledge, known, by=wb.user)
        _take_ties(session, knowledge, known)
        for name, level in knowledge.lookups.items():
            lookups.add(session, name, level=level, notes="seen in the chat", at=at)
        for done in knowledge.interactions:
            metadata = {} if done.tokens is None else {"tokens": done.tokens}
            happenings.add(session, known[done.person], NewInteraction(done.type, done.content, done.at, metadata))


def _everybody(knowledge: Knowledge) -> set[str]:
    pairs = [*knowledge.pairs, knowledge.alternate]
    return {
        *knowledge.attributes, *knowledge.fields, *knowledge.group, *(done.person for done in knowledge.interactions),
        *(name for pair in pairs for name in (pair.one, pair.other)),
        *(name for tie in knowledge.ties for name in (tie.person, tie.related)),
    }  # fmt: skip


def _take_notes(session: Session, planted: Sequence[PlantedNote], *, author: str, at: datetime) -> None:
    for one in planted:
        new = NewNote(one.person, one.was or one.content, one.category, one.source_url, one.noted_at)
        note = notes.add(session, new, author=author, at=at)
        if one.was:
            note = notes.edit(session, note.id, expected_version=note.version, content=one.content)
        if one.is_deleted:
            notes.delete(session, note.id, at=at)


def _take_attributes(session: Session, knowledge: Knowledge, known: Mapping[str, PersonId], *, by: str) -> None:
    definition = attribute_definitions.create(session, CUSTOM, key=CUSTOM_KEY, by=by)  # type: ignore[arg-type]  # some of its keys
    assert definition.key == CUSTOM_KEY  # noqa: S101
    for person, wanted in knowledge.attributes.items():
        attributes.set_many(session, known[person], dict.fromkeys(wanted, True))
        attributes.set_many(session, known[person], {key: False for key, holds in wanted.items() if not holds})
    for person, fields in knowledge.fields.items():
        profiles.edit(session, known[person], fields)


def _take_ties(session: Session, knowledge: Knowledge, known: Mapping[str, PersonId]) -> None:
    group = [known[name] for name in knowledge.group]
    collaborations.add_group(session, group, notes="the spring show", first_seen_at=knowledge.group_seen_at)
    for pair in knowledge.pairs:
        one, other = known[pair.one], known[pair.other]
        collaborations.add(session, one, other, notes=pair.notes, first_seen_at=pair.first_seen_at)
    same = knowledge.alternate
    alternates.add(session, known[same.one], known[same.other], notes=same.notes, first_seen_at=same.first_seen_at)
    for tie in knowledge.ties:
        whose, related = known[tie.person], known[tie.related]
        for terms in tie.steps:
            now = [one for one in relationships.between(session, whose, related) if one.terms.type == terms.type]
            seen = now[0].seen if now else None
            relationships.set(session, related, terms, person=whose, was=seen)


def _notes(rng: Random, cast: Cast, viewers: Sequence[str], models: Sequence[str]) -> Iterator[PlantedNote]:
    """Some dozens, of every category and form; a long one, one from right to left, one with markup; one changed, one deleted."""
    me, storied = cast.broadcaster, cast.storied
    for person, content in zip(viewers, note_texts.REMARKS, strict=False):
        yield PlantedNote(person, "note", content, _some_day(rng))
    yield PlantedNote(storied, "note", note_texts.MARKUP, calendar.day(30.5))
    yield PlantedNote(storied, "note", note_texts.RIGHT_TO_LEFT, calendar.day(40.25))
    yield PlantedNote(storied, "note", "Likes soul music; plays the sax.", calendar.day(50), was="Likes soul music.")
    yield PlantedNote(storied, "note", "Written about the wrong person.", calendar.day(51), is_deleted=True)
    for number, person in enumerate([storied, *viewers[:4]]):
        at = _some_day(rng)
        talk = note_texts.messages(rng, me, person, at, with_times=number % 2 == 0)
        yield PlantedNote(person, ("pm", "dm")[number % 2], talk, at)
    for number, person in enumerate([storied, *viewers[4:9]]):
        chat = note_texts.public_chat(rng, [me, person, *viewers[10:14]], form=number)
        yield PlantedNote(person, "public_chat", chat, _some_day(rng))
    long = note_texts.public_chat(rng, [me, *viewers], form=0, lines=note_texts.LONG_LINES)
    yield PlantedNote(viewers[9], "public_chat", long, calendar.day(100))
    for number, person in enumerate(models):
        link = f"https://site.invalid/{person}/"
        yield PlantedNote(person, "tip_menu", note_texts.tip_menu(rng, form=number), _some_day(rng), link)
    for person in [storied, *viewers[:3]]:
        yield PlantedNote(person, "tips", note_texts.tips(rng, [person, *viewers[10:13]]), _some_day(rng))


def _some_day(rng: Random) -> datetime:
    return calendar.day(rng.uniform(5, calendar.DAYS - 5))


def _attributes(cast: Cast, viewers: Sequence[str]) -> dict[str, dict[str, bool]]:
    return {
        cast.storied: {CUSTOM_KEY: True, "had_interaction": True, "watch_list": False},
        **{person: {"watch_list": True} for person in viewers[:5]},
        **{person: {"smoke_on_cam": True, "leather_fetish": True} for person in viewers[5:9]},
        viewers[9]: {"banned_me": True}, viewers[10]: {"room_banned": True, "banned_by_me": True},
        viewers[11]: {CUSTOM_KEY: True},
    }  # fmt: skip


def _fields(cast: Cast, viewers: Sequence[str]) -> dict[str, dict[str, object]]:
    """Three smoke and one does not: the attribute is derived from what the profile says."""
    return {
        cast.storied: {"irl_name": "Sam", "address_as": ["Sir", "Sam"], "rating": 5, "smoke_drink": "Sometimes / Yes"},
        viewers[0]: {"display_name": "Ámbar ✦", "location": "Medellín", "smoke_drink": "YES/no"},
        viewers[1]: {"smoke_drink": "yeah / socially", "rating": 3},
        viewers[2]: {"smoke_drink": "No / Yes", "bio": "Two lines\nof <b>text</b>"},
    }


def _ties(cast: Cast, viewers: Sequence[str], models: Sequence[str]) -> Iterator[PlantedTie]:
    me, began = cast.broadcaster, _FIRST_DAY + timedelta(days=20)
    friend = Terms("friend", tier=2, status="potential", started_on=began, notes="met at the first show")
    yield PlantedTie(me, cast.storied, (friend, replace(friend, status="active", tier=1)))
    yield PlantedTie(cast.storied, viewers[3], (Terms("partner", started_on=date(2025, 6, 1)),))
    yield PlantedTie(me, viewers[4], (Terms("sub", tier=3, status="occasional"),))
    yield PlantedTie(me, viewers[5], (Terms("dom", tier=2, status="on_hold"),))
    yield PlantedTie(me, viewers[6], (Terms("blocked", tier=3, status="banished", notes="was rude <again>"),))
    yield PlantedTie(me, models[0], (Terms("acquaintance", tier=3, status="inactive"),))
    yield PlantedTie(me, models[1], (Terms("custom", custom_label="mentor", status="decommissioned"),))


def _interactions(rng: Random, cast: Cast, events: Sequence[PlantedEvent]) -> Iterator[PlantedInteraction]:
    """Tips and words that the feed told of, typed in some seconds later as well; and what no feed knows."""
    theirs = [one for one in events if one.person == cast.storied and one.method in _INTERACTIONS]
    for event in rng.sample(theirs, 5):
        at = event.at + timedelta(seconds=rng.randrange(1, 50))
        content = event.text or "typed in"
        yield PlantedInteraction(
            cast.storied, _INTERACTIONS[event.method], content, at, event.tokens, is_repetition=True
        )
    yield PlantedInteraction(cast.storied, "TIP_EVENT", "at the meet-up", calendar.day(110.5), 500)
    yield PlantedInteraction(cast.storied, "MANUAL_NOTE", "Said hello at the fair.", calendar.day(111))
    others = sorted({one.person for one in events if one.method == "tip"} - {cast.storied, cast.broadcaster})
    for person in others[:3]:
        yield PlantedInteraction(person, "PROFILE_PASTE", "Interested in: boots, music", calendar.day(112))
