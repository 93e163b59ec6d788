"""Every notebook runs on the demo world, and what it records is what was planted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mhc_lab.audit import notebooks
from mhc_lab.audit.results import AuditResult, Outcome
from mhc_lab.audit.run import run
from mhc_lab.demo import Truth
from mhc_lab.services import media
from mhc_lab.services.media import Wanted
from mhc_lab.workbench import Workbench
from tests.support.truth import at_end_of, in_window

SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def report_of(result: AuditResult) -> str:
    return result.report.read_text("utf-8")


def test_the_overview_counts_what_was_planted(wb: Workbench, truth: Truth) -> None:
    result = run(wb, notebooks.find("overview"))

    assert result.outcome is Outcome.PASSED, result.message
    assert result.recorded == {
        "mirror_version": 1,
        "persons": len(truth.persons),
        "followers_now": at_end_of(truth),
        "follow_lists": len(truth.lists),
        "notes": sum(not one.is_deleted for one in truth.knowledge.notes),
        "relationships": len(truth.knowledge.relationships),
        "room_events": sum(truth.knowledge.room_events.values()),
        "interactions": truth.knowledge.interactions + truth.knowledge.manual_interactions,
        "files": truth.file_count,
    }
    assert "<svg" in report_of(result)


def test_who_left_agrees_with_the_planted_events(wb: Workbench, truth: Truth) -> None:
    left = in_window(truth, SINCE, UNTIL)

    result = run(wb, notebooks.find("who_left_and_when"), values={"SINCE": "2026-03-01", "UNTIL": "2026-04-01"})

    assert result.outcome is Outcome.PASSED, result.message
    assert result.recorded == {
        "at_start": at_end_of(truth, SINCE),
        "at_end": at_end_of(truth, UNTIL),
        "follows": left.follows,
        "unfollows": left.unfollows,
        "provisional": left.provisional,
        "median_days_followed": pytest.approx(left.median_days_followed),
    }
    assert "<svg" in report_of(result)
    assert "<table" in report_of(result)


def test_exact_duplicates_are_the_planted_ones(wb: Workbench, truth: Truth) -> None:
    folder = wb.settings.home / "demo" / "media"

    result = run(wb, notebooks.find("exact_duplicates"))

    assert result.outcome is Outcome.PASSED, result.message
    assert result.recorded == {
        "groups": len(truth.duplicates),
        "redundant_copies": sum(len(group) - 1 for group in truth.duplicates),
        "reclaimable_bytes": sum((len(group) - 1) * size_of(folder, group) for group in truth.duplicates),
    }


def test_more_duplicates_than_allowed_are_a_finding(wb: Workbench, truth: Truth) -> None:
    result = run(wb, notebooks.find("exact_duplicates"), values={"MAX_GROUPS": 0})

    assert (result.outcome, result.exit_code) == (Outcome.FINDINGS, 1)
    assert [finding.count for finding in result.findings] == [len(truth.duplicates)]


def test_pictures_of_one_person_that_were_saved_again_look_alike(wb: Workbench, truth: Truth) -> None:
    planted = [pair for pair in truth.reencoded if len({path.split("/")[1] for path in pair}) == 1]

    result = run(wb, notebooks.find("near_duplicates"), values={"DISTANCE": 2})

    assert result.outcome is Outcome.PASSED, result.message
    assert result.recorded == {"pairs": len(planted), "pictures": 2 * len(planted)}
    assert all(path in report_of(result) for pair in planted for path in pair)


def test_the_library_counts_what_was_planted_and_hands_on_no_picture(wb: Workbench, truth: Truth) -> None:
    result = run(wb, notebooks.find("library"), values={"MAX_FLAWED": 5})

    assert (result.outcome, [finding.count for finding in result.findings]) == (Outcome.FINDINGS, [6])
    assert result.recorded == {
        "files": truth.file_count,
        "size_bytes": live_bytes(wb),
        "favorites": len(truth.marks.favorites),
        "tagged": len(truth.marks.tags),
        "deleted": len(truth.marks.deleted),
        "unexamined": 0,
    }
    assert "The newest files" in report_of(result)
    assert "data:image/jpeg" not in report_of(result)


def test_the_door_to_exclusions_opens_also_in_a_report(wb: Workbench) -> None:
    result = run(wb, notebooks.find("exclude_a_person"))

    assert result.outcome is Outcome.PASSED, result.message
    assert "Here stands a form." in report_of(result)


def live_bytes(wb: Workbench) -> int:
    with wb.reader as session:
        return media.size_bytes(session, Wanted())


def size_of(folder: Path, group: tuple[str, ...]) -> int:
    return next((folder / path).stat().st_size for path in group if (folder / path).exists())
