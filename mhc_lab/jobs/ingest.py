"""Files taken in from a store: every byte is read once, then every file is looked into, and nothing on the store is changed.

The first pass says where which bytes lie; the second what they show. Both go on where they were stopped, and a file that is as it was
is not read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from mhc_lab.core import display
from mhc_lab.core.errors import IntegrityError, RefusedError
from mhc_lab.core.garbage import uncollected
from mhc_lab.core.ids import ByteId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import reading, setting_aside, stores, views
from mhc_lab.media.examine import Examined, Examiner
from mhc_lab.media.probe import Verdict
from mhc_lab.services import audit_log, media_intake
from mhc_lab.services.media_intake import HashedFile, Unexamined
from mhc_lab.services.storages import Storage
from mhc_lab.storage.store import FoundFile, Store
from mhc_lab.workbench import Workbench

_LOOKED_AT_ONCE = 200
"""Files looked into before what was found is written down."""
_EXAMINERS = 2
"""Processes that look into files."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest did, by relative path where somebody may want to look."""

    storage: str
    new_count: int
    known_count: int
    deleted_count: int
    """Registered with the same bytes, and thrown away since: they stay so until they are restored."""
    differing: tuple[str, ...]
    """Registered before with other bytes; their rows were kept as they were."""
    flawed: tuple[tuple[str, str], ...]
    """Path and verdict of files that are corrupt or refused; they are registered all the same."""
    unreadable: tuple[str, ...]
    """Could not be opened, vanished, or were written to meanwhile; not registered."""

    def __str__(self) -> str:
        parts = [display.plural(self.new_count, "new file"), f"{self.known_count:,} known before"]
        parts += [f"{self.deleted_count:,} thrown away before"] if self.deleted_count else []
        parts += [f"{len(these):,} {word}" for word, these in self._oddities() if these]
        return f"{self.storage}: {', '.join(parts)}"

    def _oddities(self) -> tuple[tuple[str, tuple[object, ...]], ...]:
        return (("differing", self.differing), ("flawed", self.flawed), ("unreadable", self.unreadable))


