"""The lists and what is the matter with them."""

from __future__ import annotations

import pytest

from mhc_lab.core import surface
from mhc_lab.demo import Truth
from mhc_lab.workbench import Workbench
from widgets.list_quality import EVERY_ONE, Lists


def test_every_planted_list_is_there_with_its_verdict(wb: Workbench, truth: Truth) -> None:
    view = Lists(wb)

    assert view.result is not None
    planted = sorted(one.verdict for one in truth.lists if one.direction == "followers")
    assert sorted(view.result.frame["verdict"].to_list()) == planted


def test_at_first_only_the_odd_ones_are_listed(wb: Workbench) -> None:
    view = Lists(wb)
    odd = view.table.value

    view.which.value = EVERY_ONE

    assert "Lists to look at" in odd
    assert view.table.value.count("<tr>") > odd.count("<tr>")


def test_the_other_direction_is_chosen(wb: Workbench) -> None:
    view = Lists(wb)

    view.direction.value = "following"

    assert view.result is not None
    assert view.result.direction == "following"


def test_an_empty_workbench_has_an_empty_answer(empty_wb: Workbench) -> None:
    view = Lists(empty_wb)

    assert "There is no such list." in view.table.value
    assert view.drawing.make is None


def test_a_report_gets_figure_and_table_without_any_widget(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surface.VARIABLE, surface.Surface.REPORT)

    bundle = Lists(wb)._repr_mimebundle_()

    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].count("<svg") == 1
