"""How long have those who came stayed, as exactly as lists and feeds can tell?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

DAY = 86_400_000_000
EVER: dict[str, Any] = {
    "direction": "followers",
    "since": datetime(2020, 1, 1, tzinfo=UTC),
    "until": datetime(2026, 2, 1, tzinfo=UTC),
    "provisional": "ended",
}


def in_days(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col("gap_us", "entry_us", "left_us", "doubt_us") / DAY)


@pytest.fixture
def feed() -> Mirror:
    """Ann's start is known to the second, bo's start and end, cy's end only; dee I follow from the fourth day on, ed from before."""
    return mirror_of(
        persons="""
            id | username | role   | is_excluded
            a  | ann      | VIEWER | no
            b  | bo       | VIEWER | no
            c  | cy       | VIEWER | no
            d  | dee      | MODEL  | no
            e  | ed       | BOTH   | no
        """,
        follow_spells="""
            person_id | number: int | direction | started_at | started_after: time | last_seen_at     | ended_at         | end_status
            a         | 1           | followers | 2026-01-01 | 2026-01-01          | 2026-01-08       | 2026-01-09       | confirmed
            b         | 1           | followers | 2026-01-01 | 2026-01-01          | 2026-01-04 02:00 | 2026-01-04 02:00 | confirmed
            c         | 1           | followers | 2026-01-02 | 2026-01-01          | 2026-01-04 12:00 | 2026-01-04 12:00 | confirmed
            d         | 1           | followers | 2026-01-02 | 2026-01-01          | 2026-01-08       | 2026-01-09       | confirmed
            d         | 1           | following | 2026-01-04 | 2026-01-03          | 2026-01-20       | -                | -
            e         | 1           | followers | 2026-05-02 | 2026-05-01          | 2026-05-08       | -                | -
            e         | 1           | following | 2026-01-02 | -                   | 2026-05-20       | -                | -
        """,
    )


def test_lists_leave_a_gap_before_and_a_doubt_behind_each_stay(mirror: Mirror) -> None:
    lengths = in_days(mirror.query("followers/spell_lengths", **EVER).filter(pl.col("gap_us").is_not_null()))

    expected = table("""
        gap_us: float | entry_us: float | left_us: float | doubt_us: float | spell_count
        1             | 0               | 2              | 1.5             | 1
        1             | 0               | 11             | 1               | 1
    """)
    assert_frame_equal(lengths, expected)


def test_those_there_before_we_looked_have_no_gap_at_all(mirror: Mirror) -> None:
    lengths = mirror.query("followers/spell_lengths", **EVER)

    assert lengths.filter(pl.col("gap_us").is_null())["spell_count"].sum() == 2


def test_alike_stays_are_one_row() -> None:
    mirror = mirror_of(
        persons="""
            id | username | is_excluded
            a  | ann      | no
            b  | bo       | no
        """,
        follow_spells="""
            person_id | direction | started_at | started_after: time | last_seen_at | ended_at | end_status: text
            a         | followers | 2026-01-02 | 2026-01-01          | 2026-01-20   | -        | -
            b         | followers | 2026-01-02 | 2026-01-01          | 2026-01-20   | -        | -
        """,
    )

    lengths = in_days(mirror.query("followers/spell_lengths", **EVER))

    assert lengths.rows() == [(1, 0, 18, None, 2)]


def test_what_the_feed_knows_to_the_second_has_no_gap_and_is_counted_in_steps(feed: Mirror) -> None:
    lengths = feed.query("followers/spell_lengths", **EVER).filter(pl.col("gap_us") == 0)

    assert lengths.select("left_us", "doubt_us").rows() == [(15 << 34, 0), (35 << 34, 5 << 34)]


def test_an_end_that_is_known_to_the_second_has_no_doubt(feed: Mirror) -> None:
    lengths = in_days(feed.query("followers/spell_lengths", **EVER).filter(pl.col("gap_us") > 0))

    assert lengths.select("left_us", "doubt_us").rows() == [(2.5, 0), (6, 1)]


def test_a_provisional_end_can_be_taken_as_none(mirror: Mirror) -> None:
    lengths = in_days(mirror.query("followers/spell_lengths", **EVER | {"provisional": "open"}))

    assert lengths.filter(pl.col("left_us") == 11)["doubt_us"].to_list() == [None]


