"""Views of a storage kept in step with what is registered in it."""

from __future__ import annotations

from collections.abc import Collection

from mhc_lab.core.errors import RefusedError
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
    with wb.reader as session:
        paths = media_intake.known_bytes(session, storage.id)
    return build_views(_disk(wb, storage), paths, progress)


def follow(wb: Workbench, names: Collection[str]) -> None:
    """Where the storages with these names have views, let them show what is registered now."""
    with wb.reader as session:
        concerned = [one for one in storages.listed(session) if one.name in names and one.kind == "disk"]
    for storage in concerned:
        if are_shown(_disk(wb, storage)):
            build(wb, storage)


def _disk(wb: Workbench, storage: Storage) -> DiskStore:
    store = stores.opened(wb, storage) if storage.kind == "disk" else None
    if not isinstance(store, DiskStore):
        raise RefusedError(f"{storage.name} is a bucket: links can only be kept on a disk.", rule="views on disks")
    return store
