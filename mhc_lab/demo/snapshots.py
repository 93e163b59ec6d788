"""The demo world's broadcasts and what two services said about them: answers as they would have come, saved with their times.

The affiliate feed is looked at on the evenings on which the broadcaster is on; CBHours is asked about now once on each of them, and at
the end about the last weeks. The follower counts are near the truth: the feed is right, CBHours is some hours behind.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.demo.calendar import DAYS, day
from mhc_lab.demo.people import Cast
from mhc_lab.services import snapshots
from mhc_lab.sources.affiliate import read_rooms
from mhc_lab.sources.cbhours import read_activity, read_live

if TYPE_CHECKING:
    from mhc_lab.workbench import Workbench

MANIFEST = "manifest.json"

_MODELS = 4
_WEEKDAYS = {1, 3, 5}
_LOOKS, _FIRST_LOOK, _BETWEEN_LOOKS = 9, 18.75, 0.75
_JITTER = 4
_BEHIND = timedelta(hours=7)
_KEPT_DAYS, _SEGMENT = 56, timedelta(minutes=3)
_TZO = -300
_TAGS = "bear beard boots cigar daddy latex leather muscle new smoke"
_BATCH = 64


@dataclass(frozen=True, slots=True)
class PlantedBroadcast:
    """A person on air, and what was said of it whenever somebody looked."""

    username: str
    started_at: datetime
    ended_at: datetime
    tags: tuple[str, ...]
    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What the affiliate feed said at an instant."""

    at: datetime
    seconds_online: int
    viewers: int
    followers: int


@dataclass(frozen=True, slots=True)
class PlantedAnswer:
    """An answer as it is saved: from which service, when, and whom it was asked about."""

    file_name: str
    service: str
    at: datetime
    about: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Watched:
    """Everything the two services told of."""

    broadcasts: tuple[PlantedBroadcast, ...]
    """In order of time."""
    answers: tuple[PlantedAnswer, ...]
    without_trophy: str
    """A person CBHours does not know."""


def plant(cast: Cast, *, seed: int) -> Watched:
    """All broadcasts of the world and all answers about them."""
    rng = Random(f"{seed} snapshots")  # noqa: S311
    known = sorted(set(cast.following) - {cast.rename.new})
    *models, without_trophy = rng.sample(known, _MODELS + 1)
    evenings = [n for n in range(2, DAYS) if day(n).weekday() in _WEEKDAYS and rng.random() < 0.9]
    crowds = {cast.broadcaster: _Crowd.of(cast)} | {model: _Crowd.grown(rng) for model in models}
    broadcasts = [
        _looked_at(rng, one, number, crowds[person])
        for number in evenings
        for person in crowds
        for one in _evening(rng, person, number, likely=1 if person == cast.broadcaster else 0.35)
    ]
    broadcasts.sort(key=lambda one: (one.started_at, one.username))
    asked = [day(number + rng.uniform(20.5, 22) / 24) for number in evenings]
    own = [one for one in broadcasts if one.username == cast.broadcaster and one.started_at >= day(DAYS - _KEPT_DAYS)]
    answers = [
        *_affiliate_answers(broadcasts),
        *(_live_answer(rng, at, broadcasts, crowds) for at in asked),
        _activity_answer(rng, cast.broadcaster, own, crowds[cast.broadcaster]),
        _unknown_answer(without_trophy),
    ]
    return Watched(tuple(broadcasts), tuple(answers), without_trophy)


