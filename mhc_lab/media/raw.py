"""Files of camera sensors: known by what stands in them, developed by LibRaw where the extra ``raw`` is installed, kept opaque elsewhere.

Most are TIFF files whose first picture is a small preview, which must not be taken for the photograph.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import BinaryIO

from PIL import Image

from mhc_lab.media.probe import PIXEL_LIMIT

_MAKE, _SUB_IMAGES, _DNG_VERSION = 0x010F, 0x014A, 0xC612
_MAKERS = {b"NIKON": "NEF", b"SONY": "ARW", b"PENTAX": "PEF"}
_ENTRIES = 1000
_TURNS = {3: 3, 5: 8, 6: 6}
"""How LibRaw numbers turns, and EXIF does."""


@dataclass(frozen=True, slots=True)
class Developed:
    """What a camera's file is, without being developed in full."""

    width: int
    height: int
    orientation: int
    """As EXIF numbers it."""
    preview: Image.Image | None
    """The camera's own picture of it, as it is coded."""


def kind_of_tiff(stream: BinaryIO) -> str | None:
    """Which camera's kind of file a TIFF is; None for a picture."""
    try:
        tags = _first_tags(stream)
    except struct.error:
        return None
    if _DNG_VERSION in tags:
        return "DNG"
    if _SUB_IMAGES not in tags:
        return None
    return next((kind for maker, kind in _MAKERS.items() if tags.get(_MAKE, b"").upper().startswith(maker)), None)


@cache
def is_installed() -> bool:
    """Whether LibRaw is here, looked for once."""
    return find_spec("rawpy") is not None


def develop(stream: BinaryIO) -> Developed | None:
    """The size of the photograph and the camera's own picture of it; None when LibRaw, which has to be here, cannot read it."""
    import rawpy

    stream.seek(0)
    try:
        with rawpy.imread(stream) as camera:
            sizes = camera.sizes
            if sizes.width * sizes.height > PIXEL_LIMIT:
                return None
            return Developed(sizes.width, sizes.height, _TURNS.get(sizes.flip, 1), _embedded(camera))
    except rawpy.LibRawError:
        return None


def _embedded(camera: object) -> Image.Image | None:
    import rawpy

    try:
        thumbnail = camera.extract_thumb()  # type: ignore[attr-defined]
    except rawpy.LibRawError:
        return None
    if thumbnail.format is rawpy.ThumbFormat.JPEG:
        return Image.open(io.BytesIO(thumbnail.data), formats=("JPEG",))
    return Image.fromarray(thumbnail.data)


def _first_tags(stream: BinaryIO) -> dict[int, bytes]:
    """The tags of the first picture; only the name of the maker is read, the others are told to be there."""
    stream.seek(0)
    head = stream.read(8)
    order = "<" if head[:2] == b"II" else ">"
    (start,) = struct.unpack(f"{order}I", head[4:8])
    stream.seek(start)
    (count,) = struct.unpack(f"{order}H", stream.read(2))
    entries = [stream.read(12) for _ in range(min(count, _ENTRIES))]
    tags: dict[int, bytes] = {}
    for entry in entries:
        tag, _, length, place = struct.unpack(f"{order}HHII", entry)
        tags[tag] = b""
        if tag == _MAKE and length > 4:
            stream.seek(place)
            tags[tag] = stream.read(min(length, 64))
    return tags
