"""What a video says and shows: how long it is, how large, and one picture of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from mhc_lab.media import metadata
from mhc_lab.media.metadata import Metadata

if TYPE_CHECKING:
    import av

_FRAMES, _SECONDS = 40, 0.4
"""At the place that was chosen so many frames are looked through at most, and for so long, until one is not black: openings often are."""
_FORMATS = "mov,mp4,matroska,webm"
_DARK = 24


@dataclass(frozen=True, slots=True)
class Film:
    """A video that was opened."""

    width: int
    height: int
    metadata: Metadata
    frame: Image.Image | None
    """A picture of it, as it is coded; None when none could be decoded."""


class NoPicturesError(Exception):
    """It holds sound only."""


def film(stream: BinaryIO) -> Film | None:
    """The video in ``stream``; None when nothing can be made of it.

    Raises
    ------
    NoPicturesError
        Nothing in it is a video.
    """
    import av

    try:
        with av.open(stream, mode="r", format=None, options={"format_whitelist": _FORMATS}) as container:
            if container.streams.audio and not container.streams.video:
                raise NoPicturesError
            pictures = container.streams.video[0]
            pictures.thread_count = 1
            frame = _frame(container, pictures)
            seconds = container.duration / 1_000_000 if container.duration else None
            rotation = -round(frame.rotation) if frame else 0
            tags = {key.lower(): value for key, value in {**pictures.metadata, **container.metadata}.items()}
            codec = pictures.codec_context.name
            said = metadata.of_video(tags=tags, duration_seconds=seconds, rotation=rotation, codec=codec)
            shown = Image.fromarray(frame.to_ndarray(format="rgb24")) if frame else None
            return Film(pictures.width, pictures.height, said, shown)
    except (av.FFmpegError, ValueError, IndexError, EOFError, ArithmeticError):
        return None


def _frame(container: av.container.InputContainer, pictures: av.VideoStream) -> av.VideoFrame | None:
    """A frame from a third of the way, or the first one that can be had."""
    import av

    for place in (container.duration // 3 if container.duration else 0, 0):
        try:
            container.seek(place)
            return _bright(container.decode(pictures))
        except (av.FFmpegError, StopIteration):
            continue
    return None


def _bright(frames: Iterator[av.VideoFrame]) -> av.VideoFrame:
    """The first frame that is not nearly black, among the first few."""
    first, began = next(frames), time.process_time()
    frame, count = first, 1
    while _is_dark(frame) and count < _FRAMES and time.process_time() - began < _SECONDS:
        following = next(frames, None)
        if following is None:
            return first
        frame, count = following, count + 1
    return first if _is_dark(frame) else frame


def _is_dark(frame: av.VideoFrame) -> bool:
    small = frame.reformat(width=16, height=16, format="gray")
    return int(small.to_ndarray().max()) < _DARK
