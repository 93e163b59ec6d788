"""How good is each list, and what was made of it?"""

from __future__ import annotations

import pytest
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import table


@pytest.fixture
def lists() -> Mirror:
    """A first list, two that changed nothing, one broken off in between, a held one decided twice, one that changed."""
    taken = table("""
        id | direction | observed_at      | file_name | verdict  | why    | duplicate_count | rejected_rows: texts
        1  | followers | 2026-01-01       | a.csv     | complete | Whole. | 0               | zw ölf
        2  | followers | 2026-01-02       | b.csv     | complete | Whole. | 2               | -
        3  | followers | 2026-01-02 12:00 | c.csv     | partial  | Cut.   | 0               | -
        4  | followers | 2026-01-03       | d.csv     | complete | Whole. | 0               | -
        5  | followers | 2026-01-04       | e.csv     | held     | Many.  | 0               | -
        6  | followers | 2026-01-05       | f.csv     | complete | Whole. | 0               | -
        7  | followers | 2026-01-06       | g.csv     | complete | Whole. | 0               | -
        8  | following | 2026-01-01       | h.csv     | complete | Whole. | 0               | -
    """)
    judged = table("""
        listed_count | reported_total: int | at_risk_count | added_count | missing_count | expected_missing: float
        100          | 100                 | -             | -           | -             | -
        100          | 100                 | 100           | 0           | 0             | 3
        40           | 100                 | 100           | 0           | 60            | 1.5
        100          | -                   | 100           | 0           | 0             | 4.5
        30           | -                   | 100           | 0           | 70            | 3
        99           | -                   | 100           | 1           | 2             | 6
        99           | -                   | 99            | 0           | 0             | -
        9            | -                   | -             | -           | -             | -
    """)
    decisions = table("""
        number | scrape_id | decision  | reason   | decided_by | decided_at
        1      | 5         | complete  | A storm. | ann        | 2026-01-05
        2      | 5         | automatic | No.      | bo         | 2026-01-06
    """)
    return Mirror.from_tables({"follow_scrapes": taken.hstack(judged), "follow_decisions": decisions})


def test_lists_that_change_nothing_are_counted_in_a_row_among_the_complete_ones(lists: Mirror) -> None:
    quality = lists.query("followers/list_quality", direction="followers")

    expected = table("""
        file_name | unchanged_in_a_row | unchanged_expected: float
        a.csv     | 0                  | -
        b.csv     | 1                  | 3
        c.csv     | 0                  | -
        d.csv     | 2                  | 7.5
        e.csv     | 0                  | -
        f.csv     | 0                  | -
        g.csv     | 1                  | -
    """)
    assert_frame_equal(quality.select(expected.columns), expected)


def test_the_newest_decision_about_a_list_stands_beside_its_verdict(lists: Mirror) -> None:
    quality = lists.query("followers/list_quality", direction="followers")

    decided = quality.filter(quality["decision"].is_not_null()).select("file_name", "verdict", "decision", "decided_by")
    assert decided.rows() == [("e.csv", "held", "automatic", "bo")]


def test_every_list_says_how_long_after_the_last_it_was_taken_and_what_was_wrong_with_its_rows(lists: Mirror) -> None:
    quality = lists.query("followers/list_quality", direction="followers")

    expected = table("""
        file_name | hours_since_previous: float | duplicate_count | rejected_count
        a.csv     | -                           | 0               | 2
        b.csv     | 24                          | 2               | 0
        c.csv     | 12                          | 0               | 0
        d.csv     | 12                          | 0               | 0
        e.csv     | 24                          | 0               | 0
        f.csv     | 24                          | 0               | 0
        g.csv     | 24                          | 0               | 0
    """)
    assert_frame_equal(quality.select(expected.columns), expected)
