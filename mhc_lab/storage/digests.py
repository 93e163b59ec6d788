"""What the files of this machine's disks were when their bytes were last read, so that nothing is read twice.

A file is known by device and inode, and what was read holds as long as size, mtime and ctime are what they were: its folder may be
moved. One that was written to less than two seconds before it was read is not kept, because it could have changed again without its
times telling. The cache can be deleted at any time; that costs time and nothing else.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

from mhc_lab.core.ids import ByteId
from mhc_lab.storage.store import FoundFile

log = logging.getLogger(__name__)

FILE_NAME = "digests.sqlite"

_RACY_NS = 2_000_000_000
"""FAT keeps times in steps of two seconds."""
_AT_ONCE = 10_000
"""Files asked for in one statement."""
_PATIENCE = 60.0
"""Seconds that another run may hold the file."""
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS digests (
        device INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        read_at_ns INTEGER NOT NULL,
        PRIMARY KEY (device, inode)
    ) WITHOUT ROWID
"""


_READ = "SELECT inode, size_bytes, mtime_ns, ctime_ns, sha256 FROM digests WHERE device = ? AND inode "
_DENSE = 4
"""Files that were made together have neighbouring inodes: where so many times their number spans them, all between are read in one go."""


class DigestCache:
    """The open cache; two runs may share it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path, self._connection = path, connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """The cache at ``path``; a file that is none, or damaged, is begun anew."""
        try:
            return cls(path, _opened(path))
        except sqlite3.OperationalError:  # locked, read-only, full: nothing is wrong with what it holds
            raise
        except sqlite3.DatabaseError as damaged:
            return cls(path, _anew(path, damaged))

    def recall(self, files: Sequence[FoundFile]) -> list[ByteId | None]:
        """The byte id of each file that is as it was when it was read; None for the others, and for files without a stamp."""
        stamps = [file.stamp for file in files if file.stamp]
        read = {
            device: self._read(device, [one.inode for one in stamps if one.device == device])
            for device in {one.device for one in stamps}
        }
        return [_held(read, file) for file in files]

    def remember(self, read: Iterable[tuple[FoundFile, ByteId]], *, began_ns: int) -> None:
        """Keep the byte ids of files that were read from ``began_ns`` (of the system's clock) on."""
        latest = began_ns - _RACY_NS
        rows = [
            (
                _signed(stamp.device),
                _signed(stamp.inode),
                file.size_bytes,
                stamp.mtime_ns,
                stamp.ctime_ns,
                digest,
                began_ns,
            )
            for file, digest in read
            if (stamp := file.stamp) and max(stamp.mtime_ns, stamp.ctime_ns) < latest
        ]
        with self._connection:
            self._connection.executemany("REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, device: int, inodes: Sequence[int]) -> dict[int, tuple[int, int, int, int, str]]:
        """What was read of these, by inode; nothing when the cache turns out to be damaged."""
        read: dict[int, tuple[int, int, int, int, str]] = {}
        ordered = sorted(map(_signed, inodes))
        try:
            for start in range(0, len(inodes), _AT_ONCE):
                some = ordered[start : start + _AT_ONCE]
                is_dense = some[-1] - some[0] < _DENSE * len(some)
                which = "BETWEEN ? AND ?" if is_dense else f"IN ({','.join('?' * len(some))})"
                bounds = (some[0], some[-1]) if is_dense else some
                read.update(
                    {row[0]: row for row in self._connection.execute(_READ + which, (_signed(device), *bounds))}
                )
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as damaged:
            self._connection.close()
            self._connection = _anew(self._path, damaged)
            return {}
        return read


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_PATIENCE)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def _anew(path: Path, damaged: sqlite3.DatabaseError) -> sqlite3.Connection:
    log.warning("The digest cache %s is damaged (%s); every file is read once more.", path.name, damaged)
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    return _opened(path)


def _held(read: Mapping[int, Mapping[int, tuple[int, int, int, int, str]]], file: FoundFile) -> ByteId | None:
    if file.stamp is None:
        return None
    device, inode, mtime_ns, ctime_ns = file.stamp
    row = read[device].get(_signed(inode))
    if row is None or row[1] != file.size_bytes or row[2] != mtime_ns or row[3] != ctime_ns:
        return None
    return ByteId(row[4])


def _signed(number: int) -> int:
    """``number`` of 64 bits as SQLite keeps it."""
    return number - (1 << 64) if number >> 63 else number
