"""Two disks and a library that have drifted apart, and how many of what there should be."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from mhc_lab.core.ids import MediaId, PersonId, StorageId
from mhc_lab.jobs import stores
from mhc_lab.jobs.plan import Receipt
from mhc_lab.jobs.reconcile import apply_reconcile, plan_reconcile
from mhc_lab.jobs.reconcile_plan import ReconcilePlan
from mhc_lab.schema.media import media_locator, snapshot_pictures
from mhc_lab.schema.sources import affiliate_api_snapshots
from mhc_lab.services import people
from mhc_lab.workbench import Workbench

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
ANN = "people/ann/auto/a.jpg"


class World:
    """Two disks, and faults planted in what the library says of them; ``planted`` says how many of each class there should be."""

    def __init__(self, wb: Workbench, folder: Path) -> None:
        self.wb, self.ssd, self.hdd = wb, folder / "ssd", folder / "hdd"
        for root in (self.ssd, self.hdd):
            root.mkdir(parents=True)
        self.ids: dict[Path, StorageId] = {root: stores.adopt(wb, str(root))[1].id for root in (self.ssd, self.hdd)}
        with wb.transaction() as session:
            found = people.find_or_create(session, ["ann", "bo_b"], at=wb.clock.now())
        self.ann, self.bo = found["ann"], found["bo_b"]
        self.planted: dict[tuple[str, str], int] = {}
        self._rows: list[dict[str, object]] = []
        self._snapshots: list[dict[str, object]] = []

    def file(self, path: str, content: str = "", *, root: Path | None = None) -> bytes:
        place = (root or self.ssd) / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data := (content or path).encode())
        return data

    def row(
        self, path: str, data: bytes, *, root: Path | None = None, of: PersonId | None = None, **more: object
    ) -> MediaId:
        values: dict[str, object] = {
            "id": uuid.uuid4(),
            "storage_id": self.ids[root or self.ssd],
            "person_id": of or self.ann,
            "relative_path": path,
            "original_name": path.rpartition("/")[2],
            "byte_id": hashlib.sha256(data).hexdigest(),
            "size_bytes": len(data),
        }
        self._rows.append({"tags": [], "is_favorite": False, "is_primary": False, "deleted_at": None} | values | more)
        return MediaId(UUID(str(values["id"])))

    def snapshot(self, path: str, *, of: PersonId | None = None) -> None:
        seen = self.wb.clock.now() + timedelta(seconds=len(self._snapshots))
        self._snapshots.append({"person_id": of or self.ann, "observed_at": seen, "image_path": path})

    def save(self) -> None:
        """Write down all rows and snapshots at once."""
        with self.wb.transaction() as session:
            for table, values in ((media_locator, self._rows), (affiliate_api_snapshots, self._snapshots)):
                if values:
                    session.execute(sa.insert(table), values)
                values.clear()

    def expect(self, *things: tuple[str, str]) -> None:
        for thing in things:
            self.planted[thing] = self.planted.get(thing, 0) + 1

    def steady(self) -> None:
        """Files in order, so that one that is missing is no reason to doubt the store."""
        for number in range(5):
            path = f"people/ann/auto/steady{number}.jpg"
            self.row(path, self.file(path))

    def tree(self) -> dict[str, bytes]:
        return {
            str(path): path.read_bytes()
            for root in (self.ssd, self.hdd)
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        with self.wb.reader as session:
            return {
                table.name: sorted(map(tuple, session.execute(sa.select(table))), key=str)
                for table in (media_locator, snapshot_pictures)
            }


def counts(plan: ReconcilePlan) -> dict[tuple[str, str], int]:
    """How many of each kind and class a plan found."""
    return {(one.kind, one.found): one.count for one in plan.totals}


def planned(world: World, **how: list[str]) -> ReconcilePlan:
    """A plan for the world as it is."""
    world.save()
    return plan_reconcile(world.wb, **how)


def mend(world: World, **how: list[str]) -> Receipt:
    """The world set right."""
    return apply_reconcile(world.wb, planned(world, **how).approve(by="ada"))


def plant(world: World, n: int) -> None:
    """One fault of every class that needs no other means; the names tell which."""
    ann, bo = "people/ann", "people/bo_b"
    world.row(f"{ann}/auto/fine{n}.jpg", world.file(f"{ann}/auto/fine{n}.jpg"))
    world.expect(("row", "in_order"), ("file", "in_order"))
    world.row(f"{ann}/auto/gone{n}.jpg", b"gone")
    world.expect(("row", "missing"))
    world.row(f"{ann}/auto/away{n}.jpg", world.file(f"{ann}/auto/away{n}.jpg", root=world.hdd))
    world.expect(("row", "wrong_storage"), ("file", "in_order"))
    world.row(f"{ann}/Auto/spelt{n}.jpg", world.file(f"{ann}/auto/spelt{n}.jpg"))
    world.row(f"{bo}//auto/spelt{n}.jpg", world.file(f"{bo}/auto/spelt{n}.jpg"), of=world.bo)
    world.expect(("row", "other_spelling"), ("row", "other_spelling"), ("file", "in_order"), ("file", "in_order"))
    world.row(f"bare{n}.jpg", world.file(f"{ann}/uploads/bare{n}.jpg"))
    world.expect(("row", "bare_name"), ("file", "in_order"))
    world.row(f"/media/disk/{bo}/auto/abs{n}.jpg", world.file(f"{bo}/auto/abs{n}.jpg"), of=world.bo)
    world.expect(("row", "absolute_path"), ("file", "in_order"))
    world.row(f"profiles/old{n}.jpg", world.file(f"profiles/old{n}.jpg"))
    world.expect(("row", "legacy_path"), ("file", "in_order"))
    world.row(f"{ann}/auto/size{n}.jpg", world.file(f"{ann}/auto/size{n}.jpg") + b"more")
    world.expect(("row", "size_differs"), ("file", "in_order"))
    (world.ssd / f"{ann}/snaps").mkdir(parents=True, exist_ok=True)
    (world.ssd / f"{ann}/snaps/link{n}.jpg").symlink_to("nowhere")
    world.row(f"{ann}/snaps/link{n}.jpg", b"linked")
    world.expect(("row", "unreadable"), ("file", "unreadable"))
    world.row(f"twice{n}.jpg", world.file(f"{ann}/auto/twice{n}.jpg"), tags=["beach"], is_favorite=True)
    world.row(f"{ann}/auto/twice{n}.jpg", f"{ann}/auto/twice{n}.jpg".encode())
    world.expect(("row", "duplicate_record"), ("row", "in_order"), ("file", "in_order"))
    world.row(f"{ann}/auto/del{n}.jpg", world.file(f"{ann}/auto/del{n}.jpg"), deleted_at=LONG_AGO)
    world.expect(("row", "deleted_present"), ("file", "of_a_deleted_row"))
    world.row(f"{ann}/auto/delgone{n}.jpg", b"x", deleted_at=LONG_AGO)
    world.expect(("row", "deleted"))
    world.file(f"{bo}/auto/orphan{n}.jpg")
    world.file(f"people/nobody/auto/bo_b_17679000{n:05}_0123abcd.jpg")
    world.expect(("file", "known_person"), ("file", "known_person"))
    world.file(f"people/nobody/auto/told{n}.jpg")
    world.snapshot(f"people/nobody/auto/told{n}.jpg")
    world.expect(("file", "named_by_snapshot"), ("path", "should_be_reference"))
    world.file(f"people/nobody/auto/who{n}.jpg")
    world.expect(("file", "unknown_person"))
    world.file(f"{ann}/all/fine{n}.jpg", f"{ann}/auto/fine{n}.jpg")
    world.file(f"all/ann_fine{n}.jpg", f"{ann}/auto/fine{n}.jpg")
    world.expect(("file", "link_copy"), ("file", "link_copy"))
    world.file(f"{ann}/migrated/m{n}.jpg")
    world.expect(("file", "artefact"))
    world.file(f"{ann}/f{n}/.DS_Store")
    world.expect(("file", "litter"))
    world.file(f"poeple/ann/auto/pre{n}.jpg")
    world.file(f"people/people/bo_b/snaps/pre{n}.jpg")
    world.expect(("file", "wrong_prefix"), ("file", "wrong_prefix"))
    world.file(f"{ann}/auto/FINE{n}.jpg")
    world.expect(("file", "twin"))
    world.snapshot(f"fine{n}.jpg")
    world.expect(("path", "bare_name"))
    world.row(f"{bo}/auto/same{n}.jpg", world.file(f"{bo}/auto/same{n}.jpg"), of=world.bo)
    world.row(f"{bo}/snaps/same{n}.jpg", world.file(f"{bo}/snaps/same{n}.jpg"), of=world.bo)
    world.snapshot(f"same{n}.jpg", of=world.bo)
    world.expect(
        ("row", "in_order"), ("row", "in_order"), ("file", "in_order"), ("file", "in_order"), ("path", "ambiguous")
    )
    world.snapshot(f"lost{n}.jpg")
    world.expect(("path", "missing"))
