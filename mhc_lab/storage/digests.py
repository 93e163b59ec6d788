"""What the files of this machine's disks were when their bytes were last read, so that nothing is read twice.

A file is known by device and inode, and what was read holds as long as size, mtime and ctime are what they were: its folder may be
moved. One that was written to less than two seconds before it was read is not kept, because it could have changed again without its
times telling. The cache can be deleted at any time; that costs time and nothing else.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from mhc_lab.core.garbage import uncollected
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


_READ = "SELECT inode, size_bytes, mtime_ns, ctime_ns, sha256 FROM digests WHERE device = ? AND inode"
_COUNT = "SELECT count(*) FROM digests WHERE device = ? AND inode BETWEEN ? AND ?"
_Row = tuple[int, int, int, int, ByteId]
_MOSTLY = 4
"""Where so many times the files asked for are known between the first and the last, all are read in one go."""
_TOP = 1 << 63


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

    @uncollected()
    def recall(self, files: Sequence[FoundFile]) -> list[ByteId | None]:
        """The byte id of each file that is as it was when it was read; None for the others, and for files without a stamp."""
        inodes: dict[int, list[int]] = {}
        for file in files:
            if stamp := file.stamp:
                inodes.setdefault(stamp[0], []).append(_signed(stamp[1]))
        read = {device: self._read(_signed(device), sorted(some)) for device, some in inodes.items()}
        held: list[ByteId | None] = []
        for _, size_bytes, _, stamp in files:  # written out: this runs for every file of a library
            row = None
            if stamp:
                device, inode, mtime_ns, ctime_ns = stamp
                row = read[device].get(inode if inode < _TOP else _signed(inode))
            is_as_it_was = row and row[1] == size_bytes and row[2] == mtime_ns and row[3] == ctime_ns
            held.append(row[4] if row and is_as_it_was else None)
        return held

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

    def _read(self, device: int, inodes: Sequence[int]) -> dict[int, _Row]:
        """What was read of these, in order and of ``device``, by inode; nothing when the cache turns out to be damaged."""
        between = (device, inodes[0], inodes[-1])
        rows: list[_Row] = []
        try:
            if self._connection.execute(_COUNT, between).fetchone()[0] <= _MOSTLY * len(inodes):
                rows = self._connection.execute(f"{_READ} BETWEEN ? AND ?", between).fetchall()
            else:
                for start in range(0, len(inodes), _AT_ONCE):
                    some = inodes[start : start + _AT_ONCE]
                    which = f"{_READ} IN ({','.join('?' * len(some))})"
                    rows += self._connection.execute(which, (device, *some)).fetchall()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as damaged:
            self._connection.close()
            self._connection = _anew(self._path, damaged)
            return {}
        return {row[0]: row for row in rows}


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


def _signed(number: int) -> int:
    """``number`` of 64 bits as SQLite keeps it."""
    return number if number < _TOP else number - (1 << 64)
