"""Previews: small, upright, without metadata, and made without decoding more than is shown.

A decoder is asked for a draft first and the small picture is turned afterwards: both together save nine tenths of the time.
"""

from __future__ import annotations

import io

from PIL import Image, ImageOps

VERSION = 1
"""Of the recipe: what is kept of an older one is made again."""
LONGEST = 320
"""Pixels of the longer side, unless somebody asks for more."""
_QUALITY = 82
_ORIENTATION = 0x0112


def of_picture(picture: Image.Image, *, longest: int = LONGEST, orientation: int | None = None) -> bytes:
    """A JPEG of ``picture``, which was opened and not loaded yet, never larger than it is; what is transparent becomes white.

    It is turned as its own metadata say, unless ``orientation`` says it.
    """
    turned = _TURNED.get(picture.getexif().get(_ORIENTATION, 1) if orientation is None else orientation)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)  # asks for a draft of twice that size
    small = _opaque(picture if turned is None else picture.transpose(turned))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


_TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _opaque(picture: Image.Image) -> Image.Image:
    """``picture`` in RGB without anything that came with it: Pillow writes a comment of the source into the copy."""
    if picture.mode.startswith("I;16") or picture.mode in {"I", "F"}:
        picture = ImageOps.autocontrast(picture.convert("F").convert("L"))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        return white
    plain = picture.convert("RGB")
    plain.info = {}
    return plain
