"""Losses after events: how many there would have been without, how many times the usual rate held, and whether chance does as much.

Arrays in, numbers out; times are hours since the start of what is looked at. Losses are lines over time (:mod:`.spreading`), so a thousand
re-drawn calendars of events cost milliseconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mhc_lab.analytics.intervals import poisson_interval
from mhc_lab.analytics.spreading import Hours, Losses, Rising, Spans, spread, touching

DAY, WEEK = 24, 168
"""What repeats, in hours: losses are compared with those at the same hour of other weeks, or of other days."""

BLOCK_WEEKS = 4
"""Events are re-drawn within stretches of so many weeks, so that what changes slowly is no effect of theirs."""

PRIOR_LOSSES = 5.0
"""An hour of the week, and a stretch of weeks, is taken to be like the others until it has shown about so many losses."""

LEAST_FREE = 0.1
"""An hour of the week (or day) can be compared with when at least this share of all such hours is free of events."""

CONFIDENCE_DROP = 1.920729
"""Half the 0.95 quantile of chi-square with one degree of freedom: how far the log-likelihood may fall inside the interval."""

LARGEST_RATIO = 64.0
"""A rate so many times the usual one, or its inverse, is as good as without end."""

_ROUNDS, _EM_ROUNDS = 5, 20
_LOG_RATIOS = np.linspace(-np.log(LARGEST_RATIO), np.log(LARGEST_RATIO), 1201)
_ROUNDING = 1e-9


def baseline(
    lost: Rising, exposed: Rising, *, length: float, period: int = WEEK, without: Spans | None = None
) -> Rising:
    """How many losses were to be expected up to an instant, from the rate outside ``without``.

    The rate is a level times a factor for the hour of the ``period`` times a factor for the stretch of :data:`BLOCK_WEEKS` weeks. Each
    factor is held back towards 1 by :data:`PRIOR_LOSSES`, because 168 hours cannot be told apart by 100 losses.
    """
    edges = np.append(np.arange(np.ceil(length)), length)
    hour, block = np.arange(edges.size - 1) % period, _block(edges[:-1], length)
    everybody, losses = np.diff(exposed(edges)), np.diff(lost(edges))
    at_risk = everybody
    if without is not None:
        at_risk = np.maximum(everybody - np.diff(without.up_to(exposed, edges)), 0)
        losses = np.maximum(losses - np.diff(without.up_to(lost, edges)), 0)
    level = losses.sum() / at_risk.sum() if at_risk.sum() > 0 else 0.0
    by_hour, by_block = np.ones(period), np.ones(int(block.max()) + 1)
    for _ in range(_ROUNDS):
        by_block = _factors(losses, at_risk * level * by_hour[hour], block, by_block.size)
        by_hour = _factors(losses, at_risk * level * by_block[block], hour, period)
    shape = level * by_hour[hour] * by_block[block]
    fitted = float(np.sum(shape * at_risk))
    scale = losses.sum() / fitted if fitted > 0 else 0.0
    heights = np.concatenate(([0.0], np.cumsum(scale * shape * everybody)))
    return Rising(edges, heights)


def uncontrolled_share(reach: Spans, outside: Spans, *, length: float, period: int = WEEK) -> float:
    """The share of the time in ``reach`` at hours of the period that ``outside`` leaves little of: nothing to compare with."""
    edges = np.append(np.arange(np.ceil(length)), length)
    clock, hour = Rising(edges, edges), np.arange(edges.size - 1) % period
    inside, taken, whole = (
        np.bincount(hour, np.diff(risen), minlength=period)
        for risen in (reach.up_to(clock, edges), outside.up_to(clock, edges), edges)
    )
    return float(inside[whole - taken < LEAST_FREE * whole].sum() / inside.sum()) if inside.sum() > 0 else 0.0


def rate_ratio(losses: Losses, expected: Rising, reach: Spans, *, length: float) -> tuple[float, float, float]:
    """How many times the usual rate holds in ``reach``, most likely, and the 0.95 interval of its profile likelihood.

    Losses are a Poisson process with the shape of ``expected``, ``ratio`` times as high in ``reach``; all that is known of each is that
    it fell in its stretch. So coarse lists make the interval wide, where losses spread evenly would make the ratio 1. An end beyond
    :data:`LARGEST_RATIO` is given as 0 or infinity. Panel counts: Sun & Zhao, Statistical Analysis of Panel Count Data (2013).
    """
    everything = float(expected(np.array([length]))[0])
    inside_all = reach.total(expected)
    inside, outside, count = _masses(losses, expected, reach, length=length)
    ratio = np.exp(_LOG_RATIOS)
    likelihood = np.zeros(ratio.size)
    for place in range(0, inside.size, 512):
        part = slice(place, place + 512)
        likelihood += np.log(outside[part] + ratio[:, None] * inside[part]) @ count[part]
    likelihood -= count.sum() * np.log(everything - inside_all + ratio * inside_all)
    return _peak(likelihood)


def disentangled(
    losses: Losses, exposed: Rising, reach: Spans, *, outside: Spans, length: float, period: int = WEEK
) -> Rising:
    """The baseline outside ``outside``, after the losses that events explain have been taken out of it.

    Losses spread evenly leak from the hours after an event into those before, and would raise what is usual there. So they are spread
    anew in proportion to the rate found, a few times in turn with finding it: an EM algorithm.
    """
    expected, ratio = baseline(spread(losses), exposed, length=length, period=period, without=outside), 1.0
    for _ in range(_EM_ROUNDS):
        inside, beside, count = _masses(losses, expected, reach, length=length)
        there = float(count @ (ratio * inside / (ratio * inside + beside)))
        usual = reach.total(expected)
        elsewhere = float(expected(np.array([length]))[0]) - usual
        odds = there * elsewhere / max((count.sum() - there) * usual, _ROUNDING)
        ratio = min(max(odds, 1 / LARGEST_RATIO), LARGEST_RATIO)
        lost = _spread_by(losses, expected, reach, ratio)
        expected = baseline(lost, exposed, length=length, period=period, without=outside)
    return expected


def ratio_interval(observed: Hours, expected: Hours) -> tuple[Hours, Hours]:
    """The exact 0.95 interval of ``observed / expected``."""
    low, high = poisson_interval(observed)
    with np.errstate(divide="ignore", invalid="ignore"):
        return low / expected, high / expected


def redrawn(
    times: Hours, hours: float, *, length: float, count: int, rng: np.random.Generator, period: int = WEEK
) -> Hours:
    """``count`` calendars in which each event has moved to the same hour of the period, within the same stretch of weeks.

    The weeks (or days) of a stretch are equally likely, the event's own among them, so under no effect the calendar that was is one of
    many alike: the time-stratified referents of case-crossover studies (Janes, Sheppard & Lumley, Epidemiology 16, 2005).
    """
    block, last = _block(times, length), _block(np.array([length]), length)
    start = block * float(BLOCK_WEEKS * WEEK)
    first = start + np.mod(times - start, period)
    fitting = np.floor((length - hours - first) / period + _ROUNDING) + 1
    places = np.where(block == last, fitting, np.minimum(fitting, BLOCK_WEEKS * WEEK // period))
    moved: Hours = first + period * np.floor(rng.random((count, times.size)) * places)
    return moved


def chance(lost: Rising, expected: Rising, times: Hours, calendars: Hours, *, hours: float) -> float:
    """The share of calendars, the real one among them, with as large an excess of losses over what was expected.

    It is the p-value (b + 1) / (m + 1) of a one-sided permutation test (Phipson & Smyth 2010). ``expected`` must not depend on when the
    events were: it is the baseline over all the time.
    """
    really = _excess(lost, expected, times[None, :], hours)[0]
    by_chance = _excess(lost, expected, calendars, hours)
    as_large = np.count_nonzero(by_chance >= really - _ROUNDING * max(1.0, abs(really)))
    return float((as_large + 1) / (calendars.shape[0] + 1))


def _excess(lost: Rising, expected: Rising, times: Hours, hours: float) -> Hours:
    """Losses above expectation in the hours after the events of each row; what two events reach counts once."""
    ordered = np.sort(times, axis=1)
    end = ordered + hours
    begin = ordered.copy()
    begin[:, 1:] = np.maximum(ordered[:, 1:], end[:, :-1])
    difference: Hours = lost(end) - lost(begin) - expected(end) + expected(begin)
    summed: Hours = difference.sum(axis=1)
    return summed


def _masses(losses: Losses, expected: Rising, reach: Spans, *, length: float) -> tuple[Hours, Hours, Hours]:
    """Of each stretch: what was expected in it inside ``reach`` and outside, and how many losses of it fell in the time looked at."""
    exact = losses.until <= losses.after
    begin, end = np.clip(losses.after, 0, length), np.clip(losses.until, 0, length)
    width = np.where(exact, 1.0, losses.until - losses.after)
    count = losses.count * np.where(exact, 1.0, (end - begin) / width)
    hit = touching(losses, reach)
    inside = np.where(exact, hit, reach.up_to(expected, end) - reach.up_to(expected, begin))
    outside = np.where(exact, ~hit, expected(end) - expected(begin) - inside)
    possible = inside + outside > 0
    return np.maximum(inside, 0)[possible], np.maximum(outside, 0)[possible], count[possible]


def _spread_by(losses: Losses, expected: Rising, reach: Spans, ratio: float) -> Rising:
    """How many had left up to an instant, each loss spread by a rate that is ``ratio`` times the usual one in ``reach``."""

    def risen(at: Hours) -> Hours:
        height: Hours = expected(at) + (ratio - 1) * reach.up_to(expected, at)
        return height

    knots = np.unique(np.concatenate((expected.knots, reach.begin, reach.end)))
    evenly = spread(Losses(risen(losses.after), risen(losses.until), losses.count))
    return Rising(knots, evenly(risen(knots)))


def _peak(likelihood: Hours) -> tuple[float, float, float]:
    """Where the log-likelihood over the grid of ratios is largest, and where it has fallen by :data:`CONFIDENCE_DROP` on either side."""
    best = int(np.argmax(likelihood))
    inside = np.flatnonzero(likelihood >= likelihood[best] - CONFIDENCE_DROP)
    low, high, last = int(inside[0]), int(inside[-1]), _LOG_RATIOS.size - 1
    ratio = 0.0 if best == 0 else np.inf if best == last else np.exp(_LOG_RATIOS[best])
    return (
        float(ratio),
        0.0 if low == 0 else float(np.exp(_LOG_RATIOS[low])),
        np.inf if high == last else float(np.exp(_LOG_RATIOS[high])),
    )


def _factors(losses: Hours, expected: Hours, group: NDArray[np.int64], size: int) -> Hours:
    """Losses over expectation of each group, held back towards 1."""
    seen = np.bincount(group, losses, minlength=size)
    factors: Hours = (seen + PRIOR_LOSSES) / (np.bincount(group, expected, minlength=size) + PRIOR_LOSSES)
    return factors


def _block(at: Hours, length: float) -> NDArray[np.int64]:
    """The number of the stretch of weeks; a rest at the end belongs to the last whole one."""
    count = max(1, int(length // (BLOCK_WEEKS * WEEK)))
    return np.clip(at // (BLOCK_WEEKS * WEEK), 0, count - 1).astype(np.int64)
