"""The likeliest distribution of lengths of which only an interval is known: Turnbull's estimate, with a certificate.

A length T lies in (left, right]; right = ∞ is a length still running, left = right one known exactly. With an ``entry`` it could be
seen only because T > entry, and the likelihood is that of what could be seen. The likeliest distribution puts all its mass on few
intervals (Turnbull 1976; with truncation Frydman 1994, Alioum and Commenges 1996); where in such an interval it lies, nobody can know.

No fit is believed because it stopped moving. Each one says its *optimality gap*: how much the mean log-likelihood of a row rises, at
first order, per mass moved to the best place there is (Gentleman and Geyer 1994). At a maximum it is 0; without truncation the
likelihood is concave, and the gap bounds how far it is from its maximum. With truncation it proves a stationary point; and where at some
time everybody who was watched ends, and others are watched only later, there is no maximum: the mass behind runs towards 0, and the gap
with it. Where only few were watched at the youngest ages the estimate is unsteady for all ages; :mod:`mhc_lab.analytics.hazard` is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from mhc_lab.analytics.kaplan_meier import Numbers, first_at_most
from mhc_lab.core import display
from mhc_lab.core.errors import UserError

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

Places: TypeAlias = npt.NDArray[np.int64]

GAP = 1e-10
"""A fit goes on until its gap is below this, or until no step helps any more."""

_EM_STEPS, _NEWTON_STEPS, _HALVINGS = 60, 400, 40
_EXACT, _CLOSED, _OPEN = 0, 1, 2
"""How ends at the same time follow each other: just before it, at it, just after it."""
_NOTHING = 1e-14
"""Mass below this is rounding."""
_SMALL = 1e-2
"""After the first steps, what has less than this part of an even share starts again from 0."""


@dataclass(frozen=True, slots=True, repr=False)
class IntervalCurve:
    """Where the mass of the lengths lies, and what share lasts longer."""

    frame: pl.DataFrame
    """One row per interval (``left_days``, ``right_days``] with its ``mass`` and the ``survival`` behind it; left = right is a point."""
    count: float
    """How many lengths went in."""
    log_likelihood: float
    optimality_gap: float
    """See the module; −∞ to about 0 is optimal, and what is above 0 is how much better it could be."""
    iterations: int

    @property
    def median(self) -> float | None:
        """The end of the interval behind which half or fewer are left; None when more than half last beyond all ends."""
        return first_at_most(
            self.frame.rename({"right_days": "days"}).filter(pl.col("days").is_finite()), "survival", 0.5
        )

    def at(self, days: float) -> float:
        """S(days); inside an interval, whose mass may lie anywhere, that before it."""
        past = self.frame.filter(pl.col("right_days") <= days)["survival"]
        return float(past[-1]) if len(past) else 1.0

    def chart(self) -> Chart:
        """The curve; a rectangle where the data do not say how it falls."""
        from mhc_lab.analytics import survival_charts  # altair costs a second

        return survival_charts.intervals(self.frame, count=self.count)

    def __repr__(self) -> str:
        fit = f"log-likelihood {self.log_likelihood:.6f} · optimality gap {self.optimality_gap:.1e}"
        return f"{self.count:,.0f} lengths in {display.plural(self.frame.height, 'interval')} · {fit}"

    def _repr_html_(self) -> str:
        return display.note(repr(self)) + display.table(self.frame, caption="Where the lengths lie, in days")


@dataclass(frozen=True, slots=True)
class _Problem:
    """Which of the candidate intervals, by number, each row may lie in: ``first`` up to ``past``, and ``seen`` up if it is to be seen."""

    left: Numbers
    right: Numbers
    first: Places
    past: Places
    seen: Places
    weight: Numbers

    def chances(self, mass: Numbers) -> tuple[Numbers, Numbers]:
        """Of each row, the mass where it may lie and the mass where it could be seen."""
        below = np.concatenate([[0.0], np.cumsum(mass)])
        above = np.concatenate([np.cumsum(mass[::-1])[::-1], [0.0]])
        inside = np.where(self.past == len(mass), above[self.first], below[self.past] - below[self.first])
        return inside, above[self.seen]

    def height(self, mass: Numbers) -> float:
        """The log-likelihood."""
        inside, seen = self.chances(mass)
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.nan_to_num(self.weight @ (np.log(inside) - np.log(seen)), nan=-np.inf))

    def slopes(self, mass: Numbers) -> Numbers:
        """By how much the log-likelihood rises per mass added to each interval."""
        inside, seen = self.chances(mass)
        steps = np.zeros(len(mass) + 1)
        np.add.at(steps, self.first, self.weight / inside)
        np.add.at(steps, self.past, -self.weight / inside)
        np.add.at(steps, self.seen, -self.weight / seen)
        return np.cumsum(steps)[:-1]

    def gap(self, mass: Numbers) -> float:
        """The steepest slope, per row."""
        return float(self.slopes(mass).max() / self.weight.sum())


def npmle(
    left: npt.ArrayLike,
    right: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    counts: npt.ArrayLike | None = None,
) -> IntervalCurve:
    """The nonparametric maximum likelihood estimate from lengths in (left, right], seen because they are above ``entry``.

    Parameters
    ----------
    left, right
        The ends of the interval of each row, in one unit; right may be ∞, left = right is an exact length.
    entry
        What the length had to exceed to be seen, at most ``left`` (and below an exact length); −∞ or 0 when left out: any is seen.
    counts
        How many lengths each row stands for; 1 when left out.

    Raises
    ------
    UserError
        An interval has no length in it, lies before 0 or before its entry, or columns differ in height.

    Examples
    --------
    The first example of Fay and Shaw (2010):

    >>> curve = npmle([2, 5, 1, 1, 9, 8, 10], [3, 6, 7, 7, 12, 10, 13])
    >>> curve.frame.select("left_days", "right_days", pl.col("mass").round(6)).rows()
    [(2.0, 3.0, 0.285714), (5.0, 6.0, 0.285714), (9.0, 10.0, 0.214286), (10.0, 12.0, 0.214286)]
    >>> curve.optimality_gap < 1e-10
    True
    """
    rows = _checked(left, right, entry, counts)
    if not len(rows[0]):
        return IntervalCurve(_frame(np.empty(0), np.empty(0), np.empty(0)), 0.0, 0.0, 0.0, 0)
    problem = _problem(*rows)
    mass, steps = _climbed(problem)
    kept = mass > _NOTHING
    frame = _frame(problem.left[kept], problem.right[kept], mass[kept])
    return IntervalCurve(frame, float(rows[3].sum()), problem.height(mass), problem.gap(mass), steps)


def _checked(
    left: npt.ArrayLike, right: npt.ArrayLike, entry: npt.ArrayLike | None, counts: npt.ArrayLike | None
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    low, high = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    start = np.full_like(low, -np.inf) if entry is None else np.asarray(entry, dtype=np.float64)
    weight = np.ones_like(low) if counts is None else np.asarray(counts, dtype=np.float64)
    if not low.shape == high.shape == start.shape == weight.shape or low.ndim != 1:
        raise UserError("Left and right ends, entries and counts must be columns of the same height.")
    if not ((low >= 0) & (low <= high) & np.isfinite(low) & (weight > 0)).all():
        raise UserError("A length must lie in (left, right] with 0 ≤ left ≤ right, and its count be above 0.")
    if (np.where(low == high, start >= low, start > low)).any():
        raise UserError("A length is only seen after its entry: it must not be above left, nor reach an exact length.")
    return low, high, start, weight


def _problem(low: Numbers, high: Numbers, start: Numbers, weight: Numbers) -> _Problem:
    """The intervals that can carry mass: from a left end to the right end that comes next; entries count as right ends."""
    times = np.unique(np.concatenate([low, high, start]))
    begins = 3 * np.searchsorted(times, low) + np.where(low == high, _EXACT, _OPEN)
    ends, entries = 3 * np.searchsorted(times, high) + _CLOSED, 3 * np.searchsorted(times, start) + _CLOSED
    marks = np.unique(np.concatenate([begins, ends, entries]))
    is_right = marks % 3 == _CLOSED
    at = np.flatnonzero(~is_right[:-1] & is_right[1:])
    left, right = marks[at], marks[at + 1]
    reach = (
        np.searchsorted(left, begins),
        np.searchsorted(right, ends, "right"),
        np.searchsorted(right, entries, "right"),
    )
    (first, past, seen), row = np.unique(np.stack(reach), axis=1, return_inverse=True)
    total = np.bincount(row.ravel(), weights=weight).astype(np.float64)
    return _Problem(times[left // 3], times[right // 3], first, past, seen, total)


def _climbed(problem: _Problem) -> tuple[Numbers, int]:
    """The mass at the top and the steps it took: some of EM from even mass, then Newton's."""
    mass = np.full(len(problem.left), 1 / len(problem.left))
    for _ in range(_EM_STEPS):
        mass = _em(problem, mass)
    large = np.where(mass > _SMALL / len(mass), mass, 0.0)
    mass = large / large.sum() if np.isfinite(problem.height(large)) else mass
    for step in range(_NEWTON_STEPS):
        better = _newton(problem, mass) if problem.gap(mass) > GAP else None
        if better is None:
            return mass, _EM_STEPS + step
        mass = better
    return mass, _EM_STEPS + _NEWTON_STEPS


