"""Exact duplicates: the same answer alive and still."""

from __future__ import annotations

from mhc_lab.analytics import media
from mhc_lab.workbench import Workbench
from widgets.media import ExactDuplicatesView


def test_the_answer_is_that_of_the_mirror(wb: Workbench) -> None:
    view = ExactDuplicatesView(wb)

    assert view.answer.value == media.exact_duplicates(wb.mirror)._repr_html_()
    view.drawing.seen()
    assert view.drawing.chart is not None


def test_the_still_version_has_chart_and_table(wb: Workbench) -> None:
    still = ExactDuplicatesView(wb).still()

    assert "<svg" in still
    assert "<table" in still
    assert "Figures as of" in still


def test_without_duplicates_there_is_no_chart(empty_wb: Workbench) -> None:
    view = ExactDuplicatesView(empty_wb)

    view.drawing.seen()

    assert view.drawing.chart is None
