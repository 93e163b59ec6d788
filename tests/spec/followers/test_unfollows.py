"""Who left, when, and how long had they been here?"""

from __future__ import annotations

from datetime import UTC, datetime

from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

JANUARY = {"since": datetime(2025, 12, 31, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}


def test_every_unfollow_of_the_window_is_a_row_newest_first(mirror: Mirror) -> None:
    left = mirror.query("followers/unfollows", direction="followers", **JANUARY)

    expected = table("""
        username | followed_at | last_seen_at | first_missing_at | days_followed: float | status      | is_left_truncated
        bo       | 2026-01-08  | 2026-01-19   | 2026-01-20       | 12                   | provisional | no
        ann      | 2026-01-01  | 2026-01-07   | 2026-01-08       | 7                    | confirmed   | yes
        bo       | 2026-01-03  | 2026-01-05   | 2026-01-06 12:00 | 3.5                  | confirmed   | no
    """)
    assert_frame_equal(left, expected)


def test_the_other_direction_is_asked_for_by_name(mirror: Mirror) -> None:
    left = mirror.query("followers/unfollows", direction="following", **JANUARY)

    assert left["username"].to_list() == ["eve"]


def test_an_unfollow_at_the_very_start_belongs_to_the_window_before(mirror: Mirror) -> None:
    window = {"since": datetime(2026, 1, 8, tzinfo=UTC), "until": datetime(2026, 1, 20, tzinfo=UTC)}

    left = mirror.query("followers/unfollows", direction="followers", **window)

    assert left["username"].to_list() == ["bo"]


def test_no_unfollow_is_an_empty_frame_of_the_same_columns() -> None:
    mirror = mirror_of(
        persons="id | username | is_excluded",
        follow_spells="person_id | direction | started_at | started_after | last_seen_at | ended_at | end_status",
    )

    left = mirror.query("followers/unfollows", direction="followers", **JANUARY)

    assert left.height == 0
    assert left.columns[0] == "username"
