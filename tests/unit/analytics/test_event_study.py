from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.analytics import event_study, spreading
from mhc_lab.analytics.spreading import Hours, Losses, Rising

WEEKS = 26
LENGTH = WEEKS * 168.0
DAY = 24.0


def exact(at: Hours) -> Losses:
    return Losses(at, at, np.ones(at.size))


def taken_every(gap: float, at: Hours) -> Losses:
    """Losses as lists show them that are taken every ``gap`` hours."""
    after, count = np.unique(np.floor(at / gap) * gap, return_counts=True)
    return Losses(after, after + gap, count.astype(float))


def followers(count: float) -> Rising:
    return spreading.exposure(np.zeros(1), np.array([count]), length=LENGTH)


def losses_at_random(seed: int, times: Hours, *, ratio: float) -> Hours:
    """One loss every two hours on average, ``ratio`` times as many in the day after each of ``times``."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.random(rng.poisson(LENGTH * ratio / 2))) * LENGTH
    inside = np.searchsorted(times, at) > np.searchsorted(times + DAY, at)
    return at[rng.random(at.size) < np.where(inside, 1.0, 1 / ratio)]


def events_at_random(seed: int, count: int = 50) -> Hours:
    return np.sort(np.random.default_rng(seed + 10**6).random(count)) * (LENGTH - DAY)


def p_value(seed: int, *, gap: float) -> float:
    """Of 40 events that change nothing."""
    times = events_at_random(seed, 40)
    at = losses_at_random(seed, times, ratio=1.0)
    lost = spreading.spread(taken_every(gap, at))
    expected = event_study.baseline(lost, followers(100), length=LENGTH)
    rng = np.random.default_rng(seed)
    calendars = event_study.redrawn(times, DAY, length=LENGTH, count=99, rng=rng)
    return event_study.chance(lost, expected, times, calendars, hours=DAY)


def test_over_all_time_as_many_are_expected_as_there_were() -> None:
    at = losses_at_random(1, np.zeros(0), ratio=1.0)

    expected = event_study.baseline(spreading.spread(exact(at)), followers(100), length=LENGTH)

    assert expected(np.array([LENGTH]))[0] == pytest.approx(at.size)


def test_an_hour_of_the_week_with_many_losses_has_many_expected() -> None:
    busy = np.repeat(np.arange(WEEKS) * 168.0 + 50.5, 40)
    quiet = np.arange(0, LENGTH, 0.25) + 0.1

    expected = event_study.baseline(spreading.spread(exact(np.sort(np.r_[busy, quiet]))), followers(100), length=LENGTH)

    busy_hour, next_hour = np.diff(expected(168 * 5 + np.array([50.0, 51.0, 52.0])))
    assert busy_hour == pytest.approx(44, rel=0.1)
    assert next_hour == pytest.approx(4, rel=0.1)


def test_what_is_usual_is_taken_from_the_time_outside_only() -> None:
    times = np.arange(10, LENGTH - DAY, 10 * DAY)
    background, extra = np.arange(0, LENGTH, 2) + 0.1, np.repeat(times + 1, 30)
    reach = spreading.after(times, DAY, length=LENGTH)
    lost = spreading.spread(exact(np.sort(np.r_[background, extra])))

    expected = event_study.baseline(lost, followers(100), length=LENGTH, without=reach)

    assert expected(np.array([LENGTH]))[0] == pytest.approx(LENGTH / 2, rel=0.02)


def test_twice_the_followers_let_twice_the_losses_be_expected() -> None:
    exposed = spreading.exposure(np.array([0.0, 84.0]), np.array([100.0, 200.0]), length=168.0)
    at = np.arange(0.5, 168.0, 1)

    expected = event_study.baseline(spreading.spread(exact(at)), exposed, length=168.0)

    assert np.sum(np.diff(expected(np.array([0.0, 84.0, 168.0])))) == pytest.approx(at.size)
    assert expected(np.array([84.0]))[0] < at.size / 2


def test_with_exact_times_the_ratio_is_that_of_two_rates() -> None:
    times = np.arange(100, LENGTH - DAY, 100.0)
    at = np.sort(np.r_[np.arange(0, LENGTH, 5), np.repeat(times + 3.3, 5)])
    reach = spreading.after(times, DAY, length=LENGTH)
    hours_inside = times.size * DAY
    expected = Rising(np.array([0.0, LENGTH]), np.array([0.0, LENGTH]))

    ratio, low, high = event_study.rate_ratio(exact(at), expected, reach, length=LENGTH)

    seen, _ = spreading.bounds(exact(at), reach)
    by_hand = (seen / hours_inside) / ((at.size - seen) / (LENGTH - hours_inside))
    assert ratio == pytest.approx(by_hand, rel=0.01)
    assert low < ratio < high


def test_lists_that_cannot_tell_make_the_interval_endless_and_not_the_ratio_one() -> None:
    times = np.arange(0, LENGTH, 168.0)
    weekly = taken_every(168.0, losses_at_random(1, times, ratio=3.0))
    reach = spreading.after(times, DAY, length=LENGTH)
    expected = Rising(np.array([0.0, LENGTH]), np.array([0.0, LENGTH]))

    _, low, high = event_study.rate_ratio(weekly, expected, reach, length=LENGTH)

    assert (low, high) == (0.0, np.inf)


@pytest.mark.parametrize("gap", [6.0, 24.0, 72.0])
def test_a_doubled_rate_is_found_again_behind_lists(gap: float) -> None:
    times = events_at_random(3)
    losses = taken_every(gap, losses_at_random(3, times, ratio=2.0))
    reach = spreading.after(times, DAY, length=LENGTH)

    expected = event_study.disentangled(losses, followers(100), reach, outside=reach, length=LENGTH)
    ratio, low, high = event_study.rate_ratio(losses, expected, reach, length=LENGTH)

    assert ratio == pytest.approx(2.0, abs=0.25)
    assert low < 2.0 < high


def test_the_interval_of_a_poisson_count_is_garwoods() -> None:
    low, high = event_study.ratio_interval(np.array([0.0, 10.0]), np.array([1.0, 2.0]))

    assert low == pytest.approx([0.0, 4.795389 / 2])
    assert high == pytest.approx([3.688879, 18.390356 / 2])


@given(
    times=st.lists(st.floats(0, LENGTH - DAY), min_size=1, max_size=5).map(np.array),
    length=st.sampled_from([LENGTH, LENGTH + 100, 30 * DAY]),
    seed=st.integers(0, 100),
)
def test_a_moved_event_keeps_its_hour_of_the_week_its_weeks_and_the_window(
    times: Hours, length: float, seed: int
) -> None:
    times = times[times <= length - DAY]

    moved = event_study.redrawn(times, DAY, length=length, count=20, rng=np.random.default_rng(seed))

    weeks = (moved - times) / 168
    assert weeks == pytest.approx(np.round(weeks), abs=1e-6)
    assert np.all((moved >= -1e-9) & (moved + DAY <= length + 1e-6))
    assert np.all(np.abs(weeks) <= 2 * event_study.BLOCK_WEEKS - 1)


def test_every_week_of_a_stretch_is_drawn_and_none_of_another() -> None:
    times = np.array([168 * 5 + 20.0])

    moved = event_study.redrawn(times, DAY, length=LENGTH, count=400, rng=np.random.default_rng(1))

    assert np.unique(moved).tolist() == [168 * week + 20.0 for week in (4, 5, 6, 7)]


def test_among_days_an_event_moves_to_the_same_hour_of_any() -> None:
    times = np.array([168 * 5 + 20.0])

    moved = event_study.redrawn(
        times, DAY, length=LENGTH, count=2000, rng=np.random.default_rng(1), period=event_study.DAY
    )

    assert np.unique(moved).tolist() == [24 * day + 20.0 for day in range(28, 56)]


def test_losses_right_after_every_event_are_hardly_chance() -> None:
    times = events_at_random(1)
    lost = spreading.spread(exact(np.sort(np.repeat(times + 1, 3))))
    expected = event_study.baseline(lost, followers(100), length=LENGTH)
    calendars = event_study.redrawn(times, DAY, length=LENGTH, count=99, rng=np.random.default_rng(1))

    assert event_study.chance(lost, expected, times, calendars, hours=DAY) == 0.01


def test_a_calendar_that_changes_nothing_when_moved_is_chance_altogether() -> None:
    times = np.array([10.0, 200.0])
    lost = spreading.spread(exact(np.zeros(0)))
    nothing = Rising(np.array([0.0, LENGTH]), np.zeros(2))
    calendars = event_study.redrawn(times, DAY, length=LENGTH, count=99, rng=np.random.default_rng(1))

    assert event_study.chance(lost, nothing, times, calendars, hours=DAY) == 1.0


@pytest.mark.parametrize("gap", [6.0, 24.0])
def test_without_effect_every_p_value_is_as_likely_as_another(gap: float) -> None:
    values = np.sort([p_value(seed, gap=gap) for seed in range(200)])

    distance = np.max(np.abs(values - (np.arange(200) + 0.5) / 200))

    assert distance < 1.63 / np.sqrt(200)  # Kolmogorov's bound at 1 %


def test_an_event_at_the_same_hour_of_every_week_leaves_nothing_to_compare_with() -> None:
    every_week, once = np.arange(WEEKS) * 168 + 20.0, np.array([20.0])
    weekly, single = (spreading.after(times, DAY, length=LENGTH) for times in (every_week, once))

    assert event_study.uncontrolled_share(weekly, weekly, length=LENGTH) == 1.0
    assert event_study.uncontrolled_share(single, single, length=LENGTH) == 0.0
    assert event_study.uncontrolled_share(weekly, weekly, length=LENGTH, period=event_study.DAY) == 0.0
