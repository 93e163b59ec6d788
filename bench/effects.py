"""Losses after events: are p-values uniform when nothing happens, is a doubled rate found, is the ratio right, and how long does it take?

Half a year of 3,000 followers of whom 0.3 % leave per day, more by night and in some weeks than in others, and 50 events at hours that
follow a timetable of their own. Lists are taken every 6 hours; other spacings are measured beside.
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
    return [*_calibration(), *_power(), _ratio(), _speed()]


def _calibration() -> Iterator[Figure]:
    for gap in (0.0, 24.0):
        values = np.sort([_chance(_world(seed, gap=gap, ratio=1.0), seed) for seed in range(RUNS)])
        steps = np.arange(RUNS) / RUNS
        distance = float(max(np.max(steps + 1 / RUNS - values), np.max(values - steps)))
        detail = f"KS distance over {RUNS} runs, {_spacing(gap)}; {np.mean(values <= 0.05):.3f} at most 0.05"
        yield Figure(f"p-values without effect, {_spacing(gap)}", distance, KS_LIMIT / RUNS**0.5, "", detail)


def _power() -> Iterator[Figure]:
    for gap, asked in ((0.0, 0.1), (6.0, 0.1), (24.0, 1.0), (72.0, 1.0)):
        found = np.mean([_chance(_world(seed, gap=gap, ratio=2.0), seed) <= 0.05 for seed in range(POWER_RUNS)])
        yield Figure(f"doubled rate missed, {_spacing(gap)}", 1 - float(found), asked, "", f"power {found:.3f}, {EVENTS} events")


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


def _world(seed: int, *, gap: float, ratio: float) -> tuple[Losses, Rising, Hours]:
    """Losses by thinning, the lists that show them every ``gap`` hours (0: the feed says when), and the events."""
    rng = np.random.default_rng(seed)
    times = np.sort(_at_evenings(rng))
    reach = spreading.after(times, HOURS, length=LENGTH)
    hourly = FOLLOWERS * DAILY_RATE / 24
    at = np.sort(rng.random(rng.poisson(4 * hourly * LENGTH))) * LENGTH
    inside = np.searchsorted(reach.begin, at) > np.searchsorted(reach.end, at)
    rate = (1 + 0.5 * np.cos(2 * np.pi * at / 24)) * (1 + 0.3 * np.sin(2 * np.pi * at / (91 * 24))) * np.where(inside, ratio, 1)
    at = at[rng.random(at.size) * 4 < rate]
    after = at if gap == 0 else np.floor(at / gap) * gap
    until = at if gap == 0 else np.minimum(after + gap, LENGTH)
    exposed = spreading.exposure(np.zeros(1), np.array([float(FOLLOWERS)]), length=LENGTH)
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


def _spacing(gap: float) -> str:
    return "exact times" if gap == 0 else f"lists every {gap:.0f} h"
