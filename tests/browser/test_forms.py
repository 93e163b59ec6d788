"""Every form as a person meets it: by keyboard alone, with hostile text in every field, over a reload, and judged by axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect  # noqa: A004 - Playwright's own

from mhc_lab.serve import Dashboard
from tests.browser.visits import DASHBOARDS, FORMS, Visits, called
from widgets.person import SECTIONS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

HOSTILE = (
    "<script>owned(1)</script>",
    "<img src=x onerror=owned(2)>",
    "\"'></textarea><svg onload=owned(3)>",
    "<iframe srcdoc='<script>parent.owned(4)</script>'></iframe>",
    "<a href=javascript:owned(5)>link</a>",
    "&lt;img src=x onerror=owned(6)&gt;",
    "\u202e<b onmouseover=owned(7)>\u05e2\u05d1\u05e8\u05d9\u05ea</b>\u202c",
    "+ADw-script+AD4-owned(8)+ADw-/script+AD4-",
    "\uff1cscript\uff1eowned(9)\uff1c/script\uff1e",
    "{{owned(10)}} ${owned(11)} <math><mtext></form><form><mglyph><style></math><img src onerror=owned(12)>",
    "alice tipped 25 tokens -- <img src=x onerror=owned(13)>",
    "<img/src/onerror=owned(14)>: hello",
)
"""Markup, broken markup, other encodings of it, and text that reads from the right."""

WATCH = "window.injected = []; window.owned = what => window.injected.push(what); 0"
MARKUP = """
    [...document.querySelectorAll("#rendered_cells :is([onerror], [onload], [onmouseover], [srcdoc], [href^='javascript:' i], script)")]
        .map(element => element.outerHTML).filter(html => html.includes("owned("))
