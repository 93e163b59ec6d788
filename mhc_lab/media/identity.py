"""The byte id: integrity and exact duplicates.

It changes with every byte, metadata included; what stays the same under a metadata edit is another name of the file, never this one.
"""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from mhc_lab.core.ids import ByteId

_BUFFER_BYTES = 1 << 18


def byte_id(stream: BinaryIO) -> ByteId:
    """The SHA-256 of everything from where ``stream`` stands; memory stays small whatever its size."""
    digest = hashlib.sha256()
    while block := stream.read(_BUFFER_BYTES):
        digest.update(block)
    return ByteId(digest.hexdigest())
