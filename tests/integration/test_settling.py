"""The bytes that follow once all steps are done: on what is so at that moment, and one that cannot move keeps no other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId, StorageId
from mhc_lab.jobs import journal, saving, setting_aside, stepwise
from mhc_lab.jobs import quarantine as brought_back
from mhc_lab.jobs.plan import Approved
from mhc_lab.schema.media import media_locator, quarantined_files
from mhc_lab.services import quarantine
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.memory import MemoryStore
from mhc_lab.workbench import Workbench
from tests.support.away import (
    AWAY,
    COPY,
    KEPT,
    OTHER,
    Away,
    AwayPlan,
    a_disk,
    change,
    interrupt,
    killed_before_the_bytes_followed,
    rows,
    set_aside,
    states,
    steps,
    take_in,
    tree,
    without_file,
)


@pytest.fixture
def root(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A disk with a file, a copy of it, and another one; all taken in."""
    return a_disk(emptied_wb, tmp_path / "disk")


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
        run = journal.begin(session, plan, steps(session, plan.plan), at=emptied_wb.clock.now())

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
        stepwise.apply(wb, AWAY, plan, progress=interrupt)
    with wb.reader as session:
        (run,) = journal.recent(session, "away")
    (root / ".mhc-quarantine" / str(run.id)).mkdir(parents=True)
    (root / ".mhc-quarantine" / str(run.id) / "people").write_bytes(b"in the way")
    return plan
