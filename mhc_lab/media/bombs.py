"""Compressed metadata that grows a thousandfold when somebody reads it; only a PNG file can hold such."""

from __future__ import annotations

import zlib
from typing import BinaryIO

_GROWTH = 1000
_CHUNKS = 10_000
_LARGEST = 16 << 20
_ENOUGH = 2 << 20
"""What grows to more than this the decoder refuses by itself."""
_COMPRESSED = frozenset({b"zTXt", b"iCCP", b"iTXt"})


def holds_bomb(stream: BinaryIO) -> bool:
    """Whether a text or profile in the PNG file ``stream`` becomes a thousand times as long."""
    at = 8
    for _ in range(_CHUNKS):
        stream.seek(at)
        head = stream.read(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if len(head) < 8 or kind == b"IEND":
            return False
        if kind in _COMPRESSED and _grows(_compressed(kind, stream.read(min(length, _LARGEST)))):
            return True
        at += 12 + length
    return False


def _compressed(kind: bytes, body: bytes) -> bytes:
    """What stands behind the name of a text or profile; an international text has a language and its name in that as well."""
    _, _, behind = body.partition(b"\0")
    if kind != b"iTXt":
        return behind[1:]
    _, _, behind = behind[2:].partition(b"\0") if behind[:1] == b"\1" else (b"", b"", b"")
    return behind.partition(b"\0")[2]


def _grows(data: bytes) -> bool:
    unpacker, left, count = zlib.decompressobj(), data, 0
    try:
        while left and not unpacker.eof and count < _ENOUGH:
            count += len(unpacker.decompress(left, 1 << 16))
            left = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return count > _GROWTH * len(data)
