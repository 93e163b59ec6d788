"""What a file is and shows, found out in another process: a decoder may hang, eat memory or crash, and nothing of ours goes down with it.

A file that takes more than two seconds of processor time or 300 MB is ``refused``, one that brings the process down is ``corrupt``, and
the next file meets a new process. An error of the disk is no verdict, nor is one that does not answer: it is raised.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, Self, cast

from mhc_lab.core.errors import InternalError
from mhc_lab.core.ids import ContentId, LookId
from mhc_lab.media.child import READY
from mhc_lab.media.content import as_bytes, content_id
from mhc_lab.media.identity import byte_id
from mhc_lab.media.metadata import Metadata
from mhc_lab.media.probe import Probe, Verdict

_PATIENCE = 60.0
"""Seconds until an answer is not waited for any more: the process's own limit counts only the time it works."""
_COMMAND = (sys.executable, "-m", "mhc_lab.media.child")
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "TMPDIR", "LANG", "PYTHONDONTWRITEBYTECODE")
"""Nothing else of our surroundings: passwords, for one, are no business of a decoder."""
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Threads of libraries reserve memory that nobody uses, which the limit counts all the same."""
_STOPPED = frozenset({-signal.SIGPROF, -signal.SIGKILL})
"""How a process ends that took too long or too much."""
_LOOKED_THROUGH = frozenset({Verdict.READABLE, Verdict.VIDEO})
_AHEAD = 2
"""So many files the process has: it looks into the next one while what it said of the last is worked on."""
_LAST_WORDS = 5.0
_DROP_CACHE = getattr(os, "posix_fadvise", None)
"""Not on every system."""
_LONGEST_ANSWER = 64 << 20


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found out about one file."""

    probe: Probe
    content_id: ContentId
    look_id: LookId | None
    metadata: Metadata
    preview: bytes = b""
    """A JPEG, when one was asked for and there is something to see."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A file that the process was given; ours, so that whoever brought it may close it."""

    file: BinaryIO
    size: int
    request: bytes


