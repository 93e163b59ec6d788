"""What chance does to follow lists: how many leave between two of them, and how often the ones who left stood next to each other.

A list that lost a page looks like one whose followers left. Two things tell them apart: more are missing than the past makes likely, and
they are missing in one piece. Both are given as probabilities; what follows from them is for the verdict.

Losses are negative binomial: a Poisson number whose mean is itself known only roughly, because every day differs (the dispersion) and
because the rate comes from few lists (for that part alone it is the gamma–Poisson mixture with a flat prior).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

LEAST_LISTS = 5
"""Before so many complete lists the rate of loss is not known."""

LEAST_NAMES = 100
"""With fewer followers than this the guards do not act."""

LEAST_PAGE = 10
"""No page of a site shows fewer names: that few are friends who left together, or bots that were removed."""

MEMORY = 100
"""So many lists tell the rate. Older ones are forgotten: what holds for a quiet year does not hold for a busy month."""

_LEAST_DAYS = 1 / 24
"""Taking a list takes time, so two lists never lie closer together than this."""

_OUTLYING = 3.0
"""A list that lost more than so many times what the median list did (and a page more) was broken before anybody could tell."""

_USUAL_DISPERSION, _USUAL_LISTS = 0.05, 8.0
"""The dispersion (squared coefficient of variation) expected of a channel, and how many lists of evidence that is worth."""

_LEAST_DISPERSION, _MOST_DISPERSION = 0.001, 1.0
"""The rate also changes with the age of the followers and the length of the gap, so nothing is known better than to 3 %."""

_NEIGHBOURS = 50
"""So many places on each side of a run tell how often names are missing around it."""

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class _Past:
    """What one complete list lost, and in how many person-days it did."""

    missing: int
    person_days: float

    @property
    def rate(self) -> float:
        return self.missing / self.person_days


@dataclass(frozen=True, slots=True)
class _Estimate:
    """The rate per person-day, and the squared coefficient of variation of what it says about the next list."""

    rate: float
    spread: float


@dataclass(slots=True)
class LossRate:
    """How fast followers leave, learnt from one complete list after the other; only the newest ``MEMORY`` of them count.

    The sums are exact, so neither the order of what is remembered nor where an earlier fold stopped changes a bit of the answers.
    """

    list_count: int = 0
    """How many complete lists were believed, with those that could not tell anything."""
    _past: deque[_Past] = field(default_factory=lambda: deque(maxlen=MEMORY))
    _estimate: _Estimate | None = field(default=None, compare=False, repr=False)

    def add(self, *, missing: int, at_risk: int, days: float) -> None:
        """Learn from one complete list that the rules believed; the first one counts, too, though nobody was at risk.

        Parameters
        ----------
        missing, at_risk
            How many of those who followed just before it are not on it, and how many followed.
        days
            Since the complete list before it.
        """
        self.list_count += 1
        self._estimate = None
        if at_risk and days > 0:
            # Whoever left was at risk for half of the gap, on average.
            self._past.append(_Past(missing, (at_risk - missing / 2) * max(days, _LEAST_DAYS)))

    def expected(self, *, at_risk: int, days: float) -> float | None:
        """How many of ``at_risk`` leave in ``days``; None before the rate is known."""
        known = self._known()
        return None if known is None else at_risk * -math.expm1(-known.rate * max(days, _LEAST_DAYS))

    def improbability(self, missing: int, *, at_risk: int, days: float) -> float | None:
        """How probable it is that ``missing`` or more of ``at_risk`` leave in ``days``; None before the rate is known."""
        known, mean = self._known(), self.expected(at_risk=at_risk, days=days)
        if known is None or mean is None:
            return None
        return _upper_tail(missing, mean=mean, size=1 / known.spread)

    def _known(self) -> _Estimate | None:
        if self._estimate is None and self._past and self.list_count >= LEAST_LISTS:
            self._estimate = _estimate(_without_outlying(self._past))
        return self._estimate


def run_improbability(missing_places: Sequence[int], *, length: int) -> float:
    """How improbable it is that so long an unbroken run of missing names arises by chance.

    A run of n has probability pⁿ at each place of the list. Its p is the share missing around it, because the newest, at the top, leave
    more often than others; at the very top, where nothing tells how often, it is a half. Runs shorter than ``LEAST_PAGE`` are no page.

    Parameters
    ----------
    missing_places
        Where those who are missing now stood on the complete list before: sorted, from 0 at the top.
    length
        How many names that list had.
    """
    runs = (run for run in _runs(missing_places) if len(run) >= LEAST_PAGE)
    return min((_chance(run, missing_places, length) for run in runs), default=1.0)


def _runs(places: Sequence[int]) -> Iterator[range]:
    """The unbroken runs of ``places``, as ranges of places."""
    start = 0
    for index in range(1, len(places) + 1):
        if index == len(places) or places[index] != places[index - 1] + 1:
            yield range(places[start], places[index - 1] + 1)
            start = index


def _chance(run: range, places: Sequence[int], length: int) -> float:
    above = range(max(run.start - _NEIGHBOURS, 0), run.start)
    below = range(run.stop, min(run.stop + _NEIGHBOURS, length))
    # Below the last name there is nobody; above the first there might have been anybody.
    share = max(_share_missing(beside, places) for beside in (above, below) if beside or beside is above)
    return min(1.0, length * share ** len(run))


def _share_missing(among: range, places: Sequence[int]) -> float:
    """The share of the places ``among`` that is missing, with a flat prior."""
    missing = bisect_left(places, among.stop) - bisect_left(places, among.start)
    return (missing + 1) / (len(among) + 2)


def _without_outlying(past: Iterable[_Past]) -> list[_Past]:
    """The lists that can be believed: what broke before there was a rate to judge it by must not become the rate."""
    by_rate = sorted(past, key=lambda one: (one.rate, one.person_days))
    half = math.fsum(one.person_days for one in by_rate) / 2
    reached = 0.0
    for one in by_rate:
        reached += one.person_days
        middle = one.rate
        if reached >= half:
            break
    return [one for one in by_rate if one.missing <= LEAST_PAGE + _OUTLYING * middle * one.person_days]


def _estimate(past: Sequence[_Past]) -> _Estimate:
    """By moments: the dispersion is what the squared deviations have beyond Poisson, drawn towards the usual one."""
    total = sum(one.missing for one in past) + 1
    rate = total / math.fsum(one.person_days for one in past)
    means = [rate * one.person_days for one in past]
    # Where next to nobody leaves, deviations are all Poisson and say nothing about the dispersion: they weigh little.
    excess = math.fsum(
        ((one.missing - mean) ** 2 - mean) / (1 + mean) ** 2 for one, mean in zip(past, means, strict=True)
    )
    weight = math.fsum((mean / (1 + mean)) ** 2 for mean in means)
    found = (excess + _USUAL_LISTS * _USUAL_DISPERSION) / (weight + _USUAL_LISTS)
    dispersion = min(max(found, _LEAST_DISPERSION), _MOST_DISPERSION)
    of_the_rate = (total + dispersion * math.fsum(mean**2 for mean in means)) / total**2
    return _Estimate(rate, dispersion + of_the_rate)


def _upper_tail(count: int, *, mean: float, size: float) -> float:
    """P(X ≥ ``count``) of the negative binomial with ``mean`` and variance mean + mean² ÷ size.

    Summed from ``count`` away from the mean, where each term is smaller than the one before: a few standard deviations of terms.
    """
    if count <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    log_p, log_q = -math.log1p(mean / size), -math.log1p(size / mean)
    if count > mean:
        return min(1.0, _sum_up(count, size=size, log_p=log_p, log_q=log_q))
    return max(0.0, 1 - _sum_down(count - 1, size=size, log_p=log_p, log_q=log_q))


def _sum_up(count: int, *, size: float, log_p: float, log_q: float) -> float:
    # In units of the first term: far out it is so small that its followers would not get smaller any more.
    first, term, total, q = _term(count, size=size, log_p=log_p, log_q=log_q), 1.0, 0.0, math.exp(log_q)
    while term > _ROUNDING * total:
        total += term
        term *= q * (count + size) / (count + 1)
        count += 1
    return first * total


def _sum_down(count: int, *, size: float, log_p: float, log_q: float) -> float:
    first, term, total, q = _term(count, size=size, log_p=log_p, log_q=log_q), 1.0, 0.0, math.exp(log_q)
    while count >= 0 and term > _ROUNDING * total:
        total += term
        term *= count / (q * (count - 1 + size)) if count else 0.0
        count -= 1
    return first * total


def _term(count: int, *, size: float, log_p: float, log_q: float) -> float:
    choices = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
    return math.exp(choices + size * log_p + count * log_q)
