"""What happened in the demo world's own room in the weeks of the feed: who came, spoke, tipped and left, and messages outside.

The events are written in the three shapes in which programs have kept them, some of them more than once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from mhc_lab.demo.observations import FEED_FROM, FEED_UNTIL
from mhc_lab.demo.people import Cast
from mhc_lab.demo.snapshots import PlantedBroadcast, Watched

FILE = "room-events.json"
TOKEN = "DEMO-TOKEN-THAT-OPENS-THE-FEED"  # noqa: S105 - invented, and to be found nowhere afterwards
REPEATED = 12
"""Events that the file holds a second time."""

_GUESTS = (6, 13)
_SHAPES = ("envelope", "row", "text")
_LINES = (
    "hello",
    "hi there",
    "good evening",
    "nice shirt",
    "love the music",
    "what is the goal?",
    "back again",
    "brb",
    "good night",
)
_THANKS = ("", "for you", "Song | louder please", "keep going", "<b>bravo</b>")
_SUBJECTS = ("Relaxed evening #smoke #leather", "Goal: new boots #boots", "Talk and music #new")


@dataclass(frozen=True, slots=True)
class PlantedEvent:
    """One event, under the name its person carries in the end."""

    method: str
    person: str
    at: datetime
    is_inside: bool = True
    """Whether it was in the broadcaster's room."""
    text: str = ""
    tokens: int | None = None
    recipient: str = ""
    said: Mapping[str, object] = field(default_factory=dict)
    """What stands in the event beside room and user."""

    def about(self, broadcaster: str) -> str:
        """Whose timeline it belongs to: the broadcaster's message is about whom it went to."""
        return self.recipient if self.recipient and self.person == broadcaster else self.person


def plant(cast: Cast, watched: Watched, *, seed: int) -> tuple[PlantedEvent, ...]:
    """All events of the rooms, in order of time."""
    rng = Random(f"{seed} rooms")  # noqa: S311 - a world to look at, not a secret
    evenings = [
        one
        for one in watched.broadcasts
        if one.username == cast.broadcaster and one.started_at > FEED_FROM and one.ended_at < FEED_UNTIL
    ]
    events = [event for evening in evenings for event in _evening(rng, cast, evening)]
    events += _twins(cast, evenings[1])
    events += _outside(rng, cast, evenings)
    return tuple(sorted(events, key=lambda one: (one.at, one.method, one.person)))


def write(events: Sequence[PlantedEvent], cast: Cast, folder: Path, *, seed: int) -> dict[str, object]:
    """The events as one answer of the events API in ``folder``, and its entry for the manifest."""
    rng = Random(f"{seed} room file")  # noqa: S311
    written = [_written(event, cast, number, _SHAPES[number % 3]) for number, event in enumerate(events)]
    numbers = rng.sample(range(0, len(events), 3), REPEATED)
    repeated = [_written(events[number], cast, number, rng.choice(("envelope", "text"))) for number in numbers]
    address = f"https://eventsapi.invalid/events/{cast.broadcaster}/{TOKEN}/?i=0&timeout=30"
    answer = {"events": [*written, *repeated], "nextUrl": address}
    (folder / FILE).write_text(json.dumps(answer, indent=1), encoding="utf-8")
    return {"file": FILE, "kind": "feed"}


def _evening(rng: Random, cast: Cast, evening: PlantedBroadcast) -> Iterator[PlantedEvent]:
    """A broadcast: its beginning and subject, its guests, its end."""
    me, began, ended = cast.broadcaster, evening.started_at, evening.ended_at
    subject = rng.choice(_SUBJECTS)
    yield PlantedEvent("broadcastStart", me, began)
    yield PlantedEvent("roomSubjectChange", "", began + timedelta(seconds=20), text=subject, said={"subject": subject})
    following = [name for name, stays in cast.followers.items() if any(stay.includes(began) for stay in stays)]
    for guest in sorted({cast.storied, *rng.sample(sorted(following), rng.randrange(*_GUESTS))}):
        yield from _visit(rng, guest, me, (began, ended))
    for _ in range(4):
        yield _chat(me, _between(rng, began, ended), rng.choice(_LINES))
    yield PlantedEvent("broadcastStop", me, ended)


