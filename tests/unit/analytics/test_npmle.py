from __future__ import annotations

import doctest

import numpy as np
import pytest
import surpyval
from hypothesis import given, settings
from hypothesis import strategies as st

from mhc_lab.analytics import charts
from mhc_lab.analytics import npmle as module
from mhc_lab.analytics.kaplan_meier import kaplan_meier
from mhc_lab.analytics.npmle import npmle
from mhc_lab.core.errors import UserError
from tests.support.published import FAY_SHAW, RADIATION, WITH_CHEMOTHERAPY

INF = float("inf")


@st.composite
def intervals(draw: st.DrawFn, *, truncated: bool = False) -> tuple[list[float], list[float], list[float]]:
    """Rows with ties, exact lengths, open ends, and, with one that is watched throughout, late entries."""
    lefts = draw(st.lists(st.integers(1, 12), min_size=1, max_size=25))
    widths = [draw(st.sampled_from([0, 1, 2, 5, INF])) for _ in lefts]
    entries = [draw(st.integers(0, left - 1)) if truncated else 0 for left in lefts]
    rights = [left + width for left, width in zip(lefts, widths, strict=True)]
    return ([*lefts, 13], [*rights, INF], [*entries, 0]) if truncated else (lefts, rights, entries)


def test_the_first_example_of_fay_and_shaw_comes_out_to_twelve_digits() -> None:
    curve = npmle(*FAY_SHAW)

    assert curve.frame.select("left_days", "right_days").rows() == [(2, 3), (5, 6), (9, 10), (10, 12)]
    assert curve.frame["mass"].to_list() == pytest.approx([2 / 7, 2 / 7, 3 / 14, 3 / 14], abs=1e-12)


def test_the_cosmesis_data_give_the_published_masses_for_radiation() -> None:
    curve = npmle(*RADIATION)

    masses = [0.0463, 0.0334, 0.0887, 0.0708, 0.0926, 0.0818, 0.1209, 0.4656]
    assert curve.frame["right_days"].to_list() == [5, 7, 8, 12, 25, 34, 40, 48]
    assert curve.frame["left_days"].to_list() == [4, 6, 7, 11, 24, 33, 38, 46]
    assert curve.frame["mass"].to_list() == pytest.approx(masses, abs=5e-5)
    assert curve.log_likelihood == pytest.approx(-58.060022, abs=5e-7)
    assert curve.optimality_gap < 1e-8


def test_the_cosmesis_data_give_the_published_masses_with_chemotherapy() -> None:
    curve = npmle(*WITH_CHEMOTHERAPY)

    masses = [0.0433, 0.0433, 0.0692, 0.1454, 0.1411, 0.1157, 0.0999, 0.0709, 0.1608, 0.0552, 0.0552]
    assert curve.frame["left_days"].to_list() == [4, 5, 11, 16, 18, 19, 24, 30, 35, 44, 48]
    assert curve.frame["right_days"].to_list() == [5, 8, 12, 17, 19, 20, 25, 31, 36, 48, 60]
    assert curve.frame["mass"].to_list() == pytest.approx(masses, abs=5e-5)
    assert curve.log_likelihood == pytest.approx(-65.636965, abs=5e-7)
    assert curve.optimality_gap < 1e-8


@given(intervals())
def test_every_fit_is_certified(rows: tuple[list[float], list[float], list[float]]) -> None:
    left, right, _ = rows

    curve = npmle(left, right)

    assert curve.optimality_gap < 1e-8
    assert curve.frame["mass"].sum() == pytest.approx(1)


@given(intervals(truncated=True))
def test_every_truncated_fit_is_certified(rows: tuple[list[float], list[float], list[float]]) -> None:
    left, right, entry = rows

    curve = npmle(left, right, entry=entry)

    assert curve.optimality_gap < 1e-8


