"""Who left: every control changes the answer, and a report gets all of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mhc_lab.analytics import followers
from mhc_lab.analytics.window import Window
from mhc_lab.core import surface
from mhc_lab.jobs import take_in
from mhc_lab.workbench import Workbench
from widgets.followers import HowMany, WhoLeft

ALL_TIME = Window.parse("2025-01-01", "2027-01-01")


def test_the_window_given_is_the_window_shown(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)

    expected = followers.unfollows(wb.mirror, window=ALL_TIME)
    assert view.result is not None
    assert view.result.count == expected.count
    assert view.result.count > 0


def test_another_window_gives_another_answer(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)
    before = view.headline.value

    view.window.preset.value = 7

    assert view.headline.value != before


def test_the_status_filter_narrows_the_table(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)

    view.status.value = "provisional"

    assert view.result is not None
    assert view.result.frame["status"].unique().to_list() == ["provisional"]


def test_filters_narrow_the_table_and_not_those_it_is_out_of(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)
    assert view.result is not None
    before = view.result

    view.filters.least.value, view.filters.most.value = "10", "20,5"

    assert 0 < view.result.count < before.count
    assert view.result.frame["days_followed"].is_between(10, 20.5).all()
    assert view.result.at_start == before.at_start


def test_a_filter_is_a_choice_or_the_beginning_of_a_name(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)
    assert view.result is not None
    name = view.result.frame["username"].item(0)

    view.filters.name.value = f"@{name.upper()}"
    named = view.result.frame["username"].unique().to_list()
    view.filters.name.value, view.filters.returned.value = "", True

    assert named == [name]
    assert view.result.frame["has_returned"].all()
    assert view.result.count == view.result.returned > 0


def test_a_number_of_days_that_is_none_is_explained_in_place_of_the_answer(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)

    view.filters.least.value = "many"

    assert "no number of days" in view.headline.value
    assert view.result is None


def test_what_happened_is_drawn_across_the_lines(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)

    assert view.timeline.make is not None
    spec = view.timeline.make().to_dict()

    assert {row["kind"] for rows in spec["datasets"].values() for row in rows if "kind" in row} == {"broadcast"}


def test_churn_is_asked_for_by_period(wb: Workbench) -> None:
    view = HowMany(wb, window=ALL_TIME)
    assert view.result is not None
    months = view.result

    view.every.value = "1w"

    assert view.result.frame.height > months.frame.height
    assert view.result.losses == months.losses
    assert view.hours is not None
    assert view.hours.unfollows == months.losses


def test_a_window_in_which_nothing_happened_has_numbers_and_no_charts(wb: Workbench) -> None:
    view = HowMany(wb, window=Window.parse("2020-01-01", "2020-02-01"))

    assert "Nobody left" in view.caveat.value
    assert [drawing.make for drawing in (view.balance, view.rates, view.rhythm, view.exposure)] == [None] * 4


def test_a_report_of_churn_is_complete(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surface.VARIABLE, surface.Surface.REPORT)

    bundle = HowMany(wb, window=ALL_TIME)._repr_mimebundle_()

    assert bundle["text/html"].count("<svg") == 4


def test_charts_wait_until_somebody_sees_the_page(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)
    before = view.daily.chart

    view.daily.sight._handle_custom_msg({"seen": True}, [])

    assert before is None
    assert view.daily.children[1] is view.daily.chart is not None


def test_a_chart_is_drawn_anew_in_its_place(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)
    view.daily.seen()
    chart = view.daily.chart
    before = chart.spec

    view.window.preset.value = 30

    assert view.daily.chart is chart
    assert chart.spec != before


def test_a_window_without_unfollows_says_so(wb: Workbench) -> None:
    view = WhoLeft(wb, window=Window.parse("2020-01-01", "2020-02-01"))

    assert "Nobody left" in view.table.value
    assert view.timeline.layout.display == "none"


def test_days_the_wrong_way_round_are_explained_in_place_of_the_answer(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)

    view.window.since.value = date(2028, 1, 1)

    assert "start comes first" in view.headline.value
    assert view.result is None


def test_an_empty_workbench_has_an_empty_answer(empty_wb: Workbench) -> None:
    view, periods = WhoLeft(empty_wb), HowMany(empty_wb)

    assert "Nobody left" in view.table.value
    assert periods.result is not None
    assert periods.result.rate is None


def test_refreshed_figures_reach_up_to_the_newest_list(wb: Workbench, tmp_path: Path) -> None:
    view = WhoLeft(wb)
    (tmp_path / "later.csv").write_text("username\nnew_one\nnew_two\n")
    later = datetime(2026, 7, 2, tzinfo=UTC)
    take_in.import_lists(wb, tmp_path / "later.csv", observed_at=later, direction="followers", complete=False)

    view.freshness.refresh.click()

    assert view.result is not None
    assert view.result.window.end == later
    assert view.result.daily["follows"].to_list()[-1] == 2


def test_a_report_gets_figures_and_table_without_any_widget(wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(surface.VARIABLE, surface.Surface.REPORT)
    view = WhoLeft(wb, window=ALL_TIME)

    bundle = view._repr_mimebundle_()

    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].count("<svg") == 2
    assert "<table" in bundle["text/html"]


def test_a_live_page_gets_the_widget(wb: Workbench) -> None:
    view = WhoLeft(wb, window=ALL_TIME)

    assert "application/vnd.jupyter.widget-view+json" in view._repr_mimebundle_()


def test_a_filter_that_narrows_nothing_says_so(wb: Workbench) -> None:
    filters = WhoLeft(wb).filters

    assert {field.label for field in (filters.role, filters.source, filters.returned)} == {"all"}
