"""What is in the workbench, and how new is the newest of each kind?"""

from __future__ import annotations

from polars.testing import assert_frame_equal

from tests.support.tables import mirror_of, table


def test_every_kind_is_a_row_also_when_there_is_none_of_it() -> None:
    mirror = mirror_of(
        persons="""
            id | is_excluded | created_at | excluded_at
            a  | no          | 2026-01-01 | -
            b  | no          | 2026-01-02 | -
            c  | yes         | 2026-01-01 | 2026-01-09
        """,
        follow_scrapes="""
            observed_at
            2026-01-03
        """,
        follow_history="""
            person_id | at: time
            a         | 2026-01-03
            c         | 2026-01-05
        """,
        follow_spells="""
            person_id | direction | started_at | ended_at
            a         | followers | 2026-01-03 | -
            b         | followers | 2026-01-01 | 2026-01-02
            b         | following | 2026-01-04 | -
            c         | followers | 2026-01-05 | -
        """,
        file_storages="created_at",
        media_locator="""
            created_at | deleted_at
            2026-01-06 | -
            2026-01-07 | 2026-01-08
        """,
        job_runs="started_at",
        audit_runs="started_at",
    )

    contents = mirror.query("overview/contents")

    expected = table("""
        kind             | row_count | newest_at
        persons          | 2         | 2026-01-02
        excluded persons | 1         | 2026-01-09
        follow lists     | 1         | 2026-01-03
        follow events    | 1         | 2026-01-03
        followers now    | 1         | 2026-01-03
        storages         | 0         | -
        files            | 1         | 2026-01-06
        job runs         | 0         | -
        audit runs       | 0         | -
    """)
    assert_frame_equal(contents, expected)
