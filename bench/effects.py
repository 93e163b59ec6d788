"""Losses after events: whether p-values are uniform without effect, a doubled rate is found, and the ratio is right; and how fast.

Half a year of 3,000 followers of whom 0.3 % leave per day, more by night and in some weeks than in others, and 50 events
in the evening. Power is measured for a tenth of the followers, too, and p-values also for a timetable that never changes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from bench.figures import Figure
from mhc_lab.analytics import event_study, spreading
from mhc_lab.analytics.spreading import Hours, Losses, Rising

RUNS = 1000
POWER_RUNS = 200
PERMUTATIONS = 199
LENGTH, HOURS, EVENTS = 182 * 24.0, 24.0, 50
FOLLOWERS, DAILY_RATE = 3_000, 0.003
KS_LIMIT = 1.628
"""Kolmogorov's 0.99 quantile, to be divided by the root of the number of runs."""


def measure() -> list[Figure]:
    """Calibration, power, ratio and speed."""
    return [*_calibration(), _timetable(), *_power(), _ratio(), _speed()]


def _calibration() -> Iterator[Figure]:
    for gap in (0.0, 24.0):
        values = np.sort([_chance(_world(seed, gap=gap), seed) for seed in range(RUNS)])
        steps = np.arange(RUNS) / RUNS
        distance = float(max(np.max(steps + 1 / RUNS - values), np.max(values - steps)))
        detail = f"KS distance over {RUNS} runs; {np.mean(values <= 0.05):.3f} are at most 0.05"
        yield Figure(f"p-values without effect, {_spacing(gap)}", distance, KS_LIMIT / RUNS**0.5, "", detail)


def _timetable() -> Figure:
    """Events on the same three evenings of most weeks: such a test may miss what is there, and must not see what is not."""
    found = np.mean([_chance(_world(seed, gap=24.0, regular=True), seed) <= 0.05 for seed in range(RUNS)])
    return Figure("false alarms under a timetable", float(found), 0.07, "", f"{RUNS} runs at 0.05, lists every 24 h")


def _power() -> Iterator[Figure]:
    for followers, gap, asked in (
        (3_000, 6.0, 0.1),
        (300, 0.0, 0.1),
        (300, 6.0, 0.1),
        (300, 24.0, 1.0),
        (300, 72.0, 1.0),
    ):
        worlds = (_world(seed, gap=gap, ratio=2.0, followers=followers) for seed in range(POWER_RUNS))
        found = np.mean([_chance(world, seed) <= 0.05 for seed, world in enumerate(worlds)])
        name = f"doubled rate missed, {followers:,} followers, {_spacing(gap)}"
        yield Figure(name, 1 - float(found), asked, "", f"power {found:.3f}, {EVENTS} events")


def _ratio() -> Figure:
    """How far the most likely ratio is from the planted 2, on average, with daily lists; and how often its interval holds it."""
    estimates = np.array([_estimate(_world(seed, gap=24.0, ratio=2.0)) for seed in range(POWER_RUNS)])
    held = np.mean((estimates[:, 1] <= 2) & (estimates[:, 2] >= 2))
    detail = f"mean {estimates[:, 0].mean():.3f}, interval holds 2 in {held:.3f}"
    return Figure("ratio of rates, daily lists: bias", abs(float(estimates[:, 0].mean()) - 2), 0.2, "", detail)


def _speed() -> Figure:
    rng = np.random.default_rng(1)
    until = np.sort(rng.random(5_000)) * LENGTH
    losses = Losses(np.maximum(until - 6, 0), until, np.ones(5_000))
    times = np.sort(rng.random(200)) * (LENGTH - HOURS)
    began = time.perf_counter()
    lost, exposed = spreading.spread(losses), spreading.exposure(np.zeros(1), np.array([5_000.0]), length=LENGTH)
    expected = event_study.baseline(lost, exposed, length=LENGTH)
    calendars = event_study.redrawn(times, HOURS, length=LENGTH, count=999, rng=rng)
    event_study.chance(lost, expected, times, calendars, hours=HOURS)
    return Figure("999 permutations", time.perf_counter() - began, 1.0, "s", "5,000 unfollows, 200 events")


def _chance(world: tuple[Losses, Rising, Hours], seed: int) -> float:
    losses, exposed, times = world
    lost = spreading.spread(losses)
    expected = event_study.baseline(lost, exposed, length=LENGTH)
    rng = np.random.default_rng(seed + 10**6)
    calendars = event_study.redrawn(times, HOURS, length=LENGTH, count=PERMUTATIONS, rng=rng)
    return event_study.chance(lost, expected, times, calendars, hours=HOURS)


def _estimate(world: tuple[Losses, Rising, Hours]) -> tuple[float, float, float]:
    losses, exposed, times = world
    reach = spreading.after(times, HOURS, length=LENGTH)
    expected = event_study.disentangled(losses, exposed, reach, outside=reach, length=LENGTH)
    return event_study.rate_ratio(losses, expected, reach, length=LENGTH)


def _world(
    seed: int, *, gap: float, ratio: float = 1.0, followers: int = FOLLOWERS, regular: bool = False
) -> tuple[Losses, Rising, Hours]:
    """Losses by thinning, the lists that show them every ``gap`` hours (0: the feed says when), and the events."""
    rng = np.random.default_rng(seed)
    times = np.sort(_timed(rng) if regular else _at_evenings(rng))
    reach = spreading.after(times, HOURS, length=LENGTH)
    hourly = followers * DAILY_RATE / 24
    at = np.sort(rng.random(rng.poisson(4 * hourly * LENGTH))) * LENGTH
    inside = np.searchsorted(reach.begin, at) > np.searchsorted(reach.end, at)
    rate = (
        (1 + 0.5 * np.cos(2 * np.pi * at / 24))
        * (1 + 0.3 * np.sin(2 * np.pi * at / (91 * 24)))
        * np.where(inside, ratio, 1)
    )
    at = at[rng.random(at.size) * 4 < rate]
    after = at if gap == 0 else np.floor(at / gap) * gap
    until = at if gap == 0 else np.minimum(after + gap, LENGTH)
    exposed = spreading.exposure(np.zeros(1), np.array([float(followers)]), length=LENGTH)
    stretches, count = np.unique(np.stack((after, until)), axis=1, return_counts=True)
    return Losses(stretches[0], stretches[1], count.astype(float)), exposed, times


def _at_evenings(rng: np.random.Generator) -> Hours:
    """Event times: some evening or other, more often on two days of the week."""
    weights = np.repeat([1, 1, 3, 1, 3, 1, 1], 24) * np.tile(np.r_[np.zeros(16), np.ones(8)], 7)
    hour = rng.choice(168, EVENTS, p=weights / weights.sum())
    of_week = hour + rng.random(EVENTS)
    weeks = np.floor((LENGTH - HOURS - of_week) / 168) + 1
    times: Hours = np.floor(rng.random(EVENTS) * weeks) * 168 + of_week
    return times


def _timed(rng: np.random.Generator) -> Hours:
    """Event times: three evenings a week, some of them off, each some minutes early or late."""
    evenings = np.add.outer(np.arange(26) * 168.0, np.array([44.0, 92.0, 140.0])).ravel()[:-1]
    kept: Hours = evenings[rng.random(evenings.size) < 0.85]
    return kept + rng.random(kept.size)


def _spacing(gap: float) -> str:
    return "exact times" if gap == 0 else f"lists every {gap:.0f} h"
