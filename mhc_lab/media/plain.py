"""Pictures as they are seen: eight bits a channel, nothing transparent, and nothing that came with them."""

from __future__ import annotations

import numpy as np
from PIL import Image

_DEEP = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
_STEPS, _LEAST = 65_535, 1e-300


def plain(picture: Image.Image) -> Image.Image:
    """``picture`` in gray or RGB without its metadata; white shines through where it is transparent."""
    if picture.mode in _DEEP:
        return _stretched(picture)
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(coloured, mask=coloured.getchannel("A"))
        return white
    shown = picture.convert("L" if picture.mode in {"1", "L"} else "RGB")
    shown.info = {}  # Pillow writes a comment of the source into the copy
    return shown


def thinned(picture: Image.Image, edge: int) -> Image.Image:
    """Every n-th pixel of a picture whose shorter side has ``edge`` of them at least; others as they are.

    The copies that come after it then take no memory that the picture itself does not.
    """
    step = min(picture.size) // edge
    if step < 2:
        return picture
    width, height = picture.width // step, picture.height // step
    return picture.resize((width, height), Image.Resampling.NEAREST, box=(0, 0, width * step, height * step))


def _stretched(picture: Image.Image) -> Image.Image:
    """Of more than eight bits nobody knows which are used: the darkest value becomes black, the brightest white."""
    values = np.asarray(picture)
    if values.dtype.kind == "f":
        values = np.nan_to_num(values.astype(np.float64))
        values = (values - values.min()) * (_STEPS / max(float(np.ptp(values)), _LEAST))
    steps = values.astype(np.int64)
    low, high = int(steps.min()), int(steps.max())
    return Image.fromarray(((steps - low) * 255 // max(high - low, 1)).astype(np.uint8))
