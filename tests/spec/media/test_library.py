"""How many files came from each source, how large are they, and how are they marked?"""

from __future__ import annotations

from polars.testing import assert_frame_equal

from mhc_lab.analytics import media
from tests.support.tables import mirror_of, table

FILES = """
    source     | size_bytes | verdict  | is_favorite | tags: texts | deleted_at
    screensnap | 10         | readable | yes         | a b         | -
    screensnap | 20         | corrupt  | no          | a           | -
    screensnap | 40         | -        | no          |             | -
    screensnap | 80         | refused  | yes         | a           | 2026-01-01
    profile    | 5          | refused  | no          |             | -
    imported   | 7          | readable | no          |             | 2026-01-01
"""


def test_live_files_are_counted_with_their_marks_and_deleted_ones_apart() -> None:
    mirror = mirror_of(media_locator=FILES)

    counted = mirror.query("media/library")

    expected = table("""
        source     | file_count | size_bytes | favorite_count | tagged_count | flawed_count | unexamined_count | deleted_count
        imported   | 0          | 0          | 0              | 0            | 0            | 0                | 1
        profile    | 1          | 5          | 0              | 0            | 1            | 0                | 0
        screensnap | 3          | 70         | 1              | 2            | 1            | 1                | 1
    """)
    assert_frame_equal(counted, expected)


def test_the_figures_are_those_of_all_sources_together() -> None:
    library = media.library(mirror_of(media_locator=FILES))

    assert (library.files, library.size_bytes, library.favorites, library.tagged) == (4, 75, 1, 2)
    assert (library.flawed, library.unexamined, library.deleted) == (2, 1, 2)
    assert repr(library) == "4 files · 75 B · 2 deleted"
