"""What readers of coded pictures share: what counts as picture, said so that two different pictures never say the same.

A reader believes nothing that stands in a file before it was found to lie inside of it, and walks no file without end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

Bytes: TypeAlias = bytes | memoryview

_BOXES = 10_000


class BrokenFileError(Exception):
    """The file does not keep to its own format, or uses a part of it that is not read here."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that is picture; its length is known beforehand, so that nothing can be moved over its end unseen."""

    kind: bytes
    length: int
    parts: Iterable[Bytes]


def whole(kind: bytes, *parts: Bytes) -> Record:
    """The record of what lies in memory; how it is cut into parts does not count."""
    return Record(kind, sum(map(len, parts)), parts)


def exactly(data: memoryview, at: int, count: int) -> memoryview:
    """``count`` bytes from ``at`` on.

    Raises
    ------
    BrokenFileError
        The file ends before.
    """
    if at < 0 or count < 0 or at + count > len(data):
        raise BrokenFileError
    return data[at : at + count]


@dataclass(frozen=True, slots=True)
class Box:
    """One box of a file made of boxes (ISO/IEC 14496-12, §4.2)."""

    kind: bytes
    body: memoryview


def boxes(data: memoryview) -> Iterator[Box]:
    """The boxes that fill ``data``."""
    at = 0
    for _ in range(_BOXES):
        if at == len(data):
            return
        length, header = int.from_bytes(exactly(data, at, 4), "big"), 8
        kind = bytes(exactly(data, at + 4, 4))
        if length == 1:
            length, header = int.from_bytes(exactly(data, at + 8, 8), "big"), 16
        if length == 0:
            length = len(data) - at
        if length < header:
            raise BrokenFileError
        yield Box(kind, exactly(data, at + header, length - header))
        at += length
    raise BrokenFileError


def leading_boxes(data: memoryview) -> Iterator[Box]:
    """The boxes that ``data`` begins with; what stands behind them is none."""
    try:
        yield from boxes(data)
    except BrokenFileError:
        return


def body_of(data: memoryview, *path: bytes) -> memoryview:
    """The body of the first box at ``path``."""
    for kind in path:
        data = next((box.body for box in boxes(data) if box.kind == kind), memoryview(b""))
        if not data:
            raise BrokenFileError
    return data


class Fields:
    """Reads numbers one after the other."""

    def __init__(self, data: memoryview, at: int = 0) -> None:
        self._data, self._at = data, at

    def number(self, count: int) -> int:
        """The next ``count`` bytes as a number."""
        value = int.from_bytes(exactly(self._data, self._at, count), "big")
        self._at += count
        return value
