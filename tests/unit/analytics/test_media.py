from __future__ import annotations

import pytest

from mhc_lab.analytics import charts, media
from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of


@pytest.fixture
def mirror() -> Mirror:
    """Three copies of one file and two of another, one of them with a hostile name."""
    return mirror_of(
        persons="id | username | is_excluded",
        file_storages="""
            id | name
            s  | ssd
        """,
        media_locator="""
            byte_id | storage_id | person_id | relative_path          | size_bytes | deleted_at | verdict
            f1      | s          | -         | a.jpg                  | 1024       | -          | readable
            f1      | s          | -         | b.jpg                  | 1024       | -          | readable
            f1      | s          | -         | c.jpg                  | 1024       | -          | readable
            f2      | s          | -         | <img/src=x/onerror=1>  | 10         | -          | opaque
            f2      | s          | -         | </script><b>           | 10         | -          | opaque
        """,
    )


def test_the_headline_counts_groups_copies_and_bytes(mirror: Mirror) -> None:
    copies = media.exact_duplicates(mirror)

    assert (copies.groups, copies.redundant_copies, copies.reclaimable_bytes) == (2, 3, 2058)
    assert repr(copies) == "2 groups · 3 redundant copies · 2.0 KiB reclaimable"


def test_no_duplicates_is_nothing_to_reclaim() -> None:
    mirror = mirror_of(
        persons="id | username | is_excluded",
        file_storages="id | name",
        media_locator="byte_id | storage_id | person_id | relative_path | size_bytes | deleted_at",
    )

    copies = media.exact_duplicates(mirror)

    assert (copies.groups, copies.redundant_copies, copies.reclaimable_bytes) == (0, 0, 0)


def test_a_hostile_file_name_is_text_in_table_and_picture(mirror: Mirror) -> None:
    copies = media.exact_duplicates(mirror)

    shown = copies._repr_html_() + charts.still(copies.chart())

    assert "<img" not in shown
    assert "<b>" not in shown
    assert "</script>" not in shown


def test_verdicts_are_counted(mirror: Mirror) -> None:
    verdicts = media.verdicts(mirror)

    assert verdicts.rows() == [("opaque", 2, 20), ("readable", 3, 3072)]