def _em(problem: _Problem, mass: Numbers) -> Numbers:
    """Turnbull's self-consistency: each length shared out over where it may lie, and each that was not to be seen added there."""
    _, seen = problem.chances(mass)
    raised = mass * (1 + problem.slopes(mass) / (problem.weight / seen).sum())
    return np.asarray(raised / raised.sum(), dtype=np.float64)


def _newton(problem: _Problem, mass: Numbers) -> Numbers | None:
    """A better mass, by a Newton step among the intervals that have mass or are the best of those around them; None: there is none."""
    slopes = problem.slopes(mass)
    free = np.flatnonzero((mass > 0) | _peaks(slopes, mass))
    step = np.zeros_like(mass)
    while True:
        step[:] = 0.0
        step[free] = _direction(problem, mass, slopes, free)
        stuck = (mass[free] == 0) & (step[free] < 0)
        if not stuck.any():
            return _searched(problem, mass, step)
        free = free[~stuck]


def _peaks(slopes: Numbers, mass: Numbers) -> npt.NDArray[np.bool_]:
    """Between any two intervals with mass, the steepest that promises a rise (Wang 2007)."""
    stretch = np.cumsum(mass > 0)
    order = np.lexsort((-slopes, stretch))
    best = order[np.unique(stretch[order], return_index=True)[1]]
    chosen = np.zeros(len(mass), dtype=np.bool_)
    chosen[best] = True
    return chosen & (slopes > 0)


