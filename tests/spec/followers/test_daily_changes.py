"""How many came and how many left, day by day?"""

from __future__ import annotations

from datetime import UTC, datetime

from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import table


def test_days_are_utc_and_only_those_with_a_change(mirror: Mirror) -> None:
    window = {"since": datetime(2025, 12, 31, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}

    days = mirror.query("followers/daily_changes", direction="followers", **window)

    expected = table("""
        changed_on | follows | unfollows | provisional
        2026-01-03 | 1       | 0         | 0
        2026-01-06 | 0       | 1         | 0
        2026-01-08 | 1       | 1         | 0
        2026-01-20 | 0       | 1         | 1
    """)
    assert_frame_equal(days, expected)
