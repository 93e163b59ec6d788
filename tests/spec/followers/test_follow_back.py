"""How long after I began to follow somebody did they follow me?"""

from __future__ import annotations

import pytest
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table


def mirror_with(spells: str) -> Mirror:
    return mirror_of(
        persons="""
            id | username | is_excluded
            a  | ann      | no
            b  | bo       | no
            x  | xan      | yes
        """,
        follow_spells=f"""
            person_id | number | direction | started_at | started_after: time | last_seen_at | ended_at | end_status
            b | 1 | followers | 2026-01-01 | - | 2026-01-31 | - | -
            {spells.strip()}
        """,
    )


@pytest.mark.parametrize(
    ("theirs", "outcome", "left_days", "right_days"),
    [
        ("2026-01-14 | 2026-01-13 | 2026-01-31 | - | -", "followed back", 3.0, 5.0),
        ("2026-01-10 | 2026-01-09 | 2026-01-31 | - | -", "order unknown", 0.0, 1.0),
        ("2026-01-09 | 2026-01-08 | 2026-01-31 | - | -", "already followed", None, None),
        ("2026-01-01 | -          | 2026-01-31 | - | -", "already followed", None, None),
        ("2026-01-12 | -          | 2026-01-31 | - | -", "their start unknown", None, None),
        ("2026-01-03 | 2026-01-02 | 2026-01-08 | 2026-01-09 | confirmed", "not yet", 21.0, None),
    ],
)
def test_each_follow_of_mine_has_its_outcome_and_its_delay(
    theirs: str, outcome: str, left_days: float | None, right_days: float | None
) -> None:
    mirror = mirror_with(f"""
            a | 1 | following | 2026-01-10 | 2026-01-09 | 2026-01-31 | - | -
            a | 1 | followers | {theirs}
    """)

    backs = mirror.query("followers/follow_back")

    assert backs.select("outcome", "left_days", "right_days").rows() == [(outcome, left_days, right_days)]


def test_who_was_never_seen_among_the_followers_is_watched_until_the_newest_sight_of_any() -> None:
    mirror = mirror_with("a | 1 | following | 2026-01-10 | 2026-01-09 | 2026-02-20 | - | -")

    backs = mirror.query("followers/follow_back")

    expected = table("""
        username | i_after_at | i_by_at    | they_after_at | they_by_at | outcome | left_days: float | right_days: float
        ann      | 2026-01-09 | 2026-01-10 | -             | -          | not yet | 21               | -
    """)
    assert_frame_equal(backs, expected)


def test_my_leaving_ends_the_watch() -> None:
    mirror = mirror_with("""
            a | 1 | following | 2026-01-10 | 2026-01-09 | 2026-01-14 | 2026-01-15 | confirmed
            a | 1 | followers | 2026-01-20 | 2026-01-19 | 2026-01-31 | - | -
    """)

    backs = mirror.query("followers/follow_back")

    assert backs.select("outcome", "left_days").rows() == [("not yet", 4.0)]


def test_each_spell_of_mine_is_answered_for_itself() -> None:
    mirror = mirror_with("""
            a | 1 | following | 2026-01-05 | 2026-01-04 | 2026-01-07 | 2026-01-08 | confirmed
            a | 2 | following | 2026-01-10 | 2026-01-09 | 2026-01-31 | - | -
            a | 1 | followers | 2026-01-12 | 2026-01-11 | 2026-01-31 | - | -
    """)

    backs = mirror.query("followers/follow_back")

    assert backs["outcome"].to_list() == ["not yet", "followed back"]


def test_a_follow_from_before_we_looked_has_no_delay_and_excluded_persons_no_row() -> None:
    mirror = mirror_with("""
            a | 1 | following | 2026-01-02 | - | 2026-01-31 | - | -
            a | 1 | followers | 2026-01-12 | 2026-01-11 | 2026-01-31 | - | -
            x | 1 | following | 2026-01-10 | 2026-01-09 | 2026-01-31 | - | -
    """)

    backs = mirror.query("followers/follow_back")

    assert backs.select("username", "outcome", "left_days").rows() == [("ann", "my start unknown", None)]
