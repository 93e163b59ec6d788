"""Drives what is taken in: follow lists and what feeds tell of in one transaction, media files batch by batch.

Both say what they did with every single thing they were offered, and do nothing when run twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.media.identity import byte_id
from mhc_lab.media.probe import probe
from mhc_lab.services import audit_log, follow_history, following, happenings, media, people
from mhc_lab.services.follow_history import Computed
from mhc_lab.services.following import AddedList
from mhc_lab.services.media import MeasuredFile, Storage
from mhc_lab.sources import follow_lists
from mhc_lab.sources.follow_feed import FollowObservation
from mhc_lab.sources.follow_lists import FollowList, RefusedList
from mhc_lab.sources.follow_names import Direction
from mhc_lab.sources.room_events import RoomEvent
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.store import MARKER, FoundFile
from mhc_lab.workbench import Workbench

BATCH_FILES = 256
"""Files per transaction: a killed ingest loses at most this much work."""

_FAST_CLOCK = timedelta(minutes=5)
"""A clock may be so fast; what is dated later than that is a mistake."""

_FIRST_DAY = datetime(2011, 1, 1, tzinfo=UTC)
"""Before this the site was not there."""

_NEVER = datetime.max.replace(tzinfo=UTC)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OfferedList:
    """What became of one list: its verdict now, or why it was refused."""

    file_name: str
    direction: str
    observed_at: datetime | None
    is_new: bool
    verdict: str
    why: str
    name_count: int = 0
    rejected_rows: tuple[str, ...] = ()
    duplicate_count: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of follow lists did."""

    lists: tuple[OfferedList, ...]
    event_count: int
    observation_count: int = 0
    """Statements about single persons that were offered: of the event feed, of profile pages."""
    new_observation_count: int = 0
    rejected_rows: tuple[str, ...] = ()
    """What was offered beside lists and could not be read, one by one."""
    duplicate_count: int = 0
    room_event_count: int = 0
    """What was offered of what happened in rooms, follows and unfollows among it."""
    new_room_event_count: int = 0

    def count(self, verdict: str) -> int:
        """How many of the lists offered have this verdict now."""
        return sum(offered.verdict == verdict for offered in self.lists)

    @property
    def new_count(self) -> int:
        """How many lists were not here before."""
        return sum(offered.is_new for offered in self.lists)

    def __str__(self) -> str:
        known = len(self.lists) - self.new_count
        verdicts = ", ".join(
            f"{n} {kind}" for kind in ("complete", "partial", "held", "refused") if (n := self.count(kind))
        )
        told = [
            f"; {new:,} of {display.plural(count, noun)} new"
            for new, count, noun in (
                (self.new_observation_count, self.observation_count, "observation"),
                (self.new_room_event_count, self.room_event_count, "room event"),
            )
            if count
        ]
        return (
            f"{display.plural(self.new_count, 'new list')}, {known} known before ({verdicts or 'none'})"
            f"{''.join(told)}; {display.plural(self.event_count, 'event')} in the history"
        )


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest of a folder did, by relative path where somebody may want to look."""

    storage: str
    new_count: int
    known_count: int
    differing: tuple[str, ...]
    """Registered before with other bytes; their rows were kept as they were."""
    flawed: tuple[tuple[str, str], ...]
    """Path and verdict of files that are corrupt or refused; they are registered all the same."""
    unreadable: tuple[str, ...]
    """Could not be opened, or vanished meanwhile; not registered."""

    def __str__(self) -> str:
        parts = [display.plural(self.new_count, "new file"), f"{self.known_count:,} known before"]
        parts += [f"{len(these):,} {word}" for word, these in self._oddities() if these]
        return f"{self.storage}: {', '.join(parts)}"

    def _oddities(self) -> tuple[tuple[str, tuple[object, ...]], ...]:
        return (("differing", self.differing), ("flawed", self.flawed), ("unreadable", self.unreadable))


def import_lists(
    wb: Workbench,
    *paths: Path,
    observed_at: datetime | None = None,
    direction: str | None = None,
    complete: bool | None = None,
    profile_of: str | None = None,
    progress: Progress = SILENT,
) -> Imported:
    """Take in lists, observations and room events of files and folders, and bring the history up to date: all of it, or nothing.

    The keyword values serve files that have no manifest; they are ignored where one speaks. With ``profile_of`` the files are saved
    profile pages of that person.
    """
    mine = _broadcaster(wb)
    read = [
        follow_lists.read_path(
            path,
            observed_at=observed_at,
            direction=direction,
            complete=complete,
            broadcaster=mine,
            profile_of=profile_of,
        )
        for path in paths
    ]
    return take_in(wb, read, progress=progress)


def import_pasted(
    wb: Workbench,
    text: str,
    *,
    observed_at: datetime,
    direction: Direction,
    complete: bool,
    progress: Progress = SILENT,
) -> Imported:
    """Take in the list that somebody pasted, as if it were a file."""
    pasted = follow_lists.read_pasted(
        text, observed_at=observed_at, direction=direction, complete=complete, broadcaster=_broadcaster(wb)
    )
    return take_in(wb, [follow_lists.Offered(lists=(pasted,))], progress=progress)


def take_in(wb: Workbench, read: Sequence[follow_lists.Offered], *, progress: Progress = SILENT) -> Imported:
    """What was read, taken in, and the history brought up to date."""
    offered = sorted((one for every in read for one in every.lists), key=lambda one: one.observed_at or _NEVER)
    now = wb.clock.now()
    offered = [_of_a_possible_time(one, now) for one in offered]
    observed = [one for every in read for one in every.observations]
    believed = [one for one in observed if _is_possible(one.at, now)]
    told = [event for every in read for event in every.events]
    happened = [event for event in told if _is_possible(event.happened_at, now)]
    with wb.transaction() as session:
        added = []
        for count, one in enumerate(offered, start=1):
            added.append(following.add_list(session, one, at=now))
            progress(count, len(offered), "follow lists")
        new = following.add_observations(session, believed, at=now)
        recorded = happenings.record(session, happened, at=now)
        computed = follow_history.update(session, at=now)
        imported = Imported(
            lists=tuple(_outcome(one, result, computed) for one, result in zip(offered, added, strict=True)),
            event_count=computed.event_count,
            observation_count=len(observed),
            new_observation_count=new,
            rejected_rows=(
                *(row for every in read for row in every.rejected_rows),
                *_of_impossible_times(observed, told, now),
            ),
            duplicate_count=sum(every.duplicate_count for every in read),
            room_event_count=len(told),
            new_room_event_count=recorded.new_count,
        )
        _log(wb, session, imported)
    return imported


def _broadcaster(wb: Workbench) -> str | None:
    with wb.reader as session:
        return people.whose(session)


def _of_a_possible_time(one: FollowList | RefusedList, now: datetime) -> FollowList | RefusedList:
    """A list that says it was taken after now, or before there was a site, was taken by a wrong clock: it would come before all others."""
    if one.observed_at is None or _is_possible(one.observed_at, now):
        return one
    said = f"It says it was taken at {one.observed_at:%Y-%m-%d %H:%M} UTC, which"
    why = (
        f"{said} {'is still to come' if one.observed_at > now else 'cannot be'}. Correct its time and import it again."
    )
    return RefusedList(one.file_name, one.file_digest, one.direction, None, why)


def _of_impossible_times(
    observed: Iterable[FollowObservation], told: Iterable[RoomEvent], now: datetime
) -> Iterable[str]:
    """What cannot have happened when it says; a follow in a feed is one thing, although it is read twice."""
    dated = [(one.username, one.at) for one in observed]
    dated += [(event.username.lower() or event.method, event.happened_at) for event in told]
    odd = dict.fromkeys(one for one in dated if not _is_possible(one[1], now))
    return [f"{name}: dated {at:%Y-%m-%d %H:%M}, which cannot be" for name, at in odd]


def _is_possible(at: datetime, now: datetime) -> bool:
    return _FIRST_DAY <= at <= now + _FAST_CLOCK


def _log(wb: Workbench, session: Session, imported: Imported) -> None:
    if imported.new_count or imported.new_observation_count or imported.new_room_event_count:
        details = {
            "lists": imported.new_count,
            "observations": imported.new_observation_count,
            "room_events": imported.new_room_event_count,
            "events": imported.event_count,
        }
        audit_log.append(session, actor=wb.user, action="follow.import", subject="follow lists", details=details)


def _outcome(one: FollowList | RefusedList, result: AddedList, computed: Computed) -> OfferedList:
    verdict = computed.verdicts.get(result.scrape) if result.scrape else None
    if isinstance(one, RefusedList) or verdict is None:
        why = one.why if isinstance(one, RefusedList) else "It was refused before."
        return OfferedList(
            one.file_name, one.direction, one.observed_at, is_new=result.is_new, verdict="refused", why=why
        )
    return OfferedList(
        one.file_name,
        one.direction,
        one.observed_at,
        is_new=result.is_new,
        verdict=str(verdict.kind),
        why=" ".join(filter(None, (verdict.why, result.differs))),
        name_count=len(one.names),
        rejected_rows=one.rejected_rows,
        duplicate_count=one.duplicate_count,
    )


def ingest(wb: Workbench, folder: Path, *, name: str | None = None, progress: Progress = SILENT) -> Ingested:
    """Register every file below ``folder`` with byte id, size, dimensions and verdict; bytes are never touched.

    The folder becomes a storage: it gets a marker file, by which a disk that is absent, empty or another one is told from this one.

    Raises
    ------
    ConfigurationError
        The folder, or the disk it should be on, is not there.
    """
    root = folder.expanduser().absolute()
    store, storage, known = _open_store(wb, root, name or root.name)
    tally = _Tally()
    found = store.files(progress)
    for batch in _batches(found, BATCH_FILES):
        measured = _measure(store, batch, known, tally)
        with wb.transaction() as session:
            tally.new += media.register(session, storage.id, measured, at=wb.clock.now())
        tally.seen += len(batch)
        progress(tally.seen, len(found), "files")
    ingested = tally.result(storage.name, store)
    if ingested.new_count:
        with wb.transaction() as session:
            details = {"new": ingested.new_count, "known": ingested.known_count}
            audit_log.append(session, actor=wb.user, action="media.ingest", subject=storage.name, details=details)
    return ingested


def _open_store(wb: Workbench, root: Path, name: str) -> tuple[DiskStore, Storage, dict[str, ByteId]]:
    with wb.reader as session:
        expected = media.marker_of(session, root)
        others = [one for one in media.storages(session) if one.root != str(root)]
    inner = next((one for one in others if Path(one.root).is_relative_to(root)), None)
    if inner is not None:
        raise RefusedError(
            f"The store {inner.name} lies inside {root}, and every file in it would count twice. Ingest its neighbours one by one.",
            rule="stores do not nest",
        )
    if expected is None and not root.is_dir():
        raise ConfigurationError(
            f"There is no folder {root}. Plug in the disk it is on, or give another folder.", setting="MHC_MEDIA_ROOT"
        )
    store = DiskStore.open(root, marker=expected) if expected else DiskStore.create(root)
    twin = next((one for one in others if one.marker == store.marker and _carries(Path(one.root), store.marker)), None)
    if twin is not None:
        raise RefusedError(
            f"{root} is a copy of the store {twin.name} at {twin.root}: both carry the same marker. "
            f"Remove {MARKER} from the copy, then ingest it as a store of its own.",
            rule="one marker, one store",
        )
    with wb.transaction() as session:
        storage = media.disk_storage(session, root=root, marker=store.marker, name=name)
        return store, storage, media.known_bytes(session, storage.id)


def _carries(root: Path, marker: UUID) -> bool:
    try:
        DiskStore.open(root, marker=marker)
    except ConfigurationError:
        return False
    return True


def _measure(
    store: DiskStore, batch: Sequence[FoundFile], known: dict[str, ByteId], tally: _Tally
) -> list[MeasuredFile]:
    """The files of ``batch`` that have no row yet, measured; the others only counted."""
    measured = []
    for found in batch:
        try:
            with store.read(found.relative_path) as stream:
                digest = byte_id(stream)
                before = known.get(found.relative_path)
                if before is not None:
                    tally.note_known(found, differs=before != digest)
                    continue
                stream.seek(0)
                file = MeasuredFile(found, digest, probe(stream, size=found.size_bytes))
        except (OSError, RefusedError):  # gone, closed, unreadable, or swapped for a link meanwhile; the others go on
            tally.unreadable.append(found.relative_path)
            continue
        measured.append(file)
        tally.note_verdict(file)
    return measured


class _Tally:
    """What was counted so far."""

    def __init__(self) -> None:
        self.seen = self.new = self.known = 0
        self.differing: list[str] = []
        self.flawed: list[tuple[str, str]] = []
        self.unreadable: list[str] = []

    def note_known(self, found: FoundFile, *, differs: bool) -> None:
        if differs:
            self.differing.append(found.relative_path)
        else:
            self.known += 1

    def note_verdict(self, file: MeasuredFile) -> None:
        if file.probe.verdict in {"corrupt", "refused"}:
            self.flawed.append((file.found.relative_path, file.probe.verdict))

    def result(self, storage: str, store: DiskStore) -> Ingested:
        unreadable = (*self.unreadable, *store.unreadable)
        return Ingested(storage, self.new, self.known, tuple(self.differing), tuple(self.flawed), unreadable)


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
