"""Which bytes the files of a store have: read with two threads, and not again while they are as they were when they were read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from typing import TypeVar

from mhc_lab.core.ids import ByteId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.storage import digests
from mhc_lab.storage.digests import DigestCache
from mhc_lab.storage.store import FoundFile, Store
from mhc_lab.workbench import Workbench

BATCH_FILES = 2048
"""Files that are told at once; a killed run reads at most this many again."""
READERS = 2
"""Threads that read: as many as a disk likes, and more cores would wait for it."""
_AT_ONCE = 128
"""Files that a thread takes at once: handing them over costs as much as reading a small one."""

T = TypeVar("T")
Read = Sequence[tuple[FoundFile, ByteId | None]]
"""Files and their byte ids; None for what could not be read as it was listed."""


def read(wb: Workbench, store: Store, files: Sequence[FoundFile], *, progress: Progress = SILENT) -> Iterator[Read]:
    """Each of ``files`` with its byte id, in batches: first those that were read before, then the others, while more are being read."""
    began_ns = time.time_ns()
    with DigestCache.open(wb.settings.home / digests.FILE_NAME) as cache, _reading() as readers:
        recalled = cache.recall(files)
        unread = [file for file, digest in zip(files, recalled, strict=True) if digest is None]
        coming = chain.from_iterable(readers.map(store.digests, batches(unread, _AT_ONCE)))
        for some, known in zip(batches(files, BATCH_FILES), batches(recalled, BATCH_FILES), strict=True):
            yield [one for one in zip(some, known, strict=True) if one[1] is not None]
        count = len(files) - len(unread)
        for batch in batches(unread, BATCH_FILES):
            found = list(zip(batch, coming, strict=False))
            cache.remember([(file, digest) for file, digest in found if digest], began_ns=began_ns)
            yield found
            count += len(batch)
            progress(count, len(files), "files")


@contextmanager
def _reading() -> Iterator[ThreadPoolExecutor]:
    """Threads that begin nothing new when it is over, however it ends."""
    with ThreadPoolExecutor(READERS) as readers:
        try:
            yield readers
        finally:
            readers.shutdown(wait=False, cancel_futures=True)


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """``items`` in their order, ``size`` at once."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
