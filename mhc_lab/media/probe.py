"""A verdict for any file: a picture that decodes, a video, damaged, dangerous, or something else.

The first bytes decide what a file claims to be, never its name; only a decoder for exactly that format is then let near it. Nothing a
decoder raises ends a run, but an error of the disk does: a bad sector says nothing about the picture.
"""

from __future__ import annotations

import errno
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from PIL import Image

from mhc_lab.media.bombs import holds_bomb
from mhc_lab.media.look import EDGE

PIXEL_LIMIT = 178_956_970
"""A picture that declares more than this, all its frames together, is refused without being decoded."""

CAMERA_KINDS = frozenset({"CR2", "CR3", "ORF", "RAF", "RW2"})
"""Of camera sensors, and no TIFF files."""

PICTURES = frozenset({"JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "HEIF"})
"""Those that are decoded."""

_HEAD_BYTES = 64
_BOX_LIMIT = 10_000
DECODER_ERRORS = (
    OSError,  # UnidentifiedImageError is one
    ValueError,
    TypeError,
    SyntaxError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    EOFError,
    RuntimeError,  # NotImplementedError is one
    struct.error,
    zlib.error,
)
"""What decoders raise at damaged pictures; some of it may have come from the disk."""


class Verdict(StrEnum):
    """What a file is good for."""

    READABLE = "readable"
    VIDEO = "video"
    CORRUPT = "corrupt"
    REFUSED = "refused"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True)
class Probe:
    """What the bytes of a file say; width and height as coded, before any orientation tag."""

    verdict: Verdict
    format: str | None = None
    width: int | None = None
    height: int | None = None


def _unseen(_: Image.Image) -> None:
    """Nobody wants to look."""


def probe(stream: BinaryIO, *, size: int, seen: Callable[[Image.Image], None] = _unseen) -> Probe:
    """The verdict on ``stream``, which stands at its start and should hold ``size`` bytes.

    An empty file is corrupt; SVG and everything without a known signature is opaque. A JPEG is drawn small and gray, which finds a cut
    just as well; ``seen`` is shown every picture that was drawn. Python's warning filters are changed meanwhile, so two threads should not
    probe at once.
    """
    head = stream.read(_HEAD_BYTES)
    kind = claimed_format(head)
    stream.seek(0)
    if kind is None:
        return Probe(Verdict.OPAQUE if head else Verdict.CORRUPT)
    if kind in CAMERA_KINDS:
        return Probe(Verdict.OPAQUE, kind)
    if kind in {"WEBM", "MKV"}:
        return Probe(Verdict.VIDEO, kind)
    if kind in {"MP4", "MOV"}:
        return Probe(Verdict.VIDEO if _boxes_fit(stream, size) else Verdict.CORRUPT, kind)
    if kind == "PNG" and holds_bomb(stream):
        return Probe(Verdict.REFUSED, kind)
    stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _picture(stream, kind, seen)


_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_MOVIE_BRANDS = frozenset({b"iso", b"mp4", b"avc", b"M4V", b"MSN", b"3gp", b"3g2", b"mmp", b"das", b"XAV", b"f4v"})
_SOUND_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P "})


def _has_movie_brand(head: bytes) -> bool:
    """Whether a file says to be of a kind of MP4, or that it can be read as one."""
    return any(
        head[at : at + 3] in _MOVIE_BRANDS for at in (8, *range(16, min(len(head), int.from_bytes(head[:4], "big")), 4))
    )


_SIGNATURES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("JPEG", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("PNG", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("GIF", lambda head: head.startswith((b"GIF87a", b"GIF89a"))),
    ("WEBP", lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP"),
    ("CR2", lambda head: head.startswith(b"II*\0") and head[8:10] == b"CR"),
    ("CR3", lambda head: head[4:12] == b"ftypcrx "),
    ("ORF", lambda head: head.startswith((b"IIRO", b"IIRS", b"MMOR"))),
    ("RAF", lambda head: head.startswith(b"FUJIFILMCCD-RAW")),
    ("RW2", lambda head: head.startswith(b"IIU\0")),
    ("TIFF", lambda head: head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))),
    ("BMP", lambda head: head.startswith(b"BM") and head[6:10] == b"\0\0\0\0"),
    ("AVIF", lambda head: head[4:8] == b"ftyp" and (head[8:12] in {b"avif", b"avis"} or b"avif" in head[16:32])),
    ("HEIF", lambda head: head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS),
    ("MOV", lambda head: head[4:12] == b"ftypqt  " or head[4:8] in {b"moov", b"mdat", b"wide"}),
    ("MP4", lambda head: head[4:8] == b"ftyp" and head[8:12] not in _SOUND_BRANDS and _has_movie_brand(head)),
    ("WEBM", lambda head: head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head),
    ("MKV", lambda head: head.startswith(b"\x1aE\xdf\xa3") and b"matroska" in head),
)


def claimed_format(head: bytes) -> str | None:
    """The format that the first bytes of a file stand for; None when they stand for none."""
    return next((kind for kind, is_claimed in _SIGNATURES if is_claimed(head)), None)


def opened(stream: BinaryIO, kind: str) -> Image.Image:
    """The picture in ``stream``, not decoded yet, by the decoder of that format and no other."""
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    return Image.open(stream, formats=(kind,))


def _picture(stream: BinaryIO, kind: str, seen: Callable[[Image.Image], None]) -> Probe:
    width = height = None
    try:
        with opened(stream, kind) as image:
            width, height = image.size
            if _declared_pixels(image) > PIXEL_LIMIT:
                return Probe(Verdict.REFUSED, kind, width, height)
            image.draft("L", (EDGE, EDGE))
            image.load()
            seen(image)
    except (Image.DecompressionBombError, MemoryError):
        return Probe(Verdict.REFUSED, kind, width, height)
    except DECODER_ERRORS as failure:
        _raise_when_from_the_disk(failure)
        verdict = Verdict.REFUSED if _is_metadata_bomb(failure) else Verdict.CORRUPT
        return Probe(verdict, kind, width, height)
    return Probe(Verdict.READABLE, kind, width, height)


def _declared_pixels(image: Image.Image) -> int:
    """Pixels of all frames; the pages of a TIFF have sizes of their own."""
    frames: int = getattr(image, "n_frames", 1)
    if image.format != "TIFF":
        return image.width * image.height * frames
    pixels = 0
    for page in reversed(range(frames)):
        image.seek(page)
        pixels += image.width * image.height
    return pixels


def _raise_when_from_the_disk(failure: BaseException) -> None:
    """Decoders raise plain ``OSError``; the system's carry a number. A seek to a damaged offset is the decoder's fault."""
    if isinstance(failure, OSError) and failure.errno not in {None, errno.EINVAL}:
        raise failure


def _is_metadata_bomb(failure: BaseException) -> bool:
    return isinstance(failure, ValueError) and any(words in str(failure) for words in ("too large", "Too much memory"))


def _boxes_fit(stream: BinaryIO, size: int) -> bool:
    """Whether the top boxes of an MP4 or MOV end where the file does, not after it."""
    at = 0
    for _ in range(_BOX_LIMIT):
        stream.seek(at)
        head = stream.read(16)
        if len(head) < 8:
            return not head
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:  # to the end of the file
            return True
        if length < 8 or at + length > size:
            return False
        at += length
    return True
