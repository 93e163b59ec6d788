from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from mhc_lab.analytics import charts, cohorts
from mhc_lab.core.errors import UserError
from mhc_lab.mirror.connection import Mirror
from tests.support.histories import small_history


@pytest.fixture
def mirror() -> Mirror:
    return small_history()


@pytest.fixture
def years() -> cohorts.Cohorts:
    """A hundred weekly cohorts of ten, of which one leaves every week and the newest are not fully watched."""
    rows = [
        (date(2024, 1, 1) + timedelta(days=7 * number), age, 10, 10, 10 - age % 10, number + age < 99)
        for number in range(100)
        for age in range(100 - number)
    ]
    names = ["cohort_on", "age_weeks", "member_count", "observed_count", "retained_count", "is_complete"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    share = (pl.col("retained_count") / pl.col("observed_count")).alias("retained_share")
    return cohorts.Cohorts(frame.with_columns(share), "1w", "followers", datetime(2026, 1, 1, tzinfo=UTC))


def test_those_who_were_there_before_we_looked_are_in_no_cohort(mirror: Mirror) -> None:
    weeks = cohorts.cohorts(mirror, every="1w")

    assert (weeks.count, weeks.members) == (2, 2)
    assert weeks.as_of == datetime(2026, 1, 14, tzinfo=UTC)
    assert weeks.retained(1) == 0.0
    assert weeks.retained(2) is None


def test_what_is_shown_fits_a_chart(years: cohorts.Cohorts) -> None:
    shown = years.shown

    assert shown["cohort_on"].n_unique() == 59  # the newest of the sixty has not reached a week yet
    assert set(shown["age_weeks"]) <= set(cohorts.AGES)
    assert shown.height <= 5000
    assert years.chart().to_dict()["title"]["subtitle"] == "The newest 59 of 100 cohorts."


def test_a_square_that_is_not_fully_watched_is_written_differently(years: cohorts.Cohorts) -> None:
    (rows,) = years.chart().to_dict()["datasets"].values()

    assert {(row["is_complete"], row["percent"][0] == "~", row["shade"] is None) for row in rows} == {
        (True, False, False),
        (False, True, True),
    }
    assert "~" in years.table()


def test_no_cohort_is_said_in_words(mirror: Mirror) -> None:
    nobody = cohorts.cohorts(mirror, direction="following")

    assert "no cohort yet" in nobody._repr_html_()
    assert nobody.retained(4) is None


@pytest.mark.parametrize("asked", [{"every": "1d"}, {"every": "1y"}, {"direction": "fans"}])
def test_a_word_that_is_no_choice_is_refused(mirror: Mirror, asked: dict[str, str]) -> None:
    with pytest.raises(UserError):
        cohorts.cohorts(mirror, **asked)  # type: ignore[arg-type]


def test_the_chart_draws_and_says_what_it_shows(mirror: Mirror, years: cohorts.Cohorts) -> None:
    drawn = [charts.still(one.chart()) for one in (years, replace(years, every="1mo"), cohorts.cohorts(mirror))]

    assert all('role="img" aria-label="' in picture for picture in drawn)


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(cohorts, extraglobs={"mirror": mirror})

    assert results.attempted > 0
    assert results.failed == 0
