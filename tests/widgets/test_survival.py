"""How long people stay: every control changes the answer, and a report gets all of it."""

from __future__ import annotations

import pytest

from mhc_lab.analytics.survival import survival
from mhc_lab.analytics.window import Window
from mhc_lab.core import surface
from mhc_lab.workbench import Workbench
from widgets.survival import HowLong


def test_the_numbers_shown_are_those_of_the_analysis(wb: Workbench) -> None:
    view = HowLong(wb)

    assert view.result is not None
    assert view.result.spells == survival(wb.mirror).spells > 100
    assert view.headline.value == survival(wb.mirror).headline()


def test_groups_are_compared_when_asked(wb: Workbench) -> None:
    view = HowLong(wb)

    view.by.value = "reciprocity"

    assert view.result is not None
    assert [curve.group for curve in view.result.curves] == ["mutual", "one-sided"]
    assert "if the groups were alike" in view.headline.value


def test_the_other_direction_gives_another_answer(wb: Workbench) -> None:
    view = HowLong(wb)
    before = view.headline.value

    view.direction.value = "following"

    assert view.headline.value != before


def test_provisional_unfollows_can_be_left_out(wb: Workbench) -> None:
    view = HowLong(wb)
    ended = view.result.ended if view.result else 0

    view.provisional.value = "open"

    assert view.result is not None
    assert view.result.ended < ended


def test_the_chart_waits_until_somebody_sees_the_page(wb: Workbench) -> None:
    view = HowLong(wb)
    before = view.curves.chart

    view.curves.seen()

    assert before is None
    assert view.curves.chart is not None


def test_a_window_in_which_nobody_came_says_so(wb: Workbench) -> None:
    view = HowLong(wb, window=Window.parse("2020-01-01", "2020-02-01"))

    assert "Nobody came" in view.headline.value
    assert view.curves.layout.display == "none"


def test_an_empty_workbench_has_an_empty_answer(empty_wb: Workbench) -> None:
    view = HowLong(empty_wb)

    assert "Nobody came" in view.headline.value


def test_a_report_gets_figures_and_table_without_any_widget(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surface.VARIABLE, surface.Surface.REPORT)
    view = HowLong(wb, by="joined")

    bundle = view._repr_mimebundle_()

    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].count("<svg") == 1
    assert "<table" in bundle["text/html"]