def write(answers: Iterable[PlantedAnswer], folder: Path) -> None:
    """The answers and their manifest in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for answer in answers:
        (folder / answer.file_name).write_bytes(answer.content)
        entry = {
            "file": answer.file_name,
            "service": answer.service,
            "at": answer.at.isoformat(),
            "about": answer.about,
        }
        entries.append(entry)
    (folder / MANIFEST).write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def take_in(wb: Workbench, folder: Path, *, progress: Progress = SILENT) -> None:
    """Record what the answers in ``folder`` say; what is known already stays as it is."""
    entries = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for start in range(0, len(entries), _BATCH):
        with wb.transaction() as session:
            for entry in entries[start : start + _BATCH]:
                content, at = (folder / entry["file"]).read_bytes(), datetime.fromisoformat(entry["at"])
                match entry["service"]:
                    case "affiliate":
                        snapshots.record_affiliate(session, read_rooms(content).rooms, observed_at=at)
                    case "cbhours live":
                        snapshots.record_cbhours_live(session, read_live(content).rooms, checked_at=at)
                    case _:
                        activity = read_activity(content, tzo=_TZO)
                        snapshots.record_cbhours_activity(session, activity, username=entry["about"], asked_at=at)
        progress(min(start + _BATCH, len(entries)), len(entries), "answers of services")


@dataclass(frozen=True, slots=True)
class _Crowd:
    """How many follow somebody at any instant."""

    began: Sequence[datetime]
    ended: Sequence[datetime]
    base: int = 0
    daily: float = 0.0

    @classmethod
    def of(cls, cast: Cast) -> _Crowd:
        """The broadcaster's, as it truly is."""
        stays = [stay for several in cast.followers.values() for stay in several]
        return cls(sorted(stay.began for stay in stays), sorted(stay.ended for stay in stays if stay.ended))

    @classmethod
    def grown(cls, rng: Random) -> _Crowd:
        return cls((), (), rng.randrange(400, 9000), rng.uniform(-1, 12))

    def at(self, moment: datetime) -> int:
        grown = self.base + self.daily * ((moment - day(0)) / timedelta(days=1))
        return round(grown) + bisect_right(self.began, moment) - bisect_right(self.ended, moment)


def _evening(rng: Random, person: str, number: int, *, likely: float) -> Iterator[PlantedBroadcast]:
    """Mostly one broadcast; now and then another one after a break."""
    if rng.random() >= likely:
        return
    began, hours = number + rng.uniform(18.9, 20.5) / 24, rng.uniform(1.6, 3.2)
    tags = tuple(sorted(rng.sample(_TAGS.split(), rng.randrange(2, 5)))) if rng.random() < 0.88 else ()
    yield PlantedBroadcast(person, day(began), day(began + hours / 24), tags)
    if rng.random() < 0.06:
        again = began + (hours + 0.5) / 24
        yield PlantedBroadcast(person, day(again), day(again + 1 / 24), tags)


