"""How many came and left in each period, out of how many, and how long were they watched?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def test_periods_are_calendar_periods_that_the_window_cuts(mirror: Mirror) -> None:
    window = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 1, 20, tzinfo=UTC)}

    weeks = mirror.query("followers/churn", direction="followers", every="week", **window)

    expected = table("""
        starts_at  | ends_at    | is_whole | list_count | at_start | gains | baseline | losses | provisional | at_end | person_days: float
        2026-01-01 | 2026-01-05 | no       | 0          | 2        | 1     | 0        | 0      | 0           | 3      | 10
        2026-01-05 | 2026-01-12 | yes      | 1          | 3        | 1     | 0        | 2      | 0           | 2      | 15.5
        2026-01-12 | 2026-01-19 | yes      | 1          | 2        | 0     | 0        | 0      | 0           | 2      | 14
        2026-01-19 | 2026-01-20 | no       | 1          | 2        | 0     | 0        | 1      | 1           | 1      | 2
    """)
    assert_frame_equal(weeks, expected)


def test_those_of_the_first_list_are_told_apart_and_its_first_instant_belongs_to_the_period_before(
    mirror: Mirror,
) -> None:
    window = {"since": datetime(2025, 12, 1, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}

    months = mirror.query("followers/churn", direction="followers", every="month", **window)

    expected = table("""
        starts_at  | at_start | gains | baseline | losses | at_end
        2025-12-01 | 0        | 0     | 2        | 0      | 2
        2026-01-01 | 2        | 2     | 0        | 3      | 1
    """)
    assert_frame_equal(months.select(expected.columns), expected)


def test_an_open_spell_is_watched_no_longer_than_it_was_seen(mirror: Mirror) -> None:
    window = {"since": datetime(2026, 1, 15, tzinfo=UTC), "until": datetime(2026, 3, 1, tzinfo=UTC)}

    months = mirror.query("followers/churn", direction="followers", every="month", **window)

    assert months["person_days"].to_list() == [10.0, 0.0]
    assert months["at_end"].to_list() == [1, 1]


@pytest.mark.parametrize(("every", "starts"), [("day", 60), ("week", 9), ("month", 3)])
def test_the_periods_fill_the_window_without_a_gap(mirror: Mirror, every: str, starts: int) -> None:
    window = {"since": FIRST + timedelta(hours=5), "until": datetime(2026, 3, 2, tzinfo=UTC) - timedelta(hours=1)}

    periods = mirror.query("followers/churn", direction="followers", every=every, **window)

    assert periods.height == starts
    assert periods["starts_at"].item(0) == window["since"]
    assert periods["ends_at"].item(-1) == window["until"]
    assert periods["starts_at"].to_list()[1:] == periods["ends_at"].to_list()[:-1]


@settings(max_examples=40, deadline=None)
@given(
    spells=st.lists(st.tuples(st.integers(0, 80), st.none() | st.integers(1, 60), st.booleans()), max_size=20),
    since=st.integers(-1, 60),
    length=st.integers(1, 90),
    every=st.sampled_from(["day", "week", "month"]),
)
def test_what_came_less_what_left_is_what_changed_and_days_add_up(
    spells: list[tuple[int, int | None, bool]], since: int, length: int, every: str
) -> None:
    start, end = FIRST + timedelta(days=since), FIRST + timedelta(days=since + length)
    mirror = Mirror.from_tables(
        {"persons": NOBODY_EXCLUDED, "follow_spells": _rows(spells), "follow_scrapes": NO_LISTS}
    )

    periods = mirror.query("followers/churn", direction="followers", since=start, until=end, every=every)
    whole = mirror.query("followers/headline", direction="followers", since=start, until=end).row(0, named=True)

    moved = periods["gains"] + periods["baseline"] - periods["losses"]
    assert moved.to_list() == (periods["at_end"] - periods["at_start"]).to_list()
    assert periods["at_start"].to_list() == [whole["at_start"], *periods["at_end"].to_list()[:-1]]
    assert (periods["gains"].sum(), periods["losses"].sum()) == (whole["follows"], whole["unfollows"])
    assert periods["at_end"].item(-1) == whole["at_end"]
    assert periods["person_days"].sum() == pytest.approx(sum(_watched(spell, since, length) for spell in spells))


def test_a_period_knows_how_many_complete_lists_it_had() -> None:
    mirror = mirror_of(
        persons="id | is_excluded: bool",
        follow_spells="person_id | direction | started_at | started_after: time | last_seen_at | ended_at | end_status",
        follow_scrapes="""
            direction | observed_at | verdict
            followers | 2026-01-01  | complete
            followers | 2026-01-02  | complete
            followers | 2026-01-02  | partial
            following | 2026-01-02  | complete
            followers | 2026-01-03  | complete
        """,
    )

    days = mirror.query(
        "followers/churn", direction="followers", every="day", since=FIRST, until=FIRST + timedelta(days=3)
    )

    assert days["list_count"].to_list() == [1, 1, 0]


NOBODY_EXCLUDED = table("""
    id | username | is_excluded
    a  | ann      | no
""")
NO_LISTS = table("direction | observed_at | verdict")
LAST_SEEN = 100


def _watched(spell: tuple[int, int | None, bool], since: int, length: int) -> int:
    """For how many days of the window a spell was watched."""
    start, stay, _ = spell
    end = LAST_SEEN if stay is None else start + stay
    return max(0, min(end, since + length) - max(start, since))


def _rows(spells: list[tuple[int, int | None, bool]]) -> pl.DataFrame:
    instant = pl.Datetime("us", "UTC")
    rows = [
        (
            "a",
            "followers",
            FIRST + timedelta(days=start),
            None if baseline else FIRST + timedelta(days=start - 1),
            FIRST + timedelta(days=LAST_SEEN),
            stay and FIRST + timedelta(days=start + stay),
            stay and "confirmed",
        )
        for start, stay, baseline in spells
    ]
    names = {
        "person_id": pl.String, "direction": pl.String, "started_at": instant, "started_after": instant, "last_seen_at": instant,
        "ended_at": instant, "end_status": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=names, orient="row")
