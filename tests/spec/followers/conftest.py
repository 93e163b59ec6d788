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
            id | username | is_excluded
            a  | ann      | no
            b  | bo       | no
            c  | cy       | no
            d  | dan      | yes
            e  | eve      | no
        """,
        follow_spells="""
            person_id | direction | started_at | started_after | last_seen_at | ended_at         | end_status
            a         | followers | 2026-01-01 | -             | 2026-01-07   | 2026-01-08       | confirmed
            b         | followers | 2026-01-03 | 2026-01-02    | 2026-01-05   | 2026-01-06 12:00 | confirmed
            b         | followers | 2026-01-08 | 2026-01-07    | 2026-01-19   | 2026-01-20       | provisional
            c         | followers | 2026-01-01 | -             | 2026-01-20   | -                | -
            d         | followers | 2026-01-02 | 2026-01-01    | 2026-01-04   | 2026-01-05       | confirmed
            e         | following | 2026-01-02 | 2026-01-01    | 2026-01-04   | 2026-01-05       | confirmed
        """,
    )
