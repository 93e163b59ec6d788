from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest

from mhc_lab.analytics import changes
from mhc_lab.core.errors import UserError
from mhc_lab.mirror.connection import Mirror
from tests.support.histories import small_history
from tests.support.tables import mirror_of


@pytest.fixture
def mirror() -> Mirror:
    return small_history()


def test_last_time_is_the_complete_list_before_the_newest(mirror: Mirror) -> None:
    news = changes.since_last(mirror)

    assert repr(news.window) == "2026-01-13 – 2026-01-14 UTC"
    assert (news.came, news.came_back, news.left, news.left_provisional) == (0, 1, 1, 1)
    assert (news.at_start, news.at_end) == (2, 2)
    assert news.lists["file_name"].to_list() == ["e.csv"]


def test_since_another_instant_everything_after_it_counts(mirror: Mirror) -> None:
    news = changes.since_last(mirror, since=datetime(2026, 1, 1, tzinfo=UTC))

    assert (news.came, news.came_back, news.left, news.renamed) == (1, 1, 2, 1)
    assert news.frame["username"].to_list() == ["ann", "bo", "bo", "bo"]
    assert news.lists.height == 4


def test_a_rename_is_shown_and_is_no_unfollow(mirror: Mirror) -> None:
    page = changes.since_last(mirror, since=datetime(2026, 1, 10, tzinfo=UTC))._repr_html_()

    assert "bobby" in page
    assert "Who took another name" in page


def test_of_a_single_list_the_day_before_it_is_told() -> None:
    mirror = mirror_of(
        persons="id | username | is_excluded: bool | role",
        person_aliases="person_id | alias | valid_to: time",
        follow_spells="""
            person_id | direction | number: int | started_at | started_after: time | last_seen_at | ended_at | end_status
        """,
        follow_scrapes="""
            id | direction | observed_at | file_name | listed_count | reported_total: int | at_risk_count | added_count | missing_count | expected_missing: float | duplicate_count | rejected_rows: texts | verdict  | why
            1  | followers | 2026-01-01  | a.csv     | 3            | 3                   | -             | -           | -             | -                       | 0               | -                    | complete | Whole.
        """,  # noqa: E501
        follow_decisions="number: int | scrape_id | decision | reason | decided_by | decided_at",
    )

    news = changes.since_last(mirror)

    assert repr(news.window) == "2025-12-31 – 2026-01-01 UTC"
    assert "Nobody came." in news.table()
    assert "Nobody left." in news.table()


def test_an_instant_after_everything_known_is_refused(mirror: Mirror) -> None:
    with pytest.raises(UserError, match="holds no time"):
        changes.since_last(mirror, since=datetime(2027, 1, 1, tzinfo=UTC))


def test_nothing_known_is_an_empty_answer(mirror: Mirror) -> None:
    news = changes.since_last(mirror, direction="following")

    assert news.frame.height == 0
    assert "No list was taken" in news.table()


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(changes, extraglobs={"mirror": mirror})

    assert results.attempted > 0
    assert results.failed == 0
