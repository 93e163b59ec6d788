from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest

from mhc_lab.analytics import charts, reciprocity
from mhc_lab.analytics.window import Window
from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of

JANUARY = Window.parse("2026-01-01", "2026-01-20")


@pytest.fixture
def mirror() -> Mirror:
    """Ann followed me back 2 to 4 days later; bo follows me; cy, whom I followed before anybody looked, has left; dee never came."""
    return mirror_of(
        persons="""
            id | username | is_excluded
            a  | ann      | no
            b  | bo       | no
            c  | cy       | no
            d  | dee      | no
        """,
        follow_spells="""
            person_id | number | direction | started_at | started_after: time | last_seen_at | ended_at   | end_status
            a         | 1      | following | 2026-01-05 | 2026-01-04          | 2026-01-20   | -          | -
            a         | 1      | followers | 2026-01-08 | 2026-01-07          | 2026-01-20   | -          | -
            b         | 1      | followers | 2026-01-01 | -                   | 2026-01-20   | -          | -
            c         | 1      | following | 2026-01-02 | -                   | 2026-01-20   | -          | -
            c         | 1      | followers | 2026-01-01 | -                   | 2026-01-05   | 2026-01-06 | confirmed
            d         | 1      | following | 2026-01-10 | 2026-01-09          | 2026-01-14   | 2026-01-15 | confirmed
        """,
        follow_scrapes="""
            id | direction | observed_at | listed_count | reported_total | verdict  | why    | file_name
            1  | followers | 2026-01-01  | 2            | -              | complete | Whole. | a.csv
            2  | following | 2026-01-02  | 1            | -              | complete | Whole. | b.csv
            3  | following | 2026-01-12  | 2            | -              | complete | Whole. | d.csv
            4  | followers | 2026-01-20  | 2            | -              | complete | Whole. | c.csv
        """,
    )


@pytest.fixture
def nobody() -> Mirror:
    return mirror_of(
        persons="id | username | is_excluded",
        follow_spells="person_id | number | direction | started_at | started_after: time | last_seen_at | ended_at | end_status",
        follow_scrapes="id | direction | observed_at | listed_count | reported_total | verdict | why | file_name",
    )


def test_the_three_groups_and_their_shares_are_those_of_the_end(mirror: Mirror) -> None:
    both = reciprocity.reciprocity(mirror, window=JANUARY)

    assert (both.mutual, both.they_only, both.i_only) == (1, 1, 1)
    assert both.mutual_share == pytest.approx(1 / 3)
    assert both.follow_back_rate == 0.5


def test_who_does_not_follow_back_is_listed_with_since_when_and_when_they_left(mirror: Mirror) -> None:
    both = reciprocity.reciprocity(mirror, window=JANUARY)

    assert both.not_following_back.rows() == [
        ("cy", datetime(2026, 1, 2, tzinfo=UTC), True, datetime(2026, 1, 6, tzinfo=UTC))
    ]
    assert both.not_followed_back.rows() == [("bo", datetime(2026, 1, 1, tzinfo=UTC), True, None)]


def test_where_nobody_follows_there_are_no_shares(nobody: Mirror) -> None:
    both = reciprocity.reciprocity(nobody, window=JANUARY)

    assert (both.mutual, both.mutual_share, both.follow_back_rate) == (0, None, None)
    assert "nobody" in both.table()
    assert "–" in both.headline()


def test_both_directions_have_lists_in_what_is_covered(mirror: Mirror, nobody: Mirror) -> None:
    assert reciprocity.covered(mirror) == Window.parse("2026-01-02", "2026-01-20")
    assert reciprocity.covered(nobody).days == 1.0


def test_a_delay_lies_between_its_two_intervals(mirror: Mirror) -> None:
    backs = reciprocity.follow_backs(mirror)

    answered = backs.frame.filter(backs.frame["outcome"] == reciprocity.FOLLOWED_BACK)
    assert answered.select("username", "left_days", "right_days").rows() == [("ann", 2.0, 4.0)]


def test_each_outcome_is_counted_and_what_says_nothing_about_the_delay_is_left_out(mirror: Mirror) -> None:
    backs = reciprocity.follow_backs(mirror)

    assert backs.at_stake == 2
    assert backs.count(reciprocity.NOT_YET) == 1
    assert backs.count(reciprocity.MY_START_UNKNOWN) == 1
    assert backs.curve.count == 2


def test_the_share_that_follows_back_has_a_lower_and_an_upper_bound(mirror: Mirror) -> None:
    backs = reciprocity.follow_backs(mirror)

    assert backs.within(1) == (0.0, 0.0)
    assert backs.within(3) == pytest.approx((0.0, 0.5))
    assert backs.within(4) == pytest.approx((0.5, 0.5))
    assert backs.within(30) == pytest.approx((0.5, 0.5))
    assert backs.curve.optimality_gap < 1e-8


def test_without_any_follow_of_mine_nothing_is_said_about_delays(nobody: Mirror) -> None:
    backs = reciprocity.follow_backs(nobody)

    assert backs.within(30) is None
    assert backs.median_days is None
    assert "Nobody has followed back" in backs.table()
    assert repr(backs) == "0 follows of mine · – answered within 30 days"


def test_every_chart_draws_and_says_what_it_shows(mirror: Mirror, nobody: Mirror) -> None:
    drawn = [reciprocity.reciprocity(one, window=JANUARY).chart() for one in (mirror, nobody)]
    drawn += [reciprocity.follow_backs(one).chart() for one in (mirror, nobody)]

    pictures = [charts.still(chart) for chart in drawn]

    assert all('role="img" aria-label="' in picture for picture in pictures)
    assert all(f">{name}</text>" in pictures[0] for name in ("mutual", "they only", "I only"))


def test_results_show_themselves_as_html(mirror: Mirror) -> None:
    page = (
        reciprocity.reciprocity(mirror, window=JANUARY)._repr_html_() + reciprocity.follow_backs(mirror)._repr_html_()
    )

    assert "of those I follow, follow back" in page
    assert "order unknown" in page
    assert "ann" in page


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(reciprocity, extraglobs={"mirror": mirror, "Window": Window})

    assert results.attempted > 0
    assert results.failed == 0
