"""Who came, who came back, who left, who took another name; and when did we look?"""

from __future__ import annotations

from datetime import UTC, datetime

from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

WINDOW = {"since": datetime(2026, 1, 3, tzinfo=UTC), "until": datetime(2026, 1, 20, tzinfo=UTC)}
JANUARY = {"since": datetime(2025, 12, 31, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}


def test_a_refollow_comes_back_and_is_not_one_who_came(mirror: Mirror) -> None:
    changes = mirror.query("followers/changes", direction="followers", **WINDOW)

    expected = table("""
        username | change    | status      | after_at   | changed_at       | days_followed: float | days_away: float | role
        bo       | left      | provisional | 2026-01-19 | 2026-01-20       | 12                   | -                | MODEL
        ann      | left      | confirmed   | 2026-01-07 | 2026-01-08       | 7                    | -                | VIEWER
        bo       | came back | -           | 2026-01-07 | 2026-01-08       | -                    | 1.5              | MODEL
        bo       | left      | confirmed   | 2026-01-05 | 2026-01-06 12:00 | 3.5                  | -                | MODEL
    """)
    assert_frame_equal(changes, expected)


def test_those_of_the_first_list_did_not_come(mirror: Mirror) -> None:
    changes = mirror.query("followers/changes", direction="followers", **JANUARY)

    came = changes.filter(changes["change"] == "came")
    assert came["username"].to_list() == ["bo"]


def test_a_name_given_up_in_the_window_is_a_rename(mirror: Mirror) -> None:
    renames = mirror.query("followers/renames", direction="followers", **JANUARY)

    expected = table("""
        name_before | username | renamed_at
        bobby       | bo       | 2026-01-05
    """)
    assert_frame_equal(renames, expected)


def test_a_rename_of_somebody_who_never_followed_is_none_of_ours(mirror: Mirror) -> None:
    renames = mirror.query("followers/renames", direction="following", **JANUARY)

    assert renames.height == 0


def test_the_two_newest_complete_lists_and_the_newest_knowledge(mirror: Mirror) -> None:
    looked = mirror.query("followers/looked", direction="followers")

    expected = table("""
        newest_complete_at | previous_complete_at | newest_at
        2026-01-20         | 2026-01-19           | 2026-01-20
    """)
    assert_frame_equal(looked, expected)


def test_what_other_sources_tell_later_is_the_newest_knowledge() -> None:
    mirror = mirror_of(
        follow_scrapes="""
            id | direction | observed_at | verdict
            1  | followers | 2026-01-01  | complete
        """,
        follow_spells="""
            person_id | direction | started_at       | last_seen_at     | ended_at
            a         | followers | 2026-01-01       | 2026-01-01       | -
            b         | followers | 2026-01-03 04:05 | 2026-01-03 04:05 | -
        """,
    )

    looked = mirror.query("followers/looked", direction="followers").row(0)

    assert looked == (datetime(2026, 1, 1, tzinfo=UTC), None, datetime(2026, 1, 3, 4, 5, tzinfo=UTC))


def test_where_nobody_looked_nothing_is_known(mirror: Mirror) -> None:
    looked = mirror.query("followers/looked", direction="nobody").row(0)

    assert looked == (None, None, None)
