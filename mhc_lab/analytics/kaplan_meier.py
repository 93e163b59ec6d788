"""Kaplan and Meier's curve: what share still follows after so many days, when every length is known exactly or known to be longer.

Lengths that lie between two lists are no exact lengths: those go to :mod:`mhc_lab.analytics.npmle` or, for spells as lists show them, to
:mod:`mhc_lab.analytics.survival`. Durations are in any unit, as long as it is one; the names say days.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from mhc_lab.core import display
from mhc_lab.core.errors import UserError

Numbers: TypeAlias = npt.NDArray[np.float64]
Transform = Literal["log", "log-log"]

Z95 = NormalDist().inv_cdf(0.975)
"""Half the width of an interval of 95 %, in standard errors."""


@dataclass(frozen=True, slots=True, repr=False)
class KaplanMeier:
    """The share that lasts longer than each time, with its interval, and out of how many."""

    frame: pl.DataFrame
    """One row per time at which something happened: ``days``, ``at_risk``, ``ended``, ``censored``, ``survival``, ``lo``, ``hi``."""
    transform: Transform
    """The scale on which the interval is symmetrical: programs differ in it, and so do their intervals."""

    @property
    def median(self) -> float | None:
        """The first time at which half or fewer are left; None when more than half stay to the end."""
        return first_at_most(self.frame, "survival", 0.5)

    @property
    def median_interval(self) -> tuple[float | None, float | None]:
        """Where the limits of the curve pass one half (Brookmeyer and Crowley 1982); None: they do not."""
        return first_at_most(self.frame, "lo", 0.5), first_at_most(self.frame, "hi", 0.5)

    def at(self, days: float) -> tuple[float, float, float]:
        """S(days) and its interval, as (survival, lo, hi); before the first time all are 1."""
        past = self.frame.filter(pl.col("days") <= days).select("survival", "lo", "hi")
        return past.row(-1) if past.height else (1.0, 1.0, 1.0)

    def __repr__(self) -> str:
        ended, censored = (int(self.frame[name].sum()) for name in ("ended", "censored"))
        return f"{ended:,} of {ended + censored:,} ended · median {display.text(self.median)}"

    def _repr_html_(self) -> str:
        return display.table(self.frame, caption=f"Kaplan–Meier, 95 % intervals by the {self.transform} transform")


def kaplan_meier(
    days: npt.ArrayLike,
    ended: npt.ArrayLike,
    counts: npt.ArrayLike | None = None,
    *,
    entry: npt.ArrayLike | None = None,
    transform: Transform = "log-log",
) -> KaplanMeier:
    """The product-limit curve of Kaplan and Meier (1958) with 95 % intervals from the variance of Greenwood (1926).

    Whoever is censored at a time was still at risk at that time. At a curve of 0 the interval is 0 to 0.

    Parameters
    ----------
    days
        How long each lasted, or was watched.
    ended
        Whether it ended then; otherwise it is censored.
    counts
        How many each row stands for; 1 when left out.
    entry
        From which age on each was watched: it is at risk in (entry, days]. From 0 when left out.
    transform
        R's ``survfit`` takes "log" by default, lifelines "log-log".

    Raises
    ------
    UserError
        Lengths are negative or not numbers, columns differ in height, or somebody entered at or after the own end.

    Examples
    --------
    >>> curve = kaplan_meier([3, 5, 5, 8], [True, True, False, True])
    >>> curve.frame.select("days", "at_risk", "ended", "survival").rows()
    [(3.0, 4.0, 1.0, 0.75), (5.0, 3.0, 1.0, 0.5), (8.0, 1.0, 1.0, 0.0)]
    >>> curve.median
    5.0
    """
    duration, end, weight, start = _columns(days, ended, counts, entry)
    times = np.unique(duration)
    deaths, censored = _sums(times, duration, weight * end), _sums(times, duration, weight * ~end)
    at_risk = _from(times, duration, weight) - _from(times, start, weight)
    survival: Numbers = np.cumprod(1 - deaths / at_risk).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance: Numbers = np.cumsum(deaths / (at_risk * (at_risk - deaths))).astype(np.float64)
    lo, hi = _limits(survival, variance, transform=transform)
    columns = {"days": times, "at_risk": at_risk, "ended": deaths, "censored": censored}
    return KaplanMeier(pl.DataFrame(columns | {"survival": survival, "lo": lo, "hi": hi}), transform)


def first_at_most(frame: pl.DataFrame, column: str, bound: float) -> float | None:
    """The first of ``days`` at which ``column`` is ``bound`` or less; None when it never is."""
    below = frame.filter(pl.col(column) <= bound + 1e-12)["days"]
    return float(below[0]) if len(below) else None


def _columns(
    days: npt.ArrayLike, ended: npt.ArrayLike, counts: npt.ArrayLike | None, entry: npt.ArrayLike | None
) -> tuple[Numbers, npt.NDArray[np.bool_], Numbers, Numbers]:
    duration = np.asarray(days, dtype=np.float64)
    end = np.asarray(ended, dtype=np.bool_)
    weight = np.ones_like(duration) if counts is None else np.asarray(counts, dtype=np.float64)
    start = np.full_like(duration, -1.0) if entry is None else np.asarray(entry, dtype=np.float64)
    if not duration.shape == end.shape == weight.shape == start.shape or duration.ndim != 1:
        raise UserError("Lengths, ends, counts and entries must be columns of the same height.")
    if not (np.isfinite(duration).all() and (duration >= 0).all() and (weight > 0).all()):
        raise UserError("A length must be a number of days from 0 up, and a count above 0. Leave other rows out.")
    if (start >= duration).any():
        raise UserError("Somebody is watched only from the own end on. Leave out rows whose entry is not before it.")
    return duration, end, weight, start


def _sums(times: Numbers, values: Numbers, weight: Numbers) -> Numbers:
    """The weight of the rows that lie at each of ``times``."""
    return np.bincount(np.searchsorted(times, values), weights=weight, minlength=len(times)).astype(np.float64)


def _from(times: Numbers, values: Numbers, weight: Numbers) -> Numbers:
    """The weight of the rows at or after each of ``times``."""
    order = np.argsort(values, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(weight[order])])
    behind: Numbers = below[-1] - below[np.searchsorted(values[order], times, side="left")]
    return behind


def _limits(survival: Numbers, variance: Numbers, *, transform: Transform) -> tuple[Numbers, Numbers]:
    """The interval, symmetrical in log S or in log(−log S); ``variance`` is that of log S."""
    inside = (survival > 0) & (survival < 1)
    log, spread = np.log(np.where(inside, survival, 0.5)), Z95 * np.sqrt(np.where(inside, variance, 0.0))
    if transform == "log":
        lo, hi = np.exp(log - spread), np.minimum(np.exp(log + spread), 1.0)
    else:
        lo, hi = np.exp(log * np.exp(-spread / log)), np.exp(log * np.exp(spread / log))
    return np.where(inside, lo, survival), np.where(inside, hi, survival)
