"""Which pictures of persons can be shown now: their bytes are read, compared with what is registered, and decoded."""

from __future__ import annotations

import hashlib
import tempfile
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId, PersonId
from mhc_lab.core.progress import Progress
from mhc_lab.jobs import stores
from mhc_lab.media.examine import Examiner
from mhc_lab.media.probe import Verdict
from mhc_lab.services import baselines, media
from mhc_lab.services.baselines import Copy, PersonPictures
from mhc_lab.storage.store import BLOCK_BYTES, Store
from mhc_lab.workbench import Workbench

_SHOWABLE = frozenset({Verdict.READABLE, Verdict.VIDEO})


@dataclass(frozen=True, slots=True)
class Bound:
    """How much of each person is read at most; their primary picture first, then favourites, then as chance has it."""

    pictures: int
    size_bytes: int


Wanted = tuple[PersonId, str, frozenset[ByteId] | None]
"""Who, their name, and which of their pictures; None: as many as there may be."""


def shown(
    wb: Workbench, wanted: Sequence[Wanted], bound: Bound | None, progress: Progress
) -> tuple[PersonPictures, ...]:
    """What is found of each person; of the pictures that are named, or of as many as there may be."""
    found = []
    with Examiner() as examiner:
        looking = _Looking(stores.Opened(wb), examiner)
        for count, (person, username, named) in enumerate(wanted, start=1):
            with wb.reader as session:
                pictures = _by_bytes(baselines.copies(session, person))
                primary = media.primary(session, person)
            chosen = [one for one in pictures if one in named] if named is not None else _within(pictures, bound)
            working, unseen = looking.working({one: pictures[one] for one in chosen})
            broken = set(chosen) - working - unseen
            stands = primary if primary and primary.byte_id not in broken else None
            found.append(
                PersonPictures(
                    person,
                    username,
                    working=tuple(sorted(working)),
                    broken=tuple(sorted(broken)),
                    unseen=tuple(sorted(unseen)),
                    left_out_count=len(pictures) - len(chosen),
                    primary=stands.byte_id if stands else None,
                    is_chosen=stands is not None and stands.is_primary,
                )
            )
            progress(count, len(wanted), "persons")
    return tuple(found)


def shown_by_anybody(wb: Workbench, pictures: Collection[ByteId]) -> set[ByteId]:
    """Which of these can be shown, whoever's they are."""
    with wb.reader as session:
        copies = _by_bytes(baselines.copies_of_anybody(session, pictures))
    with Examiner() as examiner:
        return _Looking(stores.Opened(wb), examiner).working(copies)[0]


def _by_bytes(copies: Iterable[Copy]) -> dict[ByteId, list[Copy]]:
    pictures = defaultdict[ByteId, list[Copy]](list)
    for copy in copies:
        pictures[copy.byte_id].append(copy)
    return pictures


def _within(pictures: dict[ByteId, list[Copy]], bound: Bound | None) -> list[ByteId]:
    """As many as ``bound`` allows, one at least. Digests are in no order, so the first are as good as any by chance."""
    if bound is None:
        return list(pictures)
    first = sorted(
        pictures,
        key=lambda one: (
            not any(copy.is_primary for copy in pictures[one]), not any(copy.is_favorite for copy in pictures[one]), one
        ),
    )  # fmt: skip
    chosen: list[ByteId] = []
    size = 0
    for one in first[: bound.pictures]:
        size += pictures[one][0].size_bytes
        if chosen and size > bound.size_bytes:
            break
        chosen.append(one)
    return chosen


class _Looking:
    """Reads pictures, wherever a copy of them lies, and has them decoded."""

    def __init__(self, opened: stores.Opened, examiner: Examiner) -> None:
        self._opened, self._examiner = opened, examiner

    def working(self, pictures: dict[ByteId, list[Copy]]) -> tuple[set[ByteId], set[ByteId]]:
        """Those of which a copy can be shown, and those of which none can be reached."""
        handed, working, unseen = deque[ByteId](), set[ByteId](), set[ByteId]()
        for looked in self._examiner.examine_many(self._read(pictures, handed, unseen)):
            byte_id = handed.popleft()
            if looked.probe.verdict in _SHOWABLE:
                working.add(byte_id)
        return working, unseen

    def _read(
        self, pictures: dict[ByteId, list[Copy]], handed: deque[ByteId], unseen: set[ByteId]
    ) -> Iterator[tuple[BinaryIO, int]]:
        """The bytes of each picture that has a copy with the right ones."""
        for byte_id, copies in pictures.items():
            with tempfile.TemporaryFile() as file:
                held = cast("BinaryIO", file)
                is_right = self._has_right(copies, held)
                if is_right:
                    held.flush()
                    handed.append(byte_id)
                    yield held, copies[0].size_bytes
                elif is_right is None:
                    unseen.add(byte_id)

    def _has_right(self, copies: Sequence[Copy], held: BinaryIO) -> bool | None:
        """Whether one of them has the registered bytes, which are in ``held`` then; None when some cannot be reached and no other has."""
        said: set[bool | None] = set()
        for copy in copies:
            held.seek(0)
            held.truncate()
            said.add(self._is_right(copy, held))
            if True in said:
                return True
        return None if None in said else False

    def _is_right(self, copy: Copy, held: BinaryIO) -> bool | None:
        store = self._opened.of(copy.storage)
        if isinstance(store, str):
            return None
        try:
            return _read_whole(store, copy.relative_path, held) == copy.byte_id
        except ConfigurationError:  # it went offline meanwhile
            return None


def _read_whole(store: Store, path: str, held: BinaryIO) -> ByteId | None:
    """The byte id of what is at ``path``, written to ``held`` too; None when it cannot be read: a full disk here is no such thing."""
    digest = hashlib.sha256()
    try:
        source = store.read(path)
    except (OSError, RefusedError):
        return None
    with source:
        while True:
            try:
                block = source.read(BLOCK_BYTES)
            except (OSError, IntegrityError):
                return None
            if not block:
                return ByteId(digest.hexdigest())
            digest.update(block)
            held.write(block)