def test_nothing_is_known_of_what_comes_after_the_window(mirror: Mirror) -> None:
    until = datetime(2026, 1, 6, tzinfo=UTC)

    lengths = in_days(mirror.query("followers/spell_lengths", **EVER | {"until": until}).filter(pl.col("gap_us") > 0))

    assert lengths.select("left_us", "doubt_us").rows() == [(2, None)]


def test_a_stay_reaches_to_the_end_of_the_window_at_most(mirror: Mirror) -> None:
    until = datetime(2026, 1, 10, tzinfo=UTC)

    lengths = in_days(mirror.query("followers/spell_lengths", **EVER | {"until": until}).filter(pl.col("gap_us") > 0))

    assert lengths.select("left_us", "doubt_us").rows() == [(2, 1.5), (2, None)]


def test_who_came_at_the_very_start_belongs_to_the_window_before(mirror: Mirror) -> None:
    since = datetime(2026, 1, 3, tzinfo=UTC)

    lengths = mirror.query("followers/spell_lengths", **EVER | {"since": since})

    assert lengths["left_us"].to_list() == [11 * DAY]


def test_stays_are_told_apart_by_the_quarter_in_which_they_began(feed: Mirror) -> None:
    until = datetime(2026, 6, 1, tzinfo=UTC)

    lengths = feed.query("followers/spell_lengths_by", **EVER | {"until": until}, by="joined")

    counts = lengths.group_by("group_name").agg(pl.col("spell_count").sum()).sort("group_name")
    assert counts.rows() == [("2026-Q1", 4), ("2026-Q2", 1)]


def test_stays_are_told_apart_by_what_people_are(feed: Mirror) -> None:
    lengths = feed.query("followers/spell_lengths_by", **EVER, by="role")

    counts = lengths.group_by("group_name").agg(pl.col("spell_count").sum()).sort("group_name")
    assert counts.rows() == [("model", 1), ("viewer", 3)]


def test_a_stay_is_one_sided_up_to_the_day_from_which_it_is_mutual(feed: Mirror) -> None:
    lengths = in_days(feed.query("followers/spell_lengths_by", **EVER, by="reciprocity"))

    parts = lengths.filter((pl.col("gap_us") > 0) & (pl.col("left_us").is_in([2.0, 6.0])))
    assert parts.drop("gap_us").rows() == [("mutual", 2, 6, 1, 1), ("one-sided", 0, 2, None, 1)]


def test_whom_i_followed_already_is_mutual_from_the_start(feed: Mirror) -> None:
    window = {"since": datetime(2026, 4, 1, tzinfo=UTC), "until": datetime(2026, 6, 1, tzinfo=UTC)}

    lengths = in_days(feed.query("followers/spell_lengths_by", **EVER | window, by="reciprocity"))

    assert lengths.rows() == [("mutual", 1, 0, 6, None, 1)]


def test_who_may_have_left_before_it_was_mutual_stays_one_sided() -> None:
    mirror = mirror_of(
        persons="""
            id | username | role   | is_excluded
            a  | ann      | VIEWER | no
        """,
        follow_spells="""
            person_id | number: int | direction | started_at | started_after: time | last_seen_at | ended_at   | end_status
            a         | 1           | followers | 2026-01-02 | 2026-01-01    | 2026-01-05   | 2026-01-09 | confirmed
            a         | 1           | following | 2026-01-07 | 2026-01-06    | 2026-01-20   | -          | -
        """,
    )

    lengths = in_days(mirror.query("followers/spell_lengths_by", **EVER, by="reciprocity"))

    assert lengths.rows() == [("one-sided", 1, 0, 3, 4, 1)]


def test_excluded_persons_and_the_other_direction_are_in_no_group(mirror: Mirror) -> None:
    together = mirror.query("followers/spell_lengths", **EVER)
    following = mirror.query("followers/spell_lengths", **EVER | {"direction": "following"})

    assert (together["spell_count"].sum(), following["spell_count"].sum()) == (4, 1)


def test_nobody_gives_an_empty_frame_of_the_same_columns() -> None:
    mirror = mirror_of(
        persons="id | username | role | is_excluded",
        follow_spells="person_id | number: int | direction | started_at | started_after: time | last_seen_at | ended_at | end_status",
    )

    together = mirror.query("followers/spell_lengths", **EVER)
    parts = mirror.query("followers/spell_lengths_by", **EVER, by="reciprocity")

    assert together.columns == ["gap_us", "entry_us", "left_us", "doubt_us", "spell_count"]
    assert parts.columns == ["group_name", *together.columns]
    assert together.height == parts.height == 0
