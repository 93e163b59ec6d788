"""Losses whose hour nobody knows, as lines over time.

Each is spread evenly over the stretch between the last list with the person and the first without. Sums become lines whose height can be
read off anywhere, so that what happened in any set of hours costs two readings. Times are hours since the start of what is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Hours: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Losses:
    """How many left in each stretch (``after``, ``until``]; where both are equal the hour is known exactly."""

    after: Hours
    until: Hours
    count: Hours


@dataclass(frozen=True, slots=True)
class Rising:
    """How much there was up to and with an instant: straight lines between ``knots``, and steps at ``jumps``."""

    knots: Hours
    heights: Hours
    jumps: Hours = field(default_factory=lambda: np.zeros(0))
    jumped: Hours = field(default_factory=lambda: np.zeros(1))
    """The height of all steps before each, and of all of them at the end: one longer than ``jumps``."""

    def __call__(self, at: Hours) -> Hours:
        """The height at each instant."""
        line: Hours = np.interp(at, self.knots, self.heights)
        return line + self.jumped[np.searchsorted(self.jumps, at, side="right")] if self.jumps.size else line


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches (``begin``, ``end``] that do not overlap, in order of time."""

    begin: Hours
    end: Hours

    def total(self, rising: Rising) -> float:
        """How much of ``rising`` lies inside."""
        return float(np.sum(rising(self.end) - rising(self.begin)))

    def up_to(self, rising: Rising, at: Hours) -> Hours:
        """How much of ``rising`` lies inside and not after each instant."""
        whole = np.concatenate(([0.0], np.cumsum(rising(self.end) - rising(self.begin))))
        number = np.searchsorted(self.begin, at, side="left")
        begin = np.concatenate(([0.0], self.begin))[number]
        end = np.concatenate(([0.0], self.end))[number]
        last = rising(np.minimum(at, end)) - rising(begin)
        return np.where(number > 0, whole[np.maximum(number - 1, 0)] + last, 0.0)


def after(times: Hours, hours: float, *, length: float, begin: float = 0.0) -> Spans:
    """The stretches from ``begin`` to ``hours`` after any of ``times``, joined where they overlap and cut to what was looked at."""
    ordered = np.sort(times)
    opened, closed = np.clip(ordered + begin, 0, length), np.clip(ordered + hours, 0, length)
    kept = closed > opened
    opened, closed = opened[kept], closed[kept]
    first = np.concatenate(([True], opened[1:] > closed[:-1])) if opened.size else np.zeros(0, bool)
    last = np.concatenate((first[1:], [True])) if opened.size else first
    return Spans(opened[first], closed[last])


def spread(losses: Losses) -> Rising:
    """How many had left up to an instant, each loss spread evenly over its stretch."""
    exact = losses.until <= losses.after
    rate = losses.count[~exact] / (losses.until[~exact] - losses.after[~exact])
    ends = np.concatenate((losses.after[~exact], losses.until[~exact]))
    knots, place = np.unique(ends, return_inverse=True)
    slopes: Hours = np.cumsum(np.bincount(place, np.concatenate((rate, -rate)), minlength=knots.size).astype(float))
    order = np.argsort(losses.until[exact], kind="stable")
    jumped = np.concatenate(([0.0], np.cumsum(losses.count[exact][order])))
    return Rising(*_line(knots, slopes), losses.until[exact][order], jumped)


def exposure(at: Hours, count: Hours, *, length: float) -> Rising:
    """How many person-hours there were up to an instant, when ``count`` persons followed from each of ``at`` on."""
    knots = np.concatenate((np.maximum(at, 0.0), [length]))
    return Rising(*_line(knots, np.concatenate((count, [0.0]))))


def bounds(losses: Losses, reach: Spans) -> tuple[float, float]:
    """How many losses certainly fell in ``reach``, their stretch lying wholly in it, and how many possibly did."""
    certain = np.searchsorted(reach.end, losses.until) == np.searchsorted(reach.begin, losses.after, side="right") - 1
    touched = touching(losses, reach)
    exact = losses.until <= losses.after
    return float(losses.count[np.where(exact, touched, certain)].sum()), float(losses.count[touched].sum())


def in_reach(losses: Losses, times: Hours, hours: float) -> NDArray[np.int64]:
    """For each stretch, how many events there are whose ``hours`` afterwards it touches."""
    ordered = np.sort(times)
    reached: NDArray[np.int64] = np.searchsorted(ordered, losses.until, side="left") - _over(ordered + hours, losses)
    return reached


def touching(losses: Losses, reach: Spans) -> NDArray[np.bool_]:
    """Whether each stretch has any time in ``reach``."""
    begun = np.searchsorted(reach.begin, losses.until, side="left")
    touched: NDArray[np.bool_] = begun > _over(reach.end, losses)
    return touched


def _over(ends: Hours, losses: Losses) -> NDArray[np.int64]:
    """How many of ``ends`` each stretch has left behind: (a, b] begins just after a, and an exact time is a itself."""
    exact = losses.until <= losses.after
    passed: NDArray[np.int64] = np.where(
        exact,
        np.searchsorted(ends, losses.after, side="left"),
        np.searchsorted(ends, losses.after, side="right"),
    )
    return passed


def _line(knots: Hours, slopes: Hours) -> tuple[Hours, Hours]:
    """Knots and heights of the line with these slopes behind each knot."""
    if not knots.size:
        return np.zeros(1), np.zeros(1)
    return knots, np.concatenate(([0.0], np.cumsum(slopes[:-1] * np.diff(knots))))
