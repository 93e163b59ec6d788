"""Stores opened from what the database knows of storages: the marker that has to be there, and which one is meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.core.ids import StorageId
from mhc_lab.services import audit_log, storages
from mhc_lab.services.storages import Storage
from mhc_lab.storage.bucket import Bucket
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.s3 import S3Store
from mhc_lab.storage.store import MARKER, Store
from mhc_lab.workbench import Workbench

BUCKET = "s3://"
"""How a bucket is named where a folder could be."""


def opened(wb: Workbench, storage: Storage) -> Store:
    """The store of ``storage``, with the marker it has to carry.

    Raises
    ------
    ConfigurationError
        It is offline, or a bucket whose keys nobody has said.
    """
    if storage.kind == "s3":
        return S3Store.open(Bucket.of(wb.settings, name=storage.root), marker=storage.marker)
    return DiskStore.open(Path(storage.root), marker=storage.marker)


Opener = Callable[[StorageId], Store]
"""Gives the store of a storage."""


def opener(wb: Workbench, session: Session) -> Opener:
    """Opens each storage once."""
    known = {storage.id: storage for storage in storages.listed(session)}
    open_: dict[StorageId, Store] = {}

    def get(storage: StorageId) -> Store:
        if storage not in open_:
            open_[storage] = opened(wb, known[storage])
        return open_[storage]

    return get


class Opened:
    """Every store that is asked for, opened once; what cannot be had says so once and for all."""

    def __init__(self, wb: Workbench) -> None:
        self._wb = wb
        self._opened: dict[str, Store | str] = {}

    def of(self, name: str) -> Store | str:
        """The store of the storage with that name, or in a few words why it cannot be had."""
        if name not in self._opened:
            self._opened[name] = self._open(name)
        return self._opened[name]

    def _open(self, name: str) -> Store | str:
        with self._wb.reader as session:
            storage = storages.get(session, name)
        try:
            return opened(self._wb, storage) if storage.is_active else "storage out of use"
        except (ConfigurationError, RefusedError):
            return "storage offline"


def adopt(wb: Workbench, place: str, *, name: str | None = None) -> tuple[Store, Storage]:
    """What is at ``place``, a folder or ``s3://bucket/prefix``, as a storage: what it is already, or marked and registered now.

    Raises
    ------
    ConfigurationError
        The folder, the disk it should be on, or the bucket is not there.
    RefusedError
        It holds another storage, is a copy of one, or is not in use.
    """
    if place.startswith(BUCKET):
        return _adopt_bucket(wb, place.removeprefix(BUCKET).strip("/"), name)
    return _adopt_folder(wb, Path(place).expanduser().absolute(), name)


def chosen(wb: Workbench, name: str = "") -> tuple[Store, Storage]:
    """The storage with that name; without one that of MHC_MEDIA_ROOT or MHC_S3_BUCKET, or the only one in use.

    Raises
    ------
    NotFoundError
        None has that name.
    RefusedError
        It is not in use, or nobody can say which is meant.
    ConfigurationError
        It is offline.
    """
    with wb.reader as session:
        storage = storages.get(session, name) if name else _default(wb, storages.listed(session))
    _refuse_unused(storage)
    return opened(wb, storage), storage


def _adopt_folder(wb: Workbench, root: Path, name: str | None) -> tuple[Store, Storage]:
    with wb.reader as session:
        expected = storages.marker_of(session, str(root))
        others = [one for one in storages.listed(session) if one.root != str(root) and one.kind == "disk"]
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
    return store, _registered(wb, store, kind="disk", name=name or root.name, is_new=expected is None)


def _adopt_bucket(wb: Workbench, root: str, name: str | None) -> tuple[Store, Storage]:
    with wb.reader as session:
        expected = storages.marker_of(session, root)
    bucket = Bucket.of(wb.settings, name=root)
    store = S3Store.open(bucket, marker=expected) if expected else S3Store.create(bucket)
    return store, _registered(wb, store, kind="s3", name=name or root.replace("/", "-"), is_new=expected is None)


def _registered(wb: Workbench, store: Store, *, kind: str, name: str, is_new: bool) -> Storage:
    with wb.transaction() as session:
        storage = storages.add(session, kind=kind, root=store.root, marker=store.marker, name=name)
        if is_new:
            details = {"root": store.root}
            audit_log.append(session, actor=wb.user, action="storage.add", subject=storage.name, details=details)
    _refuse_unused(storage)
    return storage


def check(wb: Workbench, storage: Storage) -> tuple[Storage, str]:
    """Look whether a storage is there and how much room it has; the storage as it is now, and why it is offline."""
    try:
        capacity, why = opened(wb, storage).capacity(), ""
    except ConfigurationError as offline:
        capacity, why = None, str(offline)
    with wb.transaction() as session:
        now = storages.checked(session, storage.id, capacity=capacity, is_reachable=not why, at=wb.clock.now())
    return now, why


def _default(wb: Workbench, known: list[Storage]) -> Storage:
    said = {str(root) for root in (wb.settings.media_root, wb.settings.s3_bucket) if root}
    named = [one for one in known if one.root in said]
    active = named or [one for one in known if one.is_active]
    if len(active) == 1:
        return active[0]
    if not active:
        raise RefusedError(
            "There is no storage to keep files in. Add one with `mhc storage add FOLDER`.", rule="storage in use"
        )
    names = ", ".join(one.name for one in active)
    raise RefusedError(f"Into which storage? Name one of {names}, or set MHC_MEDIA_ROOT.", rule="one storage")


def _carries(root: Path, marker: UUID) -> bool:
    try:
        DiskStore.open(root, marker=marker)
    except ConfigurationError:
        return False
    return True


def _refuse_unused(storage: Storage) -> None:
    if not storage.is_active:
        raise RefusedError(
            f"The storage {storage.name} is not in use: {storage.deactivated_reason}. "
            f"Use it again with `mhc storage reactivate {storage.name}`.",
            rule="storage in use",
        )
