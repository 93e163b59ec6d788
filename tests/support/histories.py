"""A small history of follows that tests of figures share."""

from __future__ import annotations

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of


def small_history() -> Mirror:
    """Ann and cy were there before we looked, and ann left; bo came, left, and is back under another name; dan is excluded."""
    return mirror_of(
        persons="""
            id | username | is_excluded | role   | is_self
            a  | ann      | no          | VIEWER | no
            b  | bo       | no          | MODEL  | no
            c  | cy       | no          | VIEWER | no
            d  | dan      | yes         | VIEWER | no
            m  | me       | no          | MODEL  | yes
        """,
        person_aliases="""
            person_id | alias | valid_from: time | valid_to: time
            b         | bobby | 2025-01-01       | 2026-01-13
        """,
        follow_spells="""
            person_id | direction | number | started_at | started_after: time | last_seen_at | ended_at   | end_status
            a         | followers | 1      | 2026-01-01 | -                   | 2026-01-13   | 2026-01-14 | provisional
            b         | followers | 1      | 2026-01-02 | 2026-01-01          | 2026-01-04   | 2026-01-05 | confirmed
            b         | followers | 2      | 2026-01-14 | 2026-01-13          | 2026-01-14   | -          | -
            c         | followers | 1      | 2026-01-01 | -                   | 2026-01-14   | -          | -
            d         | followers | 1      | 2026-01-02 | 2026-01-01          | 2026-01-04   | 2026-01-05 | confirmed
        """,
        follow_history="""
            person_id | direction | action   | at: time   | source      | reason
            a         | followers | unfollow | 2026-01-14 | list_scrape |
            b         | followers | unfollow | 2026-01-05 | events_api  |
        """,
        follow_scrapes="""
            id | direction | observed_at | file_name | listed_count | reported_total | at_risk_count | added_count | missing_count | expected_missing: float | duplicate_count | rejected_rows: texts | verdict  | why
            1  | followers | 2026-01-01  | a.csv     | 3            | 3              | -             | -           | -             | -                       | 0               | -                    | complete | Whole.
            2  | followers | 2026-01-05  | b.csv     | 2            | 2              | 3             | 0           | 1             | 0.5                     | 0               | a b                  | complete | Whole.
            3  | followers | 2026-01-10  | c.csv     | 1            | 9              | 2             | 0           | 1             | 0.5                     | 2               | -                    | partial  | Cut off.
            4  | followers | 2026-01-13  | d.csv     | 2            | 2              | 2             | 0           | 0             | 0.5                     | 0               | -                    | complete | Whole.
            5  | followers | 2026-01-14  | e.csv     | 2            | 2              | 2             | 1           | 1             | 0.5                     | 0               | -                    | complete | Whole.
        """,  # noqa: E501
        follow_decisions="number: int | scrape_id | decision | reason | decided_by | decided_at",
        affiliate_api_snapshots="""
            person_id | observed_at      | num_followers
            m         | 2026-01-13 20:00 | 4
        """,
        cbhours_live_stats="""
            person_id | checked_at       | followers
            m         | 2026-01-13 21:00 | 5
        """,
        cbhours_activity="person_id | segment_at | followers: int",
    )
