from __future__ import annotations

import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhc_lab.analytics import charts, churn, intervals
from mhc_lab.analytics.intervals import poisson_interval
from mhc_lab.analytics.window import Window
from mhc_lab.core.errors import UserError
from mhc_lab.mirror.connection import Mirror
from tests.support.histories import small_history

JANUARY = Window.parse("2026-01-01", "2026-02-01")


@pytest.fixture
def mirror() -> Mirror:
    return small_history()


def test_a_share_is_of_persons_and_a_rate_of_person_days(mirror: Mirror) -> None:
    months = churn.churn(mirror, window=JANUARY)

    assert (months.gains, months.losses, months.net) == (2, 2, 0)
    assert months.share_of_start == 1.0
    assert months.person_days == 13 + 3 + 13
    assert months.rate == pytest.approx(2000 / 29)
    assert months.frame["share_of_exposed"].to_list() == [0.5]


def test_net_is_what_was_there_at_the_end_less_what_was_there_at_the_start(mirror: Mirror) -> None:
    weeks = churn.churn(mirror, window=JANUARY, every="1w").frame

    assert (weeks["gains"] + weeks["baseline"] - weeks["losses"]).to_list() == weeks["net"].to_list()
    assert (weeks["at_end"] - weeks["at_start"]).to_list() == weeks["net"].to_list()


def test_a_period_without_anybody_has_no_share_and_no_rate(mirror: Mirror) -> None:
    before = churn.churn(mirror, window=Window.parse("2020-01-01", "2020-02-01"))

    assert before.share_of_start is None
    assert before.rate is None
    assert before.rate_interval is None
    assert before.frame["rate"].to_list() == [None]
    assert "no rate" in repr(before)


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.688879), (1, 0.025318, 5.571643), (10, 4.795389, 18.390356)]
)
def test_the_interval_of_a_poisson_count_is_the_published_one(count: int, low: float, high: float) -> None:
    assert tuple(map(float, poisson_interval(count))) == pytest.approx((low, high), abs=1e-6)


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_the_interval_holds_the_count(count: int) -> None:
    low, high = poisson_interval(count)

    assert 0 <= low <= count < high


def test_the_interval_of_a_rate_is_that_of_its_count_per_person_days(mirror: Mirror) -> None:
    month = churn.churn(mirror, window=JANUARY)

    low, high = poisson_interval(2)
    assert month.rate_interval == pytest.approx((1000 * low / 29, 1000 * high / 29))
    assert month.frame.select("rate_low", "rate_high").row(0) == pytest.approx(month.rate_interval)


def test_periods_that_the_window_cuts_are_told_apart(mirror: Mirror) -> None:
    months = churn.churn(mirror, window=Window.parse("2026-01-03", "2026-03-01"))

    assert months.frame["is_whole"].to_list() == [False, True]
    assert "of all who could have left" in months.headline()
    assert "left, % of the start" in months.table()


@pytest.mark.parametrize("asked", [{"every": "1y"}, {"direction": "fans"}])
def test_a_word_that_is_no_choice_is_refused_with_the_choices(mirror: Mirror, asked: dict[str, str]) -> None:
    with pytest.raises(UserError, match="Choose one of: "):
        churn.churn(mirror, window=JANUARY, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("window", [JANUARY, Window.parse("2020-01-01", "2020-02-01")])
def test_every_chart_draws_and_says_what_it_shows(mirror: Mirror, window: Window) -> None:
    weeks = churn.churn(mirror, window=window, every="1w")

    pictures = [charts.still(weeks.chart()), charts.still(weeks.rate_chart())]

    assert all('role="img" aria-label="' in picture for picture in pictures)


def test_a_chart_draws_the_newest_periods_and_says_how_many_there_are(mirror: Mirror) -> None:
    days = churn.churn(mirror, window=Window.parse("2025-09-01", "2026-02-01"), every="1d")

    assert days.chart().to_dict()["title"]["subtitle"] == "The newest 120 of 153."


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(churn, extraglobs={"mirror": mirror, "Window": Window})
    of_the_interval = doctest.testmod(intervals)

    assert (results.attempted > 0, results.failed) == (True, 0)
    assert (of_the_interval.attempted, of_the_interval.failed) == (2, 0)
