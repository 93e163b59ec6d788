"""For how long do people follow, those who have left and those who are still here?"""

from __future__ import annotations

from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table


def test_stays_are_counted_in_spans_that_double(mirror: Mirror) -> None:
    stays = mirror.query("followers/days_followed", direction="followers")

    expected = table("""
        least_days: float | most_days: float | completed_count | open_count | left_truncated_count
        2                 | 4                | 1               | 0          | 0
        4                 | 8                | 0               | 0          | 1
        8                 | 16               | 1               | 0          | 0
        16                | 32               | 0               | 0          | 1
    """)
    assert_frame_equal(stays, expected)


def test_the_first_span_is_a_day_and_a_stay_of_a_day_is_in_the_second() -> None:
    mirror = mirror_of(
        persons="id | is_excluded: bool",
        follow_spells="""
            person_id | direction | started_at       | started_after: time | last_seen_at     | ended_at
            a         | followers | 2026-01-01 00:01 | 2025-12-31    | 2026-01-01 22:00 | 2026-01-02
            b         | followers | 2026-01-01       | 2025-12-31    | 2026-01-02       | -
            c         | followers | 2026-01-01       | 2025-12-31    | 2026-01-01       | -
        """,
    )

    stays = mirror.query("followers/days_followed", direction="followers")

    expected = table("""
        least_days: float | most_days: float | completed_count | open_count | left_truncated_count
        0                 | 1                | 1               | 1          | 0
        1                 | 2                | 0               | 1          | 0
    """)
    assert_frame_equal(stays, expected)
