"""What is looked at before a file leaves: its bytes and those of its keeper, its row, and whether another row is about it, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import ByteId, MediaId, StorageId
from mhc_lab.jobs.stores import Opener
from mhc_lab.schema.media import media_locator
from mhc_lab.services import media_audit, quarantine
from mhc_lab.services.media_audit import Row
from mhc_lab.services.quarantine import Leaving
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.layout import folded, twins
from mhc_lab.storage.store import FoundFile, Store

_ASKED = 16
"""Files that a store is asked for at once: a bucket answers as soon for many as for one."""

TWIN = "it is the file of another row, too, which stays"
SHARED = "it is the very file that should stay"
_ALREADY = "another run sets it aside already"

Place = tuple[StorageId, str]
Found = tuple[object, ByteId | None]
"""The address of a file and which bytes it has."""
NOTHING: Found = (None, None)


def objections(
    session: Session, opened: Opener, leaving: Sequence[Leaving], rows: Mapping[MediaId, Row]
) -> dict[str, str]:
    """Why files have to stay, by name, read now; ``rows`` are their own and those of their keepers, locked."""
    found = read(opened, _places(leaving, rows))
    others = _twins(session, opened, leaving) | _meant(session, leaving)
    already = _leaving_already(session, leaving)
    return {
        one.name: why
        for one in leaving
        if (why := _ALREADY if (one.storage, one.relative_path) in already else _objection(one, rows, found, others))
    }


def is_meant(byte_id: ByteId, live: Row | None) -> bool:
    """Whether the file with these bytes is that of the live row of its place: a row about other bytes waits for those."""
    return live is not None and live.byte_id == byte_id


def _places(leaving: Sequence[Leaving], rows: Mapping[MediaId, Row]) -> set[Place]:
    keepers = (rows[one.keeper] for one in leaving if one.keeper and one.keeper in rows)
    return {(one.storage, one.relative_path) for one in leaving} | {
        (row.storage_id, row.relative_path) for row in keepers
    }


def read(opened: Opener, places: Iterable[Place]) -> dict[Place, Found]:
    """What lies in each place now and which bytes it has; a place with nothing in it is left out."""
    by_storage: dict[StorageId, list[str]] = defaultdict(list)
    for storage, path in sorted(places):
        by_storage[storage].append(path)
    return {
        (storage, file.relative_path): (_address(opened(storage), file), digest)
        for storage, paths in by_storage.items()
        for file, digest in _digests(opened(storage), paths)
    }


def _digests(store: Store, paths: Sequence[str]) -> Iterable[tuple[FoundFile, ByteId | None]]:
    with ThreadPoolExecutor(_ASKED) as asking:
        files = [file for file in asking.map(partial(stat, store), paths) if file]
    return zip(files, store.digests(files), strict=True)


def stat(store: Store, path: str) -> FoundFile | None:
    """What is at ``path``; None when that is nothing, or no file that can be looked at."""
    try:
        return store.stat(path)
    except (OSError, RefusedError):
        return None


def _twins(session: Session, opened: Opener, leaving: Sequence[Leaving]) -> set[Place]:
    """Places whose file is that of another live row, too: the disk takes two spellings for one name."""
    folding = [one for one in leaving if _folds(opened(one.storage), one.relative_path)]
    if not folding:
        return set()
    spelt = sa.func.normalize(sa.func.lower(media_locator.c.relative_path))
    given = [sa.func.normalize(sa.func.lower(one.relative_path)) for one in folding]
    near = sa.select(media_locator.c.storage_id, media_locator.c.relative_path).where(
        media_locator.c.deleted_at.is_(None), spelt.in_(given)
    )
    live: dict[tuple[StorageId, str], list[str]] = defaultdict(list)
    for storage, path in session.execute(near):
        live[storage, folded(path)].append(path)
    return {
        (one.storage, one.relative_path)
        for one in folding
        for path in live[one.storage, folded(one.relative_path)]
        if path != one.relative_path and _is_one_file(opened(one.storage), one.relative_path, path)
    }


def _meant(session: Session, leaving: Sequence[Leaving]) -> set[Place]:
    """Places whose file is that of another live row, which came since the plan was made."""
    live = media_audit.live(session, {(one.storage, one.relative_path) for one in leaving})
    return {
        here
        for one in leaving
        if (row := live.get(here := (one.storage, one.relative_path)))
        and row.id != one.media
        and is_meant(one.byte_id, row)
    }


def _leaving_already(session: Session, leaving: Sequence[Leaving]) -> set[Place]:
    """Places whose file is still to leave for another run, which was killed or is at work."""
    by_storage: dict[StorageId, list[str]] = defaultdict(list)
    for one in leaving:
        by_storage[one.storage].append(one.relative_path)
    return {
        (storage, path)
        for storage, paths in by_storage.items()
        for path, states in quarantine.left(session, storage, paths).items()
        if "leaving" in states
    }


def _folds(store: Store, path: str) -> bool:
    """Whether this is a disk that finds the file under another spelling, too."""
    folder, _, name = path.rpartition("/")
    others = (f"{folder}/{other}" if folder else other for other in twins(name))
    return isinstance(store, DiskStore) and any(_is_one_file(store, path, other) for other in others)


def _is_one_file(store: Store, path: str, other: str) -> bool:
    this, that = stat(store, path), stat(store, other)
    return this is not None and that is not None and _address(store, this) == _address(store, that)


def _objection(
    one: Leaving, rows: Mapping[MediaId, Row], found: Mapping[Place, Found], others: Collection[Place]
) -> str:
    """Why a file has to stay; empty when it may go."""
    here = (one.storage, one.relative_path)
    if here not in found:
        return "it is not there any more"
    if found[here][1] != one.byte_id:
        return "it has other bytes by now, or cannot be read"
    if one.media and not _is_as_planned(one, rows.get(one.media)):
        return "its row was changed"
    if one.keeper is None:
        return TWIN if here in others else ""
    kept = rows.get(one.keeper)
    there = (kept.storage_id, kept.relative_path) if kept else here
    if kept is None or kept.deleted_at or there not in found or found[there][1] != one.byte_id:
        return "the file that should stay for it is not there with the same bytes"
    if found[here][0] == found[there][0]:
        return SHARED
    return TWIN if here in others else ""


def _is_as_planned(one: Leaving, row: Row | None) -> bool:
    place = (one.storage, one.relative_path, one.byte_id)
    return (
        row is not None
        and (row.storage_id, row.relative_path, row.byte_id) == place
        and (row.deleted_at is not None) == one.is_deleted
    )


def _address(store: Store, file: FoundFile) -> object:
    """What two names of one file have in common, also two that a disk takes for one, or a bucket under two prefixes."""
    return file.stamp[:2] if file.stamp else f"{store.root}/{file.relative_path}"
