"""Who left, when, how long had they been here, and are they back?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

JANUARY = {"since": datetime(2025, 12, 31, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}
OPEN = {
    "status": None, "role": None, "source": None, "least_days": None, "most_days": None, "name_prefix": None, "has_returned": None,
}  # fmt: skip


def test_every_unfollow_of_the_window_is_a_row_newest_first(mirror: Mirror) -> None:
    left = mirror.query("followers/unfollows", direction="followers", **JANUARY, **OPEN)

    expected = table("""
        username | followed_at | last_seen_at | first_missing_at | days_followed: float | status      | is_left_truncated
        bo       | 2026-01-08  | 2026-01-19   | 2026-01-20       | 12                   | provisional | no
        ann      | 2026-01-01  | 2026-01-07   | 2026-01-08       | 7                    | confirmed   | yes
        bo       | 2026-01-03  | 2026-01-05   | 2026-01-06 12:00 | 3.5                  | confirmed   | no
    """)
    assert_frame_equal(left.select(expected.columns), expected)


def test_every_unfollow_says_how_it_is_known_and_whether_the_person_is_back(mirror: Mirror) -> None:
    left = mirror.query("followers/unfollows", direction="followers", **JANUARY, **OPEN)

    expected = table("""
        username | source      | reason         | returned_at | has_returned | role
        bo       | list_scrape |                | -           | no           | MODEL
        ann      | list_scrape | Missing twice. | -           | no           | VIEWER
        bo       | events_api  |                | 2026-01-08  | yes          | MODEL
    """)
    assert_frame_equal(left.select(expected.columns), expected)


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"status": "provisional"}, [12]),
        ({"role": "MODEL"}, [12, 3.5]),
        ({"role": "VIEWER"}, [7]),
        ({"role": "BOTH"}, []),
        ({"source": "events_api"}, [3.5]),
        ({"least_days": 7.0}, [12, 7]),
        ({"most_days": 7.0}, [7, 3.5]),
        ({"least_days": 3.6, "most_days": 11.9}, [7]),
        ({"name_prefix": "bo"}, [12, 3.5]),
        ({"name_prefix": "b%"}, []),
        ({"has_returned": True}, [3.5]),
        ({"has_returned": False}, [12, 7]),
    ],
)
def test_filters_narrow_the_rows(mirror: Mirror, asked: dict[str, object], days: list[float]) -> None:
    left = mirror.query("followers/unfollows", direction="followers", **JANUARY, **OPEN | asked)

    assert left["days_followed"].to_list() == days


def test_who_is_both_model_and_viewer_passes_as_either() -> None:
    mirror = mirror_of(
        persons="""
            id | username | is_excluded | role
            c  | cy       | no          | BOTH
        """,
        follow_spells="""
            person_id | direction | number | started_at | started_after: time | last_seen_at | ended_at   | end_status
            c         | followers | 1      | 2026-01-01 | -             | 2026-01-04   | 2026-01-05 | confirmed
        """,
        follow_history="person_id | direction | action | at: time | source | reason",
    )

    passed = [
        mirror.query("followers/unfollows", direction="followers", **JANUARY, **OPEN | {"role": role}).height
        for role in ("MODEL", "VIEWER", "BOTH", "UNKNOWN")
    ]

    assert passed == [1, 1, 1, 0]


def test_the_other_direction_is_asked_for_by_name(mirror: Mirror) -> None:
    left = mirror.query("followers/unfollows", direction="following", **JANUARY, **OPEN)

    assert left["username"].to_list() == ["eve"]


def test_an_unfollow_at_the_very_start_belongs_to_the_window_before(mirror: Mirror) -> None:
    window = {"since": datetime(2026, 1, 8, tzinfo=UTC), "until": datetime(2026, 1, 20, tzinfo=UTC)}

    left = mirror.query("followers/unfollows", direction="followers", **window, **OPEN)

    assert left["username"].to_list() == ["bo"]


def test_no_unfollow_is_an_empty_frame_of_the_same_columns() -> None:
    mirror = mirror_of(
        persons="id | username | is_excluded | role",
        follow_spells="person_id | direction | number: int | started_at | started_after: time | last_seen_at | ended_at | end_status",
        follow_history="person_id | direction | action | at: time | source | reason",
    )

    left = mirror.query("followers/unfollows", direction="followers", **JANUARY, **OPEN)

    assert left.height == 0
    assert left.columns[0] == "username"
