"""Who comes back, and after how many days?"""

from __future__ import annotations

from datetime import UTC, datetime

from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import table


def test_days_away_end_in_a_return_or_at_the_newest_look(mirror: Mirror) -> None:
    as_of = datetime(2026, 1, 20, 18, tzinfo=UTC)

    gaps = mirror.query("followers/returns", direction="followers", as_of=as_of)

    expected = table("""
        days_away | has_returned | spell_count
        0         | no           | 1
        2         | yes          | 1
        12        | no           | 1
    """)
    assert_frame_equal(gaps, expected)


def test_who_came_back_later_than_the_look_is_still_away_then(mirror: Mirror) -> None:
    as_of = datetime(2026, 1, 7, 12, tzinfo=UTC)

    gaps = mirror.query("followers/returns", direction="followers", as_of=as_of)

    expected = table("""
        days_away | has_returned | spell_count
        1         | no           | 1
    """)
    assert_frame_equal(gaps, expected)


def test_a_second_spell_is_a_refollow_and_the_baseline_is_no_follow(mirror: Mirror) -> None:
    counted = mirror.query("followers/refollows", direction="followers")

    expected = table("""
        follows | refollows | unfollows
        2       | 1         | 3
    """)
    assert_frame_equal(counted, expected)
