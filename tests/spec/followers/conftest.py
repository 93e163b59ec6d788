"""One small history that all chapters on followers tell about."""

from __future__ import annotations

import pytest

from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of


@pytest.fixture
def mirror() -> Mirror:
    """Ann was there before we looked and left; bo came, left, came back; cy stays; dan is excluded; eve is one we follow."""
    return mirror_of(
        persons="""
            id | username | is_excluded | role
            a  | ann      | no          | VIEWER
            b  | bo       | no          | MODEL
            c  | cy       | no          | BOTH
            d  | dan      | yes         | VIEWER
            e  | eve      | no          | MODEL
        """,
        person_aliases="""
            person_id | alias | valid_from: time | valid_to: time
            b         | bobby | 2025-01-01 | 2026-01-05
            c         | cyril | 2025-01-01 | -
            d         | danny | 2025-01-01 | 2026-01-05
        """,
        follow_spells="""
            person_id | direction | number | started_at | started_after: time | last_seen_at | ended_at         | end_status
            a         | followers | 1      | 2026-01-01 | -             | 2026-01-07   | 2026-01-08       | confirmed
            b         | followers | 1      | 2026-01-03 | 2026-01-02    | 2026-01-05   | 2026-01-06 12:00 | confirmed
            b         | followers | 2      | 2026-01-08 | 2026-01-07    | 2026-01-19   | 2026-01-20       | provisional
            c         | followers | 1      | 2026-01-01 | -             | 2026-01-20   | -                | -
            d         | followers | 1      | 2026-01-02 | 2026-01-01    | 2026-01-04   | 2026-01-05       | confirmed
            e         | following | 1      | 2026-01-02 | 2026-01-01    | 2026-01-04   | 2026-01-05       | confirmed
        """,
        follow_history="""
            person_id | direction | action   | at: time         | source      | reason
            a         | followers | unfollow | 2026-01-08       | list_scrape | Missing twice.
            a         | followers | follow   | 2026-01-01       | list_scrape |
            b         | followers | unfollow | 2026-01-06 12:00 | events_api  |
            b         | followers | unfollow | 2026-01-20       | list_scrape |
            e         | following | unfollow | 2026-01-05       | list_scrape |
        """,
        follow_scrapes="""
            id | direction | observed_at | verdict
            1  | followers | 2026-01-01  | complete
            2  | followers | 2026-01-08  | complete
            3  | followers | 2026-01-19  | complete
            4  | followers | 2026-01-20  | complete
            5  | followers | 2026-01-21  | held
            6  | following | 2026-01-05  | complete
        """,
    )
