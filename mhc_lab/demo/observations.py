"""What the demo world's other sources say: the event feed of its last weeks, with gaps and repetitions, and a few profile pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from mhc_lab.demo import calendar
from mhc_lab.demo.lists import PlantedList
from mhc_lab.demo.people import Cast

FEED = "feed.json"

FEED_FROM = calendar.day(140)
FEED_UNTIL = calendar.day(calendar.DAYS - 1.5)
_HEARD = 0.7
"""The share of events that the feed delivered; nobody was connected for the others."""
_REPEATED = 4
_PAGES = 2


@dataclass(frozen=True, slots=True)
class PlantedObservation:
    """What a source says about one person; ``is_exact`` when it knows the instant."""

    direction: str
    person: str
    at: datetime
    is_following: bool
    source: str

    @property
    def is_exact(self) -> bool:
        """Whether it is the moment itself, not only how things stood."""
        return self.source == "events_api"


def plant(cast: Cast, lists: Sequence[PlantedList], *, seed: int) -> tuple[PlantedObservation, ...]:
    """All observations of the world, in order of time."""
    rng = Random(f"{seed} observations")  # noqa: S311 - a world to look at, not a secret
    heard = [one for one in _changes(cast) if rng.random() < _HEARD]
    return tuple(sorted([*heard, *_pages(cast, lists)], key=lambda one: (one.at, one.person)))


def write(
    observations: Sequence[PlantedObservation], cast: Cast, folder: Path, *, seed: int
) -> list[dict[str, object]]:
    """The feed and the pages as files in ``folder``, and their entries for the manifest."""
    rng = Random(f"{seed} feed")  # noqa: S311
    feed = [one for one in observations if one.is_exact]
    answers = [_answer(one, cast, number) for number, one in enumerate(feed)]
    for _ in range(_REPEATED):
        answers.append(rng.choice(answers))
    answers.append(
        {"method": "tip", "id": _id(FEED_UNTIL, 0), "object": {"broadcaster": cast.broadcaster, "tip": {"tokens": 25}}}
    )
    (folder / FEED).write_text(json.dumps({"events": answers, "nextUrl": ""}, indent=1), encoding="utf-8")
    entries: list[dict[str, object]] = [{"file": FEED, "kind": "feed"}]
    for one in observations:
        if not one.is_exact:
            name = f"profile-{one.person}-{one.at:%Y-%m-%d}.html"
            (folder / name).write_text(_page(one), encoding="utf-8")
            entries.append({"file": name, "kind": "profile", "username": one.person, "scraped_at": one.at.isoformat()})
    return entries


def told(observations: Iterable[PlantedObservation]) -> Iterator[str]:
    """The method of each event in the feed, once: the follows and unfollows, and a tip by nobody."""
    yield from ("follow" if one.is_following else "unfollow" for one in observations if one.is_exact)
    yield "tip"


def _changes(cast: Cast) -> Iterator[PlantedObservation]:
    """Every follow and unfollow in the weeks of the feed."""
    for person, stays in cast.followers.items():
        for stay in stays:
            for moment, is_following in ((stay.began, True), (stay.ended, False)):
                if moment is not None and FEED_FROM < moment < FEED_UNTIL:
                    yield PlantedObservation("followers", person, moment, is_following, "events_api")


def _pages(cast: Cast, lists: Sequence[PlantedList]) -> Iterator[PlantedObservation]:
    """Pages of some whom the broadcaster had just stopped following, and of one who is followed still."""
    taken = [one.observed_at for one in lists if one.direction == "following"]
    left = sorted((stays[0].ended, person) for person, stays in cast.following.items() if stays[0].ended is not None)
    for ended, person in left[:_PAGES]:
        after = next((moment for moment in taken if moment > ended), None)
        if after is not None:
            yield PlantedObservation(
                "following", person, _middle(ended, after), is_following=False, source="profile_scrape"
            )
    person, stays = next(item for item in cast.following.items() if item[1][0].ended is None)
    yield PlantedObservation("following", person, _late(stays[0].began), is_following=True, source="profile_scrape")


def _late(began: datetime) -> datetime:
    """Some time after somebody began to be followed, and before the last list."""
    return _middle(max(began, calendar.START), calendar.day(calendar.DAYS - 8))


def _middle(first: datetime, second: datetime) -> datetime:
    return (first + (second - first) / 2).replace(microsecond=0)


def _answer(one: PlantedObservation, cast: Cast, number: int) -> object:
    """The event in one of the three shapes in which programs have stored it."""
    method = "follow" if one.is_following else "unfollow"
    said = {"broadcaster": cast.broadcaster, "user": {"username": cast.name_at(one.person, one.at), "gender": "m"}}
    envelope = {"method": method, "id": _id(one.at, number), "object": said}
    return json.dumps(envelope) if number % 5 == 4 else envelope


def _id(at: datetime, number: int) -> str:
    return f"{int(at.timestamp() * 1000)}-{number}"


def _page(one: PlantedObservation) -> str:
    """A profile page: both buttons are always there, and one of them is not to be seen."""
    follow, unfollow = ("none", "inline") if one.is_following else ("inline", "none")
    return f"""<!doctype html>
<html><head><title>{one.person}</title></head><body>
<div id="profile"><h1>{one.person}</h1>
<a class="follow_button" style="display: {follow}">Follow</a>
<a class="unfollow_button" style="display: {unfollow}">Unfollow</a></div>
</body></html>
"""
