"""A job that sets files aside and does nothing else, a disk for it, and what it left."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import ByteId
from mhc_lab.jobs import ingest, setting_aside, stepwise, stores
from mhc_lab.jobs.ingest import Tally
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.plan import Plan, Receipt
from mhc_lab.jobs.stepwise import Job, Signed
from mhc_lab.schema.media import media_locator, quarantined_files
from mhc_lab.services import media, media_intake, people, storages
from mhc_lab.services.media import Wanted
from mhc_lab.services.media_intake import HashedFile
from mhc_lab.services.quarantine import Leaving
from mhc_lab.workbench import Workbench

KEPT, COPY, OTHER = "people/ann/auto/a.jpg", "people/ann/uploads/copy of a.jpg", "people/ann/uploads/b.jpg"


@dataclass(frozen=True, slots=True)
class Away:
    name: str
    reason: str = "a copy"


@dataclass(frozen=True, slots=True)
class AwayPlan(Plan):
    kind: ClassVar[str] = "away"
    actions: tuple[Away, ...]


def steps(session: Session, plan: AwayPlan) -> list[Step]:
    return [Step(1, {stepwise.ACTIONS: [one.name for one in plan.actions]}, {})]


def _reverse(session: Session, done: Iterable[Step]) -> list[Step]:
    (only,) = done
    return [Step(1, {"ids": only.before["ids"]}, {})]


def _do(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    if "ids" in step.action:
        ids = [UUID(one) for one in step.action["ids"]]  # type: ignore[attr-defined]
        return {stepwise.REFUSED: list(setting_aside.come_back(session, signed, ids))}
    names: list[str] = step.action[stepwise.ACTIONS]  # type: ignore[assignment]
    rows = {one.relative_path: one for one in media.found(session, Wanted())}
    storage = storages.get(session, "disk").id
    keeper = rows[KEPT]
    leaving = [
        Leaving(name, storage, name, rows[name].byte_id, rows[name].size_bytes, "a copy", rows[name].id, keeper.id)
        if name in rows
        else Leaving(name, storage, name, keeper.byte_id, keeper.size_bytes, "litter")
        for name in names
    ]
    left = setting_aside.leave(session, signed, leaving)
    return {"ids": [str(one) for one in left.ids.values()], stepwise.REFUSED: list(left.refused)}


AWAY = Job("away", "files", steps, _reverse, _do, lambda count, _: f"{count} away", settle=setting_aside.settle)


def a_disk(wb: Workbench, folder: Path) -> Path:
    """A disk with a file, a copy of it, and another one; all taken in."""
    for path, content in {KEPT: b"one", COPY: b"one", OTHER: b"two"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    with wb.transaction() as session:
        people.find_or_create(session, ["ann"], at=wb.clock.now())
    take_in(wb, folder)
    return folder


def take_in(wb: Workbench, root: Path) -> Tally:
    """Register every file; what they show does not matter here."""
    return ingest.register(wb, *stores.adopt(wb, str(root)))


def register_again(wb: Workbench, root: Path, path: str) -> None:
    """Another row for the same file."""
    store, storage = stores.adopt(wb, str(root))
    file = store.stat(path)
    (digest,) = store.digests([file])
    assert digest
    with wb.transaction() as session:
        media_intake.register(session, storage.id, [HashedFile(file, digest)], at=wb.clock.now())


def set_aside(wb: Workbench, *names: str) -> Receipt:
    return stepwise.apply(wb, AWAY, AwayPlan(wb.clock.now(), tuple(map(Away, names))).approve(by="ada"))


def leave_without_row(wb: Workbench, path: str, content: bytes = b"two") -> setting_aside.Left:
    """A file of which nobody has a row under this name, in a run of its own."""
    run = set_aside(wb).run
    with wb.transaction() as session:
        size, bytes_ = len(content), ByteId(hashlib.sha256(content).hexdigest())
        storage = storages.get(session, "disk").id
        signed = Signed(wb, run, "ada", wb.clock.now())
        return setting_aside.leave(session, signed, [Leaving(path, storage, path, bytes_, size, "an orphan")])


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def rows(wb: Workbench) -> list[object]:
    with wb.reader as session:
        return list(session.execute(sa.select(media_locator).order_by(media_locator.c.id)))


def states(wb: Workbench) -> list[str]:
    with wb.reader as session:
        return list(session.scalars(sa.select(quarantined_files.c.state)))


def leave_with_row(wb: Workbench, path: str, *, is_deleted: bool) -> setting_aside.Left:
    """The file of a row that was planned to be deleted, or live, in a run of its own."""
    run = set_aside(wb).run
    with wb.transaction() as session:
        rows = [*media.found(session, Wanted()), *media.found(session, Wanted(is_deleted=True))]
        row = next(one for one in rows if one.relative_path == path)
        place = (storages.get(session, "disk").id, path, row.byte_id, row.size_bytes)
        leaving = Leaving(path, *place, "it was deleted", row.id, is_deleted=is_deleted)
        return setting_aside.leave(session, Signed(wb, run, "ada", wb.clock.now()), [leaving])


def killed_before_the_bytes_followed(wb: Workbench, *names: str) -> None:
    plan = AwayPlan(wb.clock.now(), tuple(map(Away, names))).approve(by="ada")
    with pytest.raises(KeyboardInterrupt):
        stepwise.apply(wb, AWAY, plan, progress=interrupt)


def change(wb: Workbench, path: str, **values: object) -> None:
    with wb.transaction() as session:
        session.execute(sa.update(media_locator).where(media_locator.c.relative_path == path).values(**values))


def without_file(wb: Workbench, root: Path) -> set[str]:
    """Live rows of which nothing is in their place."""
    with wb.reader as session:
        return {one.relative_path for one in media.found(session, Wanted()) if not (root / one.relative_path).exists()}


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
