"""A store in memory: for tests, and for trying out what a plan would do."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Generator, Iterable, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import BinaryIO
from uuid import UUID, uuid4

from mhc_lab.core.errors import IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.core.names import relative_path as checked
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.storage.store import (
    Capacity,
    FoundFile,
    Put,
    agree,
    copied,
    destination,
    is_kept_out,
    is_litter,
    new_path,
    offline,
    taken,
)

_WRITTEN_NS = 1_767_225_600_000_000_000
"""The first instant of 2026: memory keeps no times."""


class MemoryStore:
    """Files that are gone with the process; ``is_offline`` takes the disk out."""

    def __init__(self, name: str = "memory", *, marker: UUID | None = None) -> None:
        self.root, self.marker = name, marker or uuid4()
        self.unreadable: tuple[str, ...] = ()
        self.litter: tuple[FoundFile, ...] = ()
        self.is_offline = False
        self._contents: dict[str, bytes] = {}

    def files(self, progress: Progress = SILENT) -> tuple[FoundFile, ...]:
        """Every file, sorted by path."""
        paths = sorted(path for path in self._there() if not any(map(is_kept_out, PurePosixPath(path).parts)))
        self.litter = tuple(self._found(path) for path in sorted(self._contents) if is_litter(path))
        progress(len(paths), None, "files found")
        return tuple(self._found(path) for path in paths)

    def stat(self, relative_path: str) -> FoundFile:
        """The file at ``relative_path``."""
        self._content(relative_path)
        return self._found(checked(relative_path))

    def read(self, relative_path: str) -> BinaryIO:
        """Its bytes, as they are now."""
        return io.BytesIO(self._content(relative_path))

    def digests(self, files: Sequence[FoundFile]) -> Generator[ByteId | None, None, None]:
        """The byte id of each."""
        there = self._there()
        for file in files:
            content = there.get(file.relative_path)
            is_as_listed = content is not None and len(content) == file.size_bytes
            yield ByteId(hashlib.sha256(content).hexdigest()) if content is not None and is_as_listed else None

    def put(
        self,
        relative_path: str,
        source: BinaryIO,
        *,
        expected: ByteId | None = None,
        written_at: datetime | None = None,
    ) -> Put:
        """Keep what ``source`` gives."""
        path, kept = new_path(relative_path), io.BytesIO()
        there = self._there()
        _, byte_id = copied(source, kept)
        agree(path, byte_id, expected)
        is_new = not self._is_taken(path)
        if is_new:
            self._refuse_file_as_folder(path)
            there[path] = kept.getvalue()
        elif there.get(path) != kept.getvalue():
            raise taken(path, self.root)
        return Put(self._found(path), byte_id, is_new=is_new)

    def move(self, relative_path: str, to: str) -> None:
        """Rename."""
        path, to = checked(relative_path), destination(relative_path, to)
        content = self._content(path)
        if self._is_taken(to):
            raise taken(to, self.root)
        self._refuse_file_as_folder(to)
        self._contents[to] = content
        del self._contents[path]

    def remove(self, relative_path: str, *, expected: ByteId) -> None:
        """Forget the file."""
        path = checked(relative_path)
        _, found = copied(self.read(path), None)
        if found != expected:
            raise IntegrityError(f'"{path}" in {self.root} has SHA-256 {found}, {expected} was expected. It stays.')
        del self._contents[path]

    def capacity(self) -> Capacity | None:
        """Nobody says."""
        self._there()
        return None

    def _there(self) -> dict[str, bytes]:
        if self.is_offline:
            raise offline(self.root, "it was taken out", remedy="Put it back", setting="MHC_MEDIA_ROOT")
        return self._contents

    def _content(self, relative_path: str) -> bytes:
        path = checked(relative_path)
        if path not in self._there():
            if any(other.startswith(f"{path}/") for other in self._contents):
                raise RefusedError(f'"{path}" in {self.root} is not a file.', rule="regular files only")
            self._refuse_file_as_folder(path)
            raise FileNotFoundError(f'Nothing is at "{path}" in {self.root}.')
        return self._contents[path]

    def _is_taken(self, path: str) -> bool:
        return path in self._contents or any(other.startswith(f"{path}/") for other in self._contents)

    def _refuse_file_as_folder(self, path: str) -> None:
        outer: Iterable[str] = map(str, PurePosixPath(path).parents)
        if any(folder in self._contents for folder in outer):
            raise RefusedError(f'"{path}" in {self.root} leads through a file.', rule="no links")

    def _found(self, path: str) -> FoundFile:
        return FoundFile(path, len(self._contents[path]), _WRITTEN_NS)
