from __future__ import annotations

import pytest

from mhc_lab.analytics import charts
from mhc_lab.analytics.storage_report import StorageReport, storage_report
from tests.support.tables import mirror_of


@pytest.fixture
def report() -> StorageReport:
    """A disk of two persons, one of them near the limit; a file is missing, one lies in quarantine."""
    mirror = mirror_of(
        persons="""
            id | username | is_excluded
            a  | ann      | no
            b  | <b>bo</b> | no
        """,
        file_storages="""
            id | name | is_active
            s  | ssd  | yes
        """,
        media_locator="""
  storage_id | person_id | relative_path | source | size_bytes | modified_at | created_at | deleted_at | verified_at | problem | problem_at
  s          | a         | a.jpg         | auto   | 2048       | -           | 2026-01-05 | -          | -           | -       | -
  s          | b         | <img src=x>   | auto   | 900        | -           | 2026-02-05 | -          | -           | missing | 2026-03-01
        """,
        quarantined_files="""
            storage_id | state | size_bytes | keeper_id | set_aside_at
            s          | aside | 1024       | -         | 2026-03-01
        """,
    )
    return storage_report(mirror, limit_bytes=2200, shown=5)


def test_the_headline_says_how_much_there_is_and_what_is_wrong(report: StorageReport) -> None:
    assert (report.files, report.size_bytes, report.unverified) == (2, 2948, 2)
    assert (report.problem_count, report.missing_bytes, report.quarantined_bytes) == (1, 900, 1024)
    assert report.near_limit == ("ann",)
    assert repr(report).startswith("files: 2 · size: 2.9 KiB · missing or damaged: 1")


def test_hostile_names_are_text_in_tables_and_pictures(report: StorageReport) -> None:
    shown = report._repr_html_() + charts.still(report.chart()) + charts.still(report.sources_chart())

    assert "<img" not in shown
    assert "<b>" not in shown
    assert "auto" in shown


def test_an_empty_library_has_no_tables() -> None:
    mirror = mirror_of(
        persons="id | username | is_excluded",
        file_storages="id | name | is_active",
        media_locator="""
  storage_id | person_id | relative_path | source | size_bytes | modified_at | created_at | deleted_at | verified_at | problem | problem_at
        """,
        quarantined_files="storage_id | state | size_bytes | keeper_id | set_aside_at",
    )

    report = storage_report(mirror)

    assert (report.files, report.size_bytes, report.near_limit) == (0, 0, ())
    assert report.tables() == {}
