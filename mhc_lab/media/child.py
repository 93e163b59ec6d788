"""The process in which files are decoded: ``python -m mhc_lab.media.child SOCKET``.

It gets descriptors of files over a socket, never opens a path, has no network, may not write, and has a limit of memory and, for each
file, of time. What it says is data: whoever asked it believes nothing but numbers, words and the bytes of a preview.
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
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from mhc_lab.media import look, metadata, preview, raw, video
from mhc_lab.media.metadata import Metadata
from mhc_lab.media.probe import CAMERA_KINDS, PICTURES, Probe, Verdict, claimed_format, opened, probe

SECONDS = 2.0
"""Of processor time for one file."""
MEMORY = 300 << 20
"""Bytes that one file may take."""
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
_REQUEST_BYTES = 4096


class _Shared(io.RawIOBase):
    """A descriptor somebody else has too: read at places of our own, because its place is theirs as well."""

    def __init__(self, descriptor: int, size: int) -> None:
        super().__init__()
        self._descriptor, self._size, self._at = descriptor, size, 0

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
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count


def looked(stream: BinaryIO, *, size: int, longest: int, is_known: bool = False) -> tuple[dict[str, Any], bytes]:
    """What the file is, as plain values, and its preview when ``longest`` is not 0 and it has one.

    With ``is_known`` the file was looked into before: then only the preview is made.
    """
    found = _Found()
    kind = claimed_format(stream.read(64)) if is_known else None
    stream.seek(0)
    if kind in PICTURES:
        return asdict(Probe(Verdict.READABLE, kind)), _small(stream, kind, longest)
    verdict = probe(stream, size=size, seen=found.see)
    stream.seek(0)
    small = b""
    if verdict.verdict is Verdict.VIDEO:
        verdict, small = found.film(verdict, stream, longest)
    elif verdict.format in CAMERA_KINDS or (verdict.format == "TIFF" and raw.kind_of_tiff(stream)):
        verdict, small = found.camera(verdict, stream, longest)
    elif verdict.verdict is Verdict.READABLE and longest and verdict.format:
        small = _small(stream, verdict.format, longest)
    return {**asdict(verdict), "look_id": found.look_id, "metadata": _plain(found.metadata)}, small


def _small(stream: BinaryIO, kind: str, longest: int) -> bytes:
    with opened(stream, kind) as picture:
        return preview.of_picture(picture, longest=longest)


class _Found:
    """What was seen while the verdict was found."""

    def __init__(self) -> None:
        self.look_id: str | None = None
        self.metadata = Metadata()

    def see(self, picture: Image.Image) -> None:
        self.look_id = look.look_id(picture)
        with suppress(Exception):  # nobody vouches for what cameras write; a picture that was drawn is one
            exif = picture.getexif()
            self.metadata = metadata.of_picture(exif, exif.get_ifd(0x8769), exif.get_ifd(0x8825))

    def film(self, verdict: Probe, stream: BinaryIO, longest: int) -> tuple[Probe, bytes]:
        shown = video.film(stream)
        if shown is None:
            return Probe(Verdict.CORRUPT, verdict.format), b""
        self.metadata = shown.metadata
        small = b""
        if shown.frame:
            self.look_id = look.look_id(shown.frame)
            if longest:
                small = preview.of_picture(shown.frame, longest=longest, orientation=shown.metadata.orientation)
        return Probe(Verdict.VIDEO, verdict.format, shown.width, shown.height), small

    def camera(self, verdict: Probe, stream: BinaryIO, longest: int) -> tuple[Probe, bytes]:
        kind = verdict.format if verdict.format in CAMERA_KINDS else raw.kind_of_tiff(stream)
        developed = raw.develop(stream)
        if developed is None:
            return Probe(Verdict.OPAQUE, kind), b""
        small = b""
        if developed.preview:
            self.look_id = look.look_id(developed.preview)
            if longest:
                small = preview.of_picture(developed.preview, longest=longest)
        return Probe(Verdict.READABLE, kind, developed.width, developed.height), small


def _plain(said: Metadata) -> dict[str, Any]:
    return {**asdict(said), "taken_at": said.taken_at.isoformat() if said.taken_at else None}


def confine() -> None:
    """Give up what decoding does not need: the network, writing, opening files, and memory without end."""
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
    """Answer one request after the other, each with a time of its own, until nobody asks any more."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(connection, _REQUEST_BYTES, 1)
        if not message:
            return
        request = json.loads(message)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # when it is over, the signal ends this process
        try:
            said, small = answer(_Shared(descriptors[0], request["size"]), **request)
        except OSError as failure:
            said, small = {"errno": failure.errno, "strerror": failure.strerror}, b""
        except MemoryError:
            said, small = asdict(Probe(Verdict.REFUSED)), b""
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            os.close(descriptors[0])
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
