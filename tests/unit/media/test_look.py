"""The look id: near for what looks alike, far for what does not, and the same on every machine."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mhc_lab.media.look import look_id
from tests.support.pictures import bits_apart


def drawn(seed: int = 0, *, size: tuple[int, int] = (300, 200)) -> Image.Image:
    """Soft blobs, another arrangement for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def test_the_recipe_is_fixed() -> None:
    ramp = np.add.outer(np.arange(200), np.arange(300)) * 255 // 498
    wave = (ramp + 40 * (np.arange(300) // 50 % 2)).clip(0, 255).astype(np.uint8)

    assert look_id(Image.fromarray(wave)) == "phash1:832a552b562d5e2f"


def test_a_re_encoded_or_shrunk_picture_looks_alike() -> None:
    original = drawn()
    buffer = io.BytesIO()
    original.save(buffer, "JPEG", quality=30)

    assert bits_apart(look_id(original), look_id(Image.open(buffer))) <= 4
    assert bits_apart(look_id(original), look_id(original.resize((150, 100)))) <= 4


def test_other_pictures_do_not() -> None:
    ids = [look_id(drawn(seed)) for seed in range(30)]

    assert min(bits_apart(one, other) for number, one in enumerate(ids) for other in ids[:number]) > 8


@pytest.mark.parametrize("size", [(1, 1), (5, 500), (31, 33), (4000, 3)])
def test_a_picture_of_any_shape_has_one(size: tuple[int, int]) -> None:
    assert look_id(Image.new("RGB", size, "red")) == look_id(Image.new("L", (50, 50), 9))
