"""What are the files, and which of them cannot be read?"""

from __future__ import annotations

from polars.testing import assert_frame_equal

from tests.support.tables import mirror_of, table


def test_live_files_are_counted_by_verdict() -> None:
    mirror = mirror_of(
        media_locator="""
            verdict  | size_bytes | deleted_at
            readable | 10         | -
            readable | 20         | -
            corrupt  | 5          | -
            refused  | 7          | 2026-01-01
        """
    )

    verdicts = mirror.query("media/verdicts")

    expected = table("""
        verdict  | file_count | size_bytes
        corrupt  | 1          | 5
        readable | 2          | 30
    """)
    assert_frame_equal(verdicts, expected)
