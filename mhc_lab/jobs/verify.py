"""Every registered file looked for: is it where it should be, with its size, and, when its bytes are read, with these.

Rows are read before the store is listed, so that a file which is not listed was not there; an offline store, or one that suddenly shows
nothing, is one finding and says nothing about any file. What is found is written down batch by batch: a run that was killed goes on
where it stopped, and no file is missed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from mhc_lab.core import display
from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import stores
from mhc_lab.jobs.reading import batches
from mhc_lab.services import verifications
from mhc_lab.services.storages import Storage
from mhc_lab.services.verifications import WHOLE, Problem, Registered, Seen, Slice
from mhc_lab.storage import digests
from mhc_lab.storage.digests import DigestCache
from mhc_lab.storage.store import FoundFile, Store
from mhc_lab.workbench import Workbench

BATCH_FILES = 2048
"""Files per transaction when they are only counted and measured."""
BATCH_READ = 256
"""When their bytes are read: a killed run reads at most so many again."""
_LOOKERS = 8
"""Files looked for at once that the listing does not have."""
_READ_ANYWAY = frozenset({"bytes_differ", "unreadable"})
"""Only reading tells whether what was found by reading is still so."""

_KINDS: dict[Problem, str] = {
    "missing": "missing",
    "size_differs": "of another size",
    "unreadable": "not readable",
}

ROT = "bit rot: size and time are as registered, the bytes are not"
"""How what nobody did is told from what somebody did."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found."""

    storage: str
    part: Slice
    reads_data: bool
    looked_at_count: int
    """By this run; what one that was killed had seen before is not counted again."""
    findings: tuple[Seen, ...]
    """Every file that is not as registered."""
    mended: tuple[str, ...] = ()
    """Paths of files that were not, and are again."""
    stopped: str = ""
    """Why the store could not be looked at, or not to the end; no file is blamed for that."""

    @property
    def has_findings(self) -> bool:
        """Whether anybody has to look after anything."""
        return bool(self.findings or self.stopped)

    def counts(self) -> dict[str, int]:
        """How many files have each problem; bit rot is counted apart from bytes that somebody changed."""
        return dict(Counter(_kind(one) for one in self.findings))

    def __str__(self) -> str:
        which = f"{self.storage} ({self.part})" if self.part.count > 1 else self.storage
        how = "read and compared" if self.reads_data else "looked for and measured"
        said = [f"{display.plural(self.looked_at_count, 'file')} {how}"]
        said += [f"{count:,} {kind}" for kind, count in sorted(self.counts().items())]
        said += ["nothing wrong"] * (not self.has_findings)
        said += [f"{len(self.mended):,} as registered again"] * bool(self.mended)
        stopped = f"\nIt could not be verified to the end. {self.stopped}" if self.stopped else ""
        return f"{which}: {', '.join(said)}{stopped}"


def verify(
    wb: Workbench, storage: Storage, *, reads_data: bool = False, part: Slice = WHOLE, progress: Progress = SILENT
) -> Verified:
    """Look for every live file of ``storage``, or of a part of it; with ``reads_data`` every byte is read and compared.

    What is wrong, and that something is not wrong any more, is written into the library's row of each file. A verification of the same
    kind that was killed is taken up again; without ``reads_data`` only what was found by reading is read.
    """
    tally = _Tally()
    try:
        _verify(wb, storage, tally, progress, reads_data=reads_data, part=part)
    except ConfigurationError as offline:
        tally.stopped = str(offline)
    findings = tuple(sorted(tally.findings, key=lambda one: one.file.relative_path))
    return Verified(storage.name, part, reads_data, tally.count, findings, tuple(tally.mended), tally.stopped)


def is_rot(file: FoundFile, byte_id: ByteId, modified_at: datetime | None, recalled: ByteId | None) -> bool:
    """Whether nobody wrote to ``file`` since it had the registered bytes; ``recalled`` is what the digest cache has for it.

    An edit that keeps the size and sets the time back looks the same, unless the cache has seen the file: nobody sets a ctime back.
    """
    return recalled == byte_id or (file.modified_at is not None and file.modified_at == modified_at)


class _Tally:
    """What was found so far."""

    def __init__(self) -> None:
        self.count = 0
        self.findings: list[Seen] = []
        self.mended: list[str] = []
        self.stopped = ""

    def add(self, seen: Sequence[Seen]) -> None:
        self.count += len(seen)
        self.findings += [one for one in seen if one.problem]
        self.mended += [one.file.relative_path for one in seen if one.file.problem and not one.problem]


