"""Small files of every kind, as bytes: pictures that decode, damaged and dangerous ones, videos."""

from __future__ import annotations

import io
import os
import struct
import zlib

from PIL import Image


def picture(form: str = "JPEG", *, width: int = 120, height: int = 80, frames: int = 1) -> bytes:
    """A picture in a format that Pillow writes, with enough in it to be worth cutting."""
    drawn = [Image.effect_mandelbrot((width, height), (-2, -1.2, 1, 1.2 + n), 60).convert("RGB") for n in range(frames)]
    buffer = io.BytesIO()
    options = {"save_all": True, "append_images": drawn[1:]} if frames > 1 else {}
    drawn[0].save(buffer, form, **options)
    return buffer.getvalue()


def bits_apart(one: str, other: str) -> int:
    """In how many of 64 bits two look ids differ: up to 4 is worth a look, from 10 on chance does as well."""
    return (int(one[-16:], 16) ^ int(other[-16:], 16)).bit_count()


def png(*, width: int, height: int, chunks: bytes = b"") -> bytes:
    """A PNG that declares a size and holds nothing of it; ``chunks`` stand before the picture data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunks + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def gif_of_frames(count: int, *, width: int, height: int) -> bytes:
    """A GIF with a large canvas and ``count`` frames of one pixel each."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return screen + frame * count + b"\x3b"


def mp4(*, brand: bytes = b"isom", media: int = 64) -> bytes:
    """The boxes of an MP4 with ``media`` bytes of nothing in it."""
    return box(b"ftyp", brand + bytes(4) + brand) + box(b"mdat", bytes(media)) + box(b"moov", bytes(16))


def box(name: bytes, body: bytes) -> bytes:
    """One box of an MP4."""
    return struct.pack(">I", len(body) + 8) + name + body


def ebml(doctype: bytes) -> bytes:
    """The head of a WebM or Matroska file."""
    return b"\x1aE\xdf\xa3\x9f\x42\x82" + bytes([0x80 + len(doctype)]) + doctype + bytes(40)


def dng(*, width: int = 128, height: int = 96, orientation: int = 6) -> bytes:
    """What a camera's sensor saw: noise, beside the camera's own picture of it, half as large."""
    preview, sensor = picture(width=width // 2, height=height // 2), os.urandom(width * height * 2)
    first_ifd = 8 + len(preview) + len(sensor)
    preview_tags = [
        (254, 4, [1]), (256, 4, [width // 2]), (257, 4, [height // 2]), (258, 3, [8, 8, 8]), (259, 3, [7]), (262, 3, [6]),
        (271, 2, [*b"Ours\0"]), (272, 2, [*b"Camera\0"]), (273, 4, [8]), (274, 3, [orientation]), (277, 3, [3]),
        (278, 4, [height // 2]), (279, 4, [len(preview)]), (306, 2, [*b"2026:03:01 12:00:00\0"]), (330, 4, [0]),
        (50706, 1, [1, 4, 0, 0]), (50708, 2, [*b"Ours Camera\0"]),
        (50721, 10, [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]), (50728, 5, [1] * 6), (50778, 3, [21]),
    ]  # fmt: skip
    sensor_tags = [
        (254, 4, [0]), (256, 4, [width]), (257, 4, [height]), (258, 3, [16]), (259, 3, [1]), (262, 3, [32803]),
        (273, 4, [8 + len(preview)]), (277, 3, [1]), (278, 4, [height]), (279, 4, [len(sensor)]), (33421, 3, [2, 2]),
        (33422, 1, [0, 1, 1, 2]), (50717, 4, [65535]),
    ]  # fmt: skip
    second_ifd = first_ifd + len(_ifd(preview_tags, first_ifd))
    preview_tags[14] = (330, 4, [second_ifd])
    ifds = _ifd(preview_tags, first_ifd) + _ifd(sensor_tags, second_ifd)
    return b"II*\0" + struct.pack("<I", first_ifd) + preview + sensor + ifds


def _ifd(tags: list[tuple[int, int, list[int]]], at: int) -> bytes:
    """A directory of a TIFF that stands at ``at``: tag, type and numbers of each entry."""
    entries, behind, start = b"", b"", at + 6 + 12 * len(tags)
    for tag, kind, numbers in tags:
        values = struct.pack(f"<{len(numbers)}{'BBHI'[kind - 1] if kind < 5 else 'I'}", *numbers)
        count = len(numbers) // 2 if kind in {5, 10} else len(numbers)
        place = values.ljust(4, b"\0") if len(values) <= 4 else struct.pack("<I", start + len(behind))
        behind += values if len(values) > 4 else b""
        entries += struct.pack("<HHI", tag, kind, count) + place
    return struct.pack("<H", len(tags)) + entries + bytes(4) + behind
