"""The dashboards as a person meets them, in a real Chromium.

Every page is opened once and kept, because each opening starts a kernel; the tests look at it, use it, and turn it dark or narrow.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageStat
from playwright.sync_api import expect

from mhc_lab.serve import Dashboard, subjects
from tests.browser.visits import DASHBOARDS, WITH_CHARTS, Visits, called

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

UNLABELLED = """
    [...document.querySelectorAll("#rendered_cells :is(input, select, textarea, button)")]
        .filter(e => e.checkVisibility() && !e.labels?.length && !e.ariaLabel && !e.textContent.trim())
        .map(e => e.outerHTML)
"""


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=called)
def test_every_dashboard_draws_its_heading_and_something_below(visits: Visits, dashboard: Dashboard) -> None:
    page = visits.page(dashboard)

    expect(page).to_have_title(f"{dashboard.title} · mhc_lab")
    expect(page.get_by_role("heading", level=1)).to_contain_text(dashboard.question)
    expect(page.locator("#rendered_cells").locator("table, button").first).to_be_visible()
    expect(page.get_by_text("There was an error")).to_have_count(0)


@pytest.mark.parametrize("dashboard", WITH_CHARTS, ids=called)
def test_charts_are_drawn_as_wide_as_there_is_room(visits: Visits, dashboard: Dashboard) -> None:
    page = visits.page(dashboard)
    chart = page.locator(".vega-embed svg").first

    expect(chart).to_be_visible()
    page.wait_for_function("document.querySelector('.vega-embed svg').getBoundingClientRect().width > 800")

    page.set_viewport_size({"width": 390, "height": 800})

    page.wait_for_function("document.querySelector('.vega-embed svg').getBoundingClientRect().width < 370")
    plot = page.locator(".vega-embed svg .background").first.bounding_box()
    assert plot is not None
    assert plot["width"] > 150


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=called)
def test_the_navigation_names_every_subject_and_its_dashboards_and_marks_this_one(
    visits: Visits, dashboard: Dashboard
) -> None:
    page = visits.page(dashboard)
    subject = next(one for one in subjects() if dashboard in one.dashboards)

    every = page.get_by_role("navigation", name="Subjects")
    assert every.get_by_role("link").all_inner_texts() == [one.name for one in subjects()]
    assert every.locator("[aria-current]").all_inner_texts() == [subject.name]
    assert page.get_by_role("navigation").locator("[aria-current=page]").all_inner_texts() == [dashboard.title]
    if len(subject.dashboards) > 1:
        pages = page.get_by_role("navigation", name="Dashboards").get_by_role("link")
        assert pages.all_inner_texts() == [one.title for one in subject.dashboards]


def test_the_front_page_leads_to_every_dashboard(visits: Visits) -> None:
    page = visits.opened(visits.served.dashboards_link)

    for dashboard in DASHBOARDS:
        expect(page.get_by_role("main").get_by_role("link", name=dashboard.question)).to_be_visible()


@pytest.mark.parametrize("width", [1280, 900, 360])
def test_the_navigation_shows_every_dashboard_at_any_width(visits: Visits, width: int) -> None:
    page = visits.titled("Who left")

    page.set_viewport_size({"width": width, "height": 800})

    links = page.get_by_role("navigation").get_by_role("link").all()
    assert len(links) > len(subjects())
    for link in links:
        place = link.bounding_box()
        assert place
        assert 0 <= place["x"] <= place["x"] + place["width"] <= width


def test_another_window_changes_the_answer(visits: Visits) -> None:
    page = visits.titled("Who left")
    left = page.locator(".mhc-fact").filter(has_text="left").first.locator("dd")
    before = left.inner_text()

    page.get_by_label("Window", exact=True).select_option(label="last 7 days")

    expect(left).not_to_have_text(before)


def test_the_status_filter_leaves_only_such_rows(visits: Visits) -> None:
    page = visits.titled("Who left")
    page.get_by_label("Window", exact=True).select_option(label="everything")

    page.get_by_label("Status", exact=True).select_option(label="provisional")

    expect(page.locator("tbody").get_by_text("confirmed")).to_have_count(0)
    expect(page.locator("tbody").get_by_text("provisional").first).to_be_visible()


def test_a_person_is_left_out_and_counted_again_and_text_never_becomes_markup(visits: Visits) -> None:
    page = visits.titled("Exclude a person")
    username = page.locator("datalist option").first
    page.get_by_label("Person").fill("v")
    expect(username).to_be_attached()
    name = username.get_attribute("value") or username.inner_text()

    page.get_by_label("Person").fill(name)
    page.get_by_label("Reason").fill("<img src=x onerror=\"document.title='owned'\">")
    page.get_by_role("button", name="Leave out").click()
    expect(page.get_by_text("1 person left out of every figure")).to_be_visible()
    page.get_by_label("Person").fill(name)
    expect(page.get_by_text("Left out of every figure: <img")).to_be_visible()
    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("1 person counted as before")).to_be_visible()
    assert "owned" not in page.title()


def test_a_mistake_is_explained_beside_the_button_and_the_draft_stays(visits: Visits) -> None:
    page = visits.titled("Exclude a person")
    page.get_by_label("Person").fill("nobody_at_all")
    page.get_by_label("Reason").fill("a test")

    page.get_by_role("button", name="Leave out").click()

    expect(page.get_by_role("alert")).to_contain_text('No person named "nobody_at_all"')
    expect(page.get_by_label("Person")).to_have_value("nobody_at_all")


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=called)
def test_every_control_has_a_name_and_there_is_one_main_region(visits: Visits, dashboard: Dashboard) -> None:
    page = visits.page(dashboard)

    assert page.evaluate(UNLABELLED) == []
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_keyboard_gets_past_the_navigation_and_to_the_first_control(visits: Visits) -> None:
    page = visits.titled("Who left")
    page.evaluate("document.activeElement.blur()")
    page.locator(".mhc-skip").focus()

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.labels[0].innerText") == "Window"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=called)
def test_a_window_of_360_pixels_needs_no_scrolling_sideways(visits: Visits, dashboard: Dashboard) -> None:
    page = visits.page(dashboard)

    page.set_viewport_size({"width": 360, "height": 740})

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_dark_is_dark(visits: Visits) -> None:
    page = visits.titled("Overview")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.emulate_media(color_scheme="dark")

    assert light == "rgb(245, 246, 248)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 18, 22)"


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=called)
def test_a_page_asks_no_other_host_and_complains_of_nothing(visits: Visits, dashboard: Dashboard) -> None:
    visits.page(dashboard)

    assert visits.elsewhere == []
    assert visits.complaints == []


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=called)
def test_a_page_has_something_to_see_in_every_light_and_width(visits: Visits, dashboard: Dashboard) -> None:
    visits.page(dashboard)

    stem = Path(dashboard.path).stem
    (light, wide), (dark, _), (_, small) = (
        seen(visits.screens / f"{stem}-{one}.png") for one in ("light", "dark", "narrow")
    )
    assert (wide, small) == (1280, 390)
    assert dark < 90 < 160 < light


def seen(picture: Path) -> tuple[float, int]:
    """The mean brightness of all pixels, from 0 to 255, and how wide the picture is."""
    with Image.open(picture) as opened:
        (mean,) = ImageStat.Stat(opened.convert("L")).mean
        return float(mean), opened.size[0]
