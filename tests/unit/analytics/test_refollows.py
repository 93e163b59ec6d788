from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest

from mhc_lab.analytics import charts, refollows
from mhc_lab.mirror.connection import Mirror
from tests.support.histories import small_history
from tests.support.tables import table


@pytest.fixture
def mirror() -> Mirror:
    return small_history()


def test_second_follows_are_a_share_of_those_who_came(mirror: Mirror) -> None:
    back = refollows.refollows(mirror)

    assert (back.follows, back.refollows, back.unfollows, back.still_away) == (2, 1, 2, 1)
    assert back.refollow_share == 0.5
    assert back.as_of == datetime(2026, 1, 14, tzinfo=UTC)


def test_who_is_still_away_counts_for_as_long_as_they_were_watched() -> None:
    gaps = table("""
        days_away | has_returned | spell_count
        2         | yes          | 1
        2         | no           | 1
        5         | yes          | 2
        9         | no           | 4
    """)

    curve = refollows.returned(gaps)

    assert curve["at_risk_count"].to_list() == [8, 6, 4]
    assert curve["returned_share"].to_list() == pytest.approx([1 / 8, 1 - 7 / 8 * 4 / 6, 1 - 7 / 8 * 4 / 6])


def test_a_chance_is_known_only_for_as_long_as_somebody_was_watched() -> None:
    gaps = table("""
        days_away | has_returned | spell_count
        3         | no           | 1
        10        | yes          | 1
        20        | no           | 3
    """)
    curve = refollows.Refollows(
        refollows.returned(gaps), "followers", datetime(2026, 1, 1, tzinfo=UTC), follows=0, refollows=0, unfollows=5, still_away=4
    )  # fmt: skip

    assert curve.returned_by(7) == 0.0
    assert curve.returned_by_interval(7) is None
    assert curve.returned_by(10) == 0.25
    assert curve.returned_by(20) == 0.25
    assert curve.returned_by(21) is None
    assert curve.refollow_share is None
    low, high = curve.returned_by_interval(10) or (0, 0)
    assert 0 < low < 0.25 < high < 1


def test_where_nobody_left_nothing_is_known_and_the_page_says_so(mirror: Mirror) -> None:
    nobody = refollows.refollows(mirror, direction="following")

    assert nobody.returned_by(7) is None
    assert "watched long enough" in nobody._repr_html_()


@pytest.mark.parametrize("direction", ["followers", "following"])
def test_the_chart_draws_and_says_what_it_shows(mirror: Mirror, direction: refollows.Direction) -> None:
    picture = charts.still(refollows.refollows(mirror, direction=direction).chart())

    assert 'role="img" aria-label="' in picture


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(refollows, extraglobs={"mirror": mirror})

    assert results.attempted > 0
    assert results.failed == 0