"""
CONTROLS = "#rendered_cells :is(input, select, textarea, button, summary)"
NOTE_FOCUS = "window.reached = new Set(); document.addEventListener('focusin', e => window.reached.add(e.target)); 0"
UNREACHED = (
    f"[...document.querySelectorAll('{CONTROLS}')]"
    ".filter(e => e.checkVisibility() && !e.disabled && !window.reached.has(e)).map(e => e.outerHTML)"
)
TEXTS = "#rendered_cells :is(input:not([type]), input[type=text], input[type=search], textarea):visible:enabled"
SETTLING = 700
"""Milliseconds that a section may take to show itself."""

each_form = pytest.mark.parametrize("dashboard", FORMS, ids=called)


@pytest.fixture(scope="module")
def axe() -> str:
    """The accessibility checks, as a script."""
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def somebody(visits: Visits) -> str:
    """A person of the demo world."""
    page = visits.titled("A person")
    page.get_by_label("Who", exact=True).fill("v")
    first = page.locator("datalist option").first
    expect(first).to_be_attached()
    return first.get_attribute("value") or first.inner_text()


@dataclass
class Examined:
    """What was found on a page, in every section of it."""

    faults: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)
    injected: list[object] = field(default_factory=list)
    markup: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def examine(visits: Visits, somebody: str, axe: str) -> Callable[[Dashboard], Examined]:
    """Looks through a page once, however many tests ask what was found."""

    @cache
    def examined(dashboard: Dashboard) -> Examined:
        found = Examined()
        for page in places(visits, dashboard, somebody):
            found.faults += judged(page, axe)
            found.unreached += unreached(page)
            page.evaluate(WATCH)
            fill_and_press(page)
            found.injected += page.evaluate("window.injected")
            found.markup += page.evaluate(MARKUP)
        return found

    return examined


def places(visits: Visits, dashboard: Dashboard, somebody: str) -> Iterator[Page]:
    """The page, with each of its sections in turn."""
    page = visits.page(dashboard)
    if dashboard.title != "A person":
        yield page
        return
    page.get_by_label("Who", exact=True).fill(somebody)
    for section in SECTIONS:
        page.get_by_role("button", name=section, exact=True).click()
        page.wait_for_timeout(SETTLING)
        yield page


def judged(page: Page, axe: str) -> list[str]:
    """What axe finds wrong with the page, light and dark, in one line each."""
    page.evaluate(axe)
    found: list[Any] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        found += page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found
        for node in one["nodes"]
    ]


def unreached(page: Page) -> list[str]:
    """The controls that the Tab key does not lead to."""
    page.evaluate(NOTE_FOCUS)
    page.locator("#rendered_cells").focus()
    left: list[str] = page.evaluate(UNREACHED)
    steps = 2 * page.locator(CONTROLS).count() + 10
    while left and steps > 0:
        for _ in range(10):
            page.keyboard.press("Tab")
        steps -= 10
        left = page.evaluate(UNREACHED)
    return left


def fill_and_press(page: Page) -> None:
    """Put everything hostile into every field but names, and press every button that does more than read again."""
    for place in page.locator(TEXTS).all():
        if place.is_visible() and place.get_attribute("placeholder") != "user name":
            is_long = place.evaluate("e => e.tagName") == "TEXTAREA"
            place.fill(("\n" if is_long else " ").join(HOSTILE))
            place.blur()
    page.wait_for_timeout(SETTLING)  # a filter may leave nothing to press
    for button in page.locator("#rendered_cells button:visible:enabled").all():
        is_there = button.count() == 1 and button.is_visible() and button.is_enabled()
        if is_there and button.inner_text() not in {"Refresh figures", *SECTIONS}:
            press(button)
    page.wait_for_timeout(SETTLING)


def press(button: Locator) -> None:
    """Click, unless what was pressed before has switched the button off meanwhile."""
    try:
        button.click(timeout=10_000)
    except TimeoutError:
        if button.is_visible() and button.is_enabled():
            raise


@each_form
def test_axe_has_nothing_to_say_about_a_form(examine: Callable[[Dashboard], Examined], dashboard: Dashboard) -> None:
    assert examine(dashboard).faults == []


@each_form
def test_every_control_is_reached_by_the_tab_key(
    examine: Callable[[Dashboard], Examined], dashboard: Dashboard
) -> None:
    assert examine(dashboard).unreached == []


@each_form
def test_no_markup_from_outside_ever_runs(examine: Callable[[Dashboard], Examined], dashboard: Dashboard) -> None:
    found = examine(dashboard)

    assert (found.injected, found.markup) == ([], [])


def test_a_hostile_note_is_kept_and_shown_as_text(visits: Visits, somebody: str) -> None:
    page = visits.titled("A person")
    page.evaluate(WATCH)
    page.get_by_label("Who", exact=True).fill(somebody)
    page.get_by_role("button", name="Write a note", exact=True).click()
    page.wait_for_timeout(SETTLING)  # the form that was open before looks the same, and is replaced
    text = page.get_by_label("Note", exact=True)
    expect(text).to_be_visible()

    text.fill("\n".join(HOSTILE))
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("onerror=owned(2)").first).to_be_visible()
    page.get_by_role("button", name="Notes", exact=True).click()
    expect(page.get_by_text("onerror=owned(2)").first).to_be_visible()

    assert page.evaluate("window.injected") == []
    assert page.evaluate(MARKUP) == []


def test_a_form_is_filled_in_and_saved_by_keyboard_alone(visits: Visits, somebody: str) -> None:
    page = visits.titled("Same person")
    page.get_by_label("Called until now").focus()

    page.keyboard.press("Control+A")
    page.keyboard.type(somebody)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("quite_another_name")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("quite_another_name is what they are called now")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_text(f"{somebody} is what they are called now")).to_be_visible()


def test_a_half_written_form_survives_a_reload(visits: Visits) -> None:
    page = visits.titled("Same person")
    page.get_by_label("Why", exact=True).fill("I am not sure yet, but")
    page.wait_for_timeout(1000)

    page.reload()

    expect(page.get_by_label("Why", exact=True)).to_have_value("I am not sure yet, but")
    expect(page.get_by_text("is here again").first).to_be_visible()


def test_a_picture_is_opened_deleted_and_taken_back_by_keyboard_alone(visits: Visits, axe: str) -> None:
    page = visits.titled("Library")
    page.reload()
    page.locator(".mhc-opener").first.focus()

    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Close")).to_be_visible()
    faults = judged(page, axe)
    press_tab_to(page, "Delete")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Deleted. Not a byte was touched.")).to_be_visible()
    press_tab_to(page, "Undo")
    page.keyboard.press("Enter")

    expect(page.get_by_text("As before.")).to_be_visible()
    assert faults == []


def test_a_plan_is_looked_through_approved_done_and_undone_by_keyboard_alone(visits: Visits, axe: str) -> None:
    page = visits.titled("Reconcile")
    page.reload()
    page.get_by_role("button", name="Look through everything").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"(\d+) of \1 ticked"))).to_be_visible()
    faults = judged(page, axe)

    page.locator(".mhc-action input").last.focus()
    page.keyboard.press("Space")
    press_tab_to(page, "Approve")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is done yet.")).to_be_visible()
    press_tab_to(page, "Set right")
    page.keyboard.press("Enter")
    expect(page.get_by_text("things set right")).to_be_visible()
    press_tab_to(page, "Put back")
    page.keyboard.press("Enter")

    expect(page.get_by_text("things put back as before")).to_be_visible()
    assert faults == []


def test_pictures_are_drawn_and_say_what_they_are(visits: Visits) -> None:
    library = next(one for one in DASHBOARDS if one.title == "Library")
    page = visits.opened(
        visits.served.page(library.path)
    )  # in the one that is kept, another test has typed what nobody finds
    picture = page.locator(".mhc-tile img").first

    expect(picture).to_be_visible()
    assert picture.evaluate("e => e.complete && e.naturalWidth") > 0
    assert re.match(r"Picture of \w+, \d{4}-\d\d-\d\d: .+", picture.get_attribute("alt") or "")


def press_tab_to(page: Page, name: str) -> None:
    """Press the Tab key until the button of that name has the focus."""
    for _ in range(20):
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"The Tab key does not lead to {name}.")
