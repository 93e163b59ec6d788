"""Previews: small, upright, in sRGB, without metadata, and made without decoding more than is shown.

A decoder is asked for a draft first and the small picture is turned afterwards: both together save nine tenths of the time.
"""

from __future__ import annotations

import io
from contextlib import suppress
from functools import lru_cache

from PIL import Image, ImageCms

from mhc_lab.media.plain import plain, thinned

VERSION = 1
"""Of the recipe: what is kept of an older one is made again."""
LONGEST = 320
"""Pixels of the longer side, unless somebody asks for more."""
_QUALITY = 82


def of_picture(picture: Image.Image, *, longest: int = LONGEST, orientation: int = 1) -> bytes:
    """A JPEG of ``picture``, which is best not loaded yet, never larger than it is; what is transparent becomes white.

    ``orientation`` is how it is to be turned, as EXIF numbers it. The picture itself is made small by this.
    """
    if picture.mode in {"P", "1"}:  # colours of a palette cannot be mixed
        picture = thinned(picture, 4 * longest)
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)  # asks for a draft of twice that size
    small = plain(_in_srgb(picture))
    turned = _TURNED.get(orientation)
    buffer = io.BytesIO()
    (small if turned is None else small.transpose(turned)).save(buffer, "JPEG", quality=_QUALITY)
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


def _in_srgb(picture: Image.Image) -> Image.Image:
    """``picture`` in the colours that everything shows; a profile that makes no sense is not followed."""
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in {"RGB", "CMYK"}:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            return ImageCms.applyTransform(picture, _to_srgb(profile, picture.mode)) or picture
    return picture


@lru_cache(maxsize=4)
def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    """How colours change; one camera gives all its pictures the same profile."""
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), mode, "RGB"
    )
