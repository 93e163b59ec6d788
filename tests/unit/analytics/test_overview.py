from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from mhc_lab.analytics.overview import Overview
from tests.support.tables import table


def test_an_overview_says_what_there_is_and_from_when() -> None:
    frame: pl.DataFrame = table("""
        kind          | row_count | newest_at
        persons       | 300       | 2026-06-30
        followers now | 120       | 2026-06-30
        follow lists  | 181       | 2026-06-30
        files         | 1500      | 2026-06-30
    """)

    overview = Overview(frame, version=7, made_at=datetime(2026, 7, 1, 4, tzinfo=UTC), revision="0001")

    assert overview.rows("files") == 1500
    assert repr(overview) == (
        "300 persons, 120 followers now, 181 follow lists, 1,500 files · mirror 7 of 2026-07-01 04:00 UTC"
    )
    assert "As of 2026-07-01 04:00 UTC (mirror 7)" in overview._repr_html_()
