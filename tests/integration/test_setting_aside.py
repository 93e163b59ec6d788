"""Files set aside and brought back: bytes and rows together, whatever happens in between."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId, StorageId
from mhc_lab.jobs import ingest, journal, saving, setting_aside, stepwise, stores
from mhc_lab.jobs import quarantine as brought_back
from mhc_lab.jobs.ingest import Tally
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.plan import Approved, Plan, Receipt
from mhc_lab.jobs.stepwise import Job, Signed
from mhc_lab.schema.media import media_locator, quarantined_files
from mhc_lab.services import media, media_intake, people, quarantine, storages
from mhc_lab.services.media import Wanted
from mhc_lab.services.media_intake import HashedFile
from mhc_lab.services.quarantine import Leaving
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.memory import MemoryStore
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


def _steps(session: Session, plan: AwayPlan) -> list[Step]:
    return [Step(1, {stepwise.ACTIONS: [one.name for one in plan.actions]}, {})]


def _reverse(session: Session, steps: list[Step]) -> list[Step]:
    return [Step(1, {"ids": steps[0].before["ids"]}, {})]


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


AWAY = Job("away", "files", _steps, _reverse, _do, lambda count, _: f"{count} away", settle=setting_aside.settle)


@pytest.fixture
def root(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A disk with a file, a copy of it, and another one; all taken in."""
    folder = tmp_path / "disk"
    for path, content in {KEPT: b"one", COPY: b"one", OTHER: b"two"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    with emptied_wb.transaction() as session:
        people.find_or_create(session, ["ann"], at=emptied_wb.clock.now())
    take_in(emptied_wb, folder)
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


def test_a_file_set_aside_lies_in_quarantine_and_its_row_is_deleted(emptied_wb: Workbench, root: Path) -> None:
    receipt = set_aside(emptied_wb, COPY)

    assert receipt.done_count == 1
    assert not (root / COPY).exists()
    assert (root / ".mhc-quarantine" / str(receipt.run) / COPY).read_bytes() == b"one"
    with emptied_wb.reader as session:
        assert [one.relative_path for one in media.found(session, Wanted(is_deleted=True))] == [COPY]
    assert states(emptied_wb) == ["aside"]


def test_it_comes_back_byte_for_byte_and_row_for_row(emptied_wb: Workbench, root: Path) -> None:
    before, files = rows(emptied_wb), tree(root)

    back = stepwise.restore(emptied_wb, AWAY, set_aside(emptied_wb, COPY))

    assert back.refused == ()
    assert (rows(emptied_wb), tree(root), states(emptied_wb)) == (before, files, ["back"])


def test_a_file_without_a_row_leaves_and_comes_back_even_under_a_name_of_the_system(
    emptied_wb: Workbench, root: Path
) -> None:
    litter = "people/ann/auto/.DS_Store"
    (root / litter).write_bytes(b"one")

    receipt = set_aside(emptied_wb, litter)
    was_there = (root / litter).exists()
    back = stepwise.restore(emptied_wb, AWAY, receipt)

    assert (was_there, back.refused) == (False, ())
    assert (root / litter).read_bytes() == b"one"


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (lambda root: (root / COPY).write_bytes(b"new"), "other bytes"),
        (lambda root: (root / COPY).unlink(), "not there any more"),
        (lambda root: (root / KEPT).write_bytes(b"rot"), "should stay for it"),
        (lambda root: (root / KEPT).unlink(), "should stay for it"),
        (lambda root: ((root / COPY).unlink(), os.link(root / KEPT, root / COPY)), "the very file"),
    ],
)
def test_a_file_stays_when_it_or_its_keeper_is_not_what_it_should_be(
    emptied_wb: Workbench, root: Path, happens: object, why: str
) -> None:
    happens(root)  # type: ignore[operator]
    files = tree(root)

    receipt = set_aside(emptied_wb, COPY)

    assert (receipt.done_count, len(receipt.refused)) == (0, 1)
    assert why in receipt.refused[0]
    assert tree(root) == files
    with emptied_wb.reader as session:
        assert media.count(session, Wanted(is_deleted=True)) == 0


def test_a_file_that_a_row_spelt_otherwise_means_stays(emptied_wb: Workbench, root: Path) -> None:
    twin = "people/ann/uploads/B.jpg"
    for spelt in (twin, "people/ann/uploads/b.JPG"):  # as on a disk that takes all spellings for one
        os.link(root / OTHER, root / spelt)
    (root / twin).parent.joinpath("C.jpg").write_bytes(b"one")

    receipt = set_aside(emptied_wb, twin.replace("B", "C"))
    shared = leave_without_row(emptied_wb, twin)

    assert receipt.refused == ()
    assert "of another row" in shared.refused[0]
    assert (root / twin).exists()