@dataclass(slots=True)
class Tally:
    """What the first pass counted."""

    new: int
    known: int
    deleted: int
    differing: list[str]
    unreadable: list[str]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the library says of the files of a storage."""

    live: Mapping[str, ByteId]
    deleted: Set[tuple[str, ByteId]]


def ingest(wb: Workbench, place: Path | str, *, name: str | None = None, progress: Progress = SILENT) -> Ingested:
    """Register every file below ``place``, a folder or s3://bucket/prefix and a storage from now on, and look into those that are new.

    Raises
    ------
    ConfigurationError
        The folder, or the disk it should be on, is not there.
    RefusedError
        It is part of another storage, a copy of one, or a storage that was deactivated.
    """
    store, storage = stores.adopt(wb, str(place), name=name)
    tally = register(wb, store, storage, progress=progress)
    flawed = examine(wb, store, storage, progress=progress)
    unreadable = (*tally.unreadable, *store.unreadable)
    ingested = Ingested(storage.name, tally.new, tally.known, tally.deleted, tuple(tally.differing), flawed, unreadable)
    if ingested.new_count:
        with wb.transaction() as session:
            details = {"new": ingested.new_count, "known": ingested.known_count}
            audit_log.append(session, actor=wb.user, action="media.ingest", subject=storage.name, details=details)
        views.follow(wb, {storage.name})
    return ingested


def examine(
    wb: Workbench, store: Store, storage: Storage, *, progress: Progress = SILENT
) -> tuple[tuple[str, str], ...]:
    """Look into every registered file of ``storage`` nobody has looked into; path and verdict of what is damaged or dangerous."""
    flawed: list[tuple[str, str]] = []
    with wb.reader as session:
        waiting = media_intake.unexamined(session, storage.id)
    with ExitStack() as stack, ThreadPoolExecutor(_EXAMINERS) as pool:
        examiners = [stack.enter_context(Examiner()) for _ in range(_EXAMINERS)]
        for count, batch in _counted(reading.batches(waiting, _LOOKED_AT_ONCE)):
            shares = [batch[number::_EXAMINERS] for number in range(_EXAMINERS)]
            looked = [one for some in pool.map(partial(_looked, store), examiners, shares) for one in some]
            with wb.transaction() as session:
                media_intake.examined(session, [(file.id, found) for file, found in looked], at=wb.clock.now())
            flawed += [
                (file.relative_path, found.probe.verdict)
                for file, found in looked
                if found.probe.verdict in {Verdict.CORRUPT, Verdict.REFUSED}
            ]
            progress(count, len(waiting), "files looked into")
    return tuple(sorted(flawed))


def _looked(store: Store, examiner: Examiner, files: Sequence[Unexamined]) -> list[tuple[Unexamined, Examined]]:
    """What these files show; one that is gone, closed or damaged waits for every later ingest, and a verification says what is wrong."""
    looked = []
    for file in files:
        with suppress(OSError, RefusedError, IntegrityError), store.read(file.relative_path) as stream:
            looked.append((file, examiner.examine(stream, size=file.size_bytes)))
    return looked


def register(wb: Workbench, store: Store, storage: Storage, *, progress: Progress = SILENT) -> Tally:
    """A row for every file that has none; the rows of one batch are written while the next is read."""
    with uncollected(), ThreadPoolExecutor(1) as beside:
        rows = beside.submit(_known, wb, storage)  # the database answers while the store is listed
        found = store.files(progress)
        known = rows.result()
    tally = Tally(0, 0, 0, [], [])
    with _Writer(wb, store, storage, tally) as writer:
        for batch in reading.read(wb, store, found, progress=progress):
            tally.unreadable += [file.relative_path for file, digest in batch if not digest]
            writer.write(_without_row(batch, known, tally))
    return tally


def _known(wb: Workbench, storage: Storage) -> _Known:
    with wb.reader as session:
        return _Known(media_intake.known_bytes(session, storage.id), media_intake.thrown_away(session, storage.id))


class _Writer:
    """Writes rows in a thread of its own, one batch behind; what is being set aside gets none."""

    def __init__(self, wb: Workbench, store: Store, storage: Storage, tally: Tally) -> None:
        self._wb, self._store, self._storage, self._tally = wb, store, storage, tally
        self._thread = ThreadPoolExecutor(1)
        self._writing: Future[int] | None = None

    def write(self, files: Sequence[HashedFile]) -> None:
        """Hand over rows for these; wait for those handed over before."""
        self._finish()
        if files:
            self._writing = self._thread.submit(self._write, files)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._thread:
            self._finish()

    def _finish(self) -> None:
        writing, self._writing = self._writing, None
        self._tally.new += writing.result() if writing else 0

    def _write(self, files: Sequence[HashedFile]) -> int:
        with self._wb.transaction() as session:
            found = [file.found for file in files]
            staying = setting_aside.staying(session, self._store, self._storage.id, found)
            new = [file for file in files if file.found.relative_path in staying]
            return media_intake.register(session, self._storage.id, new, at=self._wb.clock.now())


def _without_row(files: Iterable[tuple[FoundFile, ByteId | None]], known: _Known, tally: Tally) -> list[HashedFile]:
    """Those that were read and have no row; the others that were read are counted."""
    new = []
    for file, digest in files:
        if digest is None:
            continue
        before = known.live.get(file.relative_path)
        if before == digest:
            tally.known += 1
        elif before is None and (file.relative_path, digest) in known.deleted:
            tally.deleted += 1
        elif before is None:
            new.append(HashedFile(file, digest))
        else:
            tally.differing.append(file.relative_path)
    return new


def _counted(batches: Iterator[Sequence[T]]) -> Iterator[tuple[int, Sequence[T]]]:
    count = 0
    for batch in batches:
        count += len(batch)
        yield count, batch
