"""Do groups last differently long? The logrank test for exact lengths, and the scores of Sun and of Finkelstein for intervals.

All three compare, in each group, what happened with what would have happened if all groups were one. Positive scores mean that a group
ended sooner than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mhc_lab.analytics.kaplan_meier import Numbers
from mhc_lab.analytics.npmle import npmle
from mhc_lab.core import display
from mhc_lab.core.errors import UserError

Scores = Literal["sun", "finkelstein"]

_NAMES = {"sun": "Sun's scores", "finkelstein": "Finkelstein's scores"}


@dataclass(frozen=True, slots=True, repr=False)
class GroupTest:
    """Whether groups differ by more than chance."""

    name: str
    scores: Mapping[str, float]
    """By group: ended minus expected; they sum to 0."""
    statistic: float
    """Chi-square with :attr:`freedom` degrees."""
    freedom: int
    """One less than the groups."""
    p_value: float

    @property
    def z(self) -> float:
        """Of two groups, the score of the first in standard errors.

        Raises
        ------
        UserError
            There are not two groups.
        """
        if self.freedom != 1:
            raise UserError(f"A z is for two groups, and these are {self.freedom + 1}. Read the statistic instead.")
        return float(np.copysign(np.sqrt(self.statistic), next(iter(self.scores.values()))))

    def __repr__(self) -> str:
        return f"{self.name}: χ² {self.statistic:.3f} on {self.freedom}, {p_text(self.p_value)}"

    def _repr_html_(self) -> str:
        pairs = [(f"{group}: ended − expected", score) for group, score in self.scores.items()]
        return display.facts(self.name, [*pairs, ("p", p_text(self.p_value))])


def p_text(p_value: float) -> str:
    """A p-value as a person reads it."""
    return "p < 0.0001" if p_value < 0.0001 else f"p = {p_value:.4f}"


def logrank(days: npt.ArrayLike, ended: npt.ArrayLike, group: npt.ArrayLike) -> GroupTest:
    """The logrank test (Mantel 1966; Peto and Peto 1972) for lengths that are known exactly or censored.

    Parameters
    ----------
    days, ended, group
        Of each row, how long it lasted, whether it ended then, and the name of its group.

    Raises
    ------
    UserError
        There are fewer than two groups.

    Examples
    --------
    >>> logrank([1, 2, 3, 4, 5, 6], [True] * 6, ["a", "a", "a", "b", "b", "b"])
    Logrank: χ² 5.052 on 1, p = 0.0246
    """
    duration, end = np.asarray(days, dtype=np.float64), np.asarray(ended, dtype=np.bool_)
    names, member = _members(group)
    times = np.unique(duration[end])
    at_risk = np.array([[(duration[row] >= time).sum() for row in member.T] for time in times], dtype=np.float64)
    deaths = np.array([[(end & (duration == time))[row].sum() for row in member.T] for time in times], dtype=np.float64)
    total, died = at_risk.sum(axis=1), deaths.sum(axis=1)
    share = at_risk / total[:, None]
    observed = (deaths - share * died[:, None]).sum(axis=0)
    factor = died * (total - died) / np.maximum(total - 1, 1)
    spread = np.diag(factor @ share) - (share * factor[:, None]).T @ share
    return tested("Logrank", names, observed, spread)


def interval_test(
    left: npt.ArrayLike, right: npt.ArrayLike, group: npt.ArrayLike, *, scores: Scores = "sun"
) -> GroupTest:
    """Whether groups differ, from lengths in (left, right], by permutation of their scores.

    The scores are those of Sun (1996) or Finkelstein (1986) as Fay and Shaw (2010) write them, the variance is that of all permutations,
    and p follows from the central limit theorem for them. It holds where the groups were watched alike; where some were watched longer,
    or not from their beginning, the test of :func:`mhc_lab.analytics.survival.survival` is the right one.

    Raises
    ------
    UserError
        There are fewer than two groups, or an interval is none.

    Examples
    --------
    >>> test = interval_test([0, 1, 1, 5, 6, 6], [2, 3, 3, 8, 9, 9], ["a", "a", "a", "b", "b", "b"])
    >>> test.scores["a"] > 0
    True
    """
    names, member = _members(group)
    low, high = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    score = _scores(low, high, kind=scores)
    observed, share = score @ member, member.mean(axis=0)
    size = len(score)
    spread = (score @ score) * size / (size - 1) * (np.diag(share) - np.outer(share, share))
    return tested(_NAMES[scores], names, observed, spread)


def tested(name: str, names: npt.NDArray[np.str_], observed: Numbers, spread: npt.NDArray[np.float64]) -> GroupTest:
    """The test of scores ``observed`` that have mean 0 and covariance ``spread`` when the groups do not differ."""
    from scipy import stats  # a page without a comparison does not wait for it

    statistic = float(observed @ np.linalg.pinv(spread, hermitian=True) @ observed)
    freedom = len(names) - 1
    scores = dict(zip(names.tolist(), observed.tolist(), strict=True))
    return GroupTest(name, scores, statistic, freedom, float(stats.chi2.sf(statistic, freedom)))


def _members(group: npt.ArrayLike) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.bool_]]:
    """The names of the groups in their order, and for each row whether it is in each."""
    names, place = np.unique(np.asarray(group, dtype=np.str_), return_inverse=True)
    if len(names) < 2:
        raise UserError(f"To compare groups there must be two, and there are {len(names)}.")
    return names, place[:, None] == np.arange(len(names))


def _scores(low: Numbers, high: Numbers, *, kind: Scores) -> Numbers:
    """Of each row: the mean of 1 + log S where it may lie; for Sun with the log of a product instead."""
    frame = npmle(low, high).frame
    ends, mass = frame["right_days"].to_numpy(), frame["mass"].to_numpy()
    behind = np.concatenate([[1.0], frame["survival"].to_numpy()])
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(behind) if kind == "finkelstein" else -np.concatenate([[0.0], np.cumsum(mass / behind[:-1])])
        weighed = np.where(behind > 1e-12, behind * log, 0.0)
    begin = np.searchsorted(ends, low, side="right")
    begin = np.where(low == high, np.searchsorted(ends, low, side="left"), begin)
    end = np.searchsorted(ends, high, side="right")
    return np.asarray((weighed[begin] - weighed[end]) / (behind[begin] - behind[end]), dtype=np.float64)
