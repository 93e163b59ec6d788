"""The content id: the coded picture alone, without a decoder, so that no library version can move it.

It stays when a file is moved, renamed, tagged or gets bytes appended, and changes with the coded picture. What counts as metadata is
said with each format; orientation is an attribute and belongs to it. A file that breaks the rules of its format, or has none here, gets
its byte id and says so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeAlias

from mhc_lab.core.ids import ByteId, ContentId
from mhc_lab.media.coded_boxes import BrokenFileError, heif, movie
from mhc_lab.media.identity import byte_id

Pieces: TypeAlias = Iterator[bytes | memoryview]

_LARGEST_PICTURE = 256 << 20
"""A larger one is not read into memory, and has its byte id."""
_JPEG_NEXT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""A marker in entropy-coded data that is neither a stuffed byte, a restart, nor filling."""
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_LEFT_OUT = frozenset({0xFE, *range(0xE0, 0xF0)} - {0xEE})
"""Comments, and APPn but Adobe's, which says what the colours are."""
_PNG_KEPT = frozenset({b"tRNS", b"acTL", b"fcTL", b"fdAT"})
"""Not critical, and yet picture: transparency, and the frames of an animation."""
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})


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


def _digest(name: str, pieces: Pieces) -> ContentId:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return ContentId(f"mci1:{name}:{digest.hexdigest()}")


def _jpeg(data: memoryview) -> Pieces:
    """Every segment but metadata, and all scans, up to the first end of image: what comes behind it is another picture."""
    at = 2
    while True:
        marker, at = _jpeg_marker(data, at)
        if marker == 0xD9:
            return
        if marker in _JPEG_ALONE:
            continue
        length = int.from_bytes(_exactly(data, at, 2), "big")
        if length < 2:
            raise BrokenFileError
        segment = _exactly(data, at - 2, length + 2)
        at += length
        if marker not in _JPEG_LEFT_OUT:
            yield segment
        if marker == 0xDA:
            end = _JPEG_NEXT.search(data, at)
            if end is None:
                raise BrokenFileError  # cut
            yield data[at : end.start()]
            at = end.start()


def _jpeg_marker(data: memoryview, at: int) -> tuple[int, int]:
    """The marker at ``at``, which may be filled up before it, and where it ends."""
    if bytes(_exactly(data, at, 1)) != b"\xff":
        raise BrokenFileError
    while (marker := _exactly(data, at + 1, 1)[0]) == 0xFF:
        at += 1
    return marker, at + 2


def _png(data: memoryview) -> Pieces:
    """Critical chunks and the few others that are picture; how the image data is cut into chunks does not count."""
    at = 8
    while True:
        length, kind = int.from_bytes(_exactly(data, at, 4), "big"), bytes(_exactly(data, at + 4, 4))
        body = _exactly(data, at + 8, length)
        _exactly(data, at + 8 + length, 4)
        if kind == b"IDAT":
            yield body
        elif kind[0] < 0x60 or kind in _PNG_KEPT:
            yield data[at : at + 8]
            yield body
        if kind == b"IEND":
            return
        at += 12 + length


def _webp(data: memoryview) -> Pieces:
    """The chunks that hold pictures; that others are announced in the header does not count."""
    end = 8 + int.from_bytes(_exactly(data, 4, 4), "little")
    _exactly(data, 0, end)
    at, has_picture = 12, False
    while at + 8 <= end:
        kind, length = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise BrokenFileError
        if kind in _WEBP_KEPT:
            has_picture = True
            yield data[at : at + 8 + length]
        at += 8 + length + length % 2
    if not has_picture:
        raise BrokenFileError


def _gif(data: memoryview) -> Pieces:
    """Everything that is drawn, up to the trailer: not comments, and nothing that programs keep for themselves."""
    yield _exactly(data, 6, 7)
    at = 13 + _table_bytes(data[10])
    yield _exactly(data, 13, at - 13)
    while True:
        start, kind = at, _exactly(data, at, 1)[0]
        if kind == 0x3B:
            return
        if kind == 0x2C:
            at += 10
            at += _table_bytes(_exactly(data, at - 1, 1)[0]) + 1
            is_drawn = True
        elif kind == 0x21:
            is_drawn = _exactly(data, at + 1, 1)[0] in {0xF9, 0x01}
            at += 2
        else:
            raise BrokenFileError
        while length := _exactly(data, at, 1)[0]:
            at += 1 + length
        at += 1
        if is_drawn:
            yield data[start:at]


def _table_bytes(flags: int) -> int:
    """The bytes of the table of colours that ``flags`` announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _exactly(data: memoryview, at: int, count: int) -> memoryview:
    if at + count > len(data):
        raise BrokenFileError
    return data[at : at + count]


_READERS: dict[str, Callable[[memoryview], Pieces]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "GIF": _gif,
    "HEIF": heif,
    "AVIF": heif,
}
_NAMES = {"AVIF": "heif"}
