"""Asking the mirror: queries by name, parameters bound, frames beside the tables."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from mhc_lab.core import shipped
from mhc_lab.core.errors import InternalError, MirrorError, NotFoundError, UserError
from mhc_lab.mirror import queries
from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of

VERDICTS = """
    verdict  | size_bytes | deleted_at
    readable | 10         | -
"""


def test_a_query_nobody_wrote_is_answered_with_near_names() -> None:
    mirror = mirror_of(media_locator=VERDICTS)

    with pytest.raises(NotFoundError, match="Did you mean media/verdicts"):
        mirror.query("media/verdict")


def test_parameters_that_are_missing_or_strange_are_named() -> None:
    mirror = mirror_of(follow_scrapes="direction")

    with pytest.raises(UserError, match=r"it needs direction and it has no directions"):
        mirror.query("followers/follower_count", directions="followers")


def test_a_parameter_is_a_value_and_never_sql() -> None:
    mirror = mirror_of(
        follow_scrapes="""
            id | direction | observed_at | listed_count | reported_total | verdict  | why | file_name
            1  | followers | 2026-01-01  | 1            | -              | complete | ok  | a.csv
        """
    )

    lists = mirror.query("followers/follower_count", direction="' OR 1 = 1 --")

    assert lists.height == 0


def test_a_table_the_mirror_lacks_is_named_with_the_remedy() -> None:
    mirror = mirror_of(persons="id | username | is_excluded")

    with pytest.raises(MirrorError, match=r"reads media_locator.*mhc mirror refresh"):
        mirror.query("media/verdicts")


def test_a_frame_stands_in_for_a_table_for_one_question_only() -> None:
    mirror = mirror_of(persons="id | username | is_excluded")
    files = pl.DataFrame({"verdict": ["opaque"], "size_bytes": [3], "deleted_at": [None]})

    answer = mirror.query("media/verdicts", frames={"media_locator": files})

    assert answer.rows() == [("opaque", 1, 3)]
    with pytest.raises(MirrorError, match="media_locator"):
        mirror.query("media/verdicts")


def test_a_frame_may_not_cover_a_table_of_the_mirror() -> None:
    mirror = mirror_of(media_locator=VERDICTS)

    with pytest.raises(UserError, match="media_locator"):
        mirror.query("media/verdicts", frames={"media_locator": pl.DataFrame({"verdict": ["opaque"]})})


def test_times_come_back_aware_in_utc() -> None:
    mirror = mirror_of(
        follow_scrapes="""
            id | direction | observed_at      | listed_count | reported_total | verdict  | why | file_name
            1  | followers | 2026-03-29 02:30 | 1            | -              | complete | ok  | a.csv
        """
    )

    lists = mirror.query("followers/follower_count", direction="followers")

    assert lists["observed_at"].item() == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
    assert lists.schema["observed_at"] == pl.Datetime("us", "UTC")


def test_a_closed_mirror_in_memory_reads_no_file() -> None:
    mirror = Mirror.from_tables({})

    with pytest.raises(Exception, match="disabled by configuration"):
        mirror._connection.execute("SELECT * FROM read_text('/etc/hostname')")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT 1", "must begin with"),
        ("-- question: q\n-- grain: g\n-- params: none\nSELECT 1", "must begin with"),
        (
            "-- question: q\n-- grain: g\n-- params: none\n-- reads: none\nSELECT $since",
            "says params: none, and uses since",
        ),
        (
            "-- question: q\n-- grain: g\n-- params: since\n-- reads: none\nSELECT 1",
            "says params: since, and uses none",
        ),
        ("-- question: q\n-- grain: g\n-- params: none\n-- reads: none\nSELECT 1; SELECT 2", "one SELECT"),
        ("-- question: q\n-- grain: g\n-- params: none\n-- reads: none\nDROP TABLE t", "one SELECT"),
    ],
)
def test_a_file_whose_header_and_statement_disagree_is_refused(text: str, why: str) -> None:
    with pytest.raises(InternalError, match=why):
        queries.parse("a/b", text)


def test_a_long_line_of_the_header_goes_on_in_the_next() -> None:
    text = (
        "-- question: Who?\n-- grain: one row\n-- params: none\n-- reads: persons,\n--        media_locator\nSELECT 1"
    )

    assert queries.parse("a/b", text).reads == {"persons", "media_locator"}


@pytest.mark.parametrize("name", queries.names())
def test_every_shipped_query_loads_and_is_listed_with_its_question(name: str) -> None:
    listed = (shipped.folder("queries") / "README.md").read_text(encoding="utf-8")

    query = queries.load(name)

    assert f"| `{name}` | {query.question} |" in listed