def test_a_run_killed_before_the_bytes_followed_is_finished_by_the_next(
    emptied_wb: Workbench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "change", _interrupt)  # moved, and nobody wrote it down
    with pytest.raises(KeyboardInterrupt):
        set_aside(emptied_wb, COPY)
    monkeypatch.undo()

    receipt = set_aside(emptied_wb, COPY)

    assert (receipt.done_count, receipt.refused) == (1, ())
    assert states(emptied_wb) == ["aside"]
    assert not (root / COPY).exists()


def test_a_restore_killed_after_the_bytes_came_back_is_finished_by_the_next(
    emptied_wb: Workbench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = rows(emptied_wb), tree(root)
    receipt = set_aside(emptied_wb, COPY)
    monkeypatch.setattr(quarantine, "change", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        stepwise.restore(emptied_wb, AWAY, receipt)
    monkeypatch.undo()

    stepwise.restore(emptied_wb, AWAY, receipt)

    assert (rows(emptied_wb), tree(root)) == (before, files)


def test_a_file_that_vanishes_before_it_is_moved_is_told_once(
    emptied_wb: Workbench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_away(*_: object) -> None:
        (root / COPY).unlink()

    monkeypatch.setattr(quarantine, "hold_places", taken_away)
    with pytest.raises(IntegrityError, match=r"1 file did not go .*neither in quarantine nor where it lay"):
        set_aside(emptied_wb, COPY, OTHER)
    monkeypatch.undo()

    receipt = set_aside(emptied_wb, COPY, OTHER)

    assert receipt.done_count == 1  # the other one has no keeper with its bytes


def test_what_took_its_place_stays_and_the_file_stays_in_quarantine(emptied_wb: Workbench, root: Path) -> None:
    receipt = set_aside(emptied_wb, COPY)
    (root / COPY).write_bytes(b"another")

    back = stepwise.restore(emptied_wb, AWAY, receipt)

    assert "something else is in its place" in back.refused[0]
    assert (root / COPY).read_bytes() == b"another"
    assert states(emptied_wb) == ["aside"]


# bytes leave on what is so now, not on what was so when the step was done


def test_an_ingest_before_the_bytes_followed_gives_no_row_to_a_file_that_leaves(
    emptied_wb: Workbench, root: Path
) -> None:
    killed_before_the_bytes_followed(emptied_wb, COPY)

    ingested = take_in(emptied_wb, root)
    receipt = set_aside(emptied_wb, COPY)

    assert (ingested.new, receipt.done_count) == (0, 1)
    assert without_file(emptied_wb, root) == set()
    assert not (root / COPY).exists()


def test_a_file_in_a_place_from_which_another_was_set_aside_gets_a_row(emptied_wb: Workbench, root: Path) -> None:
    set_aside(emptied_wb, COPY)
    (root / COPY).write_bytes(b"one")

    assert take_in(emptied_wb, root).new == 1


def test_nothing_is_saved_where_a_file_is_about_to_leave(emptied_wb: Workbench, root: Path, tmp_path: Path) -> None:
    killed_before_the_bytes_followed(emptied_wb, COPY)
    change(emptied_wb, KEPT, person_id=None)  # so that the bytes are new to ann
    (tmp_path / Path(COPY).name).write_bytes(b"one")

    with pytest.raises(RefusedError, match="being set aside"):
        saving.upload(emptied_wb, tmp_path / Path(COPY).name, username="ann")

    set_aside(emptied_wb, COPY)
    assert without_file(emptied_wb, root) == set()


def test_a_file_stays_whose_row_lives_again_before_its_bytes_followed(emptied_wb: Workbench, root: Path) -> None:
    killed_before_the_bytes_followed(emptied_wb, COPY, OTHER)
    change(emptied_wb, COPY, deleted_at=None)

    with pytest.raises(IntegrityError, match=f"1 file did not go .*disk:{COPY}: it is the file of another row"):
        set_aside(emptied_wb, COPY, OTHER)
    set_aside(emptied_wb, COPY, OTHER)

    assert (root / COPY).read_bytes() == b"one"
    assert states(emptied_wb) == ["back"]


def test_a_file_stays_that_came_in_the_place_of_one_which_was_to_leave(emptied_wb: Workbench, root: Path) -> None:
    killed_before_the_bytes_followed(emptied_wb, COPY)
    (root / COPY).write_bytes(b"a new one")
    with emptied_wb.transaction() as session:
        row = dict(
            session.execute(sa.select(media_locator).where(media_locator.c.relative_path == COPY)).one()._mapping
        )
        new = {"id": uuid4(), "deleted_at": None, "byte_id": hashlib.sha256(b"a new one").hexdigest(), "size_bytes": 9}
        session.execute(sa.insert(media_locator).values(row | new))

    with pytest.raises(IntegrityError, match="neither in quarantine nor where it lay"):
        set_aside(emptied_wb, COPY)

    assert (root / COPY).read_bytes() == b"a new one"
    assert without_file(emptied_wb, root) == set()


def test_a_single_file_brought_back_while_others_leave_stays(
    emptied_wb: Workbench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = quarantine.hold_places

    def meanwhile(session: Session, storages: Iterable[StorageId]) -> None:
        monkeypatch.setattr(quarantine, "hold_places", hold)
        ids = session.scalars(sa.select(quarantined_files.c.id)).all()
        brought_back.bring_back(emptied_wb, [str(one) for one in ids])
        hold(session, storages)

    monkeypatch.setattr(quarantine, "hold_places", meanwhile)
    set_aside(emptied_wb, COPY)

    assert (root / COPY).read_bytes() == b"one"
    assert states(emptied_wb) == ["back"]
    assert without_file(emptied_wb, root) == set()


def test_of_two_runs_that_finish_one_plan_the_slower_moves_nothing_that_was_restored(
    emptied_wb: Workbench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = rows(emptied_wb), tree(root)
    hold, plan = quarantine.hold_places, AwayPlan(emptied_wb.clock.now(), (Away(COPY),)).approve(by="ada")

    def meanwhile(session: Session, storages: Iterable[StorageId]) -> None:
        monkeypatch.setattr(quarantine, "hold_places", hold)
        stepwise.restore(emptied_wb, AWAY, stepwise.apply(emptied_wb, AWAY, plan))
        hold(session, storages)

    monkeypatch.setattr(quarantine, "hold_places", meanwhile)
    stepwise.apply(emptied_wb, AWAY, plan)

    assert (rows(emptied_wb), tree(root), states(emptied_wb)) == (before, files, ["back"])


def test_no_place_gets_a_row_while_its_file_moves(
    emptied_wb: Workbench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move, ingests = DiskStore.move, ThreadPoolExecutor(1)

    def slow(store: DiskStore, path: str, to: str) -> None:
        begun = ingests.submit(take_in, emptied_wb, root)
        wait([begun], timeout=1)  # it has read the file by then, and waits
        move(store, path, to)

    (root / "litter.jpg").write_bytes(b"one")
    monkeypatch.setattr(DiskStore, "move", slow)
    set_aside(emptied_wb, "litter.jpg")
    ingests.shutdown()

    assert not (root / "litter.jpg").exists()
    assert without_file(emptied_wb, root) == set()


def test_a_file_stays_that_another_live_row_is_about(emptied_wb: Workbench, root: Path) -> None:
    change(emptied_wb, COPY, deleted_at=sa.func.now())
    register_again(emptied_wb, root, COPY)
    change(emptied_wb, OTHER, deleted_at=sa.func.now())

    stays = leave_without_row(emptied_wb, COPY, b"one")
    goes = leave_without_row(emptied_wb, OTHER, b"two")

    assert "of another row" in stays.refused[0]
    assert goes.refused == ()


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_file_stays_whose_row_was_brought_back_or_deleted_since(
    emptied_wb: Workbench, root: Path, is_deleted: bool
) -> None:
    change(emptied_wb, COPY, deleted_at=None if is_deleted else sa.func.now())

    left = leave_with_row(emptied_wb, COPY, is_deleted=is_deleted)

    assert left.refused == (f"{COPY}: its row was changed",)


def test_a_file_does_not_come_back_below_the_row_of_another(emptied_wb: Workbench, root: Path) -> None:
    receipt = set_aside(emptied_wb, COPY)
    (root / COPY).write_bytes(b"one")
    take_in(emptied_wb, root)
    (root / COPY).unlink()  # what is registered there now is missing

    back = stepwise.restore(emptied_wb, AWAY, receipt)

    assert "something else is in its place" in back.refused[0]
    assert not (root / COPY).exists()
    assert (root / ".mhc-quarantine" / str(receipt.run) / COPY).read_bytes() == b"one"


# what cannot be moved


def test_a_name_that_is_a_path_on_other_systems_leaves_and_comes_back(emptied_wb: Workbench, root: Path) -> None:
    (root / "..\\..\\evil.jpg").write_bytes(b"one")
    files = tree(root)

    receipt = set_aside(emptied_wb, "..\\..\\evil.jpg")
    was_there = (root / "..\\..\\evil.jpg").exists()
    back = stepwise.restore(emptied_wb, AWAY, receipt)

    assert (was_there, receipt.refused, back.refused) == (False, (), ())
    assert tree(root) == files


def test_a_file_that_cannot_be_moved_keeps_no_other_and_the_run_can_be_finished(
    emptied_wb: Workbench, root: Path
) -> None:
    plan = blocked(emptied_wb, root)

    with pytest.raises(IntegrityError, match=rf"1 file did not go .*disk:{COPY}: .*mhc away restore"):
        stepwise.apply(emptied_wb, AWAY, plan)
    assert sorted(states(emptied_wb)) == ["aside", "leaving"]
    next((root / ".mhc-quarantine").glob("*/people")).unlink()
    receipt = stepwise.apply(emptied_wb, AWAY, plan)

    assert receipt.done_count == 2
    assert states(emptied_wb) == ["aside", "aside"]


def test_a_run_whose_bytes_cannot_follow_can_be_undone(emptied_wb: Workbench, root: Path) -> None:
    plan, before = blocked(emptied_wb, root), tree(root)
    with pytest.raises(IntegrityError):
        stepwise.apply(emptied_wb, AWAY, plan)
    with emptied_wb.reader as session:
        (run,) = journal.recent(session, "away")

    back = stepwise.restore(emptied_wb, AWAY, stepwise.receipt_of(emptied_wb, AWAY, run.id))

    assert back.refused == ()
    assert tree(root) == before
    assert without_file(emptied_wb, root) == set()
    with pytest.raises(RefusedError, match="applied and undone"):
        stepwise.apply(emptied_wb, AWAY, plan)


def test_a_run_with_steps_before_it_is_not_undone(emptied_wb: Workbench, root: Path) -> None:
    with emptied_wb.transaction() as session:
        plan = AwayPlan(emptied_wb.clock.now(), (Away(COPY),)).approve(by="ada")
        run = journal.begin(session, plan, _steps(session, plan.plan), at=emptied_wb.clock.now())

    with pytest.raises(RefusedError, match="Only a finished run"):
        stepwise.restore(emptied_wb, AWAY, stepwise.receipt_of(emptied_wb, AWAY, run))


def test_a_place_that_was_written_anew_after_a_killed_copy_is_left_alone() -> None:
    store = MemoryStore()
    store.put("a.jpg", BytesIO(b"new"))
    store.put(".mhc-quarantine/x/a.jpg", BytesIO(b"one"))

    went = setting_aside.moved(store, "a.jpg", ".mhc-quarantine/x/a.jpg", ByteId(hashlib.sha256(b"one").hexdigest()))

    assert went
    assert store.read("a.jpg").read() == b"new"


def blocked(wb: Workbench, root: Path) -> Approved[AwayPlan]:
    """A run with two files of which one has no way into quarantine, because a file lies in it; killed before they follow."""
    (root / "litter.jpg").write_bytes(b"one")
    plan = AwayPlan(wb.clock.now(), (Away(COPY), Away("litter.jpg"))).approve(by="ada")
    with pytest.raises(KeyboardInterrupt):
        stepwise.apply(wb, AWAY, plan, progress=_interrupt)
    with wb.reader as session:
        (run,) = journal.recent(session, "away")
    (root / ".mhc-quarantine" / str(run.id)).mkdir(parents=True)
    (root / ".mhc-quarantine" / str(run.id) / "people").write_bytes(b"in the way")
    return plan


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
        stepwise.apply(wb, AWAY, plan, progress=_interrupt)


def change(wb: Workbench, path: str, **values: object) -> None:
    with wb.transaction() as session:
        session.execute(sa.update(media_locator).where(media_locator.c.relative_path == path).values(**values))


def without_file(wb: Workbench, root: Path) -> set[str]:
    """Live rows of which nothing is in their place."""
    with wb.reader as session:
        return {one.relative_path for one in media.found(session, Wanted()) if not (root / one.relative_path).exists()}


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
