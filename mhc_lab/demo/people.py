"""Invented people: names made of syllables, and the stretches of time in which they really followed.

The lists show these stretches only in part; what can be known from the lists is worked out in ``truth``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random

from mhc_lab.demo.calendar import DAYS, day, quiet_days

PERSONS = 300
"""The broadcaster is one of them."""

_ONLY_FOLLOWED = 29
_ALSO_FOLLOWED = 41
_BEFORE_WE_LOOKED = 96
_RETURNING = 16
_BLINKING = 2
_LEAVING_AT_THE_END = 3
_RENAMED_ON, _RENAMED_LEAVES_ON = 99.5, 139.4
_RENAMED_UNTOLD_ON = 95.6
"""Nobody said so; but the list of the next night has numeric ids."""

_BEGINNINGS = "alv brin cald dov elm fjor galv hest ilm jorv kelv lorv mirv nolv orm pelv quilm rosk selv tarv ulm velv wist yarv zelv"
_ENDINGS = "ada ami ara aro ea elin enda era esto evan ia ibel ika ilo imar ina iro isha ona onde ora ovan uma una uri"
_THINGS = (
    "amber birch brook cloud coral delta ember fjord grove heron lark maple moss opal pine reed river sage sky tide"
)


@dataclass(frozen=True, slots=True)
class Stay:
    """From when to when somebody followed; open at the end when they still do."""

    began: datetime
    ended: datetime | None

    def includes(self, moment: datetime) -> bool:
        """Whether they followed at ``moment``."""
        return self.began <= moment and (self.ended is None or moment < self.ended)


@dataclass(frozen=True, slots=True)
class Rename:
    """A person who carries another name from a day on."""

    old: str
    new: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, under the name they carry in the end, with the stays of those who follow and are followed."""

    broadcaster: str
    rename: Rename
    """Known before the lists, as an alias."""
    untold_rename: Rename
    """Shown only by a list with numeric ids."""
    followers: Mapping[str, tuple[Stay, ...]]
    following: Mapping[str, tuple[Stay, ...]]

    @property
    def persons(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted({self.broadcaster, *self.followers, *self.following}))

    @property
    def storied(self) -> str:
        """Somebody of whom there is everything to tell: follows all the time, was renamed, and comes to every broadcast of the feed."""
        return self.untold_rename.new

    def name_at(self, person: str, moment: datetime) -> str:
        """The name that ``person`` carried then."""
        for rename in (self.rename, self.untold_rename):
            if person == rename.new and moment < rename.at:
                return rename.old
        return person

    def numeric_id(self, person: str) -> int:
        """The platform's number for ``person``, whatever they are called."""
        return 100_000 + 7 * self.persons.index(person)


def invent(seed: int) -> Cast:
    """The people of the world with that seed."""
    rng = Random(f"{seed} people")  # noqa: S311 - a world to look at, not a secret
    broadcaster, old_name, other_old_name, *others = names(rng, PERSONS + 2)
    only_followed, followers = others[:_ONLY_FOLLOWED], others[_ONLY_FOLLOWED:]
    followed = [*only_followed, *rng.sample(followers[2:], _ALSO_FOLLOWED)]
    return Cast(
        broadcaster=broadcaster,
        rename=Rename(old_name, followers[0], day(_RENAMED_ON)),
        untold_rename=Rename(other_old_name, followers[1], day(_RENAMED_UNTOLD_ON)),
        followers=dict(zip(followers, _follower_stays(rng, len(followers)), strict=True)),
        following=dict(zip(followed, _followed_stays(rng, len(followed)), strict=True)),
    )


def names(rng: Random, count: int) -> list[str]:
    """So many user names, each another one."""
    beginnings, endings, things = _BEGINNINGS.split(), _ENDINGS.split(), _THINGS.split()
    made: dict[str, None] = {}
    while len(made) < count:
        name = rng.choice(beginnings) + rng.choice(endings)
        shape = rng.random()
        if shape < 0.35:
            name = f"{name}_{rng.choice(things)}"
        elif shape < 0.6:
            name = f"{name}{rng.randrange(2, 60)}"
        elif shape < 0.7:
            name = f"{rng.choice(things)}_{name}_{rng.randrange(10)}"
        made[name] = None
    return list(made)


def _follower_stays(rng: Random, count: int) -> Iterator[tuple[Stay, ...]]:
    """The two who are renamed, those who come back, those whom a single list misses, those who leave at the very end, and the others."""
    yield (Stay(day(-rng.uniform(20, 200)), day(_RENAMED_LEAVES_ON)),)
    yield (Stay(day(-rng.uniform(20, 200)), None),)
    for _ in range(_RETURNING):
        yield _two_stays(rng)
    for number in quiet_days(rng, _BLINKING):
        yield Stay(day(-rng.uniform(5, 90)), day(number)), Stay(day(number + 0.5), None)
    for _ in range(_LEAVING_AT_THE_END):
        yield (Stay(day(rng.uniform(-60, 100)), day(DAYS - 1)),)
    others = count - 2 - _RETURNING - _BLINKING - _LEAVING_AT_THE_END
    for number in range(others):
        began = -rng.uniform(1, 400) if number < _BEFORE_WE_LOOKED else rng.uniform(0.5, DAYS - 10)
        yield (_stay(rng, began, shortest=3, typical=230),)


def _followed_stays(rng: Random, count: int) -> Iterator[tuple[Stay, ...]]:
    for number in range(count):
        began = -rng.uniform(1, 600) if number % 3 else rng.uniform(4, DAYS - 30)
        yield (_stay(rng, began, shortest=15, typical=240),)


def _stay(rng: Random, began: float, *, shortest: float, typical: float) -> Stay:
    """Many leave soon, some stay for ever: a Weibull length with a falling hazard, counted from when we began to look."""
    ended = max(began, 0) + shortest + rng.weibullvariate(typical, 0.75)
    return Stay(day(began), day(ended) if ended < DAYS else None)


def _two_stays(rng: Random) -> tuple[Stay, Stay]:
    began, length, away = rng.uniform(-80, 40), rng.uniform(10, 45), rng.uniform(5, 30)
    left = max(began, 0) + length
    return Stay(day(began), day(left)), _stay(rng, left + away, shortest=6, typical=60)
