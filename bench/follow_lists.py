"""What the verdict on a follow list is worth, measured on simulated followers of whom everything is known.

People come and stay for Weibull(0.7, 60 d) times, some 5,000 at once; the site lists them with the newest at the top. Lists lose rows as
sites lose them: a stretch of pages, or single rows. Nothing tells the page's own total, so all that stands between a broken list and false
unfollows are the guards.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np

from bench.figures import Figure, medians
from mhc_lab.core.ids import PersonKey, ScrapeId
from mhc_lab.following.events import Action, Event, ListTaken, Status, follow_events
from mhc_lab.following.guards import LEAST_LISTS, MEMORY, LossRate
from mhc_lab.following.verdict import Kind, Standing, judge

FOLLOWERS = 5_000
SHAPE, SCALE_DAYS = 0.7, 60.0
MEAN_DAYS = SCALE_DAYS * math.gamma(1 + 1 / SHAPE)
BEFORE_DAYS = 1_500
"""So long before the first list people began to come: by then as many leave as come."""

Numbers: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
Losing: TypeAlias = Callable[[np.random.Generator, Numbers, float], Numbers]
Tempo: TypeAlias = Callable[[np.random.Generator, Numbers], Numbers]


def measure() -> list[Figure]:
    """False unfollows, broken lists that were believed, honest ones that were not, and what a verdict costs."""
    return [*_false_unfollows(), *_recall(), *_alarms(), _cost()]


# figures


def _false_unfollows() -> Iterator[Figure]:
    """Through the real fold: daily lists, of which a tenth lose 30 % of their rows."""
    for name, losing in (("pages", pages), ("single rows", single_rows)):
        counts = [_folded(np.random.default_rng(seed), losing, days=150) for seed in range(5)]
        confirmed, false = (sum(column) for column in zip(*counts, strict=True))
        share = 100 * false / confirmed
        detail = f"{false:,} of {confirmed:,}; 10 % of daily lists lose 30 %"
        yield Figure(f"false among confirmed unfollows, {name}", share, 0.5, "%", detail)


def _recall() -> Iterator[Figure]:
    shares = "/".join(f"{100 * share:g}" for share in SHARES)
    for name, taken in (("daily", daily), ("irregular", irregular)):
        of_pages, of_rows = (_believed(np.random.default_rng(11), taken, losing) for losing in (pages, single_rows))
        found = [" ".join(f"{1 - one:.3f}" for one in believed) for believed in (of_pages, of_rows)]
        detail = f"found at {shares} % lost: pages {found[0]}, single rows {found[1]}"
        yield Figure(f"believed with 1 % lost, {name}", of_pages[SHARES.index(0.01)], 0.05, "of lists", detail)


def _alarms() -> Iterator[Figure]:
    worlds: dict[str, tuple[Taken, Tempo]] = {
        "daily": (daily, steady),
        "irregular": (irregular, steady),
        "weekly rhythm": (daily, weekly_rhythm),
        "restless days": (daily, restless),
    }
    for name, (taken, tempo) in worlds.items():
        held = [_honest_held(np.random.default_rng(seed), taken, tempo) for seed in range(3)]
        alarms, longest = sum(sum(one) for one in held), max(map(_longest, held))
        share, lists = 1_000 * alarms / (LISTS * len(held)), LISTS * len(held)
        detail = f"{alarms} of {lists:,} honest lists, at most {longest} in a row"
        yield Figure(f"false alarms, {name}", share, 2.0, "per 1,000", detail)


def _cost() -> Figure:
    """The verdict on one more daily list of 100,000 names, once the rate is known."""
    rng, names, usual = np.random.default_rng(0), 100_000, 1_300
    rate = LossRate()

    def judged() -> float:
        rate.add(missing=int(rng.poisson(usual)), at_risk=names, days=1.0)
        gone = np.sort(rng.choice(names, usual, replace=False))
        place = Place(np.arange(names), 1.0, rate, np.delete(np.arange(names), gone))
        standing = place.standing(place.now)
        began = time.perf_counter()
        _judged(standing, names)
        return 1_000 * (time.perf_counter() - began)

    (took,) = medians([judged], rounds=MEMORY + 20)
    return Figure("a verdict on 100,000 names", took, 1.0, "ms", "with the rate estimated anew")


LISTS = 1_000
SHARES = (0.005, 0.01, 0.02, 0.05)


# who follows


@dataclass(frozen=True, slots=True)
class Followers:
    """Everybody who ever followed, the newest last: the days on which they came and left."""

    came: Numbers
    left: Numbers

    def at(self, day: float) -> Numbers:
        """The numbers of those who follow on ``day``, the newest first."""
        until = np.searchsorted(self.came, day, side="right")
        following: Numbers = np.flatnonzero(self.left[:until] > day)
        return following[::-1]


def steady(rng: np.random.Generator, days: Numbers) -> Numbers:
    """Every day is like the others."""
    return np.ones(len(days))


def weekly_rhythm(rng: np.random.Generator, days: Numbers) -> Numbers:
    """Twice as many leave on the worst day of the week as on the best."""
    rhythm: Numbers = 1 + np.sin(2 * np.pi * days / 7) / 3
    return rhythm


def restless(rng: np.random.Generator, days: Numbers) -> Numbers:
    """Some days drive people away and some keep them, at random: a coefficient of variation of 30 %."""
    return rng.gamma(1 / 0.09, 0.09, len(days))


def followers(rng: np.random.Generator, *, days: float, tempo: Tempo) -> Followers:
    """Some 5,000 at any time of ``days``; a day on which the tempo is 2 drives away as many as two others."""
    came = np.sort(rng.uniform(-BEFORE_DAYS, days, rng.poisson(FOLLOWERS / MEAN_DAYS * (BEFORE_DAYS + days))))
    stays = SCALE_DAYS * rng.weibull(SHAPE, len(came))
    edges = np.arange(-BEFORE_DAYS, math.ceil(days) + 1.0)
    worn = np.concatenate([[0.0], np.cumsum(tempo(rng, edges[:-1]))])
    ends = np.interp(came, edges, worn) + stays
    left = np.where(ends < worn[-1], np.interp(ends, worn, edges), np.inf)
    return Followers(came, left)


# how lists are taken, and how they break

Taken: TypeAlias = Callable[[np.random.Generator, int], Numbers]


def daily(rng: np.random.Generator, lists: int) -> Numbers:
    """One a day, within an hour of the same time."""
    return np.arange(lists) + rng.uniform(-1 / 24, 1 / 24, lists)


def irregular(rng: np.random.Generator, lists: int) -> Numbers:
    """One a day on average, at times of nobody's choice."""
    return np.cumsum(rng.exponential(1.0, lists))


