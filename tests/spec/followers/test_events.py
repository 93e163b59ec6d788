"""The follow history as a log: events, who follows now, and what became of the lists."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from polars.testing import assert_frame_equal

from mhc_lab.analytics.follow_log import follow_log
from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

EVER = {"since": datetime(2025, 12, 31, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}


@pytest.fixture
def log() -> Mirror:
    """Ann left and bo came; dan is excluded; one list is held, and one had rows that are no names."""
    return mirror_of(
        persons="""
            id | username | is_excluded
            a  | ann      | no
            b  | bo       | no
            d  | dan      | yes
        """,
        follow_history="""
            person_id | direction | action   | source      | at: time   | is_baseline | last_seen_at | first_missing_at | status    | reason
            a         | followers | follow   | list_scrape | 2026-01-01 | yes         | -            | -                | confirmed | list
            a         | followers | unfollow | list_scrape | 2026-01-08 | no          | 2026-01-07   | 2026-01-08       | confirmed | gone
            b         | followers | follow   | events_api  | 2026-01-03 | no          | -            | -                | confirmed | feed
            d         | followers | follow   | list_scrape | 2026-01-02 | no          | -            | -                | confirmed | list
        """,
        follow_spells="""
            person_id | direction | started_at | last_seen_at | ended_at: time
            a         | followers | 2026-01-01 | 2026-01-07   | 2026-01-08
            b         | followers | 2026-01-03 | 2026-01-09   | -
            d         | followers | 2026-01-02 | 2026-01-09   | -
        """,
        follow_scrapes="""
            id | direction | observed_at | file_name | verdict  | why | duplicate_count | rejected_rows: texts
            1  | followers | 2026-01-01  | a.csv     | complete | ok  | 2               | zwölf
            2  | followers | 2026-01-02  | b.csv     | held     | no  | 1               | -
            3  | following | 2026-01-02  | c.csv     | refused  | no  | 5               | -
        """,
    )


def test_every_event_is_a_row_in_order_of_time(log: Mirror) -> None:
    events = log.query("followers/events", direction="followers", **EVER)

    expected = table("""
        event    | username | at: time   | is_baseline | days_followed: float | status    | source
        follow   | ann      | 2026-01-01 | yes         | -                    | confirmed | list_scrape
        follow   | bo       | 2026-01-03 | no          | -                    | confirmed | events_api
        unfollow | ann      | 2026-01-08 | no          | 7                    | confirmed | list_scrape
    """)
    assert_frame_equal(events.select(expected.columns), expected)


def test_those_in_an_open_spell_follow_now(log: Mirror) -> None:
    now = log.query("followers/now_following", direction="followers")

    assert now["username"].to_list() == ["bo"]


def test_the_lists_say_what_became_of_them(log: Mirror) -> None:
    lists = log.query("followers/lists_taken", direction="following")

    assert lists.select("file_name", "verdict", "duplicate_count").rows() == [("c.csv", "refused", 5)]


def test_the_log_knows_who_follows_now_and_which_lists_wait(log: Mirror) -> None:
    found = follow_log(log)

    assert found.current == ("bo",)
    assert (found.files("held"), found.files("refused"), found.duplicate_rows) == (["b.csv"], [], 3)
    assert found.rejected_rows == ["zwölf"]
    assert repr(found) == "2 follows, 1 unfollow; 1 follow now; 2 lists, 1 held, 0 refused"
