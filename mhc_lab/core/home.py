"""The home folder: made private, proved writable, and locked piece by piece.

Every part that keeps something on disk gets a folder below it. Locks are the kernel's (``flock``): they vanish with their process,
so a killed run never leaves one behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mhc_lab.core.errors import ConfigurationError

_PROBE = b"\0" * 65536


def prepare(home: Path) -> Path:
    """``home``, existing (a new one is readable by its owner only), with room to write.

    Raises
    ------
    ConfigurationError
        It is read-only, full, or not a folder.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(_PROBE)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as failure:
        is_taken = isinstance(failure, FileExistsError)
        reason = "is a file, not a folder" if is_taken else why(failure) or f"cannot be used ({failure.strerror})"
        message = f"The home folder {home} {reason}. Free it, or set MHC_HOME to another folder."
        raise ConfigurationError(message, setting="MHC_HOME") from failure
    return home


def why(failure: OSError) -> str | None:
    """What is wrong with the place that ``failure`` is about, said of it; None when it is no matter of the place."""
    return _REASONS.get(failure.errno or 0)


_REASONS = {
    errno.EROFS: "is on a read-only file system",
    errno.EACCES: "may not be written to by this user",
    errno.EPERM: "may not be written to by this user",
    errno.ENOSPC: "has no space left",
    errno.EDQUOT: "has no space left in your quota",
    errno.ENOTDIR: "lies below something that is a file",
    errno.ENAMETOOLONG: "has too long a name",
}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path`` for the length of a ``with`` block; others wait."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def replace_text(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Put ``text`` at ``path`` in one step: a reader sees the old file or the new one, also after a power cut."""
    replace_bytes(path, [text.encode()], mode=mode)


def replace_bytes(path: Path, blocks: Iterable[bytes | memoryview], *, mode: int = 0o600) -> None:
    """Put ``blocks``, one after the other, at ``path`` in one step."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.writelines(blocks)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename inside ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
