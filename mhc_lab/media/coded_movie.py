"""The coded pictures and sound of MP4 and MOV files, sample by sample, wherever they lie in the file.

How long a sample is shown, where a film was trimmed without being coded again, and how it is turned are attributes; what a decoder has to
be told belongs to the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from mhc_lab.media.coded import BrokenFileError, Record, body_of, boxes, exactly, leading_boxes, whole

Numbers: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]

_BOXES = 10_000
_MOOV_BYTES = 32 << 20
"""The tables of ten hours take half of that."""
_RUNS = 1_000_000
_HANDLERS = (b"vide", b"pict", b"auxv", b"soun")
_CONFIGURATIONS = frozenset({b"avcC", b"hvcC", b"av1C", b"vpcC"})
_PICTURE_ENTRY = 78
"""Bytes of the description of a track of pictures, before its boxes."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Track:
    """One track: of what it is, for which decoder, and where its samples lie, in their order."""

    kind: bytes
    codec: bytes
    runs: list[tuple[int, int]]
    """Offset and length."""

    @property
    def length(self) -> int:
        """Bytes of all samples."""
        return sum(length for _, length in self.runs)


def movie(stream: BinaryIO, size: int) -> Iterator[Record]:
    """The tracks of a file that may be too large to be held in memory."""
    found = tracks(_moov(stream, size), size=size)
    if not any(track.length for track in found):
        raise BrokenFileError
    for track in found:
        yield whole(b"code", track.codec)
        yield Record(track.kind, track.length, _samples(stream, track))


def tracks(moov: memoryview, *, size: int) -> list[Track]:
    """The tracks of pictures and sound in a file of ``size`` bytes, pictures first.

    Raises
    ------
    BrokenFileError
        They are said to be longer than the file, or described elsewhere, as those of a fragmented one are.
    """
    parts = list(boxes(moov))
    if any(part.kind == b"mvex" for part in parts):
        raise BrokenFileError
    coded = [(_handler(part.body), part.body) for part in parts if part.kind == b"trak"]
    found = [_track(kind, body, size) for wanted in _HANDLERS for kind, body in coded if kind == wanted]
    if sum(track.length for track in found) > size:
        raise BrokenFileError
    return found


def _track(kind: bytes, track: memoryview, size: int) -> Track:
    table = body_of(track, b"mdia", b"minf", b"stbl")
    return Track(kind, _codec(body_of(table, b"stsd")), _runs(table, size))


def _handler(track: memoryview) -> bytes:
    return bytes(body_of(track, b"mdia", b"hdlr")[8:12])


def _codec(described: memoryview) -> bytes:
    """What the decoder has to be told; where that is not known, its name, which some programs change and mean the same."""
    entry = next(leading_boxes(described[8:]), None)
    if entry is None:
        raise BrokenFileError
    told = [box for box in leading_boxes(entry.body[_PICTURE_ENTRY:]) if box.kind in _CONFIGURATIONS]
    return b"".join([part for box in told for part in (box.kind, box.body)]) or entry.kind


def _runs(table: memoryview, size: int) -> list[tuple[int, int]]:
    """Where samples lie next to each other, and how far."""
    offsets = _chunk_offsets(table, size)
    lengths = np.diff(_bytes_up_to(table, _samples_up_to_chunk(table, len(offsets))))
    offsets, lengths = offsets[lengths > 0], lengths[lengths > 0]
    if not len(offsets):
        return []
    if (offsets + lengths > size).any():
        raise BrokenFileError
    starts = np.flatnonzero(np.append(True, offsets[1:] != offsets[:-1] + lengths[:-1]))
    if len(starts) > _RUNS:
        raise BrokenFileError
    return list(zip(offsets[starts].tolist(), np.add.reduceat(lengths, starts).tolist(), strict=True))


def _chunk_offsets(table: memoryview, size: int) -> Numbers:
    narrow = next((box.body for box in boxes(table) if box.kind == b"stco"), None)
    body, code = (narrow, ">u4") if narrow is not None else (body_of(table, b"co64"), ">u8")
    offsets = _numbers(body, 4, code)
    if (offsets > size).any():  # before they are taken for numbers with a sign
        raise BrokenFileError
    return offsets.astype(np.int64)


def _samples_up_to_chunk(table: memoryview, chunks: int) -> Numbers:
    """How many samples there are before each chunk, and in all."""
    runs = _numbers(body_of(table, b"stsc"), 4, ">u4", columns=3).reshape(-1, 3).astype(np.int64)
    firsts = np.append(runs[:, 0], chunks + 1)
    if firsts[0] != 1 or (np.diff(firsts) < 0).any():
        raise BrokenFileError
    return np.append(0, np.cumsum(np.repeat(runs[:, 1], np.diff(firsts))))


def _bytes_up_to(table: memoryview, samples: Numbers) -> Numbers:
    """How many bytes the first so many samples have."""
    body = body_of(table, b"stsz")
    each, count = (int.from_bytes(exactly(body, at, 4), "big") for at in (4, 8))
    if samples[-1] != count:
        raise BrokenFileError
    if each:
        return samples * each
    return np.append(0, np.cumsum(_numbers(body, 8, ">u4"), dtype=np.int64))[samples]


def _numbers(body: memoryview, at: int, code: str, *, columns: int = 1) -> np.ndarray[tuple[int], np.dtype[Any]]:
    """The numbers behind their count, which stands at ``at``."""
    count = columns * int.from_bytes(exactly(body, at, 4), "big")
    return np.frombuffer(exactly(body, at + 4, count * np.dtype(code).itemsize), code)


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


def _samples(stream: BinaryIO, track: Track) -> Iterator[bytes]:
    for offset, length in track.runs:
        stream.seek(offset)
        left = length
        while left:
            block = stream.read(min(left, _BLOCK))
            if not block:
                raise BrokenFileError
            left -= len(block)
            yield block
