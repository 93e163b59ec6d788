"""An object as it arrives from a bucket: hashed on the way, and a failure at its end when other bytes belong there."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mhc_lab.core.errors import IntegrityError
from mhc_lab.storage.bucket import Seen

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Arriving(io.RawIOBase):
    """The blocks of an object as a stream that fails at its end when they are not what belongs there."""

    def __init__(self, seen: Seen, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._seen, self._blocks = seen, blocks
        self._rest = memoryview(b"")
        self._digest, self._size = hashlib.sha256(), 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """The next bytes."""
        if not self._rest:
            self._rest = memoryview(self._next())
        into = memoryview(buffer).cast("B")
        count = min(len(into), len(self._rest))
        into[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _next(self) -> bytes:
        block = next((block for block in self._blocks if block), b"")
        self._digest.update(block)
        self._size += len(block)
        if not block:
            self._compare()
        return block

    def _compare(self) -> None:
        wanted = self._seen.sha256 or self._digest.hexdigest()
        if (self._size, self._digest.hexdigest()) != (self._seen.size_bytes, wanted):
            raise IntegrityError(
                f'Of "{self._seen.key}" came {self._size:,} bytes of SHA-256 {self._digest.hexdigest()}; '
                f"{self._seen.size_bytes:,} of {wanted} belong there. Read it again; when it stays so, restore it from another copy."
            )
