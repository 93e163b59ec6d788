"""How many followers did each source tell, and when?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

HOUR = 3_600_000_000


@pytest.fixture
def told() -> Mirror:
    """Me, followed by about a hundred, and somebody else."""
    return mirror_of(
        persons="""
            id | is_self
            me | yes
            x  | no
        """,
        follow_scrapes="""
            direction | observed_at      | listed_count | verdict
            followers | 2025-12-20       | 90           | complete
            followers | 2026-01-01 04:00 | 100          | complete
            followers | 2026-01-01 05:00 | 50           | partial
            following | 2026-01-01 04:00 | 7            | complete
        """,
        affiliate_api_snapshots="""
            person_id | observed_at      | num_followers: int
            me        | 2026-01-01 10:05 | 103
            me        | 2026-01-01 10:55 | 104
            me        | 2026-01-01 11:05 | -
            x         | 2026-01-01 10:05 | 9000
        """,
        cbhours_live_stats="""
            person_id | checked_at       | followers: int
            me        | 2026-01-01 10:30 | 105
            me        | 2026-01-01 12:30 | 0
        """,
        cbhours_activity="""
            person_id | segment_at       | followers: int
            me        | 2026-01-01 10:33 | 106
            me        | 2026-03-01       | 999
        """,
    )


def test_the_newest_number_of_each_source_and_bucket_of_the_broadcaster(told: Mirror) -> None:
    window = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}

    numbers = told.query("followers/count_sources", bucket_us=HOUR, **window)

    expected = table("""
        source    | told_at          | follower_count
        list      | 2025-12-20       | 90
        list      | 2026-01-01 04:00 | 100
        cbhours   | 2026-01-01 10:33 | 106
        affiliate | 2026-01-01 10:55 | 104
    """)
    assert_frame_equal(numbers, expected)


def test_a_zero_or_nothing_is_no_number(told: Mirror) -> None:
    window = {"since": datetime(2026, 1, 1, 11, tzinfo=UTC), "until": datetime(2026, 1, 2, tzinfo=UTC)}

    numbers = told.query("followers/count_sources", bucket_us=HOUR, **window)

    assert numbers.filter(numbers["told_at"] > window["since"]).height == 0
    assert numbers["follower_count"].to_list() == [100, 106, 104]