def pages(rng: np.random.Generator, listed: Numbers, share: float) -> Numbers:
    """What is left when a stretch of pages did not load."""
    lost = round(share * len(listed))
    start = rng.integers(0, len(listed) - lost + 1)
    return np.delete(listed, np.s_[start : start + lost])


def single_rows(rng: np.random.Generator, listed: Numbers, share: float) -> Numbers:
    """What is left when rows were lost here and there."""
    lost = rng.choice(len(listed), round(share * len(listed)), replace=False)
    return np.delete(listed, lost)


# the real fold


def _folded(rng: np.random.Generator, losing: Losing, *, days: int) -> tuple[int, int]:
    """How many unfollows were confirmed, and how many of them never happened."""
    world = followers(rng, days=days, tempo=steady)
    keys = [PersonKey(number.to_bytes(16)) for number in range(len(world.came))]
    broken = rng.random(days) < 0.1
    lists = []
    for number, day in enumerate(daily(rng, days)):
        listed = world.at(day)
        listed = losing(rng, listed, 0.3) if broken[number] else listed
        lists.append(_list(number, day, [keys[one] for one in listed]))
    confirmed = [event for event in follow_events(lists).events if _is_confirmed(event)]
    return len(confirmed), sum(_is_false(event, world) for event in confirmed)


START = datetime(2026, 1, 1, tzinfo=UTC)


def _list(number: int, day: float, people: Iterable[PersonKey]) -> ListTaken:
    listed, at = tuple(people), START + timedelta(days=float(day))
    return ListTaken(
        scrape=ScrapeId(UUID(int=number)), observed_at=at, recorded_at=at, is_declared_complete=True,
        reported_total=None, row_count=len(listed), people=listed,
    )  # fmt: skip


def _is_confirmed(event: Event) -> bool:
    return event.action is Action.UNFOLLOW and event.status is Status.CONFIRMED


def _is_false(event: Event, world: Followers) -> bool:
    """Whether the person still followed when they are said to have been gone."""
    until = (event.at - START) / timedelta(days=1)
    return bool(world.left[int.from_bytes(event.person)] > until + 1e-6)


# honest lists, and what would have become of broken ones in their place


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list is judged: who followed before, who follows now, and what is known of losses."""

    before: Numbers
    days: float
    rate: LossRate
    now: Numbers

    def missing(self, listed: Numbers) -> Numbers:
        """Where those stood before who are not on ``listed``."""
        return np.flatnonzero(~np.isin(self.before, listed, assume_unique=True, kind="table"))

    def standing(self, listed: Numbers) -> Standing:
        """What ``listed`` is judged by."""
        missing = self.missing(listed).tolist()
        return Standing(
            at_risk=len(self.before),
            missing=len(missing),
            days=self.days,
            rate=self.rate,
            missing_places=missing,
            previous_length=len(self.before),
        )

    def kind(self, listed: Numbers) -> Kind:
        """The verdict on ``listed``."""
        return _judged(self.standing(listed), len(listed))


def _judged(standing: Standing, names: int) -> Kind:
    return judge(
        row_count=names, name_count=names, is_declared_complete=True, reported_total=None, standing=standing
    ).kind


def places(rng: np.random.Generator, taken: Taken, tempo: Tempo) -> Iterator[Place]:
    """The place of each of ``LISTS`` honest lists among the ones before it, from where the guards may act."""
    days = taken(rng, LISTS + LEAST_LISTS)
    world = followers(rng, days=float(days[-1]), tempo=tempo)
    rate, before, at = LossRate(), world.at(days[0]), days[0]
    rate.add(missing=0, at_risk=0, days=0.0)
    for number, day in enumerate(days[1:], start=1):
        place = Place(before, float(day - at), rate, world.at(day))
        if number >= LEAST_LISTS:
            yield place
        if place.kind(place.now) is Kind.COMPLETE:
            rate.add(missing=place.missing(place.now).size, at_risk=len(before), days=place.days)
            before, at = place.now, day


def _believed(rng: np.random.Generator, taken: Taken, losing: Losing) -> list[float]:
    """By ``SHARES`` of rows lost, the share of broken lists that would have been believed."""
    believed = [
        [place.kind(losing(rng, place.now, share)) is Kind.COMPLETE for share in SHARES]
        for place in places(rng, taken, steady)
    ]
    return [float(one) for one in np.mean(believed, axis=0)]


def _honest_held(rng: np.random.Generator, taken: Taken, tempo: Tempo) -> list[bool]:
    return [place.kind(place.now) is Kind.HELD for place in places(rng, taken, tempo)]


def _longest(held: Iterable[bool]) -> int:
    """How many in a row."""
    return max((len(list(run)) for is_held, run in groupby(held) if is_held), default=0)
