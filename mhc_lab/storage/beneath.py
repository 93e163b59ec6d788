"""Opening below a folder without ever leaving it: by the kernel's own rule where there is one, folder by folder elsewhere.

No link is followed, not even one that is swapped in while the path is walked, and no other file system is entered. ``OSError`` with
``ELOOP``, ``ENOTDIR`` or ``EXDEV`` says that a path tried. The calls have no wrapper in Python, so they are made by number, on Linux only.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import platform
import sys
from contextlib import suppress
from pathlib import PurePosixPath

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
"""Not blocking: opening a pipe must not wait for its writer."""

LEADS_OUT = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EXDEV})

_NO_XDEV, _NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x01, 0x02, 0x04, 0x08
_RESOLVE = _NO_XDEV | _NO_MAGICLINKS | _NO_SYMLINKS | _BENEATH
_NOREPLACE, _EXCHANGE = 1, 2
_NUMBERS = {"x86_64": (437, 316), "aarch64": (437, 276)}
_OPENAT2, _RENAMEAT2 = _NUMBERS.get(platform.machine(), (None, None)) if sys.platform == "linux" else (None, None)
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.EOPNOTSUPP})
_TRIES = 5
"""The kernel gives up on a walk while somebody renames; it then says so and may be asked again."""


class _How(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long


def open_beneath(root: int, path: str, flags: int, mode: int = 0) -> int:
    """A descriptor for ``path`` below the folder ``root``; an empty path is the folder itself."""
    if has_openat2():
        return _openat2(root, path or ".", flags, mode)
    return walk(root, path, flags, mode)


def has_openat2() -> bool:
    """Whether the kernel has the call and lets us use it; containers may not."""
    global _has_openat2
    if _has_openat2 is None:
        try:
            os.close(_openat2(_AT_FDCWD, ".", FOLDER, 0))
        except OSError:
            _has_openat2 = False
        else:
            _has_openat2 = True
    return _has_openat2


_AT_FDCWD = -100
_has_openat2: bool | None = None


def _openat2(root: int, path: str, flags: int, mode: int) -> int:
    if _OPENAT2 is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    how = _How(flags | os.O_CLOEXEC, mode, _RESOLVE)
    name = os.fsencode(path)
    for _ in range(_TRIES):
        handle: int = _syscall(_OPENAT2, root, name, ctypes.byref(how), ctypes.sizeof(how))
        if handle >= 0:
            return handle
        if (number := ctypes.get_errno()) not in {errno.EAGAIN, errno.EINTR}:
            raise OSError(number, os.strerror(number), path)
    return walk(root, path, flags, mode)


def walk(root: int, path: str, flags: int, mode: int = 0) -> int:
    """The same as :func:`open_beneath`, folder by folder: for kernels without the call."""
    device = os.fstat(root).st_dev
    *folders, last = parts = PurePosixPath(path).parts or (".",)
    if path.startswith("/") or ".." in parts:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), path)
    handle = os.dup(root)
    try:
        for part, wanted in [*((folder, FOLDER) for folder in folders), (last, flags)]:
            inner = os.open(part, wanted | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=handle)
            os.close(handle)
            handle = inner
            if os.fstat(handle).st_dev != device:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def rename_new(folder: int, name: str, to_folder: int, to_name: str) -> None:
    """Rename, or ``FileExistsError``: nothing is ever replaced.

    Where the file system cannot promise that itself, a second link does; where it has none either, we look first while the folder is
    locked against other processes of ours.
    """
    if _renamed(folder, name, to_folder, to_name, _NOREPLACE):
        return
    try:
        os.link(name, to_name, src_dir_fd=folder, dst_dir_fd=to_folder, follow_symlinks=False)
    except OSError as failure:
        if failure.errno not in _UNSUPPORTED:
            raise
    else:
        os.unlink(name, dir_fd=folder)
        return
    _rename_locked(folder, name, to_folder, to_name)


def _rename_locked(folder: int, name: str, to_folder: int, to_name: str) -> None:
    fcntl.flock(to_folder, fcntl.LOCK_EX)
    try:
        with suppress(FileNotFoundError):
            os.stat(to_name, dir_fd=to_folder, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), to_name)
        os.rename(name, to_name, src_dir_fd=folder, dst_dir_fd=to_folder)
    finally:
        fcntl.flock(to_folder, fcntl.LOCK_UN)


def exchange(folder: int, one: str, other: str) -> bool:
    """Swap two names of ``folder`` in one step; False when the file system cannot."""
    return _renamed(folder, one, folder, other, _EXCHANGE)


def _renamed(folder: int, name: str, to_folder: int, to_name: str, flag: int) -> bool:
    """Whether the kernel did it; False when it cannot here, an error when it may not."""
    if _RENAMEAT2 is None:
        return False
    if _syscall(_RENAMEAT2, folder, os.fsencode(name), to_folder, os.fsencode(to_name), flag) == 0:
        return True
    if (number := ctypes.get_errno()) in _UNSUPPORTED - {errno.EPERM}:
        return False
    raise OSError(number, os.strerror(number), to_name)
