"""Views of a storage kept in step with what is registered in it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from mhc_lab.core.errors import RefusedError, UserError
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import stores
from mhc_lab.services import media_intake, storages
from mhc_lab.services.storages import Storage
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.links import Views, are_shown, build_views
from mhc_lab.workbench import Workbench

log = logging.getLogger(__name__)


def build(wb: Workbench, storage: Storage, *, progress: Progress = SILENT) -> Views:
    """Show every registered file of a disk: of each person, and of everybody.

    Raises
    ------
    RefusedError
        It is a bucket, which can hold no links; or somebody else is building them.
    ConfigurationError
        The disk is offline, full or read-only.
    """

    def registered() -> Iterable[str]:
        with wb.reader as session:
            return media_intake.known_bytes(session, storage.id)

    return build_views(_disk(wb, storage), registered, progress)


def follow(wb: Workbench, names: Collection[str]) -> tuple[str, ...]:
    """Where the storages with these names have views, let them show what is registered now; the views that were left alone."""
    with wb.reader as session:
        concerned = [one for one in storages.listed(session) if one.name in names and one.kind == "disk"]
    left = [
        f"{storage.name}:{place}"
        for storage in concerned
        if are_shown(_disk(wb, storage))
        for place in build(wb, storage).left
    ]
    for place in left:
        log.warning(
            "%s was left alone, since a file lies in it: its links may lead nowhere. Move the file away, then build views.",
            place,
        )
    return tuple(left)


def catch_up(wb: Workbench, names: Collection[str]) -> str:
    """:func:`follow` after rows were changed and no byte was moved: what hinders it is told, since the change itself was made."""
    try:
        follow(wb, names)
    except UserError as hindrance:
        return f"Done, but the views do not show it yet: {hindrance}"
    return ""


def _disk(wb: Workbench, storage: Storage) -> DiskStore:
    store = stores.opened(wb, storage) if storage.kind == "disk" else None
    if not isinstance(store, DiskStore):
        raise RefusedError(f"{storage.name} is a bucket: links can only be kept on a disk.", rule="views on disks")
    return store