def _verify(
    wb: Workbench, storage: Storage, tally: _Tally, progress: Progress, *, reads_data: bool, part: Slice
) -> None:
    store = stores.opened(wb, storage)
    with wb.transaction() as session:
        this = verifications.begin(session, storage.id, part=part, reads_data=reads_data, at=wb.clock.now())
        rows = verifications.waiting(session, this)
    found = {file.relative_path: file for file in store.files(progress)}
    if rows and not found:
        raise ConfigurationError(
            f"The store at {store.root} shows no file at all, and {len(rows):,} are registered there. Is the right disk in its place? "
            "No file was touched, and none is called missing.",
            setting="MHC_MEDIA_ROOT",
        )
    with DigestCache.open(wb.settings.home / digests.FILE_NAME) as cache, _Looking(store, found, cache) as looking:
        for batch in batches(rows, BATCH_READ if reads_data else BATCH_FILES):
            seen = looking.seen(batch, reads_data=reads_data)
            with wb.transaction() as session:
                verifications.note(session, this, seen, at=wb.clock.now())
            tally.add(seen)
            progress(tally.count, len(rows), "files verified")
    with wb.transaction() as session:
        verifications.finish(session, this, at=wb.clock.now())


class _Looking:
    """Looks at files of one store."""

    def __init__(self, store: Store, listed: Mapping[str, FoundFile], cache: DigestCache) -> None:
        self._store, self._listed, self._cache = store, listed, cache
        self._lookers = ThreadPoolExecutor(_LOOKERS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lookers.shutdown()

    def seen(self, rows: Sequence[Registered], *, reads_data: bool) -> list[Seen]:
        """What is wrong with each, in no order."""
        unlisted = [row for row in rows if row.relative_path not in self._listed]
        again = dict(zip(unlisted, self._lookers.map(self._looked_for, unlisted), strict=True))
        placed = [(row, again[row] if row in again else self._listed[row.relative_path]) for row in rows]
        seen: list[Seen] = []
        to_read: list[tuple[Registered, FoundFile]] = []
        for row, file in placed:
            if isinstance(file, Seen):
                seen.append(file)
            elif file.size_bytes != row.size_bytes:
                seen.append(_other_size(row, file))
            elif reads_data or row.problem in _READ_ANYWAY:
                to_read.append((row, file))
            else:
                seen.append(Seen(row, None))
        return seen + self._read(to_read)

    def _looked_for(self, row: Registered) -> FoundFile | Seen:
        """A file that is not on the listing: it may be kept out of it, closed, or come since."""
        try:
            return self._store.stat(row.relative_path)
        except FileNotFoundError:
            return Seen(row, "missing", "missing")
        except (OSError, RefusedError) as failure:
            return Seen(row, "unreadable", f"not readable: {failure}")

    def _read(self, files: Sequence[tuple[Registered, FoundFile]]) -> list[Seen]:
        began_ns = time.time_ns()
        both = list(zip(files, self._store.digests([file for _, file in files]), strict=True))
        right = [(file, digest) for (row, file), digest in both if digest == row.byte_id]
        self._cache.remember(right, began_ns=began_ns)
        return [
            Seen(row, None) if digest == row.byte_id else self._wrong(row, file, digest) for (row, file), digest in both
        ]

    def _wrong(self, row: Registered, file: FoundFile, digest: ByteId | None) -> Seen:
        """A file that was read and is not as registered; one that changed while it was read is read once more."""
        if digest is None:
            again = self._looked_for(row)
            if isinstance(again, Seen):
                return again
            if again.size_bytes != row.size_bytes:
                return _other_size(row, again)
            file, digest = again, next(self._store.digests([again]))
        if digest is None:
            return Seen(row, "unreadable", "not readable: its bytes cannot be read to the end")
        if digest == row.byte_id:
            return Seen(row, None)
        (recalled,) = self._cache.recall([file])
        why = ROT if is_rot(file, row.byte_id, row.modified_at, recalled) else _edited(row, file)
        return Seen(row, "bytes_differ", why)


def _other_size(row: Registered, file: FoundFile) -> Seen:
    return Seen(row, "size_differs", f"{file.size_bytes:,} bytes instead of {row.size_bytes:,}")


def _edited(row: Registered, file: FoundFile) -> str:
    said = f"last written to {display.text(file.modified_at)}, registered as of {display.text(row.modified_at)}"
    return f"edited or replaced by somebody: {said}"


def _kind(one: Seen) -> str:
    if one.problem == "bytes_differ":
        return "with bit rot" if one.why == ROT else "edited"
    return _KINDS[one.problem] if one.problem else ""
