"""Audits as pages: they look when they are asked to, say what they found, and set it right after a review."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mhc_lab.core import surface
from mhc_lab.core.errors import UserError
from mhc_lab.jobs import ingest, stores
from mhc_lab.services import media, people
from mhc_lab.services.media import Wanted
from mhc_lab.workbench import Workbench
from tests.support.pictures import picture
from widgets._audit import Audit
from widgets.media import RedundantCopies
from widgets.reconciliation import Reconciliation
from widgets.review import JobReview
from widgets.verification import BaselineCheck, Verification

FIRST, COPY, OTHER = "people/ann/auto/a.jpg", "people/ann/uploads/b.jpg", "people/bo/auto/c.png"


@pytest.fixture
def disk(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A registered disk with two copies of a picture of ann, and one of bo."""
    root = tmp_path / "disk"
    for path in (FIRST, COPY, OTHER):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(picture("PNG" if path == OTHER else "JPEG"))
    with emptied_wb.transaction() as session:
        people.find_or_create(session, ["ann", "bo"], at=emptied_wb.clock.now())
    ingest.register(emptied_wb, *stores.adopt(emptied_wb, str(root), name="ssd"))
    return root


def live(wb: Workbench) -> list[str]:
    with wb.reader as session:
        return sorted(file.relative_path for file in media.found(session, Wanted()))


def review_in(audit: Audit) -> JobReview[Any]:
    [review] = [part for part in audit.found.parts if isinstance(part, JobReview)]
    return review


def test_an_audit_waits_for_its_button_and_has_nothing_to_record_before(emptied_wb: Workbench, disk: Path) -> None:
    audit = Verification(emptied_wb)

    assert (audit.found.parts, audit.found.recorded, audit.found.finding_count) == ((), {}, 0)


def test_in_a_report_an_audit_has_looked_already(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(surface.VARIABLE, "report")

    audit = Verification(emptied_wb)

    assert audit.found.recorded["looked_at"] == 3
    assert "By storage" in audit.still()


def test_what_goes_wrong_breaks_a_report(emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surface.VARIABLE, "report")

    with pytest.raises(UserError, match="is no slice"):
        Verification(emptied_wb, part="most")


def test_what_goes_wrong_is_said_beside_the_button(emptied_wb: Workbench, disk: Path) -> None:
    audit = Verification(emptied_wb, part="<b>most</b>")

    audit.start.click()

    assert "&lt;b&gt;most&lt;/b&gt;&quot; is no slice" in audit.outcome.value
    assert not audit.start.disabled


def test_redundant_copies_are_set_aside_and_brought_back(emptied_wb: Workbench, disk: Path) -> None:
    audit = RedundantCopies(emptied_wb)
    audit.start.click()
    review = review_in(audit)

    review.review.approve.click()
    review.apply.click()
    left, is_away = live(emptied_wb), not (disk / COPY).exists() or not (disk / FIRST).exists()
    review.undo.click()

    assert audit.found.recorded == {"planned_copies": 1, "planned_bytes": len(picture())}
    assert (len(left), is_away) == (2, True)
    assert live(emptied_wb) == [FIRST, COPY, OTHER]
    assert (disk / COPY).read_bytes() == (disk / FIRST).read_bytes() == picture()


def test_a_missing_file_with_a_good_copy_is_found_and_mended(emptied_wb: Workbench, disk: Path) -> None:
    (disk / COPY).unlink()
    audit = Verification(emptied_wb)
    audit.start.click()
    review = review_in(audit)

    review.review.approve.click()
    review.apply.click()
    found = dict(audit.found.recorded)
    audit.start.click()

    assert (found["looked_at"], found["missing"], found["not_reached"]) == (3, 1, 0)
    assert (disk / COPY).read_bytes() == picture()
    assert audit.found.finding_count == 0


def test_files_and_rows_that_disagree_are_set_right(emptied_wb: Workbench, disk: Path) -> None:
    (disk / OTHER).rename(disk / "people/bo/auto/d.png")
    audit = Reconciliation(emptied_wb)
    audit.start.click()
    review = review_in(audit)

    review.review.approve.click()
    review.apply.click()
    found = dict(audit.found.recorded)
    audit.start.click()

    assert (found["row_in_order"], found["row_missing"], found["file_known_person"]) == (2, 1, 1)
    assert (found["to_set_right"], audit.found.finding_count) == (2, 0)
    assert "people/bo/auto/d.png" in live(emptied_wb)


def test_a_storage_most_of_whose_files_are_gone_is_believed_when_it_is_chosen(
    emptied_wb: Workbench, disk: Path
) -> None:
    for path in (FIRST, COPY):
        (disk / path).unlink()
    audit = Reconciliation(emptied_wb)
    audit.start.click()
    doubted = dict(audit.found.recorded)

    audit.believe.value = "ssd"
    audit.start.click()

    assert (doubted["not_checked"], doubted["to_set_right"]) == (1, 0)
    assert (audit.found.recorded["not_checked"], audit.found.recorded["row_missing"]) == (0, 2)


def test_what_was_not_named_before_is_refused_in_one_sentence(emptied_wb: Workbench, disk: Path) -> None:
    audit = Reconciliation(emptied_wb, aside="ssd:nowhere.jpg")

    audit.start.click()

    assert "Nothing that the plan lists is called ssd:nowhere.jpg" in audit.outcome.value


def test_a_lost_picture_is_told_against_the_baseline_that_the_first_look_recorded(
    emptied_wb: Workbench, disk: Path
) -> None:
    audit = BaselineCheck(emptied_wb, persons="bo", random=0)
    audit.start.click()
    first = dict(audit.found.recorded)
    (disk / OTHER).write_bytes(b"no picture")

    audit.start.click()

    assert (first["persons"], first["working"], first["broken"]) == (1, 1, 0)
    assert (audit.found.recorded["working"], audit.found.recorded["broken"], audit.found.finding_count) == (0, 1, 1)
    assert "1 of 1 working pictures is lost" in audit.still()
