"""The content id: the coded picture alone, without a decoder, so that no library version can move it.

It stays when a file is moved, renamed, tagged or gets bytes appended, and changes with the coded picture. What counts as metadata is
said with each format; orientation is an attribute and belongs to it. A file that breaks the rules of its format, or has none here, gets
its byte id and says so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from mhc_lab.core.ids import ByteId, ContentId
from mhc_lab.media.coded import BrokenFileError, Record, exactly, whole
from mhc_lab.media.coded_heif import heif
from mhc_lab.media.coded_movie import movie
from mhc_lab.media.identity import byte_id

_LARGEST_PICTURE = 256 << 20
"""A larger one is not read into memory, and has its byte id."""
_PARTS = 1_200_000
"""More segments, chunks or blocks than that has no picture of this size: it is a trap."""
_JPEG_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""A marker in entropy-coded data that is neither a stuffed byte, a restart, nor filling."""
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_LEFT_OUT = frozenset({0xFE, *range(0xE0, 0xF0)} - {0xEE})
"""Comments, and APPn but Adobe's, which says what the colours are."""
_PNG_KEPT = frozenset({b"tRNS", b"acTL", b"fcTL", b"fdAT"})
"""Not critical, and yet picture: transparency, and the frames of an animation."""
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_WEBP_MOVES = 0x02
_GIF_DRAWN = frozenset({0xF9, 0x01})
"""Extensions that change what is seen: how a frame is shown, and text that is drawn."""


def content_id(stream: BinaryIO, *, size: int, kind: str | None) -> ContentId:
    """The content id of what ``stream``, which can seek, holds from its start: ``size`` bytes of the format ``kind`` (None: unknown)."""
    reader = _READERS.get(kind or "")
    name = _NAMES.get(kind or "", (kind or "").lower())
    try:
        if reader is not None and size <= _LARGEST_PICTURE:
            stream.seek(0)
            return _digest(name, reader(memoryview(stream.read(size))))
        if kind in {"MP4", "MOV"}:
            return _digest("mp4", movie(stream, size))
    except BrokenFileError:
        pass
    stream.seek(0)
    return as_bytes(byte_id(stream))


def as_bytes(digest: ByteId) -> ContentId:
    """The content id of a file of which nothing but its bytes is known."""
    return ContentId(f"mci1:bytes:{digest}")


def _digest(name: str, records: Iterator[Record]) -> ContentId:
    digest = hashlib.sha256()
    for record in records:
        digest.update(record.kind + record.length.to_bytes(8, "big"))
        for part in record.parts:
            digest.update(part)
    return ContentId(f"mci1:{name}:{digest.hexdigest()}")


def _jpeg(data: memoryview) -> Iterator[Record]:
    """Every segment but metadata, and all scans, up to the first end of image: what comes behind it is another picture."""
    at = 2
    for _ in range(_PARTS):
        marker, at = _jpeg_marker(data, at)
        if marker == 0xD9:
            return
        if marker in _JPEG_ALONE:
            continue
        length = int.from_bytes(exactly(data, at, 2), "big")
        if length < 2:
            raise BrokenFileError
        segment = exactly(data, at - 2, length + 2)
        at += length
        if marker not in _JPEG_LEFT_OUT:
            yield whole(b"segment", segment)
        if marker == 0xDA:
            end = _JPEG_NEXT.search(data, at)
            if end is None:
                raise BrokenFileError  # cut
            yield whole(b"scan", data[at : end.start()])
            at = end.start()
    raise BrokenFileError


def _jpeg_marker(data: memoryview, at: int) -> tuple[int, int]:
    """The marker at ``at``, which may be filled up before it, and where it ends."""
    if bytes(exactly(data, at, 1)) != b"\xff":
        raise BrokenFileError
    while (marker := exactly(data, at + 1, 1)[0]) == 0xFF:
        at += 1
    return marker, at + 2


def _png(data: memoryview) -> Iterator[Record]:
    """Critical chunks and the few others that are picture; how the image data is cut into chunks does not count."""
    at, image_data = 8, list[memoryview]()
    for _ in range(_PARTS):
        length, kind = int.from_bytes(exactly(data, at, 4), "big"), bytes(exactly(data, at + 4, 4))
        body = exactly(data, at + 8, length)
        exactly(data, at + 8 + length, 4)
        if kind == b"IDAT":
            image_data.append(body)
        elif kind[0] < 0x60 or kind in _PNG_KEPT:
            if image_data:
                yield whole(b"IDAT", *image_data)
                image_data = []
            yield whole(kind, body)
        if kind == b"IEND":
            return
        at += 12 + length
    raise BrokenFileError


def _webp(data: memoryview) -> Iterator[Record]:
    """The chunks that hold pictures, and the canvas of those that move; that others are announced in the header does not count."""
    end = 8 + int.from_bytes(exactly(data, 4, 4), "little")
    exactly(data, 0, end)
    at, has_picture = 12, False
    for _ in range(_PARTS):
        if at + 8 > end:
            break
        kind, length = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise BrokenFileError
        body = data[at + 8 : at + 8 + length]
        if kind in _WEBP_KEPT:
            has_picture = True
            yield whole(kind, body)
        elif kind == b"VP8X" and exactly(body, 0, 10)[0] & _WEBP_MOVES:
            yield whole(kind, body[4:10])
        at += 8 + length + length % 2
    if not has_picture or at + 8 <= end:
        raise BrokenFileError


def _gif(data: memoryview) -> Iterator[Record]:
    """Everything that is drawn, up to the trailer: not comments, and nothing that programs keep for themselves, as how often it repeats."""
    at = 13 + _table_bytes(exactly(data, 10, 1)[0])
    yield whole(b"screen", exactly(data, 6, at - 6))
    left = _PARTS
    while left > 0:
        start, kind = at, exactly(data, at, 1)[0]
        if kind == 0x3B:
            return
        if kind == 0x2C:
            at += 10 + _table_bytes(exactly(data, at + 9, 1)[0]) + 1
            is_drawn = True
        elif kind == 0x21:
            is_drawn = exactly(data, at + 1, 1)[0] in _GIF_DRAWN
            at += 2
        else:
            raise BrokenFileError
        while (length := exactly(data, at, 1)[0]) and left > 0:
            at, left = at + 1 + length, left - 1
        at, left = at + 1, left - 1
        if is_drawn:
            yield whole(b"block", exactly(data, start, at - start))
    raise BrokenFileError


def _table_bytes(flags: int) -> int:
    """The bytes of the table of colours that ``flags`` announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


_READERS: dict[str, Callable[[memoryview], Iterator[Record]]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "GIF": _gif,
    "HEIF": heif,
    "AVIF": heif,
}
_NAMES = {"AVIF": "heif"}
