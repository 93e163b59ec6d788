"""What changed, and how many followers there are according to whom: every control changes the answer, and a report gets all of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mhc_lab.analytics import changes
from mhc_lab.analytics.window import Window
from mhc_lab.core import surface
from mhc_lab.workbench import Workbench
from widgets.changes import LAST_LIST, OWN_DAY, CountedBy, WhatChanged

ALL_TIME = Window.parse("2025-01-01", "2026-07-01")


def test_at_first_it_tells_what_is_new_since_the_last_list(wb: Workbench) -> None:
    view = WhatChanged(wb)

    assert view.since.value == LAST_LIST
    assert view.result is not None
    assert view.result.window == changes.since_last(wb.mirror).window


def test_so_many_days_are_reckoned_from_the_newest_list(wb: Workbench) -> None:
    view = WhatChanged(wb)

    view.since.value = 30

    assert view.result is not None
    assert view.result.window.days == pytest.approx(30)
    assert view.result.came > 0


def test_a_day_of_ones_own_counts_from_its_first_instant(wb: Workbench) -> None:
    view = WhatChanged(wb)

    view.day.value = date(2026, 3, 1)

    assert view.since.value == OWN_DAY
    assert view.result is not None
    assert view.result.window.start == datetime(2026, 3, 1, tzinfo=UTC)
    assert view.result.renamed > 0


def test_the_instant_given_is_kept_as_long_as_its_day_stands_there(wb: Workbench) -> None:
    given = datetime(2026, 5, 5, 5, tzinfo=UTC)

    view = WhatChanged(wb, since=given)

    assert view.result is not None
    assert view.result.window.start == given


def test_a_day_after_everything_known_is_explained_in_place_of_the_answer(wb: Workbench) -> None:
    view = WhatChanged(wb)

    view.day.value = date(2030, 1, 1)

    assert "holds no time" in view.answer.value
    assert view.result is None


def test_the_number_of_followers_has_a_source_and_its_charts(wb: Workbench) -> None:
    view = CountedBy(wb, window=ALL_TIME)

    assert view.result is not None
    assert view.result.count is not None
    assert view.sources.make is not None
    assert view.used.make is not None


def test_a_stretch_marked_in_the_chart_is_shown_closer_and_let_go_again(wb: Workbench) -> None:
    view = CountedBy(wb, window=ALL_TIME)
    view.sources.seen()
    start, end = (datetime(2026, 3, day, tzinfo=UTC).timestamp() * 1000 for day in (1, 15))

    view.sources.chart._vl_selections = {"brush": {"value": {"told_at": [start, end]}, "store": []}}
    closer = view.detail.value
    view.sources.chart._vl_selections = {"brush": {"value": {}, "store": []}}

    assert "2026-03-01 – 2026-03-15 UTC" in closer
    assert view.detail.value == ""


def test_a_mark_still_works_in_a_chart_that_was_drawn_anew(wb: Workbench) -> None:
    view = CountedBy(wb, window=ALL_TIME)
    view.sources.seen()
    view.window.preset.value = 180
    start, end = (datetime(2026, 3, day, tzinfo=UTC).timestamp() * 1000 for day in (1, 15))

    view.sources.chart._vl_selections = {"brush": {"value": {"told_at": [start, end]}, "store": []}}

    assert "2026-03-01 – 2026-03-15 UTC" in view.detail.value


def test_an_empty_workbench_has_an_empty_answer(empty_wb: Workbench) -> None:
    news, counted = WhatChanged(empty_wb), CountedBy(empty_wb)

    assert "Nobody came." in news.answer.value
    assert "No source has told a number yet." in counted.headline.value
    assert counted.sources.make is None


def test_a_report_gets_figures_and_tables_without_any_widget(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surface.VARIABLE, surface.Surface.REPORT)

    news, counted = WhatChanged(wb)._repr_mimebundle_(), CountedBy(wb, window=ALL_TIME)._repr_mimebundle_()

    assert set(news) == set(counted) == {"text/html", "text/plain"}
    assert "Lists taken" in news["text/html"]
    assert counted["text/html"].count("<svg") == 2
