"""The kinds of identifier, so that one is never passed for another."""

from __future__ import annotations

from typing import NewType
from uuid import UUID

PersonId = NewType("PersonId", UUID)
ScrapeId = NewType("ScrapeId", UUID)
StorageId = NewType("StorageId", UUID)
RunId = NewType("RunId", UUID)
NoteId = NewType("NoteId", UUID)
MediaId = NewType("MediaId", UUID)
PersonKey = NewType("PersonKey", bytes)
"""The sixteen bytes of a person's id: what millions of them are counted by, because a ``UUID`` hashes ten times slower."""
ByteId = NewType("ByteId", str)
"""SHA-256 of a file's bytes, 64 lower-case hexadecimal digits."""
ContentId = NewType("ContentId", str)
"""``mci1:<format>:`` and SHA-256 of the coded picture; ``mci1:bytes:`` and the byte id where no rule reads the file."""
LookId = NewType("LookId", str)
"""``phash1:`` and 16 hexadecimal digits: what a picture looks like, never who it is."""
