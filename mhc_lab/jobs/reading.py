"""Which bytes the files of a store have: read once, and not again while they are as they were when they were read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TypeVar

from mhc_lab.core.ids import ByteId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.storage import digests
from mhc_lab.storage.digests import DigestCache
from mhc_lab.storage.store import FoundFile, Store, some_at_once
from mhc_lab.workbench import Workbench

BATCH_FILES, BATCH_BYTES = 2048, 1 << 30
"""Files that are told at once; a killed run reads at most this many again."""

T = TypeVar("T")
Read = Sequence[tuple[FoundFile, ByteId | None]]
"""Files and their byte ids; None for what could not be read as it was listed."""


def read(wb: Workbench, store: Store, files: Sequence[FoundFile], *, progress: Progress = SILENT) -> Iterator[Read]:
    """Each of ``files`` with its byte id, in batches: first those that were read before, then the others, while more are being read."""
    began_ns = time.time_ns()
    with DigestCache.open(wb.settings.home / digests.FILE_NAME) as cache:
        recalled = cache.recall(files)
        unread = [file for file, digest in zip(files, recalled, strict=True) if digest is None]
        for some, known in zip(batches(files, BATCH_FILES), batches(recalled, BATCH_FILES), strict=True):
            yield [one for one in zip(some, known, strict=True) if one[1] is not None]
        count = len(files) - len(unread)
        with closing(store.digests(unread)) as coming:
            for batch in some_at_once(unread, count=BATCH_FILES, size_bytes=BATCH_BYTES):
                found = list(zip(batch, coming, strict=False))
                cache.remember([(file, digest) for file, digest in found if digest], began_ns=began_ns)
                yield found
                count += len(batch)
                progress(count, len(files), "files")


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """``items`` in their order, ``size`` at once."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
