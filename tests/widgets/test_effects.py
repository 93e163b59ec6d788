"""Losses after events: every control changes the answer, and a report gets all of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from mhc_lab.analytics import effects, followers
from mhc_lab.core import surface
from mhc_lab.mirror.connection import Mirror
from mhc_lab.workbench import Workbench
from widgets.effects import AfterEvents

SOME = [datetime(2026, month, day, 20, tzinfo=UTC) for month in range(1, 6) for day in (4, 13, 27)]


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen notes and one ban, in place of what the sources tell."""
    rows = {"kind": ["note"] * len(SOME) + ["ban"], "at": [*SOME, datetime(2026, 2, 2, 20, tzinfo=UTC)]}
    frame = pl.DataFrame(rows, schema=effects.EVENTS)

    def events(mirror: Mirror) -> pl.DataFrame:
        return frame

    monkeypatch.setattr(effects, "events", events)


def test_the_window_and_hours_given_are_those_asked_for(wb: Workbench) -> None:
    window = followers.covered(wb.mirror)

    view = AfterEvents(wb, window=window, hours=36)

    assert view.result is not None
    assert (view.result.window, view.result.hours) == (window, 36)
    assert view.result.unfollows > 0


def test_more_hours_reach_more_losses(wb: Workbench) -> None:
    view = AfterEvents(wb, window=followers.covered(wb.mirror), hours=24)
    assert view.result is not None
    before = view.result.of("note")["observed"]

    view.hours.value = 72

    assert view.result.of("note")["observed"] > before


def test_a_kind_that_can_be_told_is_drawn_and_another_is_said_in_words(wb: Workbench) -> None:
    view = AfterEvents(wb, window=followers.covered(wb.mirror), hours=48)
    view.kind.value = "note"
    drawn = view.drawing.layout.display

    view.kind.value = "ban"

    assert drawn is None
    assert view.drawing.layout.display == "none"
    assert "ban: 1 event in the window" in view.headline.value


def test_a_chart_waits_until_somebody_sees_the_page(wb: Workbench) -> None:
    view = AfterEvents(wb, window=followers.covered(wb.mirror), hours=48)
    view.kind.value = "note"
    before = view.drawing.chart

    view.drawing.sight._handle_custom_msg({"seen": True}, [])

    assert before is None
    assert view.drawing.chart is not None


def test_the_chosen_kind_stays_when_the_window_changes(wb: Workbench) -> None:
    view = AfterEvents(wb, window=followers.covered(wb.mirror))
    view.kind.value = "note"

    view.window.preset.value = 180

    assert view.kind.value == "note"


def test_days_the_wrong_way_round_are_explained_in_place_of_the_answer(wb: Workbench) -> None:
    view = AfterEvents(wb)

    view.window.since.value = date(2028, 1, 1)

    assert "start comes first" in view.headline.value
    assert view.result is None
    assert view.drawing.layout.display == "none"


def test_in_an_empty_workbench_nobody_left_and_nothing_is_drawn(empty_wb: Workbench) -> None:
    view = AfterEvents(empty_wb)

    assert view.result is not None
    assert view.result.unfollows == 0
    assert view.drawing.layout.display == "none"


def test_a_report_gets_sentences_charts_and_tables_without_any_widget(
    wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(surface.VARIABLE, surface.Surface.REPORT)
    view = AfterEvents(wb, window=followers.covered(wb.mirror), hours=48)

    page = view._repr_mimebundle_()["text/html"]

    assert page.count("<svg") == 1
    assert page.count("<table") == 2
    assert "ban: 1 event in the window" in page
