"""Between which hours did people leave, and how many were watched at which hour?"""

from __future__ import annotations

from datetime import UTC, datetime

from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

NEW_YEAR = 490_896
"""Hours from 1970 to 2026-01-01."""


def test_unfollows_between_the_same_lists_are_one_row_and_a_known_instant_is_its_hour() -> None:
    mirror = mirror_of(
        persons="""
            id | is_excluded
            x  | yes
        """,
        follow_spells="""
            person_id | direction | last_seen_at     | ended_at
            a         | followers | 2026-01-01 04:30 | 2026-01-02 04:00
            b         | followers | 2026-01-01 04:30 | 2026-01-02 04:00
            c         | followers | 2026-01-01 05:59 | 2026-01-01 05:59
            d         | followers | 2026-01-01 04:30 | -
            x         | followers | 2026-01-01 04:30 | 2026-01-02 04:00
            e         | following | 2026-01-01 04:30 | 2026-01-02 04:00
        """,
    )
    window = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}

    intervals = mirror.query("followers/unfollow_intervals", direction="followers", **window)

    assert intervals.rows() == [(NEW_YEAR + 4.5, NEW_YEAR + 28, 2), (NEW_YEAR + 5, NEW_YEAR + 6, 1)]


def test_watched_persons_are_counted_from_each_change_on_within_the_window(mirror: Mirror) -> None:
    window = {"since": datetime(2026, 1, 2, tzinfo=UTC), "until": datetime(2026, 1, 9, tzinfo=UTC)}

    watched = mirror.query("followers/watched_hours", direction="followers", **window)

    expected = table(f"""
        epoch_hour            | watched_count
        {NEW_YEAR + 24}       | 2
        {NEW_YEAR + 48}       | 3
        {NEW_YEAR + 132}      | 2
        {NEW_YEAR + 168}      | 2
    """)
    assert_frame_equal(watched, expected)
