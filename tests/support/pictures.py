"""Small files of every kind, as bytes: pictures that decode, damaged and dangerous ones, videos."""

from __future__ import annotations

import io
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
