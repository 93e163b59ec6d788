"""The colours of names, computed from the stylesheet as a browser does, read on every page of ours whatever the hue."""

from __future__ import annotations

import math
import re

import pytest

from mhc_lab.core import display

Colour = tuple[float, float, float]

LIGHT = ("#ffffff", "#f5f6f8")
DARK = ("#0f1216", "#171b21", "#111111", "#212121")
INK = {"light": "#1c2128", "dark": "#e2e6eb"}
TIP = ("#f5b301", 0.22)
EVEN = 0.04
"""Pages and cards of the dashboards and of JupyterLab, in both themes; text; what lies behind a tip and behind every second group."""


def oklch() -> dict[str, tuple[float, float]]:
    """Lightness and chroma of names, as the stylesheet has them."""
    rule = re.search(
        r"\.mhc-name \{[^}]*light-dark\(oklch\(([\d.]+) ([\d.]+) var[^,]*, oklch\(([\d.]+) ([\d.]+) var",
        display.style(),
    )
    assert rule is not None
    light, light_chroma, dark, dark_chroma = map(float, rule.groups())
    return {"light": (light, light_chroma), "dark": (dark, dark_chroma)}


def linear(lightness: float, chroma: float, hue: float) -> Colour:
    """The linear sRGB of an oklch colour, clipped to what a screen shows."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return tuple(min(1.0, max(0.0, part)) for part in (red, green, blue))  # type: ignore[return-value]


def coded(text: str) -> Colour:
    return tuple(int(text[place : place + 2], 16) / 255 for place in (1, 3, 5))  # type: ignore[return-value]


def mixed(over: Colour, share: float, under: Colour) -> Colour:
    return tuple(share * one + (1 - share) * other for one, other in zip(over, under, strict=True))  # type: ignore[return-value]


def luminance(colour: Colour) -> float:
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), colour, strict=True))


def decoded(colour: Colour) -> Colour:
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)  # type: ignore[return-value]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize(("theme", "page"), [("light", page) for page in LIGHT] + [("dark", page) for page in DARK])
def test_every_hue_reads_on_every_ground(theme: str, page: str) -> None:
    plain = coded(page)
    even = mixed(coded(INK[theme]), EVEN, plain)
    grounds = [plain, even, mixed(coded(TIP[0]), TIP[1], plain), mixed(coded(TIP[0]), TIP[1], even)]

    ratios = [
        contrast(luminance(linear(*oklch()[theme], hue)), luminance(decoded(ground)))
        for hue in range(360)
        for ground in grounds
    ]

    assert min(ratios) >= 4.5


def test_the_grounds_are_those_of_the_stylesheet() -> None:
    style = display.style()

    assert f"background: color-mix(in srgb, {TIP[0]} {TIP[1]:.0%}, transparent)" in style
    assert (
        f".mhc-said:nth-child(even) {{ background: color-mix(in srgb, currentColor {EVEN:.0%}, transparent); }}"
        in style
    )


def test_the_arithmetic_knows_black_white_and_the_contrast_between() -> None:
    assert contrast(luminance(linear(1, 0, 0)), luminance(linear(0, 0, 0))) == pytest.approx(21, abs=0.01)
    assert linear(0.627955, 0.257683, 29.2339) == pytest.approx((1, 0, 0), abs=1e-3)


def test_the_dark_theme_of_jupyterlab_is_told_that_it_is_dark() -> None:
    assert '[data-jp-theme-light="false"] .mhc-chat { color-scheme: dark; }' in display.style()
