"""How the risk to end depends on age, from spells as follow lists show them.

A spell that began in (A, B] and ended in (L, R] is *doubly* interval-censored: its length is the difference of two times of which
neither is known. And it was seen only because it was still open at B: shorter ones are on no list. Both have to stand in the
likelihood. With starts spread evenly over (A, B], as wide as the gap g between two lists, the chance of such a row among those that
could be seen is::

    ∫ S(L − s) − S(R − s) ds ÷ ∫ S(B − s) ds        over s in (A, B]
    = [H(l + g) − H(l)] − [H(r + g) − H(r)]  ÷  [H(e + g) − H(e)]    with H(x) = ∫₀ˣ S, l = L − B, r = R − B

where e > 0 is for a spell that is watched only from e after B on. A start that is known exactly has g = 0, and the same with S for H.

The risk (hazard) is free in shape: between close ages its logarithm runs straight against the logarithm of age, and how much it may
bend is weighed by the data themselves (a penalty on second differences, its weight by generalized Fellner and Schall: Wood and Fasiolo
2017). So where lists say nothing, below the shortest gap, the trend goes on as a power of age, and the interval widens. Newton's steps
with the exact second derivatives go on until the optimality gap is below :data:`GAP`. Intervals are those of the penalized likelihood
(Wahba 1983; Marra and Wood 2012), on the scale of log(−log S).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mhc_lab.analytics.kaplan_meier import Z95, Numbers
from mhc_lab.analytics.npmle import Places
from mhc_lab.core.errors import UserError

DAY = 86_400_000_000
"""Ages are whole microseconds, so that the times of lists stay exact; this many are a day."""
GAP = 1e-9
"""No coefficient promises a rise of the mean log-likelihood of a spell above this, per unit."""
CERTIFIED = 1e-6
"""A few odd spells can keep a fit from coming so near the top; then there is none."""

_SPACING = 0.25
"""Between two knots, as a logarithm of age."""
_LEVEL, _LEVEL_SD, _SLOPE_SD = np.log(0.01), 5.0, 2.0
"""What is believed before any data: about 1 % leave per day, give or take a factor of 150. So there is an answer when nobody left, too."""
_STIFFEST = 0.03
"""The slope against log age may always change by this much (standard deviation) per unit."""
_LEAST = 1e-2
"""Bends are always held back by this much."""
_ROUGH, _SETTLED = 1e-5, 0.05
"""How exactly the top is found while the weight of bends is still sought, and when that is found, as a logarithm."""
_LONGEST = 3.0
"""No step moves a log hazard by more."""
_NARROW, _WIDE = DAY // 10, 0.03
"""Ages are looked at that lie no further apart than this in the first days, and later than this part of their age."""
_FLAT = DAY // 5
"""Up to this age the hazard is constant."""
_WIDEST = 50.0
"""No limit is further away than this, as a logarithm of −log S."""
_FEWEST = 4
"""Knots there are at least."""
_ALONE = 2**18
"""Multiplications up to which a product is made by one thread."""
_STEPS, _HALVINGS, _WEIGHINGS = 80, 40, 40

Matrix: TypeAlias = npt.NDArray[np.float64]
Parts: TypeAlias = list[tuple[Numbers, Places]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Spells in microseconds; one row per kind of spell, ``count`` of them alike."""

    gap: Places
    """From the last list without to the first list with the person; 0: it is known when they came."""
    entry: Places
    """From that first list to when they were watched from."""
    left: Places
    """From that first list to the last that has them."""
    right: Places
    """From that first list to the first without them; −1: they are still there."""
    count: Numbers

    def __len__(self) -> int:
        return len(self.count)


@dataclass(frozen=True, slots=True)
class Fit:
    """The hazard, with all that is needed to compare and to draw."""

    days: Numbers
    """Ages, from 0; between two the hazard is constant."""
    cumulative: Numbers
    """−log S at ``days``."""
    least: Numbers
    most: Numbers
    """Its 95 % interval; as S falls, so do its limits."""
    optimality_gap: float
    iterations: int
    stiffness: float
    scores: Matrix
    """Of each row, the slope of its log-likelihood in each coefficient."""
    penalty: Matrix
    """What held the coefficients back: the curvature beside that of the likelihood."""

    def at(self, days: npt.ArrayLike) -> tuple[Numbers, Numbers, Numbers]:
        """S and its 95 % interval at ``days``, as (survival, lo, hi)."""
        age = np.asarray(days, dtype=np.float64)
        return tuple(np.exp(-np.interp(age, self.days, total)) for total in (self.cumulative, self.most, self.least))  # type: ignore[return-value]


