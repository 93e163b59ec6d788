"""A folder, or a disk mounted there, that holds files: known by its marker, listed and read below its root without following links.

A root that is absent, without its marker, or with the marker of another store is *offline*, never empty: nobody may conclude from a
disk that is not there that its files are gone. No handle stays open between two calls, so a disk can be taken out at any time.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self
from uuid import UUID

from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.core.names import relative_path as checked
from mhc_lab.core.progress import SILENT, Progress

MARKER = ".mhc-store.json"
"""The file in the root that says which store this is."""

_OURS = ".mhc-"
_SYSTEM = frozenset(
    {
        ".DS_Store",
        ".Spotlight-V100",
        ".Trashes",
        ".fseventsd",
        "System Volume Information",
        "$RECYCLE.BIN",
        "lost+found",
    }
)
_MARKER_BYTES = 4096
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC  # not blocking: opening a pipe must not wait for its writer
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file below the root of a store."""

    relative_path: str
    size_bytes: int
    modified_at: datetime | None
    """None: the file system says a time that no calendar has."""


class DiskStore:
    """An open store on a disk."""

    def __init__(self, root: Path, *, marker: UUID, place: tuple[int, int]) -> None:
        self.root, self.marker = root, marker
        self.unreadable: tuple[str, ...] = ()
        """What the last listing left out and somebody may miss: links, pipes, closed folders, names that are not UTF-8."""
        self._place = place

    @classmethod
    def open(cls, root: Path, *, marker: UUID | None) -> Self:
        """The store at ``root``; ``marker`` is the one it has to carry, None accepts any.

        Raises
        ------
        ConfigurationError
            It is offline: nothing is there, no store, or another one.
        """
        with _folder(root) as handle:
            found = _marker(root, handle)
            if marker is not None and found != marker:
                raise _offline(root, f"another disk is there: it is marked {found}, {marker} is wanted")
            return cls(root, marker=found, place=_place(handle))

    @classmethod
    def create(cls, root: Path) -> Self:
        """The store at ``root``, marked now when it was not yet; a marker that is there is never replaced."""
        outer = next((parent for parent in root.parents if (parent / MARKER).exists()), None)
        if outer is not None:
            raise RefusedError(
                f"{root} lies inside the store {outer}, and every file in it would count twice. Ingest {outer} instead.",
                rule="stores do not nest",
            )
        with _folder(root) as handle:
            try:
                _write_marker(handle)
            except FileExistsError:
                pass
            except OSError as failure:
                raise ConfigurationError(
                    f"{root} cannot be marked as a store ({failure.strerror}). Make it writable, or correct MHC_MEDIA_ROOT.",
                    setting="MHC_MEDIA_ROOT",
                ) from failure
        return cls.open(root, marker=None)

    def files(self, progress: Progress = SILENT) -> tuple[FoundFile, ...]:
        """Every regular file, sorted by path; our own and the system's folders stay out, :attr:`unreadable` says what else did."""
        found: list[FoundFile] = []
        unreadable: list[str] = []
        folders = [""]
        while folders:
            folder = folders.pop()
            try:
                entries = self._entries(folder)
            except (PermissionError, FileNotFoundError, RefusedError):  # closed, gone, or a link by now
                unreadable.append(folder)
                continue
            for name, status in entries:
                path = folder + name
                if status is None or not _is_utf8(name):
                    unreadable.append(_shown(path))
                elif stat.S_ISDIR(status.st_mode):
                    folders.append(f"{path}/")
                elif stat.S_ISREG(status.st_mode):
                    found.append(FoundFile(path, status.st_size, _modified_at(status)))
                else:
                    unreadable.append(path)
            progress(len(found), None, "files found")
        self.unreadable = tuple(sorted(unreadable))
        return tuple(sorted(found, key=lambda file: file.relative_path))

    def read(self, relative_path: str) -> BinaryIO:
        """The file at ``relative_path``, open for reading; no link is followed on the way to it.

        Raises
        ------
        RefusedError
            It leads out of the store, through a link, or to something that is not a file.
        FileNotFoundError, PermissionError
            It is gone, or closed to this user.
        ConfigurationError
            The disk is offline.
        """
        handle = self._open(checked(relative_path), _FILE)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise RefusedError(f'"{relative_path}" in {self.root} is not a file.', rule="regular files only")
        return os.fdopen(handle, "rb")

    def _entries(self, folder: str) -> list[tuple[str, os.stat_result | None]]:
        """Name and status of what is in ``folder``; no status for what vanished or is closed."""
        handle = self._open(folder, _FOLDER)
        try:
            with os.scandir(handle) as entries:
                return [(one.name, _status(one)) for one in entries if not _is_kept_out(one.name)]
        except (PermissionError, FileNotFoundError):
            raise
        except OSError as failure:
            raise _offline(self.root, f"it could not be listed ({failure.strerror})") from failure
        finally:
            os.close(handle)

    def _open(self, relative_path: str, flags: int) -> int:
        """A descriptor, reached folder by folder from a root that is still the one this store was opened at."""
        with _folder(self.root) as root:
            if _place(root) != self._place:
                raise _offline(self.root, "it was taken out or replaced meanwhile")
            handle = os.dup(root)
        for part, wanted in _steps(relative_path, flags):
            try:
                inner = os.open(part, wanted | os.O_NOFOLLOW, dir_fd=handle)
            except OSError as failure:
                if failure.errno in {errno.ELOOP, errno.ENOTDIR}:
                    raise RefusedError(
                        f'"{relative_path}" in {self.root} leads through a link or a file.', rule="no links"
                    ) from failure
                raise
            finally:
                os.close(handle)
            handle = inner
        return handle


def _steps(relative_path: str, flags: int) -> Iterator[tuple[str, int]]:
    """Each part of the path and how to open it: folders first, the last one as asked; none for the root itself."""
    *folders, last = PurePosixPath(relative_path).parts or ("",)
    yield from ((folder, _FOLDER) for folder in folders)
    if last:
        yield last, flags


@contextmanager
def _folder(root: Path) -> Iterator[int]:
    try:
        handle = os.open(root, _FOLDER)
    except OSError as failure:
        raise _offline(root, f"nothing can be read there ({failure.strerror})") from failure
    try:
        yield handle
    finally:
        os.close(handle)


def _offline(root: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The store at {root} is offline: {why}. Plug the disk in, or correct MHC_MEDIA_ROOT; nothing was changed.",
        setting="MHC_MEDIA_ROOT",
    )


def _place(handle: int) -> tuple[int, int]:
    """Device and inode: another disk, or the bare mount point, is another place."""
    status = os.fstat(handle)
    return status.st_dev, status.st_ino


def _marker(root: Path, folder: int) -> UUID:
    try:
        handle = os.open(MARKER, _FILE | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as failure:
        raise _offline(root, f"its marker {MARKER} cannot be read ({failure.strerror})") from failure
    with os.fdopen(handle, "rb") as file:
        try:
            return UUID(json.loads(file.read(_MARKER_BYTES))["store"])
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as failure:
            raise _offline(root, f"its marker {MARKER} is damaged") from failure


def _write_marker(folder: int) -> None:
    handle = os.open(MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps({"store": str(uuid.uuid4())}) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        os.unlink(MARKER, dir_fd=folder)
        raise
    os.fsync(folder)


def _is_kept_out(name: str) -> bool:
    return name.startswith(_OURS) or name in _SYSTEM


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except (PermissionError, FileNotFoundError):
        return None


def _modified_at(status: os.stat_result) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)
    except OverflowError:
        return None


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _shown(path: str) -> str:
    """``path`` with the bytes that are not UTF-8 written out."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
