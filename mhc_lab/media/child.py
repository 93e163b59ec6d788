"""The process in which files are decoded: ``python -m mhc_lab.media.child SOCKET``.

It gets descriptors of files over a socket, is given no path, has no network where the system lets it give that up, may write nothing into a
file, and has a limit of memory and, for each file, of time. What it says is data: whoever asked it believes nothing but numbers, words and
the bytes of a preview.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from mhc_lab.media import look, metadata, preview, raw, video
from mhc_lab.media.metadata import Metadata
from mhc_lab.media.probe import CAMERA_KINDS, DECODER_ERRORS, PICTURES, Probe, Verdict, claimed_format, opened, probe

SECONDS = 2.0
"""Of processor time for one file."""
MEMORY = 300 << 20
"""Bytes that one file may take."""
READY = b"+"
"""What the process says first, when it is confined and serves."""
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
_REQUEST_BYTES = 4096


class _Shared(io.RawIOBase):
    """A descriptor somebody else has too: read at places of our own, because its place is theirs as well."""

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__()
        self._descriptor, self._size, self._at = descriptor, size, 0
        self.failure: OSError | None = None
        """Of the disk: a decoder may have taken it for the end of the file."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = max(0, min(len(buffer), self._size - self._at))  # what a file grew by meanwhile is looked at next time
        try:
            count = os.preadv(self._descriptor, [memoryview(buffer)[:wanted]], self._at)
        except OSError as failure:
            self.failure = failure
            raise
        self._at += count
        return count


def looked(stream: BinaryIO, *, size: int, longest: int, is_known: bool = False) -> tuple[dict[str, Any], bytes]:
    """What the file is, as plain values, and its preview when ``longest`` is not 0 and it has one.

    With ``is_known`` the file was looked into before: then only the preview is made.
    """
    kind = claimed_format(stream.read(64))
    camera = _camera_kind(kind, stream)
    if is_known and kind in PICTURES and not camera:
        return asdict(Probe(Verdict.READABLE, kind)), _small(stream, kind, longest)
    found = _Found(longest)
    verdict = (found.camera(camera, stream) if camera else None) or found.other(stream, size)
    return {**asdict(verdict), "look_id": found.look_id, "metadata": _plain(found.metadata)}, found.preview


def _camera_kind(kind: str | None, stream: BinaryIO) -> str | None:
    """Which camera's kind of file it is; None for all others. The stream is at its start before and after."""
    found = kind if kind in CAMERA_KINDS else raw.kind_of_tiff(stream) if kind == "TIFF" else None
    stream.seek(0)
    return found


def _small(stream: BinaryIO, kind: str, longest: int) -> bytes:
    with opened(stream, kind) as picture:
        return preview.of_picture(picture, longest=longest, orientation=metadata.of_image(picture).orientation)


class _Found:
    """What was seen while the verdict was found."""

    def __init__(self, longest: int) -> None:
        self.look_id: str | None = None
        self.metadata = Metadata()
        self.preview = b""
        self._longest = longest

    def camera(self, kind: str, stream: BinaryIO) -> Probe | None:
        """The verdict on a file of a camera's sensor; None when it turns out to be none."""
        if not raw.is_installed():
            return Probe(Verdict.OPAQUE, kind)
        developed = raw.develop(stream)
        if developed is None:
            return None
        self.metadata = replace(metadata.of_tiff(stream), orientation=developed.orientation)
        if developed.preview:
            self._show(developed.preview)
        return Probe(Verdict.READABLE, kind, developed.width, developed.height)

    def other(self, stream: BinaryIO, size: int) -> Probe:
        """The verdict on every other file."""
        stream.seek(0)
        verdict = probe(stream, size=size, seen=self._see)
        stream.seek(0)
        if verdict.verdict is Verdict.VIDEO:
            return self._film(verdict, stream)
        if verdict.verdict is Verdict.READABLE and verdict.format == "JPEG" and self._longest:
            self.preview = _small(stream, "JPEG", self._longest)
        return verdict

    def _film(self, verdict: Probe, stream: BinaryIO) -> Probe:
        try:
            shown = video.film(stream)
        except video.NoPicturesError:
            return Probe(Verdict.OPAQUE, verdict.format)
        if shown is None:
            return Probe(Verdict.CORRUPT, verdict.format)
        self.metadata = shown.metadata
        if shown.frame:
            self._show(shown.frame)
        return Probe(Verdict.VIDEO, verdict.format, shown.width, shown.height)

    def _see(self, picture: Image.Image) -> None:
        self.metadata = metadata.of_image(picture)
        self._show(picture, draw=picture.format != "JPEG")  # of which only a draft was decoded, too small to be shown

    def _show(self, picture: Image.Image, *, draw: bool = True) -> None:
        self.look_id = look.look_id(picture)
        if self._longest and draw:
            self.preview = preview.of_picture(picture, longest=self._longest, orientation=self.metadata.orientation)


def _plain(said: Metadata) -> dict[str, Any]:
    return {**asdict(said), "taken_at": said.taken_at.isoformat() if said.taken_at else None}


def confine() -> None:
    """Give up what decoding does not need: the network, where the system lets us, writing to files, and memory without end.

    Files could still be opened for reading. Nothing here does that, and what was read could leave by the answer only.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK) != 0:  # where neither is allowed, the other limits hold
        libc.unshare(_NEW_USER | _NEW_NETWORK)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)


def serve(connection: socket.socket, answer: Callable[..., tuple[dict[str, Any], bytes]] = looked) -> None:
    """Say that all is ready, and answer one request after the other, each with a time of its own, until nobody asks any more."""
    connection.sendall(READY)
    while True:
        message, descriptors, _, _ = socket.recv_fds(connection, _REQUEST_BYTES, 1)
        if not message:
            return
        request = json.loads(message)
        file = _Shared(descriptors[0], request["size"])
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # when it is over, the signal ends this process
        try:
            said, small = answer(file, **request)
        except MemoryError:
            said, small = asdict(Probe(Verdict.REFUSED)), b""
        except DECODER_ERRORS:
            said, small = asdict(Probe(Verdict.CORRUPT)), b""
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            os.close(descriptors[0])
        if file.failure:
            said, small = {"errno": file.failure.errno, "strerror": file.failure.strerror}, b""
        text = json.dumps(said).encode()
        connection.sendall(len(text).to_bytes(4, "big") + len(small).to_bytes(4, "big") + text + small)


def main() -> None:
    """Load every decoder, give up everything else, and serve."""
    with suppress(ImportError):
        import rawpy  # noqa: F401
    import av  # noqa: F401 - before memory is limited, which a library takes as well
    import pillow_heif  # noqa: F401

    Image.init()
    confine()
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        serve(connection)


if __name__ == "__main__":
    main()
