from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.analytics import spreading
from mhc_lab.analytics.spreading import Hours, Losses

LENGTH = 100.0
hour = st.integers(0, 400).map(lambda quarter: quarter / 4)
stretch = st.tuples(hour, hour).map(sorted)
losses = st.lists(stretch, min_size=1, max_size=12).map(lambda ends: losses_of(*ends))
times = st.lists(hour, min_size=1, max_size=6).map(np.array)


def losses_of(*ends: list[float]) -> Losses:
    after, until = np.array(ends, dtype=float).T
    return Losses(after, until, np.ones(len(ends)))


def shared(losses: Losses, begin: float, end: float) -> float:
    """How much of the losses lies in (begin, end], one by one."""
    exact = losses.after == losses.until
    width = np.where(exact, 1, losses.until - losses.after)
    over = np.minimum(losses.until, end) - np.maximum(losses.after, begin)
    inside = (losses.after > begin) & (losses.after <= end)
    return float(np.sum(losses.count * np.where(exact, inside, np.maximum(over, 0) / width)))


@given(losses=losses, begin=hour, end=hour)
def test_a_spread_loss_is_shared_out_by_the_hours(losses: Losses, begin: float, end: float) -> None:
    begin, end = sorted((begin, end))

    lost = spreading.spread(losses)

    assert lost(np.array([end]))[0] - lost(np.array([begin]))[0] == pytest.approx(shared(losses, begin, end), abs=1e-9)


@given(losses=losses, times=times, hours=st.sampled_from([0.5, 6.0, 30.0]))
def test_what_is_certain_is_never_more_than_what_is_spread_nor_that_than_what_is_possible(
    losses: Losses, times: Hours, hours: float
) -> None:
    reach = spreading.after(times, hours, length=LENGTH)

    certain, possible = spreading.bounds(losses, reach)

    assert certain - 1e-9 <= reach.total(spreading.spread(losses)) <= possible + 1e-9


@given(losses=losses, times=times)
def test_no_loss_is_possible_without_an_event_in_reach(losses: Losses, times: Hours) -> None:
    number = spreading.in_reach(losses, times, 6)

    # not cut to any window
    _, possible = spreading.bounds(losses, spreading.after(times, 6, length=1000))
    assert losses.count[number > 0].sum() == possible


@given(losses=losses, times=times)
def test_what_lies_inside_up_to_the_end_is_all_that_lies_inside(losses: Losses, times: Hours) -> None:
    lost, reach = spreading.spread(losses), spreading.after(times, 6, length=LENGTH)

    inside = reach.up_to(lost, np.array([0.0, LENGTH]))

    assert inside == pytest.approx([0.0, reach.total(lost)], abs=1e-9)


def test_hours_after_events_that_overlap_are_counted_once_and_cut_to_the_window() -> None:
    reach = spreading.after(np.array([90.0, 10.0, 15.0, -4.0]), 12, length=LENGTH)

    assert reach.begin.tolist() == [0.0, 10.0, 90.0]
    assert reach.end.tolist() == [8.0, 27.0, 100.0]


def test_no_event_reaches_nothing() -> None:
    reach = spreading.after(np.zeros(0), 12, length=LENGTH)

    assert reach.begin.size == 0
    assert spreading.bounds(losses_of([1, 2]), reach) == (0.0, 0.0)


def test_a_loss_at_the_instant_of_the_event_came_before_it_and_one_at_the_end_of_its_hours_after() -> None:
    reach = spreading.after(np.array([10.0]), 6, length=LENGTH)

    assert spreading.bounds(losses_of([10, 10]), reach) == (0.0, 0.0)
    assert spreading.bounds(losses_of([16, 16]), reach) == (1.0, 1.0)
    assert spreading.in_reach(
        losses_of([10, 10], [16, 16], [16, 20], [4, 10], [4, 11]), np.array([10.0]), 6
    ).tolist() == [0, 1, 0, 0, 1]


def test_person_hours_add_up_from_when_each_number_held() -> None:
    exposed = spreading.exposure(np.array([0.0, 10.0, 20.0]), np.array([2.0, 3.0, 0.0]), length=LENGTH)

    assert exposed(np.array([5.0, 10.0, 20.0, 100.0])).tolist() == [10.0, 20.0, 50.0, 50.0]
