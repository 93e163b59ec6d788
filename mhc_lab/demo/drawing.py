"""Small abstract pictures: dunes under a sun, drifting circles, rings and ribbons, each from nothing but the seed and its number."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from PIL import Image, ImageDraw, ImageOps

_FINE = 2
"""Drawn at twice the size, then halved: smooth edges."""

_PALETTES = tuple(
    tuple(colours.split())
    for colours in (
        "#1b2a49 #465c8b #e7a977 #f6d6ad #fdf3e1",
        "#22223b #4a4e69 #9a8c98 #c9ada7 #f2e9e4",
        "#003049 #1d6a72 #6fb3a2 #f0c987 #fcf1d8",
        "#2d1e2f #6a3e5c #c06c84 #f0a9a0 #fbe6d4",
        "#10312b #2f6b4f #7fae6f #d9cf8b #f7f2d9",
        "#0f1c2e #27496d #4fa3b8 #a7d7c5 #f1f9ec",
        "#3a1f1a #8c3b2a #d97b3f #f0be6b #fbeccb",
        "#1f1b3a #4b3f8f #8f7fd1 #d3b6e8 #f8eefb",
    )
)


def picture(number: int, *, seed: int) -> Image.Image:
    """The picture with that number, in RGB, 64 to 160 pixels wide and high."""
    rng = Random(f"{seed} picture {number}")  # noqa: S311
    width, height = rng.randrange(64, 161, 8), rng.randrange(64, 161, 8)
    palette = list(rng.choice(_PALETTES))
    if rng.random() < 0.3:
        palette.reverse()
    canvas = _gradient(rng, (width * _FINE, height * _FINE), palette[-1], palette[-3])
    rng.choice(_MOTIFS)(rng, canvas, palette)
    return canvas.reduce(_FINE)


def _gradient(rng: Random, size: tuple[int, int], upper: str, lower: str) -> Image.Image:
    column = Image.linear_gradient("L").crop((0, 0, 1, 256))
    return ImageOps.colorize(column, upper, lower, mid=None if rng.random() < 0.7 else upper).resize(size)


def _dunes(rng: Random, canvas: Image.Image, palette: list[str]) -> None:
    """A sun or moon, and layers of hills in front of it."""
    pen = ImageDraw.Draw(canvas)
    width, height = canvas.size
    radius = rng.uniform(0.1, 0.2) * min(canvas.size)
    _disc(pen, rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.45) * height, radius, palette[-2])
    layers = rng.randrange(3, 5)
    for layer in range(layers):
        base = height * (0.5 + 0.45 * layer / layers)
        line = _wave(rng, width, base, height * rng.uniform(0.03, 0.09))
        pen.polygon([*line, (width, height), (0, height)], fill=palette[max(layers - 1 - layer, 0)])


def _circles(rng: Random, canvas: Image.Image, palette: list[str]) -> None:
    """Translucent circles that drift over each other."""
    width, height = canvas.size
    for _ in range(rng.randrange(5, 10)):
        radius = round(rng.uniform(0.08, 0.3) * min(canvas.size))
        veil = Image.new("L", (2 * radius, 2 * radius))
        _disc(ImageDraw.Draw(veil), radius, radius, radius, rng.randrange(90, 200))
        corner = (round(rng.random() * width) - radius, round(rng.random() * height) - radius)
        canvas.paste(rng.choice(palette[:4]), (*corner, corner[0] + veil.width, corner[1] + veil.height), veil)


def _rings(rng: Random, canvas: Image.Image, palette: list[str]) -> None:
    """Rings around a point off the middle, like a pond or a record."""
    pen = ImageDraw.Draw(canvas)
    width, height = canvas.size
    x, y = rng.uniform(0.2, 0.8) * width, rng.uniform(0.2, 0.8) * height
    count = rng.randrange(4, 9)
    widest = rng.uniform(0.6, 0.9) * max(canvas.size)
    for number in range(count):
        _disc(pen, x, y, widest * (1 - number / count) ** 1.2, palette[number % len(palette)])


def _ribbons(rng: Random, canvas: Image.Image, palette: list[str]) -> None:
    """Bands that swing from side to side, like northern lights."""
    pen = ImageDraw.Draw(canvas)
    width, height = canvas.size
    for number in range(rng.randrange(3, 7)):
        base, thick = rng.uniform(0.1, 0.9) * height, rng.uniform(0.04, 0.14) * height
        line = _wave(rng, width, base, height * rng.uniform(0.05, 0.15))
        back = [(x, y + thick * (1 + 0.5 * math.sin(x / width * math.pi))) for x, y in reversed(line)]
        pen.polygon([*line, *back], fill=palette[number % 4])


_MOTIFS: tuple[Callable[[Random, Image.Image, list[str]], None], ...] = (_dunes, _circles, _rings, _ribbons)


def _wave(rng: Random, width: int, base: float, swing: float) -> list[tuple[float, float]]:
    turns, phase, skew = rng.uniform(0.6, 1.8), rng.uniform(0, math.tau), rng.uniform(-0.6, 0.6)
    return [
        (x, base + swing * (math.sin(turns * math.tau * x / width + phase) + skew * x / width))
        for x in range(0, width + 4, 4)
    ]


def _disc(pen: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: str | int) -> None:
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