@given(intervals(), st.integers(0, 10**6))
def test_no_other_mass_is_likelier(rows: tuple[list[float], list[float], list[float]], seed: int) -> None:
    left, right = np.array(rows[0]), np.array(rows[1])
    times = np.array([*range(26), INF])
    other = np.random.default_rng(seed).random(len(times)) ** 3 + 1e-6
    above = np.append(np.cumsum((other / other.sum())[::-1])[::-1], 0.0)
    first = np.where(left == right, np.searchsorted(times, left), np.searchsorted(times, left, "right"))

    curve = npmle(left, right)

    likelihood = np.log(above[first] - above[np.searchsorted(times, right, "right")]).sum()
    assert likelihood <= curve.log_likelihood + 1e-9


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=30))
def test_exact_lengths_give_the_curve_of_kaplan_and_meier(rows: list[tuple[int, bool]]) -> None:
    days, ended = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])

    curve = npmle(days, np.where(ended, days, INF))

    expected = kaplan_meier(days, ended)
    assert [curve.at(day) for day in range(1, 10)] == pytest.approx(
        [expected.at(day)[0] for day in range(1, 10)], abs=1e-7
    )


def test_late_entries_with_exact_lengths_give_the_product_limit_curve() -> None:
    days, entry = [2, 3, 3, 5, 7, 8], [0, 1, 0, 2, 0, 4]

    curve = npmle(days, days, entry=entry)

    expected = kaplan_meier(days, [True] * 6, entry=entry)
    assert [curve.at(day) for day in days] == pytest.approx([expected.at(day)[0] for day in days], abs=1e-9)


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_surpyval_finds_the_same_curve(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left = rng.integers(1, 30, 80).astype(float)
    right = np.where(rng.random(80) < 0.3, INF, left + rng.integers(1, 12, 80))

    curve = npmle(left, right)
    theirs = surpyval.Turnbull.fit(xl=left, xr=right, turnbull_estimator="Kaplan-Meier")

    ends = curve.frame["right_days"].to_numpy()
    assert curve.frame["survival"].to_numpy()[:-1] == pytest.approx(theirs.sf(ends[:-1]), abs=2e-3)


def test_a_count_stands_for_so_many_rows() -> None:
    counted = npmle([1, 2], [3, 4], counts=[2, 1])
    once = npmle([1, 1, 2], [3, 3, 4])

    assert counted.frame.equals(once.frame)
    assert counted.count == once.count == 3


@pytest.mark.parametrize(
    ("left", "right", "frame", "median"),
    [
        ([3], [3], [(3, 3, 1, 0)], 3),
        ([0], [4], [(0, 4, 1, 0)], 4),
        ([3, 5], [INF, INF], [(5, INF, 1, 0)], None),
        ([], [], [], None),
    ],
)
def test_the_smallest_data_have_an_answer(
    left: list[float], right: list[float], frame: list[tuple[float, ...]], median: float | None
) -> None:
    curve = npmle(left, right)

    assert curve.frame.rows() == frame
    assert curve.median == median


def test_an_exact_length_at_the_open_end_of_an_interval_is_not_in_it() -> None:
    curve = npmle([5, 5], [5, 7])

    assert curve.frame.select("left_days", "right_days", "mass").rows() == [(5, 5, 0.5), (5, 7, 0.5)]


@pytest.mark.parametrize(
    ("left", "right", "entry", "message"),
    [
        ([2], [1], None, r"in \(left, right\]"),
        ([-1], [1], None, "0 ≤ left"),
        ([1, 2], [3], None, "same height"),
        ([1], [2], [1.5], "only seen after its entry"),
        ([2], [2], [2], "only seen after its entry"),
    ],
)
def test_rows_that_cannot_be_are_refused(
    left: list[float], right: list[float], entry: list[float] | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        npmle(left, right, entry=entry)


@pytest.mark.parametrize("ends", [FAY_SHAW, RADIATION, ([], []), ([3], [INF])])
def test_a_curve_draws_and_says_what_it_shows(ends: tuple[list[float], list[float]]) -> None:
    curve = npmle(*ends)

    assert 'role="img" aria-label="' in charts.still(curve.chart())
    assert "optimality gap" in curve._repr_html_()


def test_the_examples_in_its_documentation_are_true() -> None:
    results = doctest.testmod(module)

    assert results.attempted > 0
    assert results.failed == 0
