"""What a file is and shows, found out in another process: a decoder may hang, eat memory or crash, and nothing of ours goes down with it.

A file that takes more than two seconds of processor time or 300 MB is ``refused``, one that brings the process down is ``corrupt``, and
the next file meets a new process. An error of the disk is no verdict: it is raised.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Self, cast

from mhc_lab.core.ids import ContentId, LookId
from mhc_lab.media.content import as_bytes, content_id
from mhc_lab.media.identity import byte_id
from mhc_lab.media.metadata import Metadata
from mhc_lab.media.probe import Probe, Verdict

_PATIENCE = 60.0
"""Seconds until an answer is not waited for any more: the process's own limit counts only the time it works."""
_COMMAND = (sys.executable, "-m", "mhc_lab.media.child")
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Threads of libraries reserve memory that nobody uses, which the limit counts all the same."""
_STOPPED = frozenset({-signal.SIGPROF, -signal.SIGKILL})
"""How a process ends that took too long or too much."""
_LOOKED_THROUGH = frozenset({Verdict.READABLE, Verdict.VIDEO})


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found out about one file."""

    probe: Probe
    content_id: ContentId
    look_id: LookId | None
    metadata: Metadata
    preview: bytes = b""
    """A JPEG, when one was asked for and there is something to see."""


class Examiner:
    """A process that looks into files, one after the other; started when the first one comes."""

    def __init__(self, command: Sequence[str] = _COMMAND) -> None:
        self._command = tuple(command)
        self._running: tuple[subprocess.Popen[bytes], socket.socket] | None = None

    def examine(self, stream: BinaryIO, *, size: int, preview: int = 0) -> Examined:
        """What ``stream`` holds from its start, ``size`` bytes of it; with ``preview`` also a picture of so many pixels at most.

        Raises
        ------
        OSError
            The disk cannot be read: that says nothing about the file.
        """
        with _with_descriptor(stream) as file:
            said, small = self._asked(file.fileno(), {"size": size, "longest": preview})
            probe = Probe(Verdict(said["verdict"]), said["format"], said["width"], said["height"])
            file.seek(0)
            is_whole = probe.verdict in _LOOKED_THROUGH
            content = content_id(file, size=size, kind=probe.format) if is_whole else as_bytes(byte_id(file))
        look = said.get("look_id")
        return Examined(probe, content, LookId(look) if look else None, _metadata(said.get("metadata")), small)

    def preview(self, stream: BinaryIO, *, size: int, longest: int) -> bytes:
        """A JPEG of what ``stream`` shows, ``longest`` pixels at most; nothing when there is nothing to see."""
        with _with_descriptor(stream) as file:
            return self._asked(file.fileno(), {"size": size, "longest": longest, "is_known": True})[1]

    def close(self) -> None:
        """End the process."""
        if self._running is not None:
            child, connection = self._running
            self._running = None
            connection.close()
            child.kill()
            child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _asked(self, descriptor: int, request: dict[str, int]) -> tuple[dict[str, Any], bytes]:
        child, connection = self._running or self._start()
        try:
            socket.send_fds(connection, [json.dumps(request).encode()], [descriptor])
            lengths = _received(connection, 8)
            said = json.loads(_received(connection, int.from_bytes(lengths[:4], "big")))
            small = _received(connection, int.from_bytes(lengths[4:], "big"))
        except TimeoutError:
            self.close()
            return _plain(Verdict.REFUSED), b""
        except (EOFError, ConnectionError):
            ended = child.wait()
            self.close()
            return _plain(Verdict.REFUSED if ended in _STOPPED else Verdict.CORRUPT), b""
        if said.get("errno"):
            raise OSError(said["errno"], said["strerror"])
        return said, small

    def _start(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair()
        ours.settimeout(_PATIENCE)
        with theirs:
            child = subprocess.Popen(  # noqa: S603 - our own module
                [*self._command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ENVIRONMENT},
            )
        self._running = child, ours
        return self._running


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": verdict, "format": None, "width": None, "height": None}


def _metadata(said: dict[str, Any] | None) -> Metadata:
    if not said:
        return Metadata()
    at = said["taken_at"]
    return Metadata(**{**said, "taken_at": datetime.fromisoformat(at) if at else None})


def _received(connection: socket.socket, count: int) -> bytes:
    parts: list[bytes] = []
    while count:
        part = connection.recv(min(count, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


@contextmanager
def _with_descriptor(stream: BinaryIO) -> Iterator[BinaryIO]:
    """``stream`` when it is a file of this machine, or a copy of it that is one."""
    try:
        stream.fileno()
    except OSError:
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(stream, copy)
            copy.flush()
            yield cast("BinaryIO", copy)
    else:
        yield stream
