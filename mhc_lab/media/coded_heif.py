"""The coded picture in HEIF and AVIF files, item by item (ISO/IEC 23008-12), and the frames of those that move.

Exif, XMP, previews, how the picture is turned and which colours are meant are no part of it; its tiles, their order, what lies over it and
how it is cropped are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from mhc_lab.media.coded import BrokenFileError, Fields, Record, body_of, boxes, exactly, leading_boxes, whole
from mhc_lab.media.coded_movie import tracks

_NO_PICTURE = frozenset({b"Exif", b"mime", b"uri "})
_CODED_PROPERTIES = frozenset({b"hvcC", b"av1C", b"avcC", b"ispe", b"auxC", b"clap"})
_REFERENCES = frozenset({b"dimg", b"auxl"})
_EXTENTS = 100_000


@dataclass(slots=True)
class _Item:
    kind: bytes
    extents: list[tuple[int, int]] = field(default_factory=list)
    is_inside: bool = False
    """Its data lies in the box ``idat``."""


def heif(data: memoryview) -> Iterator[Record]:
    """What the pictures in ``data`` are made of, in order of their numbers."""
    top: dict[bytes, memoryview] = {}
    for box in leading_boxes(data):
        top.setdefault(box.kind, box.body)
    if b"meta" not in top:
        raise BrokenFileError
    yield from _pictures(data, top[b"meta"][4:])
    for track in tracks(top.get(b"moov", memoryview(b"")), size=len(data)):
        yield whole(b"code", track.codec)
        yield whole(track.kind, *(exactly(data, *run) for run in track.runs))


def _pictures(data: memoryview, meta: memoryview) -> Iterator[Record]:
    items, references = _items(meta), _references(meta)
    previews = {source for kind, source, _ in references if kind == b"thmb"}
    keys = [key for key in sorted(items) if items[key].kind not in _NO_PICTURE and key not in previews]
    _check_lengths([items[key] for key in keys], len(data))
    place = {key: number for number, key in enumerate(keys)}
    inside = next((box.body for box in boxes(meta) if box.kind == b"idat"), memoryview(b""))
    properties = _properties(meta)
    for key in keys:
        item = items[key]
        source = inside if item.is_inside else data
        yield whole(item.kind, *(exactly(source, *extent) for extent in item.extents))
        yield whole(b"prop", *properties.get(key, []))
    for kind, one, others in [*references, (b"pitm", _primary(meta), [])]:
        if one in place and kind in {*_REFERENCES, b"pitm"}:
            yield whole(kind, *(place.get(key, len(keys)).to_bytes(4, "big") for key in (one, *others)))


def _check_lengths(items: list[_Item], size: int) -> None:
    """Refuse items that together are longer than the file: one that is read over and over has no end."""
    total = sum(length for item in items for _, length in item.extents)
    if not 0 < total <= size:
        raise BrokenFileError


def _items(meta: memoryview) -> dict[int, _Item]:
    items: dict[int, _Item] = {}
    listed = body_of(meta, b"iinf")
    for box in boxes(listed[6 if listed[0] == 0 else 8 :]):
        if box.kind != b"infe" or len(box.body) < 12 or box.body[0] < 2:
            raise BrokenFileError
        wide = 2 if box.body[0] == 2 else 4
        items[int.from_bytes(box.body[4 : 4 + wide], "big")] = _Item(bytes(box.body[6 + wide : 10 + wide]))
    _locate(body_of(meta, b"iloc"), items)
    return items


def _locate(body: memoryview, items: dict[int, _Item]) -> None:
    """Fill in where the data of each item lies; in another file, or made of other items, is not read here."""
    version, fields = body[0], Fields(body, 4)
    if version > 2:
        raise BrokenFileError
    sizes = fields.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    wide = 2 if version < 2 else 4
    left = _EXTENTS
    for _ in range(fields.number(wide)):
        key = fields.number(wide)
        method = fields.number(2) & 15 if version else 0
        if fields.number(2) or method > 1:
            raise BrokenFileError
        item, base = items.get(key, _Item(b"")), fields.number(base_size)
        item.is_inside = method == 1
        count = fields.number(2)
        left -= count
        if left < 0:
            raise BrokenFileError
        for _ in range(count):
            fields.number(index_size)
            item.extents.append((base + fields.number(offset_size), fields.number(length_size)))


def _references(meta: memoryview) -> list[tuple[bytes, int, list[int]]]:
    """Kind, from which item, to which."""
    body = next((box.body for box in boxes(meta) if box.kind == b"iref"), memoryview(b""))
    wide = 4 if body and body[0] else 2
    found = []
    for box in boxes(body[4:]):
        fields = Fields(box.body)
        source, count = fields.number(wide), fields.number(2)
        found.append((box.kind, source, [fields.number(wide) for _ in range(count)]))
    return found


def _primary(meta: memoryview) -> int | None:
    body = next((box.body for box in boxes(meta) if box.kind == b"pitm"), None)
    return None if body is None else Fields(body, 4).number(4 if exactly(body, 0, 1)[0] else 2)


def _properties(meta: memoryview) -> dict[int, list[bytes]]:
    """What decoders need to be told, by item: digests, because one property may belong to thousands."""
    digests = [
        hashlib.sha256(box.kind + box.body).digest() if box.kind in _CODED_PROPERTIES else b""
        for box in boxes(body_of(meta, b"iprp", b"ipco"))
    ]
    body = body_of(meta, b"iprp", b"ipma")
    fields, is_wide = Fields(body, 4), bool(body[3] & 1)
    found: dict[int, list[bytes]] = {}
    for _ in range(fields.number(4)):
        key = fields.number(4 if body[0] else 2)
        for _ in range(fields.number(1)):
            number = fields.number(2) & 0x7FFF if is_wide else fields.number(1) & 0x7F
            if number > len(digests):
                raise BrokenFileError
            if number:
                found.setdefault(key, []).append(digests[number - 1])
    return found
