"""Views of a storage kept in step with what is registered in it."""

from __future__ import annotations

from collections.abc import Collection

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import StorageId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import stores
from mhc_lab.services import media_intake, storages
from mhc_lab.services.storages import Storage
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.links import Views, are_shown, build_views
from mhc_lab.workbench import Workbench


def build(wb: Workbench, storage: Storage, *, progress: Progress = SILENT) -> Views:
    """Show every registered file of a disk: of each person, and of everybody.

    Raises
    ------
    RefusedError
        It is a bucket, which can hold no links; or somebody else is building them.
    ConfigurationError
        The disk is offline, full or read-only.
    """
    store = stores.opened(wb, storage)
    if not isinstance(store, DiskStore):
        raise RefusedError(f"{storage.name} is a bucket: links can only be kept on a disk.", rule="views on disks")
    with wb.reader as session:
        paths = media_intake.known_bytes(session, storage.id)
    return build_views(store, paths, progress)


def follow(wb: Workbench, ids: Collection[StorageId]) -> None:
    """Where these storages have views, let them show what is registered now."""
    with wb.reader as session:
        concerned = [storage for storage in storages.listed(session) if storage.id in ids and storage.kind == "disk"]
    for storage in concerned:
        store = stores.opened(wb, storage)
        if isinstance(store, DiskStore) and are_shown(store):
            build(wb, storage)
