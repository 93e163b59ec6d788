"""Cohorts, lengths and returns in one panel."""

from __future__ import annotations

import pytest

from mhc_lab.core import surface
from mhc_lab.workbench import Workbench
from widgets.cohorts import StayAndReturn


def test_another_period_makes_other_cohorts(wb: Workbench) -> None:
    view = StayAndReturn(wb)
    assert view.result is not None
    months = view.result

    view.every.value = "1w"

    assert view.result.count > months.count
    assert view.result.members == months.members


def test_lengths_and_returns_stand_below(wb: Workbench) -> None:
    view = StayAndReturn(wb)

    assert "the long ones go on" in view.lengths.value
    assert "back within 30 days" in view.returns.value
    assert view.stays.make is not None
    assert view.back.make is not None


def test_an_empty_workbench_has_an_empty_answer(empty_wb: Workbench) -> None:
    view = StayAndReturn(empty_wb)

    assert "no cohort yet" in view.table.value
    assert [drawing.make for drawing in (view.heat_map, view.stays, view.back)] == [None] * 3


def test_a_report_gets_figures_and_tables_without_any_widget(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surface.VARIABLE, surface.Surface.REPORT)

    bundle = StayAndReturn(wb)._repr_mimebundle_()

    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].count("<svg") == 3
