"""The processes in which the files of a disk are read when there are many: ``python -m mhc_lab.storage.hashing SOCKET``.

Two threads that read small files hand Python's lock to and fro at every call, which takes longer than the reading; two processes need
nothing of each other. They are given a folder's descriptor and paths below it, answer with what they read, and end when nobody listens.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import NamedTuple, Self

from mhc_lab.storage.beneath import FILE, open_beneath

BUFFER_BYTES = 1 << 18
_COMMAND = (sys.executable, "-m", "mhc_lab.storage.hashing")
_ANSWER = struct.Struct("<32s3Q2q")
"""SHA-256, size, and what a :class:`mhc_lab.storage.store.Stamp` holds."""
_NOTHING = bytes(_ANSWER.size)
_NO_ANSWER = _ANSWER.unpack(_NOTHING)
_LENGTH_BYTES = 4
_LAST_WORDS = 5.0


class ReadFile(NamedTuple):
    """The SHA-256 of a file that was read to its end, and what the disk said of it then."""

    sha256: bytes
    size_bytes: int
    device: int
    inode: int
    mtime_ns: int
    ctime_ns: int


def hashed(root: int, path: str, buffer: bytearray) -> ReadFile | None:
    """The file at ``path`` below the folder ``root``, read through ``buffer``; None for what is no file or cannot be read to its end."""
    digest, block, count_bytes = hashlib.sha256(), memoryview(buffer), 0
    try:
        handle = open_beneath(root, path, FILE)
    except OSError:
        return None
    try:
        size = os.fstat(handle).st_size
        while count := os.readv(handle, [buffer]):
            digest.update(block[:count])
            count_bytes += count
            if count_bytes == size:  # asking once more would only say so
                break
        status = os.fstat(handle)
    except OSError:
        return None
    finally:
        os.close(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_size != count_bytes:
        return None
    return ReadFile(digest.digest(), count_bytes, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns)


class Hashers:
    """So many processes that read files; threads take turns with them. They end with the ``with`` block."""

    def __init__(self, count: int) -> None:
        self._idle: SimpleQueue[_Child] = SimpleQueue()
        self._children: list[_Child] = []
        self._count = count

    @property
    def children(self) -> list[int]:
        """Their process ids."""
        return [child.process.pid for child in self._children]

    def __enter__(self) -> Self:
        try:
            for _ in range(self._count):
                self._children.append(_Child())
                self._idle.put(self._children[-1])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            child.close()

    def hashed(self, root: int, paths: Sequence[str]) -> list[ReadFile | None]:
        """What :func:`hashed` says of each of ``paths``.

        A process that is gone has its work done here: what ended it was no fault of a file.
        """
        child = self._idle.get()
        try:
            return child.hashed(root, paths)
        except (EOFError, ConnectionError):
            buffer = bytearray(BUFFER_BYTES)
            return [hashed(root, path, buffer) for path in paths]
        finally:
            self._idle.put(child)


class _Child:
    """One such process."""

    def __init__(self) -> None:
        self._connection, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [*_COMMAND, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # who interrupts us interrupts us; it ends when we do
            )

    def hashed(self, root: int, paths: Sequence[str]) -> list[ReadFile | None]:
        wanted = "\0".join(paths).encode("utf-8", "surrogateescape")
        socket.send_fds(self._connection, [len(wanted).to_bytes(_LENGTH_BYTES, "big")], [root])
        self._connection.sendall(wanted)
        answers = _received(self._connection, _ANSWER.size * len(paths))
        return [None if answer == _NO_ANSWER else ReadFile(*answer) for answer in _ANSWER.iter_unpack(answers)]

    def close(self) -> None:
        self._connection.close()
        self.process.kill()  # it only reads
        with suppress(subprocess.TimeoutExpired):  # a disk that does not answer holds it; it ends when that does
            self.process.wait(_LAST_WORDS)


def _received(connection: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count:
        part = connection.recv(min(count - len(received), 1 << 20))
        if not part:
            raise EOFError
        received += part
    return bytes(received)


def _serve(connection: socket.socket) -> None:
    """Read what is asked for until nobody asks."""
    buffer = bytearray(BUFFER_BYTES)
    while True:
        length, roots, _, _ = socket.recv_fds(connection, _LENGTH_BYTES, 1)
        if not length:
            return
        paths = _received(connection, int.from_bytes(length, "big")).decode("utf-8", "surrogateescape").split("\0")
        try:
            read = [hashed(roots[0], path, buffer) for path in paths]
        finally:
            os.close(roots[0])
        connection.sendall(b"".join(_ANSWER.pack(*one) if one else _NOTHING for one in read))


if __name__ == "__main__":
    with suppress(EOFError, ConnectionError), socket.socket(fileno=int(sys.argv[1])) as listener:
        _serve(listener)
