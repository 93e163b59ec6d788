from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhc_lab.analytics import charts, follower_count
from mhc_lab.analytics.follower_count import FRESH_FOR, SOURCES
from mhc_lab.analytics.window import Window
from mhc_lab.mirror.connection import Mirror
from tests.support.histories import small_history
from tests.support.tables import mirror_of, table

START = datetime(2026, 1, 1, tzinfo=UTC)
WEEK = Window(START, START + timedelta(days=7))


@pytest.fixture
def mirror() -> Mirror:
    return small_history()


def told(rows: str) -> Mirror:
    """A mirror in which the sources tell these numbers."""
    numbers = table(rows)

    def of(source: str, at: str, count: str) -> pl.DataFrame:
        return numbers.filter(pl.col("source") == source).select(
            pl.lit("me").alias("person_id"), pl.col("told_at").alias(at), pl.col("number").alias(count)
        )

    lists = of("list", "observed_at", "listed_count").with_columns(
        pl.lit("followers").alias("direction"), pl.lit("complete").alias("verdict"), pl.lit("Whole.").alias("why"),
        pl.col("listed_count").alias("reported_total"), pl.lit("a.csv").alias("file_name"), pl.lit("1").alias("id"),
    )  # fmt: skip
    return Mirror.from_tables(
        {
            "persons": table("id | is_self\nme | yes"),
            "follow_scrapes": lists,
            "affiliate_api_snapshots": of("affiliate", "observed_at", "num_followers"),
            "cbhours_live_stats": of("cbhours", "checked_at", "followers"),
            "cbhours_activity": of("activity", "segment_at", "followers"),
        }
    )


def test_the_best_fresh_source_is_used_and_the_others_are_a_disagreement() -> None:
    mirror = told("""
        source    | told_at          | number
        list      | 2026-01-01 04:00 | 100
        affiliate | 2026-01-01 10:00 | 103
        cbhours   | 2026-01-01 11:00 | 105
    """)

    used = follower_count.follower_count(mirror, window=Window(START, START + timedelta(hours=12)))

    assert used.frame.select("follower_count", "source", "is_stale", "disagreement").rows() == [
        (None, None, True, None),
        (100, "list", False, None),
        (103, "affiliate", False, 3),
        (105, "cbhours", False, 5),
        (105, "cbhours", False, 5),
    ]
    assert (used.count, used.source, used.is_stale, used.disagreement) == (105, "cbhours", False, 5)
    assert used.told_at == datetime(2026, 1, 1, 11, tzinfo=UTC)


def test_a_worse_source_that_is_fresh_goes_before_a_better_one_that_is_stale() -> None:
    mirror = told("""
        source    | told_at          | number
        cbhours   | 2026-01-01 11:00 | 105
        list      | 2026-01-03 04:00 | 90
    """)

    used = follower_count.follower_count(mirror, window=Window(START, START + timedelta(days=2, hours=12)))

    assert (used.count, used.source, used.is_stale, used.disagreement) == (90, "list", False, None)


def test_where_nothing_is_fresh_the_last_number_known_is_marked_as_stale() -> None:
    mirror = told("""
        source    | told_at          | number
        cbhours   | 2026-01-01 11:00 | 105
        affiliate | 2026-01-02 11:00 | 104
    """)

    used = follower_count.follower_count(mirror, window=WEEK)

    assert (used.count, used.source, used.is_stale) == (104, "affiliate", True)
    assert "No source is fresh" in used.headline()


def test_a_number_from_before_the_window_still_counts_in_it() -> None:
    mirror = told("""
        source    | told_at          | number
        cbhours   | 2025-12-31 23:00 | 105
    """)

    used = follower_count.follower_count(mirror, window=Window(START, START + timedelta(hours=2)))

    assert (used.count, used.source, used.is_stale) == (105, "cbhours", False)


def test_activity_of_cbhours_is_a_number_of_cbhours() -> None:
    mirror = told("""
        source    | told_at          | number
        activity  | 2026-01-01 11:00 | 105
    """)

    assert follower_count.follower_count(mirror, window=WEEK).source == "cbhours"


def test_without_any_number_there_is_none() -> None:
    mirror = told("source | told_at | number: int")

    used = follower_count.follower_count(mirror, window=WEEK)

    assert (used.count, used.source, used.is_stale, used.largest_disagreement) == (None, None, True, None)
    assert repr(used).startswith("no number of followers")
    assert "No source has told a number yet" in used._repr_html_()
    assert all('role="img"' in charts.still(chart) for chart in (used.chart(), used.used_chart()))


