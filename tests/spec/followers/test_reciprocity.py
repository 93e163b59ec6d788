"""Who follows me and is followed by me, who only the one, who only the other, and since when?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table


@pytest.fixture
def both() -> Mirror:
    """Ann and I follow each other from the 5th to the 15th; bo follows me, I follow cy, who had followed me; dan is excluded."""
    return mirror_of(
        persons="""
            id | username | is_excluded
            a  | ann      | no
            b  | bo       | no
            c  | cy       | no
            d  | dan      | yes
        """,
        follow_spells="""
            person_id | direction | started_at | started_after: time | last_seen_at | ended_at   | end_status
            a         | followers | 2026-01-01 | -             | 2026-01-20   | -          | -
            a         | following | 2026-01-05 | 2026-01-04    | 2026-01-14   | 2026-01-15 | confirmed
            b         | followers | 2026-01-03 | 2026-01-02    | 2026-01-20   | -          | -
            c         | followers | 2026-01-01 | -             | 2026-01-02   | 2026-01-03 | confirmed
            c         | following | 2026-01-02 | -             | 2026-01-20   | -          | -
            d         | followers | 2026-01-01 | -             | 2026-01-20   | -          | -
            d         | following | 2026-01-01 | -             | 2026-01-20   | -          | -
        """,
    )


def test_the_three_are_counted_every_week_and_at_the_end(both: Mirror) -> None:
    window = {"since": datetime(2026, 1, 2, tzinfo=UTC), "until": datetime(2026, 1, 20, tzinfo=UTC)}

    counts = both.query("followers/reciprocity", **window)

    expected = table("""
        counted_at | mutual_count | they_only_count | i_only_count
        2026-01-02 | 1            | 1               | 0
        2026-01-09 | 1            | 1               | 1
        2026-01-16 | 0            | 2               | 1
        2026-01-20 | 0            | 2               | 1
    """)
    assert_frame_equal(counts, expected)


def test_before_anybody_is_known_all_are_none(both: Mirror) -> None:
    window = {"since": datetime(2025, 12, 1, tzinfo=UTC), "until": datetime(2025, 12, 8, tzinfo=UTC)}

    counts = both.query("followers/reciprocity", **window)

    expected = table("""
        counted_at | mutual_count | they_only_count | i_only_count
        2025-12-01 | 0            | 0               | 0
        2025-12-08 | 0            | 0               | 0
    """)
    assert_frame_equal(counts, expected)


def test_everybody_stands_on_the_side_where_they_are_with_since_when(both: Mirror) -> None:
    persons = both.query("followers/reciprocity_persons", at=datetime(2026, 1, 16, tzinfo=UTC))

    expected = table("""
        username | relation  | they_since_at | is_they_left_truncated | they_left_at | i_since_at | is_i_left_truncated | i_left_at
        ann      | they only | 2026-01-01    | yes                    | -            | -          | -                   | 2026-01-15
        bo       | they only | 2026-01-03    | no                     | -            | -          | -                   | -
        cy       | I only    | -             | -                      | 2026-01-03   | 2026-01-02 | yes                 | -
    """)
    assert_frame_equal(persons, expected)


def test_what_came_later_is_not_known_yet(both: Mirror) -> None:
    persons = both.query("followers/reciprocity_persons", at=datetime(2026, 1, 10, tzinfo=UTC))

    assert persons.select("username", "relation").rows() == [("ann", "mutual"), ("bo", "they only"), ("cy", "I only")]
