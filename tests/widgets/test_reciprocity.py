"""Who follows back: the window changes the groups, the delays are over all time, and a report gets all of it."""

from __future__ import annotations

from datetime import date

import pytest

from mhc_lab.analytics import reciprocity
from mhc_lab.core import surface
from mhc_lab.demo import Truth
from mhc_lab.workbench import Workbench
from tests.support.truth import at_end_of
from widgets.reciprocity import WhoFollowsBack


def test_the_groups_at_the_end_are_those_of_all_lists(wb: Workbench, truth: Truth) -> None:
    view = WhoFollowsBack(wb)

    assert view.result is not None
    assert view.result.mutual + view.result.they_only == at_end_of(truth)
    assert view.result.mutual + view.result.i_only == at_end_of(truth, direction="following")
    assert view.result.mutual > 0


def test_an_earlier_window_has_other_groups_and_the_same_delays(wb: Workbench) -> None:
    view = WhoFollowsBack(wb)
    groups, delays = view.headline.value, view.delays.value

    view.window.until.value = date(2026, 3, 1)

    assert view.headline.value != groups
    assert view.delays.value == delays


def test_charts_wait_until_somebody_sees_the_page(wb: Workbench) -> None:
    view = WhoFollowsBack(wb)
    before = view.weekly.chart

    view.weekly.sight._handle_custom_msg({"seen": True}, [])

    assert before is None
    assert view.weekly.chart is not None


def test_days_the_wrong_way_round_are_explained_in_place_of_the_answer(wb: Workbench) -> None:
    view = WhoFollowsBack(wb)

    view.window.since.value = date(2028, 1, 1)

    assert "start comes first" in view.headline.value
    assert view.result is None
    assert view.weekly.layout.display == "none"


def test_an_empty_workbench_has_an_empty_answer(empty_wb: Workbench) -> None:
    view = WhoFollowsBack(empty_wb)

    assert "nobody" in view.table.value
    assert "Nobody has followed back" in view.answers.value
    assert view.curve.layout.display == "none"


def test_refreshed_figures_are_read_anew(wb: Workbench) -> None:
    view = WhoFollowsBack(wb)
    before = view.backs

    view.freshness.refresh.click()

    assert view.backs is not before
    assert view.window.value == reciprocity.covered(wb.mirror)


def test_a_report_gets_figures_and_tables_without_any_widget(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surface.VARIABLE, surface.Surface.REPORT)
    view = WhoFollowsBack(wb)

    page = view._repr_mimebundle_()["text/html"]

    assert page.count("<svg") == 2
    assert "they only" in page
