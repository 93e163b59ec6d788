"""The verdict on a list: what the rules see, and what chance does not explain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.following.guards import LEAST_LISTS, LossRate
from mhc_lab.following.verdict import Kind, Standing, Verdict, judge


def usual(*missing: int, at_risk: int = 5_000) -> LossRate:
    """What daily lists that lost so many each say about the next."""
    rate = LossRate()
    for one in missing:
        rate.add(missing=one, at_risk=at_risk, days=1.0)
    return rate


FIFTEEN_A_DAY = usual(*[15] * 20)


def standing(
    missing: int,
    *,
    at_risk: int = 5_000,
    days: float = 1.0,
    rate: LossRate = FIFTEEN_A_DAY,
    places: Sequence[int] = (),
) -> Standing:
    """``missing`` of so many, scattered over the list before unless said otherwise."""
    scattered = range(0, 2 * missing, 2)
    return Standing(at_risk, missing, days, rate, places or scattered, previous_length=at_risk)


def judged(before: Standing, **differently: Any) -> Verdict:
    """The verdict on a list that says of itself that it is complete, and no total."""
    names = before.at_risk - before.missing
    said = {"row_count": names, "name_count": names, "is_declared_complete": True, "reported_total": None}
    return judge(**said | differently, standing=before)


# rules


def test_a_list_without_names_is_held() -> None:
    assert judged(standing(0), name_count=0) == Verdict(
        Kind.HELD, "The list has no names: an empty page, or everybody left. Somebody has to decide."
    )


def test_a_list_declared_incomplete_is_partial_whatever_is_missing() -> None:
    assert judged(standing(4_000), is_declared_complete=False).kind is Kind.PARTIAL


def test_fewer_names_than_reported_make_a_list_partial_whatever_is_missing() -> None:
    assert judged(standing(4_000), row_count=1_000, reported_total=1_001) == Verdict(
        Kind.PARTIAL, "1000 names, but the page reported 1001: broken off."
    )


def test_rows_that_could_not_be_read_are_people_too() -> None:
    assert judged(standing(1), row_count=1_001, name_count=1_000, reported_total=1_001).kind is Kind.COMPLETE


@pytest.mark.parametrize(("missing", "kind"), [(50, Kind.COMPLETE), (51, Kind.HELD)])
def test_a_list_on_which_more_than_half_are_missing_is_held(missing: int, kind: Kind) -> None:
    assert judged(standing(missing, at_risk=100, rate=LossRate())).kind is kind


def test_the_first_list_of_all_is_complete() -> None:
    first = Standing(at_risk=0, missing=0, days=0.0, rate=LossRate(), missing_places=(), previous_length=0)

    assert judged(first, row_count=3, name_count=3) == Verdict(Kind.COMPLETE, "It may end spells.")


# losses improbable under the known rate


@pytest.mark.parametrize(("missing", "kind"), [(15, Kind.COMPLETE), (29, Kind.COMPLETE), (32, Kind.HELD)])
def test_losses_are_believed_that_chance_brings_about_once_in_a_thousand_lists(missing: int, kind: Kind) -> None:
    assert judged(standing(missing)).kind is kind


def test_improbable_losses_are_held_and_the_sentence_has_the_figures() -> None:
    assert judged(standing(65)) == Verdict(
        Kind.HELD,
        "65 of 5,000 are missing where 15 were to be expected in 1.0 days: improbable (p < 1e-09). Somebody has to decide.",
    )


def test_the_improbability_is_told() -> None:
    assert "(p = " in judged(standing(45)).why


@pytest.mark.parametrize("places", [(), range(2_000, 3_500)])
@pytest.mark.parametrize(("lists", "kind"), [(LEAST_LISTS - 1, Kind.COMPLETE), (LEAST_LISTS, Kind.HELD)])
def test_the_guards_act_after_five_complete_lists(lists: int, kind: Kind, places: Sequence[int]) -> None:
    assert judged(standing(1_500, rate=usual(*[15] * lists), places=places)).kind is kind


@pytest.mark.parametrize(("at_risk", "kind"), [(99, Kind.COMPLETE), (100, Kind.HELD)])
def test_the_guards_act_from_a_hundred_names(at_risk: int, kind: Kind) -> None:
    quiet = usual(0, 0, 0, 0, 0, at_risk=at_risk)

    assert judged(standing(30, at_risk=at_risk, rate=quiet)).kind is kind


@pytest.mark.parametrize(("missing", "kind"), [(9, Kind.COMPLETE), (10, Kind.HELD)])
def test_fewer_names_than_any_page_has_hold_nothing(missing: int, kind: Kind) -> None:
    assert judged(standing(missing, rate=usual(*[0] * 20))).kind is kind


def test_a_false_alarm_heals_while_the_gap_grows() -> None:
    kinds = [judged(standing(25 + 15 * days, days=days)).kind for days in (1, 2, 5)]

    assert kinds == [Kind.HELD, Kind.HELD, Kind.COMPLETE]


def test_a_mass_unfollow_waits_for_a_person() -> None:
    kinds = {judged(standing(1_500 + 13 * days, days=days)).kind for days in range(1, 15)}

    assert kinds == {Kind.HELD}


# missing names next to each other


def test_a_page_lost_among_usual_losses_is_held() -> None:
    page = [*range(0, 1_000, 100), *range(2_000, 2_025)]

    verdict = judged(standing(len(page), rate=usual(*[30] * 20), places=page))

    assert verdict == Verdict(
        Kind.HELD,
        "35 of 5,000 are missing, many of them next to each other on the list before, as when a page is lost (p < 1e-09). "
        "Somebody has to decide.",
    )


def test_the_newest_may_leave_together() -> None:
    top = [*range(12), *range(1_000, 2_000, 100)]

    assert judged(standing(len(top), rate=usual(*[30] * 20), places=top)).kind is Kind.COMPLETE


@given(st.integers(0, 2_499), st.integers(1, 2_500), st.floats(0, 100))
def test_a_list_that_is_held_is_held_with_more_missing(missing: int, more: int, days: float) -> None:
    fewer, greater = (judged(standing(count, days=days)).kind for count in (missing, missing + more))

    assert (fewer, greater) != (Kind.HELD, Kind.COMPLETE)


@given(st.permutations([0, 3, 8, 11, 15, 15, 19, 24, 60, 900]), st.integers(0, 300))
def test_the_order_in_which_the_rate_was_learnt_changes_no_verdict(past: list[int], missing: int) -> None:
    before = standing(missing, rate=usual(0, 3, 8, 11, 15, 15, 19, 24, 60, 900))

    assert judged(standing(missing, rate=usual(*past))) == judged(before)
