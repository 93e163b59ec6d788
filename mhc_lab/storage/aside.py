"""How bytes come to lie on a disk: written aside, synced, read again from the disk, and only then under their name.

Every function works on descriptors, so a disk that is pulled meanwhile gets no byte onto the mount point underneath. A sync that failed is
never tried again on the same descriptor, since the second one may say that all is well: the copy is thrown away.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import PurePosixPath
from typing import BinaryIO

from mhc_lab.core.errors import IntegrityError
from mhc_lab.core.ids import ByteId
from mhc_lab.storage.beneath import FOLDER, open_beneath, rename_new
from mhc_lab.storage.store import UNFINISHED, agree, copied, nanoseconds

LEFT_OVER_SECONDS = 86_400
"""What was being written and has not changed for a day belongs to a process that was killed."""

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DROP_CACHE = getattr(os, "posix_fadvise", None)

Blame = Callable[[], AbstractContextManager[None]]
"""Says of which disk a failure inside the ``with`` block tells."""


class Aside:
    """A file that is not under its name yet."""

    def __init__(self, folder: int, blame: Blame) -> None:
        self._folder, self._blame = folder, blame
        self.name, self.has_its_name = f"{UNFINISHED}{secrets.token_hex(8)}", False
        with blame():
            self.handle = os.open(self.name, _NEW, 0o600, dir_fd=folder)

    def fill(self, path: str, source: BinaryIO, expected: ByteId | None) -> ByteId:
        """Write what ``source`` gives, sync it, and read it again; its byte id."""
        size, byte_id = copied(source, self)
        agree(path, byte_id, expected)
        with self._blame():
            os.fsync(self.handle)
            found = _read_again(self.handle)
        if found != (size, byte_id):
            raise IntegrityError(
                f'"{path}" was written with {size:,} bytes of SHA-256 {byte_id} and read again with {found[0]:,} of {found[1]}. '
                "The copy was thrown away; check the disk."
            )
        return byte_id

    def write(self, block: bytes) -> None:
        """All of ``block``, however little the disk takes at a time."""
        with self._blame():
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(self.handle, rest) :]

    def settle(self, name: str) -> None:
        """Give it its name, or ``FileExistsError``."""
        with self._blame():
            rename_new(self._folder, self.name, self._folder, name)
        self.name, self.has_its_name = name, True

    def date(self, written_at: datetime) -> None:
        """Let it say that it was last written to then; last of all, because :func:`sweep` goes by that time.

        A disk that keeps no such time says its own: the bytes are there all the same.
        """
        with suppress(OSError):
            os.utime(self.handle, ns=(time.time_ns(), nanoseconds(written_at)))
        with self._blame():
            os.fsync(self.handle)


@contextmanager
def written_aside(folder: int, blame: Blame) -> Iterator[Aside]:
    """A new file in ``folder`` for the length of a ``with`` block; when that fails or gives it no name, it is thrown away."""
    aside = Aside(folder, blame)
    is_kept = False
    try:
        yield aside
        is_kept = aside.has_its_name
    finally:
        if not is_kept:
            with suppress(OSError):
                os.unlink(aside.name, dir_fd=folder)
        os.close(aside.handle)


def _read_again(handle: int) -> tuple[int, ByteId]:
    """Size and byte id as the disk has them, not as the kernel remembers them, where it can be told to forget."""
    if _DROP_CACHE is not None:
        _DROP_CACHE(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.lseek(handle, 0, os.SEEK_SET)
    with open(handle, "rb", buffering=0, closefd=False) as again:
        return copied(again, None)


def make_folders(root: int, path: str) -> bool:
    """Every folder of ``path`` below ``root``, private to its owner; whether any was missing."""
    with suppress(FileNotFoundError):
        os.close(open_beneath(root, path, FOLDER))
        return False
    at = ""
    for part in PurePosixPath(path).parts:
        outer = open_beneath(root, at, FOLDER)
        try:
            with suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=outer)
        finally:
            os.close(outer)
        at = f"{at}{part}/"
    return True


def sync_folders(root: int, path: str) -> None:
    """Make names in ``path``, and the folders on the way to it, survive a power cut."""
    at = ""
    for part in ("", *PurePosixPath(path).parts):
        at += f"{part}/" if part else ""
        folder = open_beneath(root, at, FOLDER)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def sweep(folder: int, *, now: float) -> None:
    """Remove what killed processes were writing into ``folder`` more than a day before ``now``, the disk's own time."""
    with os.scandir(folder) as entries:
        names = [one.name for one in entries if one.name.startswith(UNFINISHED)]
    for name in names:
        with suppress(FileNotFoundError):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISREG(status.st_mode) and status.st_mtime < now - LEFT_OVER_SECONDS:
                os.unlink(name, dir_fd=folder)
