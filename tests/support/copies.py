"""A disk with copies of one file, what is said of them, and what a run over them left."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from mhc_lab.jobs import ingest, stores
from mhc_lab.jobs.dedup import DedupPlan, apply_dedup, plan_dedup
from mhc_lab.jobs.plan import Receipt
from mhc_lab.schema.media import media_locator, skipped_photosets, snapshot_pictures
from mhc_lab.schema.sources import affiliate_api_snapshots
from mhc_lab.services import media, people
from mhc_lab.services.media import MediaFile, Wanted
from mhc_lab.workbench import Workbench

OLDEST, COPY, THIRD = "people/ann/auto/a.jpg", "people/ann/uploads/b.jpg", "people/ann/uploads/c.jpg"
OF_BO, ALONE, NOBODYS = "people/bo/auto/a.jpg", "people/bo/auto/alone.jpg", "lost/a.jpg"
FILES = {OLDEST: b"one", COPY: b"one", THIRD: b"one", OF_BO: b"one", ALONE: b"two", NOBODYS: b"one"}


def a_disk(wb: Workbench, folder: Path) -> Path:
    """All of :data:`FILES`, registered one after the other."""
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    with wb.transaction() as session:
        people.find_or_create(session, ["ann", "bo"], at=wb.clock.now())
    take_in(wb, folder)
    for number, path in enumerate(FILES):
        change(wb, path, created_at=sa.text(f"'2026-01-0{number + 1}Z'"))
    return folder


def take_in(wb: Workbench, root: Path) -> None:
    """Register every file; what they show does not matter here."""
    ingest.register(wb, *stores.adopt(wb, str(root)))


def change(wb: Workbench, path: str, **values: object) -> None:
    with wb.transaction() as session:
        session.execute(sa.update(media_locator).where(media_locator.c.relative_path == path).values(**values))


def files(wb: Workbench) -> dict[str, MediaFile]:
    """Every file by its path, deleted or not."""
    with wb.reader as session:
        all_ = [one for gone in (False, True) for one in media.found(session, Wanted(is_deleted=gone))]
    return {one.relative_path: one for one in all_}


def snapshot_of(wb: Workbench, *paths: str) -> None:
    """A snapshot of ann for each of these files that means it."""
    known = files(wb)
    with wb.transaction() as session:
        ann = people.get(session, "ann").id
        for number, path in enumerate(paths):
            row = {"person_id": ann, "observed_at": sa.text(f"'2026-02-01T00:00:{number:02}Z'")}
            new = sa.insert(affiliate_api_snapshots).values(row).returning(affiliate_api_snapshots.c.id)
            means = {"snapshot_id": session.scalar(new), "which": "image", "media_id": known[path].id}
            session.execute(sa.insert(snapshot_pictures).values(means))


def meant(wb: Workbench) -> list[str]:
    """Which file each snapshot means."""
    paths = {one.id: path for path, one in files(wb).items()}
    with wb.reader as session:
        rows = session.scalars(sa.select(snapshot_pictures.c.media_id).order_by(snapshot_pictures.c.snapshot_id))
        return [paths[id_] for id_ in rows]


def state(wb: Workbench, root: Path) -> tuple[object, ...]:
    """All bytes, and all rows that speak of files."""
    tables = (media_locator, snapshot_pictures, skipped_photosets)
    with wb.reader as session:
        rows = [sorted(map(tuple, session.execute(sa.select(table))), key=repr) for table in tables]
    tree = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return rows, tree


def applied(wb: Workbench, plan: DedupPlan | None = None, *, across_persons: bool = False) -> Receipt:
    return apply_dedup(wb, (plan or plan_dedup(wb, across_persons=across_persons)).approve(by="ada"))


def live(wb: Workbench) -> set[str]:
    return {path for path, one in files(wb).items() if not one.is_deleted}
