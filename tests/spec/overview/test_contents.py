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
        profile_notes="""
            person_id | created_at | deleted_at
            a         | 2026-01-10 | -
            a         | 2026-01-11 | 2026-01-12
            c         | 2026-01-13 | -
        """,
        collaborations="""
            person_a_id | person_b_id | first_seen_at
            a           | b           | 2026-01-14
            a           | c           | 2026-01-15
            c           | b           | 2026-01-16
        """,
        profile_relationships="""
            person_id | related_person_id | created_at
            b         | a                 | 2026-01-17
            b         | c                 | 2026-01-18
        """,
        event_logs="""
            person_id | happened_at: time
            a         | 2026-01-19
            -         | 2026-01-20
            c         | 2026-01-21
        """,
        interactions="""
            person_id | happened_at: time
            a         | 2026-01-22
            c         | 2026-01-23
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
        notes            | 1         | 2026-01-10
        collaborations   | 1         | 2026-01-14
        relationships    | 1         | 2026-01-17
        room events      | 2         | 2026-01-20
        interactions     | 1         | 2026-01-22
        storages         | 0         | -
        files            | 1         | 2026-01-06
        job runs         | 0         | -
        audit runs       | 0         | -
    """)
    assert_frame_equal(contents, expected)