class _Child:
    """A running process, and how many files it answered for."""

    def __init__(self, command: Sequence[str]) -> None:
        self.connection, theirs = socket.socketpair()
        self.connection.settimeout(_PATIENCE)
        surroundings = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [*command, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**surroundings, **_ENVIRONMENT},
                start_new_session=True,  # who interrupts us does not mean that a file is damaged
            )
        self.answer_count = 0
        try:
            self._received(len(READY))
        except (OSError, EOFError) as failure:
            raise InternalError(
                f"The process that looks into files does not start ({self.ended()}); it would say why: {shlex.join(command)} 0"
            ) from failure
        except BaseException:
            self.ended()
            raise

    def ask(self, asked: _Asked) -> None:
        """Give it a file; when it is gone by now, that shows when the answer is waited for."""
        with suppress(ConnectionError):
            socket.send_fds(self.connection, [asked.request], [asked.file.fileno()])

    def answer(self) -> tuple[dict[str, Any], bytes]:
        """What it says of the file that it was given first."""
        lengths = self._received(8)
        said = json.loads(self._received(int.from_bytes(lengths[:4], "big")))
        small = self._received(int.from_bytes(lengths[4:], "big"))
        self.answer_count += 1
        return said, small

    def ended(self) -> int:
        """Its exit status, after what is left of it was ended."""
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):  # it closed its end of the connection, so it ends by itself
            return self.process.wait(_LAST_WORDS)
        self.process.kill()
        with suppress(subprocess.TimeoutExpired):  # one that waits for a disk cannot even be killed
            return self.process.wait(_LAST_WORDS)
        return -signal.SIGKILL

    def _received(self, count: int) -> bytes:
        if count > _LONGEST_ANSWER:
            raise EOFError
        parts: list[bytes] = []
        while count:
            part = self.connection.recv(min(count, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


class Examiner:
    """A process that looks into files, one after the other; started when the first one comes."""

    def __init__(self, command: Sequence[str] = _COMMAND) -> None:
        self._command = tuple(command)
        self._child: _Child | None = None

    def examine(self, stream: BinaryIO, *, size: int, preview: int = 0) -> Examined:
        """What ``stream`` holds from its start, ``size`` bytes of it; with ``preview`` also a picture of so many pixels at most.

        Raises
        ------
        OSError
            The disk cannot be read: that says nothing about the file.
        """
        (found,) = self.examine_many([(stream, size)], preview=preview)
        return found

    def examine_many(self, files: Iterable[tuple[BinaryIO, int]], *, preview: int = 0) -> Iterator[Examined]:
        """The same of many files, streams with their sizes, in their order; the next ones are looked into meanwhile."""
        for asked, said, small in self._answers(files, {"longest": preview}):
            yield _examined(asked, said, small)

    def preview(self, stream: BinaryIO, *, size: int, longest: int) -> bytes:
        """A JPEG of what ``stream`` shows, ``longest`` pixels at most; nothing when there is nothing to see."""
        ((*_, small),) = self._answers([(stream, size)], {"longest": longest, "is_known": True})
        return small

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            child, self._child = self._child, None
            child.process.kill()
            child.ended()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(
        self, files: Iterable[tuple[BinaryIO, int]], wanted: dict[str, int]
    ) -> Iterator[tuple[_Asked, dict[str, Any], bytes]]:
        """What the process says of each file; it has two of them at most, and none of another caller."""
        coming, waiting = iter(files), deque[_Asked]()
        try:
            while True:
                for stream, size in islice(coming, _AHEAD - len(waiting)):
                    waiting.append(_asked(stream, size, wanted))
                    self._running().ask(waiting[-1])
                if not waiting:
                    return
                said, small = self._answer(waiting)
                asked = waiting.popleft()
                try:
                    if said.get("errno"):
                        raise OSError(said["errno"], said["strerror"])
                    yield asked, said, small
                finally:
                    asked.file.close()
        finally:
            if waiting:  # what it says of these would be taken for an answer about the next file
                self.close()
            for asked in waiting:
                asked.file.close()

    def _running(self) -> _Child:
        if self._child is None:
            self._child = _Child(self._command)
        return self._child

    def _answer(self, waiting: Sequence[_Asked]) -> tuple[dict[str, Any], bytes]:
        """What becomes of the first file that waits; one that ends a process which looked into others too gets one of its own."""
        while True:
            child = self._running()
            try:
                return child.answer()
            except TimeoutError:
                self.close()
                _ask_the_disk(waiting[0].file)
                verdict: Verdict | None = Verdict.REFUSED
            except (EOFError, ConnectionError):
                self._child = None
                ended = child.ended()
                is_judged = not child.answer_count or ended == -signal.SIGPROF
                verdict = (Verdict.REFUSED if ended in _STOPPED else Verdict.CORRUPT) if is_judged else None
            for asked in list(waiting)[1 if verdict else 0 :]:
                self._running().ask(asked)
            if verdict:
                return _plain(verdict), b""


def _asked(stream: BinaryIO, size: int, wanted: dict[str, int]) -> _Asked:
    request = json.dumps({"size": size, **wanted}).encode()
    try:
        descriptor = os.dup(stream.fileno())
    except (io.UnsupportedOperation, AttributeError):  # it comes from elsewhere: a copy becomes a file of this machine
        copy = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed when it was looked into
        try:
            shutil.copyfileobj(stream, copy)
            copy.flush()
        except BaseException:
            copy.close()
            raise
        return _Asked(copy, size, request)
    return _Asked(os.fdopen(descriptor, "rb"), size, request)


def _ask_the_disk(file: BinaryIO) -> None:
    """Read a little of ``file``, not from memory; ``OSError`` when that does not work: then the file is not why nobody answers."""
    descriptor, failures = os.dup(file.fileno()), list[OSError]()

    def read() -> None:
        try:
            if _DROP_CACHE is not None:
                _DROP_CACHE(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.pread(descriptor, 1, 0)
        except OSError as failure:
            failures.append(failure)
        finally:
            os.close(descriptor)

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(_LAST_WORDS)
    if reading.is_alive():
        raise OSError(errno.ETIMEDOUT, "The disk does not answer")
    if failures:
        raise failures[0]


def _examined(asked: _Asked, said: dict[str, Any], small: bytes) -> Examined:
    probe = Probe(Verdict(said["verdict"]), said["format"], said["width"], said["height"])
    asked.file.seek(0)
    if probe.verdict in _LOOKED_THROUGH:
        content = content_id(asked.file, size=asked.size, kind=probe.format)
    else:
        content = as_bytes(byte_id(asked.file))
    look = said.get("look_id")
    return Examined(probe, content, LookId(look) if look else None, _metadata(said.get("metadata")), small)


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {"verdict": verdict, "format": None, "width": None, "height": None}


def _metadata(said: dict[str, Any] | None) -> Metadata:
    if not said:
        return Metadata()
    at = said["taken_at"]
    return Metadata(**{**said, "taken_at": datetime.fromisoformat(at) if at else None})
