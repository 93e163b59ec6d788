from __future__ import annotations

import doctest

import polars as pl
import pytest

from mhc_lab.analytics import charts, list_quality
from mhc_lab.mirror.connection import Mirror
from tests.support.histories import small_history


@pytest.fixture
def mirror() -> Mirror:
    return small_history()


def test_verdicts_gaps_and_unreadable_rows_are_counted(mirror: Mirror) -> None:
    lists = list_quality.list_quality(mirror)

    assert (lists.count, lists.complete, lists.partial, lists.held, lists.refused) == (5, 4, 1, 0, 0)
    assert lists.longest_gap_hours == 120.0
    assert lists.rejected_rows == 2
    assert lists.stale == 0


def test_rows_are_compared_with_the_reported_total(mirror: Mirror) -> None:
    shares = list_quality.list_quality(mirror).frame.select("listed_share", "compared_with")

    assert shares["listed_share"].to_list() == pytest.approx([1.0, 2.0, 1 / 9, 1.0, 1.0])
    assert set(shares["compared_with"]) == {"reported total"}


def test_without_a_reported_total_names_are_compared_with_who_followed_before() -> None:
    lists = many(listed=90, missing=3)

    assert lists.frame["listed_share"].unique().to_list() == [0.9]
    assert lists.frame["compared_with"].unique().to_list() == ["followers just before"]
    assert lists.frame["excess_missing"].to_list() == [1.0] * 6


def test_lists_that_never_change_become_stale_when_chance_does_not_explain_it() -> None:
    lists = many(listed=100, missing=0)

    assert lists.frame["is_stale"].to_list() == [False, False, False, True, True, True]
    assert lists.stale == 3


def test_the_odd_ones_are_those_somebody_should_look_at(mirror: Mirror) -> None:
    lists = list_quality.list_quality(mirror)

    assert lists.odd["file_name"].to_list() == ["b.csv", "c.csv"]
    assert "Cut off.\nRepeated rows: 2." in lists._repr_html_()
    assert "Whole.\nRows without a user name: 2." in lists._repr_html_()


def test_a_direction_without_lists_is_an_empty_answer(mirror: Mirror) -> None:
    lists = list_quality.list_quality(mirror, direction="following")

    assert lists.longest_gap_hours is None
    assert "There is no such list." in lists._repr_html_()
    assert 'role="img"' in charts.still(lists.chart())


def test_the_chart_draws_and_says_what_it_shows(mirror: Mirror) -> None:
    picture = charts.still(list_quality.list_quality(mirror).chart())

    assert 'aria-label="5 lists by time' in picture


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(list_quality, extraglobs={"mirror": mirror})

    assert results.attempted > 0
    assert results.failed == 0


def many(*, listed: int, missing: int) -> list_quality.ListQuality:
    """Six lists of a hundred followers of whom two should be missing each time."""
    taken = pl.DataFrame({"id": list("abcdef"), "file_name": list("abcdef")}).with_columns(
        pl.datetime_range(pl.datetime(2026, 1, 1, time_zone="UTC"), pl.datetime(2026, 1, 6, time_zone="UTC"), "1d")
        .dt.cast_time_unit("us")
        .alias("observed_at"),
        pl.lit("followers").alias("direction"),
        pl.lit(listed).alias("listed_count"),
        pl.lit(None, dtype=pl.Int64).alias("reported_total"),
        pl.lit(100).alias("at_risk_count"),
        pl.lit(0).alias("added_count"),
        pl.lit(missing).alias("missing_count"),
        pl.lit(2.0).alias("expected_missing"),
        pl.lit(0).alias("duplicate_count"),
        pl.lit([], dtype=pl.List(pl.String)).alias("rejected_rows"),
        pl.lit("complete").alias("verdict"),
        pl.lit("Whole.").alias("why"),
    )
    decisions = pl.DataFrame(
        schema={
            "number": pl.Int64, "scrape_id": pl.String, "decision": pl.String, "reason": pl.String, "decided_by": pl.String,
            "decided_at": pl.Datetime("us", "UTC"),
        }
    )  # fmt: skip
    return list_quality.list_quality(Mirror.from_tables({"follow_scrapes": taken, "follow_decisions": decisions}))