class _Likelihood:
    """The log-likelihood of rows in the coefficients of the log hazard, with its derivatives.

    All that it needs are differences in one vector of values: S and H at the ages that the rows ask for and some between, and a 0.
    """

    def __init__(self, rows: Rows) -> None:
        self.count = rows.count
        self.ages = _ages(rows)
        self.basis = _basis(self.ages)
        self.widths = np.diff(self.ages) / DAY
        self.inside, self.seen = _differences(rows, self.ages)

    def cumulative(self, theta: Numbers) -> tuple[Numbers, Numbers]:
        """−log S at the ages and in the middle between two."""
        hazard = np.exp(np.einsum("ij,j->i", self.basis, theta)) * self.widths
        edge = np.concatenate([[0.0], np.cumsum(hazard)])
        return edge, edge[:-1] + hazard / 2

    def height(self, theta: Numbers) -> float:
        """The log-likelihood; −∞ where it cannot be computed."""
        with np.errstate(all="ignore"):
            edge, middle = self.cumulative(theta)
            values = _values(np.exp(-edge), self.widths * np.exp(-middle))
            chances = np.log(_summed(self.inside, values)) - np.log(_summed(self.seen, values))
            height = float(self.count @ chances)
        return height if np.isfinite(height) else -np.inf

    def derivatives(self, theta: Numbers) -> tuple[Matrix, Matrix]:
        """The slopes of each row; and of all rows together minus the second derivative."""
        edge, middle = self.cumulative(theta)
        rise = np.diff(edge)[:, None] * self.basis
        at_edge = np.concatenate([np.zeros((1, rise.shape[1])), np.cumsum(rise, axis=0)])
        at_middle = at_edge[:-1] + rise / 2
        alive, alive_middle = np.exp(-edge), self.widths * np.exp(-middle)
        values = _values(alive, alive_middle)
        slopes = _values(-alive[:, None] * at_edge, -alive_middle[:, None] * at_middle)
        inside, seen = _summed(self.inside, values), _summed(self.seen, values)
        of_inside, of_seen = _summed(self.inside, slopes) / inside[:, None], _summed(self.seen, slopes) / seen[:, None]
        weight = _weights(self.inside, self.count / inside, len(values)) - _weights(
            self.seen, self.count / seen, len(values)
        )
        on_edge = weight[: len(self.ages)] * alive
        on_middle = _behind(weight[len(self.ages) : -1])[1:] * alive_middle
        bend = _behind(on_edge)[1:] + _behind(on_middle) - on_middle / 2
        curvature = (
            _squared(of_inside, self.count)
            - _squared(of_seen, self.count)
            - _squared(at_edge, on_edge)
            - _squared(at_middle, on_middle)
            + _squared(rise, bend, self.basis)
        )
        return of_inside - of_seen, curvature


@dataclass(frozen=True, slots=True)
class _Place:
    """Coefficients, and what the likelihood looks like there."""

    theta: Numbers
    scores: Matrix
    curvature: Matrix


@dataclass(frozen=True, slots=True)
class _Top:
    """Where the penalized likelihood is highest, its curvature there, how near that is, and the steps it took."""

    place: _Place
    information: Matrix
    gap: float
    steps: int


def together(groups: Iterable[Rows]) -> Rows:
    """The rows of all groups, one after the other."""
    columns = ((rows.gap, rows.entry, rows.left, rows.right, rows.count) for rows in groups)
    return Rows(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))


def fit(rows: Rows) -> Fit:
    """The hazard that the rows, at least one, let expect.

    Raises
    ------
    UserError
        The spells are so few or so odd that no curve can be certified.
    """
    with np.errstate(all="ignore"):  # where a chance cannot be computed, the climb ends and the fit is refused
        fitted = _fit(rows)
    if not fitted.optimality_gap <= CERTIFIED:
        raise UserError(
            f"No curve can be certified from {int(rows.count.sum()):,} spells like these. Choose a longer window, or do not compare groups."
        )
    return fitted