def _looked_at(rng: Random, broadcast: PlantedBroadcast, number: int, crowd: _Crowd) -> PlantedBroadcast:
    times = [day(number + (_FIRST_LOOK + _BETWEEN_LOOKS * turn) / 24) for turn in range(_LOOKS)]
    most = rng.randrange(15, 90)
    looks = [
        Look(
            at=at,
            seconds_online=max(round((at - broadcast.started_at).total_seconds()) + rng.randint(-_JITTER, _JITTER), 0),
            viewers=rng.randrange(most // 3, most),
            followers=crowd.at(at),
        )
        for at in times
        if broadcast.started_at <= at < broadcast.ended_at
    ]
    return PlantedBroadcast(broadcast.username, broadcast.started_at, broadcast.ended_at, broadcast.tags, tuple(looks))


def _affiliate_answers(broadcasts: Sequence[PlantedBroadcast]) -> Iterator[PlantedAnswer]:
    """A page for every look at which somebody was on; every tenth has a room twice and one that is none."""
    seen: dict[datetime, list[dict[str, object]]] = {}
    for broadcast in broadcasts:
        for look in broadcast.looks:
            seen.setdefault(look.at, []).append(_room(broadcast, look))
    for number, (at, rooms) in enumerate(sorted(seen.items())):
        extra = [rooms[0], {"username": "not a name!", "num_users": 1}] if number % 10 == 0 else []
        page = {"count": len(rooms), "results": [*rooms, *extra]}
        yield _answer("affiliate", at, page)


def _room(broadcast: PlantedBroadcast, look: Look) -> dict[str, object]:
    name = broadcast.username
    return {
        "username": name.title() if name < "m" else name,
        "slug": name,
        "display_name": name.replace("_", " ").title(),
        "gender": "m",
        "age": 21 + len(name),
        "birthday": "",
        "location": "Somewhere",
        "country": "CO",
        "spoken_languages": "English, español",
        "current_show": "public",
        "room_subject": f"Hello {' '.join(f'#{tag}' for tag in broadcast.tags)}".strip(),
        "tags": list(broadcast.tags),
        "is_new": False,
        "is_hd": True,
        "num_users": look.viewers,
        "num_followers": look.followers,
        "seconds_online": look.seconds_online,
        "image_url": f"https://img.invalid/ri/{name}.jpg",
        "image_url_360x270": f"https://img.invalid/riw/{name}.jpg",
        "chat_room_url_revshare": f"https://site.invalid/{name}/?code=DEMO",
    }


def _live_answer(
    rng: Random, at: datetime, broadcasts: Iterable[PlantedBroadcast], crowds: dict[str, _Crowd]
) -> PlantedAnswer:
    on = {one.username: one for one in broadcasts if one.started_at <= at < one.ended_at}
    entries = {
        person: _live_entry(rng, on[person], crowd.at(at - _BEHIND)) if person in on else {"room_status": "Offline"}
        for person, crowd in crowds.items()
    }
    return _answer("cbhours live", at, {"server_status": "up", "data": entries})


def _live_entry(rng: Random, broadcast: PlantedBroadcast, followers: int) -> dict[str, object]:
    rank = rng.randrange(200, 4000)
    return {
        "room_status": "Online",
        "gender": "Male",
        "rank": rank,
        "grank": rank // 5,
        "viewers": rng.randrange(60),
        "followers": followers,
        "current_show": "public",
        "room_subject": "Hello",
        "tags": list(broadcast.tags),
        "is_new": False,
    }


def _activity_answer(
    rng: Random, broadcaster: str, broadcasts: Iterable[PlantedBroadcast], crowd: _Crowd
) -> PlantedAnswer:
    """The last weeks of the broadcaster, in segments of three minutes, told in the time of New York in winter."""
    details: dict[str, list[dict[str, object]]] = {}
    for at in (at for broadcast in broadcasts for at in _segments(broadcast)):
        local = f"{at + timedelta(minutes=_TZO):%Y-%m-%dT%H:%M}"
        details.setdefault(local[:10], []).append(_segment(rng, local, crowd.at(at - _BEHIND)))
    answer = {"status": True, "model": broadcaster, "serverStatus": True, "serverMessage": "", "details": details}
    return _answer("cbhours activity", day(DAYS + 0.4), answer, about=broadcaster)


def _segments(broadcast: PlantedBroadcast) -> Iterator[datetime]:
    at = broadcast.started_at.replace(second=0, microsecond=0)
    while at < broadcast.ended_at:
        yield at
        at += _SEGMENT


def _segment(rng: Random, local: str, followers: int) -> dict[str, object]:
    rank = rng.randrange(200, 4000)
    said = {"rank": rank, "grank": rank // 5, "followers": followers, "viewers": rng.randrange(60)}
    return {"timestamp": local, "type": "_public", "gender": "m", **{name: str(value) for name, value in said.items()}}


def _unknown_answer(person: str) -> PlantedAnswer:
    answer = {"status": "error", "message": "Error Code:300 The model is not in the database"}
    return _answer("cbhours activity", day(DAYS + 0.41), answer, about=person)


def _answer(service: str, at: datetime, answer: Mapping[str, object], *, about: str = "") -> PlantedAnswer:
    file_name = f"{service.replace(' ', '-')}-{at.astimezone(UTC):%Y-%m-%dT%H%M%S}.json"
    return PlantedAnswer(file_name, service, at, about, json.dumps(answer).encode())
