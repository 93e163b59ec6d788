from __future__ import annotations

import doctest
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhc_lab.analytics import charts, rhythm
from mhc_lab.analytics.window import Window
from mhc_lab.mirror.connection import Mirror
from tests.support.histories import small_history

JANUARY = Window.parse("2026-01-01", "2026-02-01")
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) // 3600
EVEN = np.full(rhythm.HOURS, 1000.0)


def intervals(*rows: tuple[float, float, int]) -> pl.DataFrame:
    names = {"from_hour": pl.Float64, "to_hour": pl.Float64, "unfollow_count": pl.Int64}
    return pl.DataFrame(rows, schema=names, orient="row")


@pytest.fixture
def mirror() -> Mirror:
    return small_history()


def test_a_known_hour_gets_its_unfollows() -> None:
    expected, rate = rhythm.spread(intervals((MONDAY + 22, MONDAY + 23, 50)), EVEN)

    assert expected[22] == pytest.approx(50)
    assert rate.argmax() == 22


def test_an_interval_of_a_whole_week_is_spread_evenly() -> None:
    expected, rate = rhythm.spread(intervals((MONDAY + 7.5, MONDAY + 175.5, 84)), EVEN)

    assert expected == pytest.approx(np.full(168, 0.5))
    assert rate == pytest.approx(np.full(168, 84 / 168_000))


def test_wide_intervals_are_settled_by_narrow_ones() -> None:
    narrow = [(MONDAY + 168 * week + 20, MONDAY + 168 * week + 21, 5) for week in range(10)]
    wide = [(MONDAY + 168 * week + 12, MONDAY + 168 * week + 36, 10) for week in range(10)]

    expected, _ = rhythm.spread(intervals(*narrow, *wide), EVEN)

    assert expected[20] > 100
    assert expected.sum() == pytest.approx(150)


def test_the_hour_of_the_list_is_not_the_hour_of_the_unfollow() -> None:
    daily = [(MONDAY + 24 * day + 4, MONDAY + 24 * day + 28, 3) for day in range(70)]

    _, rate = rhythm.spread(intervals(*daily), EVEN)

    assert rate.max() / rate.min() == pytest.approx(1, abs=0.01)


def test_more_time_watched_at_an_hour_means_a_lower_rate_there() -> None:
    exposed = EVEN.copy()
    exposed[3] = 4000

    _, rate = rhythm.spread(intervals((MONDAY + 3, MONDAY + 4, 200), (MONDAY + 5, MONDAY + 6, 200)), exposed)

    assert rate[5] > 2 * rate[3]


def test_without_an_unfollow_every_rate_is_nought() -> None:
    expected, rate = rhythm.spread(intervals(), EVEN)

    assert not expected.any()
    assert not rate.any()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 400), st.integers(1, 9)), min_size=1, max_size=20))
def test_every_unfollow_is_spread_and_none_is_made_up(rows: list[tuple[int, int, int]]) -> None:
    frame = intervals(*[(start + 0.25, start + width + 0.5, count) for start, width, count in rows])

    expected, rate = rhythm.spread(frame, EVEN)

    assert expected.sum() == pytest.approx(sum(count for _, _, count in rows))
    assert (rate > 0).all()


def test_person_hours_are_counted_by_hour_of_the_week() -> None:
    watched = pl.DataFrame({"epoch_hour": [MONDAY, MONDAY + 2, MONDAY + 170], "watched_count": [5, 3, 0]})

    exposed = rhythm.person_hours(watched)

    assert exposed[:3].tolist() == [8.0, 8.0, 3.0]
    assert exposed.sum() == 5 * 2 + 3 * 168


def test_daily_lists_cannot_tell_the_hour_and_the_page_says_so(mirror: Mirror) -> None:
    hours = rhythm.rhythm(mirror, window=JANUARY)

    assert hours.median_hours == 24.0
    assert not hours.is_telling
    assert hours.busiest is None
    assert "too wide to tell the hour" in hours._repr_html_()
    assert hours.frame["expected_unfollows"].sum() == pytest.approx(2)


def test_close_lists_tell_the_hour() -> None:
    rate = [1.0] * 142 + [9.0] + [1.0] * 25
    frame = pl.DataFrame({"weekday": ["x"] * 168, "hour": [place % 24 for place in range(168)], "rate": rate})

    hours = rhythm.Rhythm(frame, JANUARY, "followers", unfollows=9, median_hours=2.0)

    assert hours.busiest == "x 22:00"


@pytest.mark.parametrize("window", [JANUARY, Window.parse("2020-01-01", "2020-02-01")])
def test_every_chart_draws_and_says_what_it_shows(mirror: Mirror, window: Window) -> None:
    hours = rhythm.rhythm(mirror, window=window)

    pictures = [charts.still(hours.chart()), charts.still(hours.exposure_chart())]

    assert all('role="img" aria-label="' in picture for picture in pictures)


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(rhythm, extraglobs={"mirror": mirror, "Window": Window})

    assert results.attempted > 0
    assert results.failed == 0
