from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhc_lab.analytics import hazard
from mhc_lab.analytics.hazard import DAY, Rows
from mhc_lab.analytics.kaplan_meier import kaplan_meier
from mhc_lab.core.errors import UserError

GRID = np.array([7, 14, 30, 60, 90, 180])


def rows_of(*kinds: tuple[float, float, float, float | None, float]) -> Rows:
    """Rows from gap, entry, left, right (None: still there) in days, and count."""
    gap, entry, left, right, count = zip(*kinds, strict=True)
    days = (gap, entry, left, [-1 / DAY if day is None else day for day in right])
    return Rows(*(np.rint(np.array(column) * DAY).astype(np.int64) for column in days), np.array(count, dtype=float))


def weekly(seed: int, *, persons: int) -> Rows:
    """A year of weekly lists of people whose stays are Weibull with shape 0.7 and scale 60 days."""
    rng = np.random.default_rng(seed)
    began, stay = rng.uniform(0, 364, persons), 60 * rng.weibull(0.7, persons)
    first, last = np.ceil(began / 7), np.floor((began + stay) / 7)
    seen = (last >= first) & (first <= 52)
    left = 7 * (np.minimum(last, 52) - first)
    right = np.where(last >= 52, -1.0 / DAY, left + 7)
    return rows_of(
        *((7, 0, one, None if other < 0 else other, 1) for one, other in zip(left[seen], right[seen], strict=True))
    )


def true_survival(days: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-((days / 60) ** 0.7)))


@st.composite
def some_rows(draw: st.DrawFn) -> Rows:
    """Rows of every kind: starts and ends known exactly, between lists, or not yet; watched from later on."""
    kinds = []
    for _ in range(draw(st.integers(1, 12))):
        gap, entry = draw(st.sampled_from([0, 0.5, 1, 7, 30])), draw(st.sampled_from([0, 0, 2, 40]))
        left = entry + draw(st.integers(0, 400))
        right = draw(st.sampled_from([None, left + 0.25, left + 1, left + 7]))
        kinds.append((gap, entry, left, right, draw(st.integers(1, 50))))
    return rows_of(*kinds)


@settings(max_examples=40, deadline=None)
@given(some_rows())
def test_every_fit_is_certified_or_refused_and_falls_from_one(rows: Rows) -> None:
    with contextlib.suppress(UserError):  # no curve is better than one that nobody vouches for
        fit = hazard.fit(rows)

        survival, lo, hi = fit.at(np.arange(0, 400))
        assert fit.optimality_gap <= hazard.CERTIFIED
        assert survival[0] == lo[0] == hi[0] == 1
        assert (np.diff([survival, lo, hi]) <= 0).all()
        assert ((lo <= survival) & (survival <= hi)).all()


def test_the_fit_of_ordinary_spells_comes_as_near_the_top_as_can_be_told() -> None:
    assert hazard.fit(weekly(1, persons=500)).optimality_gap < 1e-8


@settings(max_examples=20, deadline=None)
@given(some_rows(), st.integers(0, 10**6))
def test_slopes_and_curvature_are_those_of_the_likelihood(rows: Rows, seed: int) -> None:
    likelihood = hazard._Likelihood(rows)
    rng = np.random.default_rng(seed)
    theta = np.log(0.01) + 0.3 * rng.standard_normal(likelihood.basis.shape[1])
    way = rng.standard_normal(len(theta))

    scores, curvature = likelihood.derivatives(theta)

    rise = _slope(lambda step: likelihood.height(theta + step * way))
    assert rows.count @ scores @ way == pytest.approx(rise, rel=1e-5, abs=1e-4)
    turn = _slope(lambda step: float(rows.count @ likelihood.derivatives(theta + step * way)[0] @ way))
    assert way @ curvature @ way == pytest.approx(-turn, rel=1e-4, abs=1e-2)


def _slope(height: Callable[[float], float], step: float = 1e-3) -> float:
    """At 0, from four points so wide apart that rounding is nothing, with an error of the fourth power of ``step``."""
    near, far = (height(width) - height(-width) for width in (step, 2 * step))
    return (8 * near - far) / (12 * step)


def test_weekly_lists_give_the_true_curve_although_they_miss_short_stays() -> None:
    fits = [hazard.fit(weekly(seed, persons=3500)).at(GRID)[0] for seed in range(12)]

    assert np.mean(fits, axis=0) == pytest.approx(true_survival(GRID), abs=0.015)


def test_without_the_chance_to_be_seen_the_curve_would_be_too_high() -> None:
    rows = weekly(1, persons=3500)

    blind = hazard.fit(Rows(np.zeros_like(rows.gap), rows.entry, rows.left, rows.right, rows.count)).at([7])[0]

    assert blind[0] > true_survival(np.array([7]))[0] + 0.03


def test_the_interval_holds_the_true_curve_about_as_often_as_it_says() -> None:
    held = []
    for seed in range(40):
        _, lo, hi = hazard.fit(weekly(seed, persons=1500)).at(GRID)
        held.append((lo <= true_survival(GRID)) & (true_survival(GRID) <= hi))

    assert 0.88 <= np.mean(held) <= 1


def test_exact_lengths_give_the_curve_of_kaplan_and_meier() -> None:
    rng = np.random.default_rng(3)
    days = np.ceil(60 * rng.weibull(0.7, 4000) * 4) / 4
    watched = np.ceil(rng.uniform(50, 300, 4000))
    seen, ended = np.minimum(days, watched), days <= watched

    found = hazard.fit(
        rows_of(*((0, 0, day - 0.25 * end, day if end else None, 1) for day, end in zip(seen, ended, strict=True)))
    )

    expected = kaplan_meier(seen, ended)
    assert found.at(GRID)[0] == pytest.approx([expected.at(day)[0] for day in GRID], abs=0.012)


def test_who_is_watched_later_adds_nothing_about_the_days_before() -> None:
    early = [(0, 0, day, day + 0.25, 10) for day in (1, 4, 9, 20, 40, 80, 100)]
    late = [(0, 50, 50 + day, 50.25 + day, 10) for day in (5, 15, 30, 60, 90)]

    alone, both = hazard.fit(rows_of(*early)).at([10])[0], hazard.fit(rows_of(*early, *late)).at([10])[0]

    assert both == pytest.approx(alone, abs=0.04)


def test_a_count_stands_for_so_many_rows() -> None:
    counted = hazard.fit(rows_of((7, 0, 14, 21, 3), (7, 0, 35, None, 2)))
    once = hazard.fit(rows_of(*[(7, 0, 14, 21, 1)] * 3, *[(7, 0, 35, None, 1)] * 2))

    assert counted.at(GRID)[0] == pytest.approx(once.at(GRID)[0], abs=1e-7)


def test_when_nobody_has_left_the_curve_stays_up_and_the_interval_says_how_sure_that_is() -> None:
    survival, lo, hi = hazard.fit(rows_of((7, 0, 30, None, 50))).at([30])

    assert survival[0] > 0.97
    assert lo[0] < 0.97
    assert hi[0] > 0.999


def test_a_single_spell_has_a_curve_that_hardly_says_anything() -> None:
    _, lo, hi = hazard.fit(rows_of((0, 0, 9.75, 10, 1))).at([30])

    assert lo[0] < 0.1
    assert hi[0] > 0.6


def test_groups_are_put_together_in_their_order() -> None:
    both = hazard.together([rows_of((1, 0, 2, 3, 4)), rows_of((0, 1, 5, None, 6))])

    assert both.count.tolist() == [4, 6]
    assert both.right.tolist() == [3 * DAY, -1]
