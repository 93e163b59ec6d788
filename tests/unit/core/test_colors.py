"""The colours of attributes read on their own ground, on a light page and on a dark one."""

from __future__ import annotations

import re

import pytest

from mhc_lab.core import display
from mhc_lab.schema.attributes import COLORS


def luminance(color: str) -> float:
    """Relative luminance of ``#rrggbb`` as WCAG 2 has it."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


RULES = {
    name: (ground, text)
    for name, ground, text in re.findall(
        r"\.mhc-color-(\w+) \{ background: (#\w{6}); color: (#\w{6}); \}", display.style()
    )
}


def test_black_on_white_has_the_greatest_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_every_colour_has_one_look_of_its_own() -> None:
    assert set(RULES) == set(COLORS)
    assert len({ground for ground, _ in RULES.values()}) == len(COLORS)


@pytest.mark.parametrize("name", COLORS)
def test_the_label_reads_on_its_ground(name: str) -> None:
    assert contrast(*RULES[name]) >= 4.5


def test_badges_and_what_opens_escape_what_they_are_given() -> None:
    hostile = "\"'><img src=x onerror=alert(1)>"

    shown = display.badges([display.badge(hostile, color=hostile, icon=hostile, hint=hostile)], label=hostile)
    shown += display.more(hostile, [hostile], hint=hostile)

    assert "<img" not in shown
    assert shown.count("&lt;img") == 8
    assert "&quot;&#x27;&gt;" in shown
