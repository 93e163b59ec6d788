"""How many followed at both ends of a window, and how many came and left in between?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import table

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_numbers_are_counted_after_all_events_of_an_instant(mirror: Mirror) -> None:
    window = {"since": datetime(2026, 1, 3, tzinfo=UTC), "until": datetime(2026, 1, 20, tzinfo=UTC)}

    numbers = mirror.query("followers/headline", direction="followers", **window)

    expected = table("""
        at_start | at_end | follows | baseline | unfollows
        3        | 1      | 1       | 0        | 3
    """)
    assert_frame_equal(numbers, expected)


def test_those_of_the_first_list_did_not_come_in_the_window_that_holds_it(mirror: Mirror) -> None:
    window = {"since": datetime(2025, 12, 31, tzinfo=UTC), "until": datetime(2026, 1, 3, tzinfo=UTC)}

    numbers = mirror.query("followers/headline", direction="followers", **window)

    expected = table("""
        at_start | at_end | follows | baseline | unfollows
        0        | 3      | 1       | 2        | 0
    """)
    assert_frame_equal(numbers, expected)


@settings(max_examples=40, deadline=None)
@given(
    spells=st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(1, 30), st.booleans()), max_size=20),
    since=st.integers(-1, 30),
    length=st.integers(1, 30),
)
def test_what_came_less_what_left_is_what_changed(
    spells: list[tuple[int, int | None, bool]], since: int, length: int
) -> None:
    window = {"since": FIRST + timedelta(days=since), "until": FIRST + timedelta(days=since + length)}
    mirror = Mirror.from_tables({"persons": _one_person(), "follow_spells": _spells(spells)})

    numbers = mirror.query("followers/headline", direction="followers", **window).row(0, named=True)

    came = numbers["follows"] + numbers["baseline"]
    assert numbers["at_end"] - numbers["at_start"] == came - numbers["unfollows"]


def _one_person() -> pl.DataFrame:
    return table("""
        id | username | is_excluded
        a  | ann      | no
    """)


def _spells(spells: list[tuple[int, int | None, bool]]) -> pl.DataFrame:
    instant = pl.Datetime("us", "UTC")
    rows = [
        (
            "a",
            "followers",
            FIRST + timedelta(days=start),
            None if baseline else FIRST,
            end and FIRST + timedelta(days=start + end),
        )
        for start, end, baseline in spells
    ]
    names = {
        "person_id": pl.String,
        "direction": pl.String,
        "started_at": instant,
        "started_after": instant,
        "ended_at": instant,
    }
    return pl.DataFrame(rows, schema=names, orient="row")