def _fit(rows: Rows) -> Fit:
    likelihood = _Likelihood(rows)
    bending, prior = _penalty(likelihood.basis.shape[1])
    place = _looked(likelihood, np.full(likelihood.basis.shape[1], _LEVEL))
    stiffness, steps = 10.0, 0
    for _ in range(_WEIGHINGS):
        top = _climbed(likelihood, place, stiffness * bending + prior, gap=_ROUGH)
        place, steps, before = top.place, steps + top.steps, stiffness
        if not np.isfinite(top.gap):
            break
        stiffness = _weighed(top, stiffness, bending)
        if abs(np.log(stiffness / before)) < _SETTLED:
            break
    top = _climbed(likelihood, place, stiffness * bending + prior, gap=GAP)
    edge, least, most = _limits(likelihood, top)
    return Fit(
        days=likelihood.ages / DAY, cumulative=edge, least=least, most=most,
        optimality_gap=top.gap, iterations=steps + top.steps, stiffness=stiffness,
        scores=top.place.scores, penalty=stiffness * bending + prior,
    )  # fmt: skip


def _limits(likelihood: _Likelihood, top: _Top) -> tuple[Numbers, Numbers, Numbers]:
    """−log S at the ages, and its interval: even in its logarithm, and narrowed where it would contradict that of another age."""
    edge, _ = likelihood.cumulative(top.place.theta)
    slopes = np.cumsum(np.diff(edge)[:, None] * likelihood.basis, axis=0) / edge[1:, None]
    root = np.linalg.cholesky(np.linalg.inv(top.information))
    factor = np.exp(np.minimum(Z95 * np.sqrt(((slopes @ root) ** 2).sum(axis=1)), _WIDEST))
    least = np.maximum.accumulate(edge[1:] / factor)
    most = np.minimum.accumulate((edge[1:] * factor)[::-1])[::-1]
    return edge, np.concatenate([[0.0], least]), np.concatenate([[0.0], most])


def _looked(likelihood: _Likelihood, theta: Numbers) -> _Place:
    return _Place(theta, *likelihood.derivatives(theta))


def _climbed(likelihood: _Likelihood, start: _Place, penalty: Matrix, *, gap: float) -> _Top:
    """Newton's steps uphill from ``start``, each as long as the penalized likelihood rises."""
    total, place, steps = likelihood.count.sum(), start, 0
    while True:
        slope = np.einsum("i,ij->j", likelihood.count, place.scores) - penalty @ (place.theta - _LEVEL)
        steepest = float(np.abs(slope).max() / total)
        if not (np.isfinite(steepest) and np.isfinite(place.curvature).all()):
            return _Top(start, _definite(penalty), np.inf, steps)
        information = _definite(place.curvature + penalty)
        if steepest <= gap or steps == _STEPS:
            break
        better = _searched(likelihood, place.theta, np.linalg.solve(information, slope), penalty)
        if better is None:
            break
        place, steps = _looked(likelihood, better), steps + 1
    return _Top(place, information, steepest, steps)


def _searched(likelihood: _Likelihood, theta: Numbers, step: Numbers, penalty: Matrix) -> Numbers | None:
    """As far along ``step`` as the penalized likelihood does not fall; None: it falls however short the step."""

    def height(theta: Numbers) -> float:
        return likelihood.height(theta) - float((theta - _LEVEL) @ penalty @ (theta - _LEVEL)) / 2

    start = height(theta)
    size = min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
    for _ in range(_HALVINGS):
        if height(theta + size * step) >= start - 1e-13 * abs(start):
            return theta + size * step
        size /= 2
    return None


def _definite(curvature: Matrix) -> Matrix:
    """``curvature``, raised where it is not positive: far from the top the likelihood is not concave."""
    try:
        np.linalg.cholesky(curvature)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(curvature)
        return np.asarray((vectors * np.maximum(np.abs(values), 1e-6 * np.abs(values).max())) @ vectors.T)
    return curvature


def _weighed(top: _Top, stiffness: float, bending: Matrix) -> float:
    """How strongly bends should be held back, by what there is of them beyond what is uncertain (Fellner and Schall)."""
    bends = float(top.place.theta @ bending @ top.place.theta)
    known = len(bending) - 2 - stiffness * float(np.trace(np.linalg.solve(top.information, bending)))
    most = 1 / (_STIFFEST**2 * _SPACING**3)
    return float(np.clip(known / max(bends, 1e-300), _LEAST, most))


