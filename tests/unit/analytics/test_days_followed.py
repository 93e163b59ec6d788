from __future__ import annotations

import doctest

import pytest

from mhc_lab.analytics import charts, days_followed
from mhc_lab.core.errors import UserError
from mhc_lab.mirror.connection import Mirror
from tests.support.histories import small_history


@pytest.fixture
def mirror() -> Mirror:
    return small_history()


def test_stays_of_unknown_length_are_counted_apart(mirror: Mirror) -> None:
    stays = days_followed.days_followed(mirror)

    assert (stays.completed, stays.still_here, stays.left_truncated) == (1, 1, 2)


def test_chart_and_page_warn_of_completed_stays_and_name_those_left_out(mirror: Mirror) -> None:
    stays = days_followed.days_followed(mirror)

    assert stays.chart().to_dict()["title"]["subtitle"] == "Completed stays alone are too short."
    assert "2 that began before we looked are left out." in stays._repr_html_()


@pytest.mark.parametrize("direction", ["followers", "following"])
def test_the_chart_draws_and_says_what_it_shows(mirror: Mirror, direction: days_followed.Direction) -> None:
    picture = charts.still(days_followed.days_followed(mirror, direction=direction).chart())

    assert 'role="img" aria-label="' in picture


def test_a_word_that_is_no_direction_is_refused(mirror: Mirror) -> None:
    with pytest.raises(UserError, match="Choose one of: "):
        days_followed.days_followed(mirror, direction="fans")  # type: ignore[arg-type]


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(days_followed, extraglobs={"mirror": mirror})

    assert results.attempted > 0
    assert results.failed == 0
