"""What is killed: short jobs on a disk store, and twins of them without one safeguard, which a sweep has to find out.

Run as a process of its own: ``python -m faults.jobs put ROOT [TWIN]``. Each thing it is sure of goes to its output at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from mhc_lab.core.ids import ByteId
from mhc_lab.storage import aside, links
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.links import build_views

OLD = {"people/a/auto/old.jpg": b"old" * 100}
NEW = {"people/b/auto/new.jpg": b"new" * 120_000, "people/a/auto/new.jpg": b"new too" * 10}
SHOWN_BEFORE = ("people/a/auto/1.jpg", "people/a/auto/2.jpg", "people/b/auto/1.jpg")
SHOWN_AFTER = ("people/a/auto/1.jpg", "people/a/uploads/1.jpg", "people/c/auto/1.jpg", "people/c/auto/2.jpg")


def put(root: Path) -> None:
    """Files into folders that are there and that are not."""
    store = DiskStore.open(root, marker=None)
    for path, content in NEW.items():
        store.put(path, io.BytesIO(content))
        _say(path)


def views(root: Path) -> None:
    """Views that come, change and go."""
    build_views(DiskStore.open(root, marker=None), SHOWN_AFTER)
    _say("views")


def _say(what: str) -> None:
    os.write(1, f"{what}\n".encode())


def _put_at_once(store: DiskStore, relative_path: str, source: BinaryIO, *, expected: ByteId | None = None) -> None:
    path = store.folder / relative_path
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(handle, source.read())
    os.fsync(handle)
    os.close(handle)


def _show_in_place(place: int, shown: Mapping[str, str]) -> bool:
    try:
        os.mkdir("all", dir_fd=place)
    except FileExistsError:
        view = os.open("all", os.O_RDONLY, dir_fd=place)
        with os.scandir(view) as shown_before:
            for entry in shown_before:
                os.unlink(entry.name, dir_fd=view)
    view = os.open("all", os.O_RDONLY, dir_fd=place)
    for name, target in shown.items():
        os.symlink(target, name, dir_fd=view)
    return True


def _write_and_believe(new: aside.Aside, path: str, source: BinaryIO, expected: ByteId | None) -> ByteId:
    _, byte_id = aside.copied(source, new)
    os.fsync(new.handle)
    return byte_id


TWINS: dict[str, tuple[object, str, object]] = {
    "written under its name": (DiskStore, "put", _put_at_once),
    "not synced": (os, "fsync", lambda handle: None),
    "not read again": (aside.Aside, "fill", _write_and_believe),
    "changed in place": (links, "_show", _show_in_place),
}
"""What each does without: the owner, the name and the stand-in of a safeguard."""

JOBS: dict[str, Callable[[Path], None]] = {"put": put, "views": views}


def main(job: str, root: str, twin: str = "") -> None:
    """Do ``job``, as ``twin`` when one is named."""
    if twin:
        owner, name, stand_in = TWINS[twin]
        setattr(owner, name, stand_in)
    JOBS[job](Path(root))


if __name__ == "__main__":
    main(*sys.argv[1:])