def _ages(rows: Rows) -> Places:
    """The ages that rows ask for, and so many more that between two of them little happens."""
    asked = np.concatenate(
        [at + far for at in (rows.entry, rows.left, np.maximum(rows.right, 0)) for far in (0, rows.gap)]
    )
    turn = int(_NARROW / _WIDE)
    last = max(int(asked.max()), turn + 1)
    later = np.geomspace(turn, last, int(np.log(last / turn) / _WIDE) + 2)
    return np.unique(np.concatenate([asked, np.arange(0, turn, _NARROW), later.astype(np.int64)]))


def _basis(ages: Places) -> Matrix:
    """Between two ages, the weights of the knots around: the log hazard is straight between knots, against the log of age."""
    middle = (ages[1:] + ages[:-1]) / 2
    place = np.log(np.maximum(middle / _FLAT, 1.0)) / _SPACING
    knot, row = np.floor(place).astype(np.int64), np.arange(len(place))
    basis = np.zeros((len(place), max(int(knot[-1]) + 2, _FEWEST)))
    basis[row, knot] = 1 - (place - knot)
    basis[row, knot + 1] = place - knot
    return basis


def _penalty(size: int) -> tuple[Matrix, Matrix]:
    """Squared second differences; and what is believed of level and slope before any data."""
    bends = np.diff(np.eye(size), n=2, axis=0)
    level = np.full(size, 1 / size)
    centred = (np.arange(size) - (size - 1) / 2) * _SPACING
    slope = centred / (centred @ centred)
    return bends.T @ bends, np.outer(level, level) / _LEVEL_SD**2 + np.outer(slope, slope) / _SLOPE_SD**2


def _differences(rows: Rows, ages: Places) -> tuple[Parts, Parts]:
    """As sign and place in the vector of values: the chance of each row, and that it could be seen."""
    is_exact, is_over, nothing = rows.gap == 0, rows.right >= 0, 2 * len(ages)
    first, sign = np.where(is_exact, 0, len(ages)), np.where(is_exact, 1.0, -1.0)

    def alive(at: Places) -> Parts:
        """S(at) for an exact start, else H(at + gap) − H(at)."""
        near, far = first + np.searchsorted(ages, at), first + np.searchsorted(ages, at + rows.gap)
        return [(sign, near), (-sign, np.where(is_exact, nothing, far))]

    gone = [(-factor, np.where(is_over, place, nothing)) for factor, place in alive(np.maximum(rows.right, 0))]
    return [*alive(rows.left), *gone], alive(rows.entry)


def _values(edge: Numbers, middle: Numbers) -> Numbers:
    """The vector of values, or of their slopes, from those of S at the edges and in the middles: H is their sum."""
    nothing = np.zeros((1, *edge.shape[1:]))
    return np.concatenate([edge, nothing, np.cumsum(middle, axis=0), nothing])


def _summed(parts: Parts, values: Numbers) -> Numbers:
    shape = (-1, *[1] * (values.ndim - 1))
    total = np.zeros((len(parts[0][0]), *values.shape[1:]))
    for sign, place in parts:
        total += sign.reshape(shape) * values[place]
    return total


def _weights(parts: Parts, per: Numbers, size: int) -> Numbers:
    """By how much a sum over rows rises with each value."""
    weight = np.zeros(size)
    for sign, place in parts:
        weight += np.bincount(place, weights=sign * per, minlength=size)
    return weight


def _behind(values: Numbers) -> Numbers:
    """At each place the sum from there to the end."""
    return np.cumsum(values[::-1])[::-1]


def _squared(columns: Matrix, weight: Numbers, others: Matrix | None = None) -> Matrix:
    """The weighted products of all columns with one another, or with those of ``others``, summed over the rows.

    In portions too small for the linear algebra library to call more threads: for so little work they would mostly wait for each other.
    """
    size = columns.shape[1]
    total, portion = np.zeros((size, size)), max(_ALONE // size**2, 1)
    weighted, others = columns * weight[:, None], columns if others is None else others
    for start in range(0, len(columns), portion):
        rows = slice(start, start + portion)
        total += weighted[rows].T @ others[rows]
    return total