def _visit(rng: Random, guest: str, me: str, evening: tuple[datetime, datetime]) -> Iterator[PlantedEvent]:
    began, ended = evening
    came = _between(rng, began, began + (ended - began) / 2)
    left = _between(rng, came + timedelta(minutes=5), ended)
    yield PlantedEvent("userEnter", guest, came)
    for _ in range(rng.randrange(4)):
        yield _chat(guest, _between(rng, came, left), rng.choice(_LINES))
    for _ in range(rng.choice((0, 0, 1, 2))):
        yield _tip(guest, _between(rng, came, left), rng.choice((1, 5, 25, 50, 111)), rng.choice(_THANKS))
    if rng.random() < 0.1:
        yield _message(guest, me, _between(rng, came, left), "are you there?")
    if rng.random() < 0.04:
        yield PlantedEvent("fanclubJoin", guest, _between(rng, came, left))
    if rng.random() < 0.06:
        media = {"id": rng.randrange(10**6), "type": "photos", "name": "Boots, part 2", "tokens": 99}
        at = _between(rng, came, left)
        yield PlantedEvent("mediaPurchase", guest, at, text="Boots, part 2", tokens=99, said={"media": media})
    if rng.random() < 0.02:
        yield PlantedEvent("waveHand", guest, _between(rng, came, left), said={"style": "both hands"})
    yield PlantedEvent("userLeave", guest, left)


def _twins(cast: Cast, evening: PlantedBroadcast) -> Iterator[PlantedEvent]:
    """Two equal tips within one second, both genuine."""
    for milliseconds in (100, 700):
        yield _tip(cast.storied, evening.started_at + timedelta(minutes=40, milliseconds=milliseconds), 25, "twice!")


def _outside(rng: Random, cast: Cast, evenings: Sequence[PlantedBroadcast]) -> Iterator[PlantedEvent]:
    """Direct messages after some broadcasts, and answers to them."""
    for evening in rng.sample(list(evenings), 4):
        at = _between(rng, evening.ended_at + timedelta(hours=1), evening.ended_at + timedelta(hours=5))
        yield _message(cast.storied, cast.broadcaster, at, "thank you for tonight", is_inside=False)
        answered = at + timedelta(minutes=7)
        yield _message(cast.broadcaster, cast.storied, answered, "see you on Friday", is_inside=False)


def _chat(person: str, at: datetime, text: str) -> PlantedEvent:
    return PlantedEvent("chatMessage", person, at, text=text, said={"message": {"message": text, "font": "default"}})


def _tip(person: str, at: datetime, tokens: int, text: str) -> PlantedEvent:
    said = {"tip": {"tokens": tokens, "isAnon": False, "message": text}}
    return PlantedEvent("tip", person, at, text=text, tokens=tokens, said=said)


def _message(person: str, recipient: str, at: datetime, text: str, *, is_inside: bool = True) -> PlantedEvent:
    said = {"message": {"message": text, "fromUser": person, "toUser": recipient}}
    return PlantedEvent("privateMessage", person, at, is_inside, text, recipient=recipient, said=said)


def _between(rng: Random, first: datetime, last: datetime) -> datetime:
    """An instant to the millisecond, as ids of events have it."""
    moment = first + (last - first) * rng.random()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _written(event: PlantedEvent, cast: Cast, number: int, shape: str) -> object:
    """An envelope, its inner object in the row of a log, or the envelope as text; rows of a log have no id of the event."""
    about: dict[str, object] = {"broadcaster": cast.broadcaster if event.is_inside else "", **event.said}
    if event.person:
        about["user"] = {"username": cast.name_at(event.person, event.at), "gender": "m", "inFanclub": False}
    if shape == "row":
        return {"method": event.method, "created_at": event.at.isoformat(), "raw_event": about}
    envelope = {"method": event.method, "id": f"{round(event.at.timestamp() * 1000)}-{number}", "object": about}
    return json.dumps(envelope) if shape == "text" else envelope
