"""In which stretches of time did people leave, and how many could leave from when on?"""

from __future__ import annotations

from datetime import UTC, datetime

from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

JANUARY = {"since": datetime(2025, 12, 31, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}

PERSONS = """
    id | username | is_excluded
    a  | ann      | no
    b  | bo       | no
    c  | cy       | no
    d  | dan      | yes
"""


def test_who_left_between_the_same_two_lists_is_one_row(mirror: Mirror) -> None:
    left = mirror.query("followers/losses_around", direction="followers", **JANUARY)

    expected = table("""
        last_seen_at | first_missing_at | unfollows | provisional
        2026-01-05   | 2026-01-06 12:00 | 1         | 0
        2026-01-07   | 2026-01-08       | 1         | 0
        2026-01-19   | 2026-01-20       | 1         | 1
    """)
    assert_frame_equal(left, expected)


def test_a_stretch_that_reaches_into_the_window_is_there_and_one_that_ends_at_its_start_is_not(mirror: Mirror) -> None:
    window = {"since": datetime(2026, 1, 8, tzinfo=UTC), "until": datetime(2026, 1, 19, 12, tzinfo=UTC)}

    left = mirror.query("followers/losses_around", direction="followers", **window)

    assert left["first_missing_at"].to_list() == [datetime(2026, 1, 20, tzinfo=UTC)]


def test_an_unfollow_known_to_the_minute_at_the_end_of_the_window_belongs_to_it() -> None:
    moment = datetime(2026, 1, 8, 10, tzinfo=UTC)
    mirror = mirror_of(
        persons=PERSONS,
        follow_spells="""
            person_id | direction | started_at | started_after: time | last_seen_at     | ended_at         | end_status
            a         | followers | 2026-01-01 | -             | 2026-01-08 10:00 | 2026-01-08 10:00 | confirmed
            b         | followers | 2026-01-01 | -             | 2026-01-08 10:00 | 2026-01-08 10:00 | confirmed
        """,
    )

    until = mirror.query(
        "followers/losses_around", direction="followers", since=datetime(2026, 1, 1, tzinfo=UTC), until=moment
    )
    after = mirror.query("followers/losses_around", direction="followers", since=moment, until=JANUARY["until"])

    assert until["unfollows"].to_list() == [2]
    assert after.height == 0


def test_people_come_and_leave_in_the_middle_of_the_time_in_which_they_did(mirror: Mirror) -> None:
    exposed = mirror.query("followers/exposure", direction="followers", **JANUARY)

    expected = table("""
        changed_at       | person_count
        2026-01-01       | 2
        2026-01-02 12:00 | 3
        2026-01-05 18:00 | 2
        2026-01-07 12:00 | 2
        2026-01-19 12:00 | 1
    """)
    assert_frame_equal(exposed, expected)


def test_who_followed_at_the_start_of_the_window_could_leave_from_then_on(mirror: Mirror) -> None:
    window = {"since": datetime(2026, 1, 4, tzinfo=UTC), "until": datetime(2026, 1, 6, tzinfo=UTC)}

    exposed = mirror.query("followers/exposure", direction="followers", **window)

    expected = table("""
        changed_at       | person_count
        2026-01-04       | 3
        2026-01-05 18:00 | 2
    """)
    assert_frame_equal(exposed, expected)
