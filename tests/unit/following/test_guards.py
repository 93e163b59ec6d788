"""Chance and follow lists: how many leave, and whether they stood next to each other."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc

from mhc_lab.following.guards import LEAST_LISTS, LEAST_PAGE, MEMORY, LossRate, _upper_tail, run_improbability


def learnt(*missing: int, at_risk: int = 1_000, days: float = 1.0) -> LossRate:
    """The rate after lists that lost so many each."""
    rate = LossRate()
    for one in missing:
        rate.add(missing=one, at_risk=at_risk, days=days)
    return rate


def test_nothing_is_known_before_the_fifth_list() -> None:
    rate = learnt(10, 10, 10, 10)

    assert rate.list_count == LEAST_LISTS - 1
    assert rate.expected(at_risk=1_000, days=1.0) is None
    assert rate.improbability(500, at_risk=1_000, days=1.0) is None


def test_the_first_list_counts_though_nobody_was_at_risk() -> None:
    rate = LossRate()

    rate.add(missing=0, at_risk=0, days=0.0)
    rate.add(missing=10, at_risk=1_000, days=1.0)
    rate.add(missing=10, at_risk=1_000, days=1.0)
    rate.add(missing=10, at_risk=1_000, days=1.0)
    rate.add(missing=10, at_risk=1_000, days=1.0)

    # 40 + 1 losses in 4 × 995 person-days, and 1000 × (1 − exp(−41 ÷ 3980)).
    assert rate.expected(at_risk=1_000, days=1.0) == pytest.approx(10.24863, abs=1e-5)


def test_five_lists_that_could_tell_nothing_leave_the_rate_unknown() -> None:
    assert learnt(0, 0, 0, 0, 0, at_risk=0).expected(at_risk=1_000, days=1.0) is None


def test_five_quiet_lists_do_not_promise_that_nobody_will_ever_leave() -> None:
    rate = learnt(0, 0, 0, 0, 0, at_risk=100)

    # Flat prior: 0 + 1 losses in 500 person-days; three or more are (100 ÷ 600)³ in the gamma–Poisson mixture.
    assert rate.expected(at_risk=100, days=1.0) == pytest.approx(0.1998, abs=1e-4)
    assert rate.improbability(3, at_risk=100, days=1.0) == pytest.approx((1 / 6) ** 3, rel=0.02)


def test_more_leave_in_a_longer_gap_but_never_more_than_there_are() -> None:
    rate = learnt(10, 10, 10, 10, 10)

    assert rate.expected(at_risk=1_000, days=7.0) == pytest.approx(69, abs=1)
    assert rate.expected(at_risk=1_000, days=10_000.0) == pytest.approx(1_000)


def test_two_lists_within_a_moment_may_differ_by_a_name() -> None:
    rate = learnt(15, 15, 15, 15, 15, at_risk=5_000)

    improbability = rate.improbability(1, at_risk=5_000, days=0.0)

    assert improbability is not None
    assert improbability > 0.1


def test_an_excess_is_less_improbable_the_fewer_lists_are_known() -> None:
    few, many = learnt(*[60] * 5, at_risk=5_000), learnt(*[60] * 50, at_risk=5_000)

    after_few, after_many = (rate.improbability(100, at_risk=5_000, days=1.0) for rate in (few, many))

    assert after_few is not None
    assert after_many is not None
    assert after_few > 10 * after_many


def test_an_excess_is_less_improbable_where_days_differ() -> None:
    alike, unlike = learnt(*[60, 60] * 10, at_risk=5_000), learnt(*[30, 90] * 10, at_risk=5_000)

    of_alike, of_unlike = (rate.improbability(120, at_risk=5_000, days=1.0) for rate in (alike, unlike))

    assert of_alike is not None
    assert of_unlike is not None
    assert of_alike < 1e-5
    assert of_unlike > 1e-2


def test_a_list_that_broke_before_there_was_a_rate_does_not_become_the_rate() -> None:
    rate = learnt(10, 10, 300, 10, 10)

    assert rate.expected(at_risk=1_000, days=1.0) == pytest.approx(10.24863, abs=1e-5)


def test_lists_before_the_remembered_ones_are_forgotten() -> None:
    busy_once, never_busy = learnt(*[40] * 30, *[10] * MEMORY), learnt(*[10] * MEMORY)

    assert busy_once.list_count == 30 + MEMORY
    assert busy_once.expected(at_risk=1_000, days=1.0) == never_busy.expected(at_risk=1_000, days=1.0)


_lists = st.lists(
    st.tuples(st.integers(0, 200), st.integers(400, 100_000), st.floats(0.01, 40)),
    min_size=LEAST_LISTS,
    max_size=MEMORY,
)


def _of(lists: list[tuple[int, int, float]]) -> LossRate:
    rate = LossRate()
    for missing, at_risk, days in lists:
        rate.add(missing=missing, at_risk=at_risk, days=days)
    return rate


@given(_lists, st.randoms(), st.integers(0, 400), st.floats(0, 40))
def test_the_order_of_what_is_remembered_changes_no_bit(
    lists: list[tuple[int, int, float]], shuffler: random.Random, missing: int, days: float
) -> None:
    shuffled = list(lists)
    shuffler.shuffle(shuffled)

    one, other = (_of(some).improbability(missing, at_risk=5_000, days=days) for some in (lists, shuffled))

    assert one == other


@given(_lists, st.integers(0, 5_000), st.integers(1, 500), st.floats(0, 40))
def test_more_missing_names_are_never_more_probable(
    lists: list[tuple[int, int, float]], missing: int, more: int, days: float
) -> None:
    rate = _of(lists)

    fewer = rate.improbability(missing, at_risk=5_000, days=days)
    greater = rate.improbability(missing + more, at_risk=5_000, days=days)

    assert fewer is not None
    assert greater is not None
    assert 0 <= greater <= fewer * (1 + 1e-9) <= 1 + 1e-9


@given(_lists, st.integers(0, 2_000), st.floats(0, 40), st.floats(0, 40))
def test_what_is_missing_after_a_longer_gap_is_never_less_probable(
    lists: list[tuple[int, int, float]], missing: int, days: float, more_days: float
) -> None:
    rate = _of(lists)

    soon = rate.improbability(missing, at_risk=5_000, days=days)
    late = rate.improbability(missing, at_risk=5_000, days=days + more_days)

    assert soon is not None
    assert late is not None
    assert soon <= late + 1e-9


@given(st.integers(1, 3_000), st.floats(0.01, 3_000), st.floats(0.4, 1_000))
def test_the_tail_is_that_of_the_negative_binomial(count: int, mean: float, size: float) -> None:
    expected = betainc(count, size, mean / (mean + size))

    assert _upper_tail(count, mean=mean, size=size) == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_far_out_the_tail_is_nothing_at_all() -> None:
    assert _upper_tail(50_000, mean=10.0, size=1_000.0) == 0.0


# runs


def test_scattered_names_are_no_run() -> None:
    assert run_improbability(range(0, 1_000, 3), length=1_000) == 1.0


def test_nobody_missing_is_no_run() -> None:
    assert run_improbability([], length=1_000) == 1.0


def test_a_run_shorter_than_a_page_is_no_run() -> None:
    assert run_improbability(range(500, 500 + LEAST_PAGE - 1), length=1_000) == 1.0


def test_a_run_is_as_improbable_as_the_names_around_it_make_it() -> None:
    improbability = run_improbability(range(500, 510), length=1_000)

    # None of 50 on either side is missing: (0 + 1) ÷ (50 + 2) with a flat prior.
    assert improbability == pytest.approx(1_000 * (1 / 52) ** 10)


def test_where_every_second_name_is_missing_a_run_of_ten_is_nothing_strange() -> None:
    above, run, below = range(450, 500, 2), range(500, 510), range(511, 561, 2)

    improbability = run_improbability([*above, *run, *below], length=1_000)

    # (25 + 1) ÷ (50 + 2) on either side.
    assert improbability == pytest.approx(1_000 / 2**10)


def test_at_the_very_top_half_may_leave_together() -> None:
    assert run_improbability(range(20), length=1_000) == pytest.approx(1_000 / 2**20)
    assert run_improbability(range(10), length=1_000) == pytest.approx(1_000 / 2**10)


def test_a_list_cut_short_has_its_run_at_the_end() -> None:
    assert run_improbability(range(980, 1_000), length=1_000) == pytest.approx(1_000 * (1 / 52) ** 20)


def test_the_strangest_of_several_runs_counts() -> None:
    both = [*range(200, 212), *range(600, 640)]

    assert run_improbability(both, length=1_000) == run_improbability(range(600, 640), length=1_000)


@given(st.sets(st.integers(0, 299)))
def test_a_run_has_a_probability_wherever_names_are_missing(places: set[int]) -> None:
    assert 0 <= run_improbability(sorted(places), length=300) <= 1


@given(st.integers(0, 200), st.integers(LEAST_PAGE, 60))
def test_a_longer_run_is_less_probable(start: int, run: int) -> None:
    shorter, longer = (run_improbability(range(start, start + size), length=1_000) for size in (run, run + 1))

    assert longer < shorter
