"""The coded picture in files made of boxes (ISO/IEC 14496-12): HEIF and AVIF by item, MP4 and MOV by sample.

Nothing that stands in a box is believed before it was found to lie inside of the file, and no file is walked without end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import BinaryIO

_BOXES = 10_000
_SAMPLES = 20_000_000
_MOOV_BYTES = 256 << 20
_NO_PICTURE = frozenset({b"Exif", b"mime", b"uri "})
_CODED_PROPERTIES = frozenset({b"hvcC", b"av1C", b"avcC", b"ispe"})
"""Without these the coded data means nothing; how it is turned and which colours are meant are attributes."""
_BLOCK = 1 << 20


class BrokenFileError(Exception):
    """The file does not keep to its own format, or uses a part of it that is not read here."""


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    body: memoryview


def _boxes(data: memoryview) -> Iterator[_Box]:
    at = 0
    for _ in range(_BOXES):
        if at == len(data):
            return
        length, header = int.from_bytes(_part(data, at, 4), "big"), 8
        kind = bytes(_part(data, at + 4, 4))
        if length == 1:
            length, header = int.from_bytes(_part(data, at + 8, 8), "big"), 16
        if length == 0:
            length = len(data) - at
        if length < header:
            raise BrokenFileError
        yield _Box(kind, _part(data, at + header, length - header))
        at += length
    raise BrokenFileError


def _part(data: memoryview, at: int, count: int) -> memoryview:
    if at < 0 or count < 0 or at + count > len(data):
        raise BrokenFileError
    return data[at : at + count]


def _one(data: memoryview, *path: bytes) -> memoryview:
    """The body of the first box at ``path``."""
    for kind in path:
        data = next((box.body for box in _boxes(data) if box.kind == kind), memoryview(b""))
        if not data:
            raise BrokenFileError
    return data


class _Fields:
    """Reads numbers one after the other."""

    def __init__(self, data: memoryview, at: int = 0) -> None:
        self._data, self.at = data, at

    def number(self, count: int) -> int:
        value = int.from_bytes(_part(self._data, self.at, count), "big")
        self.at += count
        return value


# HEIF and AVIF


@dataclass(slots=True)
class _Item:
    kind: bytes = b""
    extents: list[tuple[int, int]] = field(default_factory=list)
    is_inside: bool = False
    """Its data lies in the box ``idat``."""


def heif(data: memoryview) -> Iterator[bytes | memoryview]:
    """The data of every item that is a picture, in order of its number, with what its decoder needs; previews are no part of it."""
    meta = next((box.body[4:] for box in _top_boxes(data) if box.kind == b"meta"), None)
    if meta is None:
        raise BrokenFileError
    items, thumbnails = _items(meta), _thumbnails(meta)
    pictures = [key for key in sorted(items) if items[key].kind not in _NO_PICTURE and key not in thumbnails]
    if not any(items[key].extents for key in pictures):
        raise BrokenFileError
    inside = next((box.body for box in _boxes(meta) if box.kind == b"idat"), memoryview(b""))
    properties = _properties(meta)
    for key in pictures:
        item = items[key]
        yield item.kind
        yield from properties.get(key, [])
        for offset, length in item.extents:
            yield _part(inside if item.is_inside else data, offset, length)


def _top_boxes(data: memoryview) -> Iterator[_Box]:
    """The boxes of the file; what was appended to it is none."""
    try:
        yield from _boxes(data)
    except BrokenFileError:
        return


def _items(meta: memoryview) -> dict[int, _Item]:
    items: dict[int, _Item] = {}
    listed = _one(meta, b"iinf")
    start = 6 if listed[0] == 0 else 8
    for box in _boxes(listed[start:]):
        if box.kind != b"infe" or len(box.body) < 12 or box.body[0] < 2:
            raise BrokenFileError
        wide = 2 if box.body[0] == 2 else 4
        key = int.from_bytes(box.body[4 : 4 + wide], "big")
        items[key] = _Item(bytes(box.body[6 + wide : 10 + wide]))
    _locate(_one(meta, b"iloc"), items)
    return items


def _locate(body: memoryview, items: dict[int, _Item]) -> None:
    version, fields = body[0], _Fields(body, 4)
    if version > 2:
        raise BrokenFileError
    sizes = fields.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    for _ in range(min(fields.number(2 if version < 2 else 4), _BOXES)):
        key = fields.number(2 if version < 2 else 4)
        method = fields.number(2) & 15 if version else 0
        fields.number(2)
        base = fields.number(base_size)
        item = items.get(key, _Item())
        item.is_inside = method == 1
        if method > 1:
            raise BrokenFileError
        for _ in range(min(fields.number(2), _BOXES)):
            fields.number(index_size)
            item.extents.append((base + fields.number(offset_size), fields.number(length_size)))


def _thumbnails(meta: memoryview) -> set[int]:
    body = next((box.body for box in _boxes(meta) if box.kind == b"iref"), memoryview(b""))
    wide = 4 if body and body[0] else 2
    return {int.from_bytes(box.body[:wide], "big") for box in _boxes(body[4:]) if box.kind == b"thmb"}


def _properties(meta: memoryview) -> dict[int, list[bytes | memoryview]]:
    """What decoders need to be told, by item."""
    shared = list(_boxes(_one(meta, b"iprp", b"ipco")))
    body = _one(meta, b"iprp", b"ipma")
    fields = _Fields(body, 4)
    found: dict[int, list[bytes | memoryview]] = {}
    for _ in range(min(fields.number(4), _BOXES)):
        key = fields.number(4 if body[0] else 2)
        for _ in range(fields.number(1)):
            number = fields.number(2) & 0x7FFF if body[3] & 1 else fields.number(1) & 0x7F
            if not 0 < number <= len(shared):
                raise BrokenFileError
            box = shared[number - 1]
            if box.kind in _CODED_PROPERTIES:
                found.setdefault(key, []).extend([box.kind, box.body])
    return found


# MP4 and MOV


def movie(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """The samples of every track of pictures and sound in their order, wherever they lie in the file."""
    moov = _moov(stream, size)
    tracks = [box.body for box in _boxes(moov) if box.kind == b"trak"]
    coded = [(kind, track) for track in tracks if (kind := _handler(track)) in {b"vide", b"soun"}]
    if not coded or any(box.kind == b"mvex" for box in _boxes(moov)):
        raise BrokenFileError  # the pictures of a fragmented one are described elsewhere
    for kind, track in sorted(coded, key=lambda one: one[0], reverse=True):
        table = _one(track, b"mdia", b"minf", b"stbl")
        yield kind
        yield bytes(_one(table, b"stsd")[12:16])
        for offset, length in _chunks(table):
            if offset + length > size:
                raise BrokenFileError
            yield from _read(stream, offset, length)


def _moov(stream: BinaryIO, size: int) -> memoryview:
    at = 0
    for _ in range(_BOXES):
        stream.seek(at)
        head = stream.read(16)
        if len(head) < 8:
            break
        length, header = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        length = length or size - at
        if length < header or at + length > size:
            break
        if head[4:8] == b"moov" and length <= _MOOV_BYTES:
            stream.seek(at + header)
            return memoryview(stream.read(length - header))
        at += length
    raise BrokenFileError


def _handler(track: memoryview) -> bytes:
    return bytes(_one(track, b"mdia", b"hdlr")[8:12])


def _chunks(table: memoryview) -> Iterator[tuple[int, int]]:
    """Where each run of samples lies, and how long it is."""
    offsets, sizes = _chunk_offsets(table), _sample_sizes(table)
    per_chunk = _samples_per_chunk(table, len(offsets))
    if sum(per_chunk) != len(sizes):
        raise BrokenFileError
    totals = [0, *accumulate(sizes)]
    first = 0
    for offset, count in zip(offsets, per_chunk, strict=True):
        yield offset, totals[first + count] - totals[first]
        first += count


def _chunk_offsets(table: memoryview) -> tuple[int, ...]:
    narrow = next((box.body for box in _boxes(table) if box.kind == b"stco"), None)
    body, code = (narrow, "I") if narrow is not None else (_one(table, b"co64"), "Q")
    return _numbers(body, 8, int.from_bytes(_part(body, 4, 4), "big"), code)


def _sample_sizes(table: memoryview) -> tuple[int, ...] | list[int]:
    body = _one(table, b"stsz")
    each, count = (int.from_bytes(_part(body, at, 4), "big") for at in (4, 8))
    if count > _SAMPLES:
        raise BrokenFileError
    return [each] * count if each else _numbers(body, 12, count, "I")


def _samples_per_chunk(table: memoryview, chunks: int) -> list[int]:
    body = _one(table, b"stsc")
    runs = int.from_bytes(_part(body, 4, 4), "big")
    flat = _numbers(body, 8, 3 * runs, "I")
    firsts, counts = flat[::3], flat[1::3]
    per_chunk: list[int] = []
    for first, after, count in zip(firsts, (*firsts[1:], chunks + 1), counts, strict=True):
        if not len(per_chunk) + 1 == first <= after <= chunks + 1 or len(per_chunk) * count > _SAMPLES:
            raise BrokenFileError
        per_chunk += [count] * (after - first)
    return per_chunk


def _numbers(body: memoryview, at: int, count: int, code: str) -> tuple[int, ...]:
    part = _part(body, at, count * struct.calcsize(f">{code}"))
    return struct.unpack(f">{count}{code}", part)


def _read(stream: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    stream.seek(offset)
    while length > 0:
        block = stream.read(min(length, _BLOCK))
        if not block:
            raise BrokenFileError
        length -= len(block)
        yield block
