"""Builds the published case: files put straight where a disk and an object server keep them, rows by COPY.

Nothing goes through a store or an intake: this world is what former software left, not what ours takes in.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import StorageId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.db import bulk
from mhc_lab.demo.legacy.things import START, Thing, World, invent
from mhc_lab.demo.legacy.truth import Truth, truth
from mhc_lab.demo.saved import FILE
from mhc_lab.demo.world import occupied
from mhc_lab.schema.media import media_locator
from mhc_lab.schema.people import person_aliases, persons
from mhc_lab.schema.sources import affiliate_api_snapshots
from mhc_lab.services import people, storages
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.layout import owner_and_source
from mhc_lab.storage.store import MARKER, new_marker, read_marker

if TYPE_CHECKING:
    from mhc_lab.workbench import Workbench

FOLDER = "legacy"
"""Below the home folder: ``objects`` for an object server, ``ssd``, and ``truth.json``."""

OBJECTS, BUCKET, SSD = "objects", "media", "ssd"
_EVERY = 5_000

_PERSON = ("id", "username", "role", "first_seen_at", "last_seen_at")
_ALIAS = ("person_id", "alias", "valid_from", "valid_to")
_ROW = (
    "id", "person_id", "relative_path", "byte_id", "size_bytes", "source", "original_name", "modified_at", "created_at", "storage_id",
)  # fmt: skip
_SNAPSHOT = ("person_id", "observed_at", "image_url", "image_path")

_Values = tuple[object, ...]
T = TypeVar("T")


def build(wb: Workbench, *, seed: int, scale: Fraction, progress: Progress = SILENT) -> Truth:
    """The published case, at that scale, in an empty database and in the home's ``legacy`` folder, and what was planted in it.

    Serve ``objects`` with the S3 server of your choice that keeps objects as files. Rows come last and all at once, so a build that was
    interrupted is simply done again.

    Raises
    ------
    RefusedError
        Somebody is in the database.
    """
    _refuse_company(wb)
    world, folder = invent(seed, scale), wb.folder(FOLDER)
    objects, ssd = folder / OBJECTS / BUCKET, folder / SSD
    for root in (objects, ssd):
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
    (objects / MARKER).write_bytes(new_marker())
    left = _write(world, objects, ssd, progress)
    planted = truth(world, left.duplicates)
    planted.save(folder / FILE)
    with wb.transaction() as session:
        _insert_persons(session, world)
        on_s3, on_ssd = _storages(session, objects, DiskStore.create(ssd))
        rows = ((*row, on_ssd if is_on_ssd else on_s3) for row, is_on_ssd in left.rows)
        bulk.copy(session, media_locator, _ROW, _counted(rows, len(left.rows), "rows", progress))
        snapshots = _counted(left.snapshots, len(left.snapshots), "snapshots", progress)
        bulk.copy(session, affiliate_api_snapshots, _SNAPSHOT, snapshots)
    return planted


def _refuse_company(wb: Workbench) -> None:
    with wb.reader as session:
        known = session.scalar(sa.select(sa.func.count()).select_from(persons))
    if known:
        raise occupied(known)


@dataclass(slots=True)
class _Left:
    """What goes into the database once all files are written."""

    rows: list[tuple[_Values, bool]]
    """And whether each says that it lies on the SSD."""
    snapshots: list[_Values]
    duplicates: list[str]


def _write(world: World, objects: Path, ssd: Path, progress: Progress) -> _Left:
    """Every file; what is left to be inserted."""
    rng = Random(f"{world.seed} rows")  # noqa: S311 - a world to look at, not a secret
    folders: set[str] = set()
    left = _Left([], [], [])
    for thing in _counted(world.things(), world.count(), "files", progress):
        if thing.place:
            _put(f"{ssd if thing.kind.is_on_ssd else objects}/{thing.place}", thing, folders)
        if thing.row_path:
            left.rows.append((_row(thing, UUID(int=rng.getrandbits(128), version=4)), thing.kind.is_row_on_ssd))
            if thing.kind.bytes_of:
                left.duplicates.append(thing.row_path)
        if thing.snapshot_path is not None:
            url = f"https://thumb.example.com/{thing.owner.name}.jpg"
            left.snapshots.append((thing.owner.id, thing.at, url, thing.snapshot_path or None))
    return left


def _row(thing: Thing, id_: UUID) -> _Values:
    """The row of a thing, all but its storage."""
    digest = hashlib.sha256(thing.content).hexdigest()
    path = thing.row_path
    source, name = owner_and_source(path)[1], path.rpartition("/")[2]
    return id_, thing.owner.id, path, digest, len(thing.content), source, name, thing.at, thing.at


def _put(path: str, thing: Thing, folders: set[str]) -> None:
    folder = path.rpartition("/")[0]
    if folder not in folders:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - not a Path for each of half a million files
        folders.add(folder)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.write(handle, thing.content)
        moment = thing.at.timestamp()
        os.utime(handle, (moment, moment))
    finally:
        os.close(handle)


def _insert_persons(session: Session, world: World) -> None:
    known = ((one.id, one.name, "MODEL", START, START) for one in world.owners)
    bulk.copy(session, persons, _PERSON, known)
    former = ((one.id, one.was, people.SINCE_EVER, START) for one in world.owners if one.was)
    bulk.copy(session, person_aliases, _ALIAS, former)


def _storages(session: Session, objects: Path, ssd: DiskStore) -> tuple[StorageId, StorageId]:
    marker = read_marker((objects / MARKER).read_bytes())
    bucket = storages.add(session, kind="s3", root=BUCKET, marker=marker, name="s3")
    disk = storages.add(session, kind="disk", root=ssd.root, marker=ssd.marker, name=SSD)
    return bucket.id, disk.id


def _counted(things: Iterable[T], total: int, noun: str, progress: Progress) -> Iterator[T]:
    for done, thing in enumerate(things, start=1):
        yield thing
        if done % _EVERY == 0 or done == total:
            progress(done, total, noun)