def test_a_change_is_reckoned_within_one_source() -> None:
    mirror = told("""
        source    | told_at          | number
        list      | 2026-01-01 04:00 | 100
        cbhours   | 2026-01-01 11:00 | 105
        list      | 2026-01-07 04:00 | 101
    """)

    assert follower_count.follower_count(mirror, window=WEEK).change == 1


def test_another_patience_makes_another_number() -> None:
    mirror = told("""
        source    | told_at          | number
        cbhours   | 2026-01-01 11:00 | 105
        affiliate | 2026-01-02 11:00 | 104
    """)
    patient = {source: timedelta(days=30) for source in SOURCES}

    used = follower_count.follower_count(mirror, window=WEEK, fresh_for=patient)

    assert (used.count, used.is_stale, used.disagreement) == (105, False, 1)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(SOURCES), st.integers(0, 24 * 20), st.integers(1, 500)), min_size=1, max_size=25,
        unique_by=lambda row: row[:2],
    )
)  # fmt: skip
def test_the_number_used_is_the_one_that_looking_back_by_hand_finds(rows: list[tuple[str, int, int]]) -> None:
    text = "\n".join(
        ["source | told_at | number", *(f"{s} | {START + timedelta(hours=h):%F %H:%M} | {n}" for s, h, n in rows)]
    )
    window = Window(START - timedelta(hours=1), START + timedelta(days=20))

    used = follower_count.follower_count(told(text), window=window)

    assert [(row["source"], row["follower_count"], row["is_stale"]) for row in used.frame.rows(named=True)] == [
        by_hand(rows, (row["at"] - START) / timedelta(hours=1)) for row in used.frame.rows(named=True)
    ]


def by_hand(rows: list[tuple[str, int, int]], hour: float) -> tuple[str | None, int | None, bool]:
    """The newest number of the first source that is fresh, or the newest of all."""
    newest = {source: max((at, n) for s, at, n in rows if s == source and at <= hour) for source in SOURCES
              if any(s == source and at <= hour for s, at, _ in rows)}  # fmt: skip
    fresh = [s for s in SOURCES if s in newest and timedelta(hours=hour - newest[s][0]) <= FRESH_FOR[s]]
    if fresh:
        return fresh[0], newest[fresh[0]][1], False
    if not newest:
        return None, None, True
    last = max(newest, key=lambda s: (newest[s][0], -SOURCES.index(s)))
    return last, newest[last][1], True


def test_a_part_of_the_window_keeps_its_numbers(mirror: Mirror) -> None:
    whole = follower_count.follower_count(mirror, window=Window.parse("2026-01-01", "2026-01-15"))

    part = whole.within(Window.parse("2026-01-13T19:00Z", "2026-01-13T20:30Z"))

    assert part.frame["follower_count"].to_list() == [4]
    assert part.told["source"].to_list() == ["affiliate"]


def test_stretches_without_news_are_dashed_and_lists_in_doubt_have_a_shape(mirror: Mirror) -> None:
    spec = follower_count.follower_count(mirror, window=Window.parse("2026-01-01", "2026-01-15")).chart().to_dict()

    rows = [row for rows in spec["datasets"].values() for row in rows]
    stale = {(row["source"], row["is_stale"]) for row in rows if "is_stale" in row}
    assert {("complete lists", True), ("complete lists", False), ("CBHours", True)} <= stale
    assert [row["source"] for row in rows if row.get("verdict") == "partial"] == ["partial list"]
    assert [one["name"] for one in spec["params"]] == ["brush"]


def test_the_examples_in_its_documentation_are_true() -> None:
    mirror = mirror_of(
        persons="id | is_self\nme | yes",
        follow_scrapes="""
            direction | observed_at | listed_count | reported_total | verdict  | why | file_name | id
            followers | 2026-01-02  | 120          | 120            | complete | .   | a         | a
        """,
        affiliate_api_snapshots="person_id | observed_at | num_followers: int",
        cbhours_live_stats="person_id | checked_at | followers\nme | 2026-01-02 20:00 | 123",
        cbhours_activity="person_id | segment_at | followers: int",
    )

    results = doctest.testmod(follower_count, extraglobs={"mirror": mirror, "Window": Window})

    assert results.attempted > 0
    assert results.failed == 0
