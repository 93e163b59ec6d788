"""Badges that read in light and dark, links that are links, and pages that need nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mhc_lab.core import display
from mhc_lab.services.note_rules import CATEGORIES

CSS = Path(display.__file__).with_suffix(".css").read_text()
COLORS = ["gray", "red", "orange", "amber", "yellow", "green", "emerald", "teal", "blue", "indigo", "purple", "pink"]


def test_every_category_of_notes_has_a_colour_of_its_own_and_one_that_exists() -> None:
    colors = [category.color for category in CATEGORIES.values()]

    assert set(colors) <= set(COLORS)
    assert len(set(colors)) == len(colors)


def test_a_badge_is_escaped() -> None:
    assert "&lt;b&gt;" in display.badge("<b>", color="red")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://a", "ftp://a"])
def test_what_is_no_address_of_the_web_is_no_link(url: str) -> None:
    assert "<a" not in display.link(url)


def test_a_link_cannot_leave_its_attribute() -> None:
    made = display.link("https://a/'onmouseover='x\"<b>")

    assert made.count("'") == 6
    assert "<b>" not in made


def test_a_text_beyond_what_is_shown_is_folded_and_complete() -> None:
    made = display.prose("a<" * 10, shown=4)

    assert made.count("a&lt;") == 10
    assert "<summary>… and 16 more characters</summary>" in made


def test_a_page_asks_no_other_host_and_runs_nothing() -> None:
    made = "".join(display.page("<Title>", ["<p>one</p>"]))

    assert "default-src 'none'" in made
    assert "<title>&lt;Title&gt;</title>" in made
    assert not re.search(r"<script|\ssrc=|@import|url\(", made)