def _direction(problem: _Problem, mass: Numbers, slopes: Numbers, free: Places) -> Numbers:
    """Newton's direction among ``free``; where truncation bends the likelihood the wrong way, that of its concave part."""
    from scipy import linalg

    inside, seen = problem.chances(mass)
    root, total = np.sqrt(problem.weight), problem.weight.sum()
    may = ((free >= problem.first[:, None]) & (free < problem.past[:, None])) * (root / inside)[:, None]
    could = (free >= problem.seen[:, None]) * (root / seen)[:, None]
    concave = may.T @ may
    lift = 1e-13 * total * np.eye(len(free))
    for bend in (concave - could.T @ could + total, concave):
        try:
            direction: Numbers = linalg.cho_solve(linalg.cho_factor(bend + lift), slopes[free])
        except linalg.LinAlgError:
            continue
        return direction
    return np.asarray(np.maximum(slopes[free], 0.0) / total, dtype=np.float64)


def _searched(problem: _Problem, mass: Numbers, step: Numbers) -> Numbers | None:
    """As far along ``step`` as the likelihood rises, with what would fall below 0 kept there; None: it does not rise."""
    height, gap = problem.height(mass), problem.gap(mass)
    size = 1.0
    for _ in range(_HALVINGS):
        tried = np.maximum(mass + size * step, 0.0)
        tried[tried < _NOTHING * tried.max()] = 0.0
        tried /= tried.sum()
        rise = problem.height(tried) - height
        if rise > 1e-13 * abs(height) or (abs(rise) <= 1e-13 * abs(height) and problem.gap(tried) < gap):
            return tried
        size /= 2
    return None


def _frame(left: Numbers, right: Numbers, mass: Numbers) -> pl.DataFrame:
    beyond = np.cumsum(mass[::-1])[::-1]
    columns = {
        "left_days": left,
        "right_days": right,
        "mass": mass,
        "survival": np.append(beyond[1:], 0.0)[: len(mass)],
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Float64))
