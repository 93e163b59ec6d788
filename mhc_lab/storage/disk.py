"""A folder, or a disk mounted there, that holds files: known by its marker, used below its root without following links.

A root that is absent, without its marker, or with the marker of another store is *offline*, never empty: nobody may conclude from a
disk that is not there that its files are gone. Every call opens the root anew, proves that it is still the same one, and does all its work
through that descriptor. No handle stays open between two calls, so a disk can be taken out at any time.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from datetime import datetime
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO, Self
from uuid import UUID

from mhc_lab.core import home
from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.garbage import uncollected
from mhc_lab.core.ids import ByteId
from mhc_lab.core.names import relative_path as checked
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.storage import aside, layout
from mhc_lab.storage.beneath import FILE, FOLDER, LEADS_OUT, open_beneath, rename_new
from mhc_lab.storage.hashing import BUFFER_BYTES, Hashers, ReadFile, hashed
from mhc_lab.storage.store import (
    MARKER,
    MARKER_BYTES,
    OURS,
    SYSTEM,
    Capacity,
    FoundFile,
    Put,
    Stamp,
    agree,
    copied,
    destination,
    in_order,
    is_utf8,
    new_marker,
    new_path,
    offline,
    read_marker,
    shown,
    some_at_once,
    taken,
)

_PATH = attrgetter("relative_path")
_tuple = tuple.__new__
"""Makes a named tuple in two thirds of the time of its own call, which counts for hundreds of thousands."""
_GONE = frozenset({errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.ESTALE, errno.ESHUTDOWN})
READERS = 2
"""As many files are read at once as a disk likes; more cores would wait for it."""
_MANY = 1000
"""From so many on it is worth it to start processes that read them."""
_SHARE_FILES, _SHARE_BYTES = 128, 64 << 20
_HashAll = Callable[[int, Sequence[str]], "list[ReadFile | None]"]
_REMEDY = "Plug the disk in, or correct MHC_MEDIA_ROOT"


class DiskStore:
    """An open store on a disk."""

    def __init__(self, folder: Path, *, marker: UUID, place: tuple[int, int]) -> None:
        self.root, self.folder, self.marker = str(folder), folder, marker
        self.unreadable: tuple[str, ...] = ()
        """What the last listing left out and somebody may miss: links, pipes, closed folders, names that are not UTF-8."""
        self.litter: tuple[FoundFile, ...] = ()
        self._place = place
        self._synced: set[str] = set()
        """Folders whose way from the root survives a power cut."""
        self._swept: set[str] = set()
        """Folders without left-overs of killed processes."""

    @classmethod
    def open(cls, root: Path, *, marker: UUID | None) -> Self:
        """The store at ``root``; ``marker`` is the one it has to carry, None accepts any.

        Raises
        ------
        ConfigurationError
            It is offline: nothing is there, no store, or another one.
        """
        with _opened(root) as handle:
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
        with _opened(root) as handle:
            try:
                with suppress(FileExistsError):
                    _write_marker(handle)
            except OSError as failure:
                raise ConfigurationError(
                    f"{root} cannot be marked as a store ({failure.strerror}). Make it writable, or correct MHC_MEDIA_ROOT.",
                    setting="MHC_MEDIA_ROOT",
                ) from failure
        return cls.open(root, marker=None)

    def files(self, progress: Progress = SILENT) -> tuple[FoundFile, ...]:
        """Every regular file, sorted by path; our own, the system's and views stay out, :attr:`unreadable` says what else did."""
        found: list[FoundFile] = []
        unreadable: list[str] = []
        litter: list[FoundFile] = []
        folders = [""]
        with uncollected(), self.at_root() as root:
            while folders:
                folder = folders.pop()
                try:
                    self._list(root, folder, folders, found, unreadable, litter)
                except (PermissionError, FileNotFoundError, RefusedError):  # closed, gone, or a link by now
                    unreadable.append(folder)
                progress(len(found), None, "files found")
        with self.at_root():  # a disk that was pulled meanwhile may have told less than it holds
            self.unreadable, self.litter = tuple(sorted(unreadable)), tuple(sorted(litter))
        return tuple(sorted(found, key=_PATH))

    def stat(self, relative_path: str) -> FoundFile:
        """The file at ``relative_path``."""
        with self.at_root() as root, self._regular(root, checked(relative_path)) as handle:
            return _found(checked(relative_path), os.fstat(handle))

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
        with self.at_root() as root, self._regular(root, checked(relative_path)) as handle:
            return os.fdopen(os.dup(handle), "rb")

    def digests(self, files: Sequence[FoundFile]) -> Generator[ByteId | None, None, None]:
        """The byte id of each; many are read by processes of their own. The root is proved before and after every share of them."""
        with ExitStack() as stack:
            hash_all = stack.enter_context(Hashers(READERS)).hashed if len(files) >= _MANY else _hashed_here
            threads = stack.enter_context(ThreadPoolExecutor(READERS))
            shares = some_at_once(files, count=_SHARE_FILES, size_bytes=_SHARE_BYTES)
            read = stack.enter_context(closing(in_order(threads, partial(self._digests, hash_all), shares)))
            yield from chain.from_iterable(read)

    def _digests(self, hash_all: _HashAll, files: Sequence[FoundFile]) -> list[ByteId | None]:
        with self.at_root() as root:
            read = hash_all(root, [file.relative_path for file in files])
        with self.at_root():  # what a disk that was pulled meanwhile could not give is not gone
            return [_as_listed(file, one) for file, one in zip(files, read, strict=True)]

    def put(
        self,
        relative_path: str,
        source: BinaryIO,
        *,
        expected: ByteId | None = None,
        written_at: datetime | None = None,
    ) -> Put:
        """Keep what ``source`` gives: written aside, synced, read again, then named; the folders on the way are made.

        What a killed put left behind is removed by a later one into the same folder, a day after it was last written to.
        """
        path = new_path(relative_path)
        folder, _, name = path.rpartition("/")
        with self.at_root() as root:
            if self._is_taken(root, path):
                size, byte_id = copied(source, None)
                agree(path, byte_id, expected)
                return self._compared(root, path, size, byte_id)
            with self.blamed():
                if aside.make_folders(root, folder):
                    self._synced.discard(folder)
            with self._opened(root, folder) as into, aside.written_aside(into, self.blamed) as new:
                byte_id = new.fill(path, source, expected)
                size = os.fstat(new.handle).st_size
                try:
                    new.settle(name)
                except FileExistsError:  # somebody was faster
                    return self._compared(root, path, size, byte_id)
                with self._regular(root, path) as there:
                    if _place(there) != _place(new.handle):
                        raise RefusedError(f'The way to "{path}" in {self.root} changed meanwhile.', rule="no links")
                self._sync(root, folder, into)
                self._sweep(folder, into, now=os.fstat(new.handle).st_mtime)
                if written_at:
                    new.date(written_at)
                return Put(_found(path, os.fstat(new.handle)), byte_id, is_new=True)

    def move(self, relative_path: str, to: str) -> None:
        """Rename; the folders on the way are made, the one that was left stays."""
        path, to = checked(relative_path), destination(relative_path, to)
        (old, _, name), (folder, _, new_name) = path.rpartition("/"), to.rpartition("/")
        with self.at_root() as root, self._regular(root, path) as handle, self.blamed():
            if self._is_taken(root, to):
                raise taken(to, self.root)
            if aside.make_folders(root, folder):
                self._synced.discard(folder)
            with self._opened(root, old) as source, self._opened(root, folder) as into:
                rename_new(source, name, into, new_name)
                if _place_of(new_name, into) != _place(handle):  # swapped after it was looked at
                    rename_new(into, new_name, source, name)
                    raise RefusedError(f'"{path}" in {self.root} was replaced while it was moved.', rule="no links")
                self._sync(root, folder, into)
                os.fsync(source)

    def remove(self, relative_path: str, *, expected: ByteId) -> None:
        """Unlink the file after every byte of it was read again; its folder stays."""
        path = checked(relative_path)
        folder, _, name = path.rpartition("/")
        with self.at_root() as root, self._regular(root, path) as handle:
            with os.fdopen(os.dup(handle), "rb") as again:
                _, found = copied(again, None)
            if found != expected:
                raise IntegrityError(
                    f'"{path}" in {self.root} has SHA-256 {found}, {expected} was expected. It stays where it is.'
                )
            with self._opened(root, folder) as inside, self.blamed():
                if _place_of(name, inside) != _place(handle):
                    raise RefusedError(f'"{path}" in {self.root} was replaced while it was read.', rule="no links")
                os.unlink(name, dir_fd=inside)
                os.fsync(inside)

    def capacity(self) -> Capacity:
        """Total and free bytes of the file system the root is on."""
        with self.at_root() as root:
            status = os.fstatvfs(root)
        return Capacity(status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize)

    def _list(
        self,
        root: int,
        folder: str,
        folders: list[str],
        found: list[FoundFile],
        unreadable: list[str],
        litter: list[FoundFile],
    ) -> None:
        """Add what is in ``folder`` to the four lists. Written out where a call for every file would double its time."""
        has_views = layout.is_view(folder)
        with self._opened(root, folder) as handle, self._scanned(handle) as entries:
            for entry in entries:
                name = entry.name
                if name in SYSTEM:
                    litter += _litter(folder + name, entry)
                    continue
                if name.startswith(OURS):
                    continue
                path = folder + name
                if not name.isascii() and not is_utf8(name):
                    unreadable.append(shown(path))
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(f"{path}/")
                elif entry.is_file(follow_symlinks=False) and (status := _status(entry)):
                    found.append(_found(path, status))
                elif not (has_views and entry.is_symlink()):
                    unreadable.append(path)

    @contextmanager
    def _scanned(self, handle: int) -> Iterator[Iterator[os.DirEntry[str]]]:
        try:
            with os.scandir(handle) as entries:
                yield entries
        except (PermissionError, FileNotFoundError):
            raise
        except OSError as failure:
            raise _offline(self.folder, f"it could not be listed ({failure.strerror})") from failure

    @contextmanager
    def at_root(self) -> Iterator[int]:
        """The root, when it is still the one this store was opened at and carries its marker."""
        with _opened(self.folder) as root:
            if _place(root) != self._place:
                raise _offline(self.folder, "it was taken out or replaced meanwhile")
            found = _marker(self.folder, root)  # the next disk in the same socket has the same numbers
            if found != self.marker:
                raise _offline(self.folder, f"another disk is there: it is marked {found}, {self.marker} is wanted")
            yield root

    @contextmanager
    def _opened(self, root: int, path: str, flags: int = FOLDER) -> Iterator[int]:
        """What lies at ``path``, for the length of a ``with`` block."""
        try:
            handle = open_beneath(root, path, flags)
        except OSError as failure:
            if failure.errno in LEADS_OUT:
                raise RefusedError(
                    f'"{path}" in {self.root} leads through a link or a file.', rule="no links"
                ) from failure
            if failure.errno in _GONE:
                raise _offline(self.folder, f"it does not answer ({failure.strerror})") from failure
            raise
        try:
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _regular(self, root: int, path: str) -> Iterator[int]:
        with self._opened(root, path, FILE) as handle:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise RefusedError(f'"{path}" in {self.root} is not a file.', rule="regular files only")
            yield handle

    def _is_taken(self, root: int, path: str) -> bool:
        """Whether anything is there, be it a folder or closed to us."""
        folder, _, name = path.rpartition("/")
        try:
            with self._opened(root, folder) as inside:
                os.stat(name, dir_fd=inside, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def _compared(self, root: int, path: str, size: int, byte_id: ByteId) -> Put:
        """What is at ``path`` already, when that has the same bytes and exactly that name."""
        folder, _, name = path.rpartition("/")
        try:
            with self._regular(root, path) as handle, self._opened(root, folder) as inside:
                status = os.fstat(handle)
                with os.fdopen(os.dup(handle), "rb") as there:
                    is_same = status.st_size == size and copied(there, None) == (size, byte_id)
                if not is_same or not _is_exactly(name, inside, status):
                    raise taken(path, self.root)
                with self.blamed():
                    os.fsync(handle)
                    self._sync(root, folder, inside)
                return Put(_found(path, status), byte_id, is_new=False)
        except RefusedError as refused:
            raise taken(path, self.root) from refused

    def _sync(self, root: int, folder: str, handle: int) -> None:
        """Make the names in ``folder`` survive a power cut, the first time also the way to it."""
        with self.blamed():
            if folder in self._synced:
                os.fsync(handle)
            else:
                aside.sync_folders(root, folder)
        self._synced.add(folder)

    def _sweep(self, folder: str, handle: int, *, now: float) -> None:
        if folder not in self._swept:
            with self.blamed():
                aside.sweep(handle, now=now)
            self._swept.add(folder)

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Failures of this disk, said of it."""
        try:
            yield
        except (FileExistsError, FileNotFoundError):
            raise
        except OSError as failure:
            if failure.errno in LEADS_OUT:
                raise RefusedError(f"A link was put into the way in {self.root}.", rule="no links") from failure
            reason = home.why(failure) or f"failed ({failure.strerror})"
            raise ConfigurationError(
                f"The disk of the store at {self.root} {reason}. Nothing was kept; free it, check it, or correct MHC_MEDIA_ROOT.",
                setting="MHC_MEDIA_ROOT",
            ) from failure


@contextmanager
def _opened(root: Path) -> Iterator[int]:
    try:
        handle = os.open(root, FOLDER)
    except OSError as failure:
        raise _offline(root, f"nothing can be read there ({failure.strerror})") from failure
    try:
        yield handle
    finally:
        os.close(handle)


def _offline(root: Path, why: str) -> ConfigurationError:
    return offline(str(root), why, remedy=_REMEDY, setting="MHC_MEDIA_ROOT")


def _place(handle: int) -> tuple[int, int]:
    """Device and inode: another disk, or the bare mount point, is another place."""
    status = os.fstat(handle)
    return status.st_dev, status.st_ino


def _place_of(name: str, folder: int) -> tuple[int, int]:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return status.st_dev, status.st_ino


def _is_exactly(name: str, folder: int, status: os.stat_result) -> bool:
    """Whether ``folder`` has that very name, and not a twin of it that it takes for the same."""
    if all(_inode(twin, folder) != status.st_ino for twin in layout.twins(name)):
        return True
    return name in os.listdir(folder)


def _inode(name: str, folder: int) -> int | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_ino
    except OSError:
        return None


def _marker(root: Path, folder: int) -> UUID:
    try:
        handle = open_beneath(folder, MARKER, FILE)
    except OSError as failure:
        raise _offline(root, f"its marker {MARKER} cannot be read ({failure.strerror})") from failure
    with os.fdopen(handle, "rb") as file:
        try:
            return read_marker(file.read(MARKER_BYTES))
        except (ValueError, OSError) as failure:
            raise _offline(root, f"its marker {MARKER} is damaged") from failure


def _write_marker(folder: int) -> None:
    """A marker, where there is none; written aside, because one that is half written would be a damaged one for ever."""
    with suppress(FileNotFoundError):
        os.stat(MARKER, dir_fd=folder, follow_symlinks=False)
        return
    with aside.written_aside(folder, nullcontext) as new:
        new.fill(MARKER, io.BytesIO(new_marker()), None)
        os.fchmod(new.handle, 0o644)
        new.settle(MARKER)
        os.fsync(folder)


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except (PermissionError, FileNotFoundError):
        return None


def _litter(path: str, entry: os.DirEntry[str]) -> list[FoundFile]:
    status = _status(entry)
    if status is None:
        return []
    return [_found(f"{path}/" if stat.S_ISDIR(status.st_mode) else path, status)]


def _found(path: str, status: os.stat_result) -> FoundFile:
    written_ns = status.st_mtime_ns
    stamp = _tuple(Stamp, (status.st_dev, status.st_ino, written_ns, status.st_ctime_ns))
    return _tuple(FoundFile, (path, status.st_size, written_ns, stamp))


def _hashed_here(root: int, paths: Sequence[str]) -> list[ReadFile | None]:
    buffer = bytearray(BUFFER_BYTES)
    return [hashed(root, path, buffer) for path in paths]


def _as_listed(file: FoundFile, read: ReadFile | None) -> ByteId | None:
    """The byte id of a file that was read as it had been listed."""
    if read is None or read.size_bytes != file.size_bytes or read[2:] != file.stamp:
        return None
    return ByteId(read.sha256.hex())
