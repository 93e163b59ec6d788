"""Of those who came in the same week or month, how many still follow so many weeks later?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

SPELLS = """
    person_id | direction | started_at       | started_after: time    | ended_at
    a         | followers | 2026-01-05       | 2026-01-04       | 2026-01-12
    b         | followers | 2026-01-06       | 2026-01-05       | -
    c         | followers | 2026-01-11 23:00 | 2026-01-11       | 2026-01-20
    d         | followers | 2026-01-12       | 2026-01-11       | -
    e         | followers | 2026-01-05       | -                | 2026-01-06
    x         | followers | 2026-01-05       | 2026-01-04       | 2026-01-06
    f         | following | 2026-01-05       | 2026-01-04       | 2026-01-06
    g         | followers | 2026-02-01       | 2026-01-31       | -
"""
PERSONS = """
    id | is_excluded
    a  | no
    b  | no
    c  | no
    d  | no
    e  | no
    f  | no
    g  | no
    x  | yes
"""


def test_a_cohort_is_a_week_from_monday_without_baseline_and_excluded() -> None:
    mirror = mirror_of(persons=PERSONS, follow_spells=SPELLS)
    as_of = datetime(2026, 1, 26, tzinfo=UTC)

    cells = mirror.query("followers/cohorts", direction="followers", as_of=as_of, every="week")

    expected = table("""
        cohort_on  | age_weeks | member_count | observed_count | retained_count | is_complete
        2026-01-05 | 0         | 3            | 3              | 3              | yes
        2026-01-05 | 1         | 3            | 3              | 2              | yes
        2026-01-05 | 2         | 3            | 3              | 1              | yes
        2026-01-05 | 3         | 3            | 1              | 0              | no
        2026-01-12 | 0         | 1            | 1              | 1              | yes
        2026-01-12 | 1         | 1            | 1              | 1              | yes
        2026-01-12 | 2         | 1            | 1              | 1              | no
    """)
    assert_frame_equal(cells, expected)


def test_a_cohort_that_may_still_grow_is_not_complete() -> None:
    mirror = mirror_of(persons=PERSONS, follow_spells=SPELLS)
    as_of = datetime(2026, 1, 26, tzinfo=UTC)

    cells = mirror.query("followers/cohorts", direction="followers", as_of=as_of, every="month")

    expected = table("""
        cohort_on  | age_weeks | member_count | observed_count | retained_count | is_complete
        2026-01-01 | 0         | 4            | 4              | 4              | no
        2026-01-01 | 1         | 4            | 4              | 3              | no
        2026-01-01 | 2         | 4            | 4              | 2              | no
        2026-01-01 | 3         | 4            | 1              | 0              | no
    """)
    assert_frame_equal(cells, expected)


def test_nobody_who_came_is_no_cohort() -> None:
    mirror = mirror_of(persons=PERSONS, follow_spells=SPELLS)

    cells = mirror.query(
        "followers/cohorts", direction="followers", as_of=datetime(2026, 1, 1, tzinfo=UTC), every="week"
    )

    assert cells.height == 0


@settings(max_examples=30, deadline=None)
@given(
    spells=st.lists(st.tuples(st.integers(0, 60), st.none() | st.integers(1, 60)), min_size=1, max_size=20),
    watched=st.integers(60, 120),
)
def test_cells_agree_with_counting_person_by_person(spells: list[tuple[int, int | None]], watched: int) -> None:
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    as_of = monday + timedelta(days=watched)
    rows = [
        ("p", "followers", monday + timedelta(days=at), monday, stay and monday + timedelta(days=at + stay))
        for at, stay in spells
    ]
    frame = pl.DataFrame(rows, schema=table(SPELLS).schema, orient="row")
    mirror = Mirror.from_tables({"persons": table(PERSONS), "follow_spells": frame})

    cells = mirror.query("followers/cohorts", direction="followers", as_of=as_of, every="week")

    counted = [
        (
            monday.date() + timedelta(days=7 * week),
            age,
            *_counted([s for s in spells if s[0] // 7 == week], age, watched),
        )
        for week in sorted({at // 7 for at, _ in spells})
        for age in range((watched - min(at for at, _ in spells if at // 7 == week)) // 7 + 1)
    ]
    columns = ["cohort_on", "age_weeks", "member_count", "observed_count", "retained_count"]
    assert cells.select(columns).rows() == counted


def _counted(members: list[tuple[int, int | None]], age: int, watched: int) -> tuple[int, int, int]:
    """How many there are, how many were watched for so many weeks, and how many of these were still there then."""
    observed = [stay for at, stay in members if watched - at >= 7 * age]
    return len(members), len(observed), sum(stay is None or stay > 7 * age for stay in observed)
