"""When did a person broadcast, and what came of each broadcast?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def mirror() -> Mirror:
    """The studio broadcast three times, once without a tag; ann once; dan is excluded."""
    return mirror_of(
        persons="""
            id | username | is_self | is_excluded
            s  | studio   | yes     | no
            a  | ann      | no      | no
            d  | dan      | no      | yes
        """,
        affiliate_api_snapshots="""
            person_id | observed_at      | session_start: time | num_users | num_followers | tags: texts
            s         | 2026-03-01 20:30 | 2026-03-01 20:00:00 | 30        | 100           | new latex
            s         | 2026-03-01 21:00 | 2026-03-01 20:00:07 | 50        | 104           | -
            s         | 2026-03-01 21:30 | 2026-03-01 19:59:58 | 10        | 103           | latex boots
            s         | 2026-03-02 20:30 | 2026-03-02 20:00:00 | 7         | 0             | -
            s         | 2026-03-03 20:30 | 2026-03-03 20:00:00 | -         | 110           | -
            s         | 2026-03-03 22:00 | -                   | 9         | 111           | -
            a         | 2026-03-01 20:30 | 2026-03-01 20:00:00 | 3         | 9             | new
            d         | 2026-03-01 20:30 | 2026-03-01 20:00:00 | 3         | 9             | new
        """,
    )


def test_a_broadcast_is_all_snapshots_with_about_the_same_start(mirror: Mirror) -> None:
    broadcasts = mirror.query("people/broadcasts", username="")

    expected = table("""
        username | started_at          | last_seen_at     | snapshot_count | peak_viewers: int | mean_viewers: float
        studio   | 2026-03-01 19:59:58 | 2026-03-01 21:30 | 3              | 50                | 30
        studio   | 2026-03-02 20:00    | 2026-03-02 20:30 | 1              | 7                 | 7
        studio   | 2026-03-03 20:00    | 2026-03-03 20:30 | 1              | -                 | -
    """)
    assert_frame_equal(broadcasts.select(expected.columns), expected)


def test_a_zero_of_followers_is_not_known(mirror: Mirror) -> None:
    broadcasts = mirror.query("people/broadcasts", username="")

    expected = table("""
        followers_first: int | followers_last: int | follower_change: int
        100                  | 103                 | 3
        -                    | -                   | -
        110                  | 110                 | 0
    """)
    assert_frame_equal(broadcasts.select(expected.columns), expected)


def test_tags_are_those_of_all_snapshots_and_a_broadcast_without_any_counts(mirror: Mirror) -> None:
    broadcasts = mirror.query("people/broadcasts", username="")

    assert broadcasts["tags"].to_list() == [["boots", "latex", "new"], [], []]


@pytest.mark.parametrize(("username", "found"), [("ann", ["ann"]), ("Ann", ["ann"]), ("dan", []), ("nobody", [])])
def test_others_are_asked_for_by_name_and_excluded_ones_never_appear(
    mirror: Mirror, username: str, found: list[str]
) -> None:
    assert mirror.query("people/broadcasts", username=username)["username"].to_list() == found


def test_starts_ten_minutes_apart_are_one_broadcast_and_a_second_more_makes_two() -> None:
    within = mirror_of_starts([0, 600, 1200])
    beyond = mirror_of_starts([0, 601])

    assert within.query("people/broadcasts", username="")["snapshot_count"].to_list() == [3]
    assert beyond.query("people/broadcasts", username="")["snapshot_count"].to_list() == [1, 1]


def test_a_broadcast_told_of_late_does_not_stand_apart() -> None:
    """The second broadcast is seen before a last, late look at the first."""
    mirror = mirror_of_starts([0, 3600, 2], observed=[600, 4000, 4100])

    assert mirror.query("people/broadcasts", username="")["snapshot_count"].to_list() == [2, 1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-250, 250)), min_size=1, max_size=25))
def test_jitter_neither_splits_nor_joins(looks: list[tuple[int, int]]) -> None:
    """Broadcasts an hour apart, each looked at several times, the start known to some minutes only."""
    mirror = mirror_of_starts([hour * 3600 + jitter for hour, jitter in looks])

    counts = mirror.query("people/broadcasts", username="")["snapshot_count"].to_list()

    hours = [hour for hour, _ in looks]
    assert counts == [hours.count(hour) for hour in sorted(set(hours))]


def mirror_of_starts(seconds: list[int], *, observed: list[int] | None = None) -> Mirror:
    """The broadcaster, seen once with each of these starts, counted from noon."""
    observed = observed or [100_000 + number for number in range(len(seconds))]
    snapshots = pl.DataFrame({
        "person_id": ["s"] * len(seconds),
        "observed_at": [NOON + timedelta(seconds=one) for one in observed],
        "session_start": [NOON + timedelta(seconds=one) for one in seconds],
        "num_users": [1] * len(seconds),
        "num_followers": [1] * len(seconds),
        "tags": pl.Series([None] * len(seconds), dtype=pl.List(pl.String)),
    })  # fmt: skip
    persons = table("""
        id | username | is_self | is_excluded
        s  | studio   | yes     | no
    """)
    return Mirror.from_tables({"persons": persons, "affiliate_api_snapshots": snapshots})
