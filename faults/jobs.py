"""What is killed: short jobs on a disk store, and twins of them without one safeguard, which a sweep has to find out.

Run as a process of its own: ``python -m faults.jobs put ROOT [TWIN]``. Each thing it is sure of goes to its output at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import ByteId, StorageId
from mhc_lab.schema.media import media_locator
from mhc_lab.services import media_intake, quarantine
from mhc_lab.services.media_intake import HashedFile
from mhc_lab.storage import aside, links
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.links import build_views

Register = Callable[..., int]
Change = Callable[..., None]

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
    build_views(DiskStore.open(root, marker=None), lambda: SHOWN_AFTER)
    _say("views")


def ingest(root: Path) -> None:
    """A folder taken in, file by file."""
    from faults import library
    from mhc_lab.jobs import ingest as job
    from mhc_lab.jobs import reading

    vars(reading).update(BATCH_FILES=1)
    vars(job).update(_LOOKED_AT_ONCE=1)
    _die_with_the_child()
    with library.opened(root) as wb:
        job.ingest(wb, library.disk(root))
    _say("ingest")


def there_and_back(kind: str, root: Path) -> None:
    """An approved plan applied, then undone."""
    from faults import audits, library
    from mhc_lab.jobs import journal, stepwise
    from mhc_lab.jobs.dedup import DEDUP, DedupPlan
    from mhc_lab.jobs.plan import load_approved
    from mhc_lab.jobs.reconcile import RECONCILE
    from mhc_lab.jobs.reconcile_plan import ReconcilePlan
    from mhc_lab.jobs.repair import REPAIR, RepairPlan

    _in_one_line()
    plans: dict[str, tuple[Any, Any]] = {
        "dedup": (DedupPlan, DEDUP),
        "reconcile": (ReconcilePlan, RECONCILE),
        "repair": (RepairPlan, REPAIR),
    }
    plan_class, job = plans[kind]
    approved = load_approved(plan_class, audits.plan_of(root))
    with library.opened(root) as wb:
        with wb.reader as session:
            before = journal.of_plan(session, approved.plan_hash)
        if before is None or before.state != "restored":
            stepwise.restore(wb, job, stepwise.apply(wb, job, approved))
    _say(kind)


def purge(root: Path) -> None:
    """What was set aside removed for good."""
    from faults import audits, library
    from mhc_lab.jobs.plan import load_approved
    from mhc_lab.jobs.purge import PurgePlan, apply_purge

    _in_one_line()
    with library.opened(root) as wb:
        apply_purge(wb, load_approved(PurgePlan, audits.plan_of(root)))
    _say("purge")


def bring_back(root: Path) -> None:
    """What was set aside brought back, file by file."""
    from faults import library
    from mhc_lab.jobs import quarantine as job

    _in_one_line()
    with library.opened(root) as wb:
        with wb.reader as session:
            aside = [str(file.id) for file in quarantine.listed(session) if file.state != "back"]
        for one in aside:
            job.bring_back(wb, [one])
    _say("quarantine")


def _in_one_line() -> None:
    from mhc_lab.jobs import setting_aside

    _die_with_the_child()
    vars(setting_aside).update(ThreadPoolExecutor=_InTurn)


class _InTurn:
    """In place of threads: strace counts the calls of each, so what they do would hardly ever be the n-th."""

    def __init__(self, _: int) -> None:
        self.map = map

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _die_with_the_child() -> None:
    """Whoever kills the process that looks into files has killed the whole job."""
    from mhc_lab.media import examine

    answer = examine._Child.answer  # noqa: SLF001

    def answer_or_die(child: examine._Child) -> tuple[dict[str, Any], bytes]:
        try:
            return answer(child)
        except (EOFError, ConnectionError):
            os.kill(os.getpid(), signal.SIGKILL)
            raise

    setattr(examine._Child, "answer", answer_or_die)  # noqa: B010, SLF001


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


def _register_in_two_steps(
    session: Session,
    storage: StorageId,
    files: Sequence[HashedFile],
    *,
    at: datetime,
    register: Register = media_intake.register,
) -> int:
    """The places first, and which bytes lie there later."""
    count = register(session, storage, [replace(file, byte_id=ByteId("0" * 64)) for file in files], at=at)
    session.connection().connection.commit()
    os.write(2, b"placed\n")
    for file in files:
        here = media_locator.c.relative_path == file.found.relative_path
        session.execute(sa.update(media_locator).where(here).values(byte_id=file.byte_id))
    return count


def _move_by_hand(store: DiskStore, relative_path: str, to: str) -> None:
    """The file is taken away, then written anew."""
    content = (store.folder / relative_path).read_bytes()
    (store.folder / relative_path).unlink()
    (store.folder / to).parent.mkdir(parents=True, exist_ok=True)
    (store.folder / to).write_bytes(content)


def _purged_at_once(
    session: Session, ids: Iterable[UUID], state: quarantine.State, *, at: datetime, change: Change = quarantine.change
) -> None:
    """Said to be gone before it is."""
    change(session, ids, "purged" if state == "purging" else state, at=at)


TWINS: dict[str, tuple[object, str, object]] = {
    "written under its name": (DiskStore, "put", _put_at_once),
    "not synced": (os, "fsync", lambda handle: None),
    "not read again": (aside.Aside, "fill", _write_and_believe),
    "rows in two steps": (media_intake, "register", _register_in_two_steps),
    "changed in place": (links, "_show", _show_in_place),
    "moved by hand": (DiskStore, "move", _move_by_hand),
    "purged at once": (quarantine, "change", _purged_at_once),
}
"""What each does without: the owner, the name and the stand-in of a safeguard."""

JOBS: dict[str, Callable[[Path], None]] = {
    "put": put,
    "views": views,
    "ingest": ingest,
    "dedup": partial(there_and_back, "dedup"),
    "reconcile": partial(there_and_back, "reconcile"),
    "repair": partial(there_and_back, "repair"),
    "purge": purge,
    "quarantine": bring_back,
}


def main(job: str, root: str, twin: str = "") -> None:
    """Do ``job``, as ``twin`` when one is named."""
    if twin:
        owner, name, stand_in = TWINS[twin]
        setattr(owner, name, stand_in)
    JOBS[job](Path(root))


if __name__ == "__main__":
    main(*sys.argv[1:])
