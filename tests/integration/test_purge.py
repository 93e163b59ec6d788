"""Quarantine looked at, single files brought back, and what is old removed for good, only where the same bytes stay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from mhc_lab.cli.dedup import app as dedup_app
from mhc_lab.cli.purge import app as purge_app
from mhc_lab.cli.quarantine import app as quarantine_app
from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.jobs import ingest, purge, quarantine, stepwise, stores, verify
from mhc_lab.jobs.dedup import apply_dedup, plan_dedup, restore
from mhc_lab.jobs.plan import Receipt
from mhc_lab.jobs.purge import PurgePlan, apply_purge, plan_purge
from mhc_lab.schema.media import media_locator, quarantined_files
from mhc_lab.services import media, people, storages
from mhc_lab.services.media import Wanted
from mhc_lab.storage.disk import DiskStore
from mhc_lab.workbench import Workbench

KEPT, COPY, THIRD = "people/ann/auto/a.jpg", "people/ann/uploads/b.jpg", "people/ann/uploads/c.jpg"
NEWER = "people/ann/auto/newer.jpg"

pytestmark = pytest.mark.usefixtures("one_examiner")


@pytest.fixture
def root(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A disk with three copies of one file of ann."""
    folder = tmp_path / "disk"
    for path in (KEPT, COPY, THIRD):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"one")
    with emptied_wb.transaction() as session:
        people.find_or_create(session, ["ann"], at=emptied_wb.clock.now())
    ingest.register(emptied_wb, *stores.adopt(emptied_wb, str(folder)))
    change(emptied_wb, KEPT, created_at=sa.text("'2026-01-01Z'"))
    return folder


@pytest.fixture
def aside(emptied_wb: Workbench, root: Path) -> Receipt:
    """The run that set two of the copies aside."""
    return apply_dedup(emptied_wb, plan_dedup(emptied_wb).approve(by="ada"))


def change(wb: Workbench, path: str, **values: object) -> None:
    with wb.transaction() as session:
        session.execute(sa.update(media_locator).where(media_locator.c.relative_path == path).values(**values))


def live(wb: Workbench) -> set[str]:
    with wb.reader as session:
        return {one.relative_path for one in media.found(session, Wanted())}


def states(wb: Workbench) -> dict[str, str]:
    with wb.reader as session:
        rows = session.execute(sa.select(quarantined_files.c.relative_path, quarantined_files.c.state))
        return dict(rows.all())


def set_aside(root: Path) -> set[str]:
    """The names of the files that lie in quarantine."""
    return {path.name for path in (root / ".mhc-quarantine").rglob("*") if path.is_file()}


def id_of(wb: Workbench, path: str) -> str:
    with wb.reader as session:
        found = sa.select(quarantined_files.c.id).where(quarantined_files.c.relative_path == path)
        return str(session.scalar(found))


def purged(wb: Workbench, plan: PurgePlan | None = None) -> Receipt:
    return apply_purge(wb, (plan or plan_purge(wb, older_than_days=0)).approve(by="ada"))


# single files


def test_a_single_file_comes_back_and_the_run_restores_the_others(
    emptied_wb: Workbench, root: Path, aside: Receipt
) -> None:
    brought = quarantine.bring_back(emptied_wb, [id_of(emptied_wb, COPY)[:8]])
    undone = restore(emptied_wb, aside)

    assert (len(brought.files), brought.refused) == (1, ())
    assert undone.done_count == 1
    assert undone.refused == (f"disk:{COPY}: it was brought back before",)
    assert live(emptied_wb) == {KEPT, COPY, THIRD}
    assert (root / COPY).read_bytes() == (root / THIRD).read_bytes() == b"one"


def test_a_file_that_cannot_come_back_is_told(emptied_wb: Workbench, root: Path, aside: Receipt) -> None:
    (root / COPY).write_bytes(b"another")

    brought = quarantine.bring_back(emptied_wb, [id_of(emptied_wb, COPY), id_of(emptied_wb, THIRD)])

    assert str(brought).startswith("1 file brought back\n  not brought back: disk:people/ann/uploads/b.jpg: something")
    assert (root / COPY).read_bytes() == b"another"
    assert states(emptied_wb) == {COPY: "aside", THIRD: "back"}


def test_a_file_that_is_back_is_not_brought_back_again(emptied_wb: Workbench, root: Path, aside: Receipt) -> None:
    quarantine.bring_back(emptied_wb, [id_of(emptied_wb, COPY)])

    again = quarantine.bring_back(emptied_wb, [id_of(emptied_wb, COPY)])

    assert str(again) == f"0 files brought back\n  not brought back: disk:{COPY}: it was brought back before"


def test_an_id_that_means_none_or_several_is_refused(emptied_wb: Workbench, root: Path, aside: Receipt) -> None:
    with pytest.raises(NotFoundError, match="quarantine list"):
        quarantine.bring_back(emptied_wb, ["no such id"])
    with pytest.raises(RefusedError, match="too short"):
        quarantine.bring_back(emptied_wb, [id_of(emptied_wb, COPY)[:5]])


# purge


def test_only_what_is_old_enough_and_stays_elsewhere_can_be_purged(
    emptied_wb: Workbench, root: Path, aside: Receipt
) -> None:
    with emptied_wb.transaction() as session:
        orphan = sa.update(quarantined_files).where(quarantined_files.c.relative_path == COPY)
        session.execute(orphan.values(keeper_id=None))

    young = plan_purge(emptied_wb, older_than_days=30)
    old = plan_purge(emptied_wb, older_than_days=0)

    assert (young.actions, young.staying) == ((), ())
    assert [one.place for one in old.actions] == [f"disk:{THIRD}"]
    assert f"stays: disk:{COPY}: nothing with the same bytes stays for it" in old.words()


def test_a_keeper_that_is_deleted_or_damaged_in_its_row_keeps_its_copies(
    emptied_wb: Workbench, root: Path, aside: Receipt
) -> None:
    change(emptied_wb, KEPT, deleted_at=sa.func.now())

    plan = plan_purge(emptied_wb, older_than_days=0)

    assert (plan.actions, len(plan.staying)) == ((), 2)


def test_a_keeper_that_is_known_to_be_missing_keeps_its_copies(
    emptied_wb: Workbench, root: Path, aside: Receipt
) -> None:
    (root / KEPT).rename(root / "elsewhere.jpg")  # a disk without any file is not believed
    with emptied_wb.reader as session:
        disk = storages.get(session, "disk")
    verify.verify(emptied_wb, disk)

    plan = plan_purge(emptied_wb, older_than_days=0)

    assert plan.actions == ()
    assert all("missing or damaged: `mhc quarantine restore" in one.why for one in plan.staying)
    assert len(plan.staying) == 2


def test_an_undo_is_not_undone(emptied_wb: Workbench, root: Path, aside: Receipt) -> None:
    undo = restore(emptied_wb, aside)

    with pytest.raises(RefusedError, match="Plan again what it took back"):
        restore(emptied_wb, undo)


def test_a_purge_frees_the_space_and_nothing_brings_it_back(emptied_wb: Workbench, root: Path, aside: Receipt) -> None:
    plan = plan_purge(emptied_wb, older_than_days=0)
    receipt = purged(emptied_wb, plan)
    again = purged(emptied_wb, plan)

    assert receipt == again
    assert str(receipt) == "2 files removed for good"
    assert set_aside(root) == set()
    assert (root / KEPT).read_bytes() == b"one"
    assert states(emptied_wb) == {COPY: "purged", THIRD: "purged"}
    with pytest.raises(RefusedError, match="cannot be undone"):
        stepwise.restore(emptied_wb, purge.PURGE, receipt)


def test_the_row_of_what_was_purged_is_not_brought_back(emptied_wb: Workbench, root: Path, aside: Receipt) -> None:
    purged(emptied_wb)
    with emptied_wb.reader as session:
        (deleted,) = media.found(session, Wanted(is_deleted=True, words="b.jpg"))

    with pytest.raises(RefusedError, match=f"{COPY} was removed for good"), emptied_wb.transaction() as session:
        media.restore(session, deleted, by="ada")


def test_a_run_is_restored_but_for_what_was_purged_of_it(emptied_wb: Workbench, root: Path, aside: Receipt) -> None:
    plan = plan_purge(emptied_wb, older_than_days=0)
    copy = next(one for one in plan.actions if COPY in one.place)
    purged(emptied_wb, plan.without(copy.name))

    undone = restore(emptied_wb, aside)

    assert (undone.done_count, undone.refused) == (1, (f"disk:{THIRD}: it was purged",))
    assert live(emptied_wb) == {KEPT, COPY}
    assert quarantine.bring_back(emptied_wb, [id_of(emptied_wb, THIRD)]).refused == undone.refused


@pytest.mark.parametrize(
    "happens",
    [
        lambda wb, root: (root / KEPT).unlink(),
        lambda wb, root: (root / KEPT).write_bytes(b"rot"),
        lambda wb, root: change(wb, KEPT, deleted_at=sa.func.now()),
    ],
)
def test_nothing_is_purged_whose_keeper_is_not_there_at_that_moment(
    emptied_wb: Workbench, root: Path, aside: Receipt, happens: Callable[[Workbench, Path], None]
) -> None:
    plan = plan_purge(emptied_wb, older_than_days=0)
    happens(emptied_wb, root)

    receipt = purged(emptied_wb, plan)

    assert (receipt.done_count, len(receipt.refused)) == (0, 2)
    assert set_aside(root) == {"b.jpg", "c.jpg"}


def test_a_keeper_lost_between_mark_and_removal_still_saves_its_copies(
    emptied_wb: Workbench, root: Path, aside: Receipt
) -> None:
    plan = plan_purge(emptied_wb, older_than_days=0)

    def lose(done: int, total: int | None, doing: str) -> None:
        (root / KEPT).unlink(missing_ok=True)

    receipt = apply_purge(emptied_wb, plan.approve(by="ada"), progress=lose)

    assert (receipt.done_count, len(receipt.refused)) == (0, 2)
    assert "should stay for it is not there" in receipt.refused[0]
    assert set_aside(root) == {"b.jpg", "c.jpg"}
    assert set(states(emptied_wb).values()) == {"aside"}


def test_a_file_that_has_other_bytes_in_quarantine_is_not_removed(
    emptied_wb: Workbench, root: Path, aside: Receipt
) -> None:
    next((root / ".mhc-quarantine").rglob("b.jpg")).write_bytes(b"rot")

    receipt = purged(emptied_wb)

    assert receipt.done_count == 1
    assert receipt.refused[0].endswith(f"disk:{COPY}: it has other bytes by now")
    assert set_aside(root) == {"b.jpg"}


def test_what_cannot_be_removed_is_told_and_keeps_no_other(emptied_wb: Workbench, root: Path, aside: Receipt) -> None:
    there = next((root / ".mhc-quarantine").rglob("b.jpg"))
    there.unlink()
    there.mkdir()

    receipt = purged(emptied_wb)

    assert receipt.done_count == 1
    assert f"disk:{COPY}: " in receipt.refused[0]
    assert "is not a file" in receipt.refused[0]
    assert states(emptied_wb) == {COPY: "aside", THIRD: "purged"}


def test_what_has_other_bytes_than_its_keeper_stays_beside_what_has_the_same(
    emptied_wb: Workbench, root: Path, aside: Receipt
) -> None:
    plan = plan_purge(emptied_wb, older_than_days=0)

    def differ(done: int, total: int | None, doing: str) -> None:
        """One of the two gets other bytes in its row and its place, as if its keeper never had them."""
        next((root / ".mhc-quarantine").rglob("b.jpg")).write_bytes(b"other")
        with emptied_wb.transaction() as session:
            row = sa.update(quarantined_files).where(quarantined_files.c.relative_path == COPY)
            session.execute(row.values(byte_id=hashlib.sha256(b"other").hexdigest()))

    receipt = apply_purge(emptied_wb, plan.approve(by="ada"), progress=at_steps(differ))

    assert receipt.done_count == 1
    assert set_aside(root) == {"b.jpg"}


def at_steps(then: Callable[[int, int | None, str], None]) -> Callable[[int, int | None, str], None]:
    """A progress that does something once the steps are done and no byte is removed."""
    return lambda done, total, doing: then(done, total, doing) if doing == "steps" else None


def test_a_purge_killed_after_the_bytes_were_removed_is_finished_by_the_next(
    emptied_wb: Workbench, root: Path, aside: Receipt, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_purge(emptied_wb, older_than_days=0)
    remove = DiskStore.remove

    def die(store: DiskStore, path: str, **more: object) -> None:
        remove(store, path, **more)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(DiskStore, "remove", die)
    with pytest.raises(KeyboardInterrupt):
        purged(emptied_wb, plan)
    monkeypatch.undo()
    assert set(states(emptied_wb).values()) == {"purging"}

    receipt = purged(emptied_wb, plan)

    assert receipt.done_count == 2
    assert set_aside(root) == set()
    assert set(states(emptied_wb).values()) == {"purged"}


def test_a_file_brought_back_meanwhile_is_not_purged(emptied_wb: Workbench, root: Path, aside: Receipt) -> None:
    plan = plan_purge(emptied_wb, older_than_days=0)
    quarantine.bring_back(emptied_wb, [id_of(emptied_wb, COPY)])

    receipt = purged(emptied_wb, plan)

    assert receipt.done_count == 1
    assert "not in quarantine any more" in receipt.refused[0]
    assert (root / COPY).read_bytes() == b"one"


def test_what_was_set_aside_follows_its_keeper_when_that_leaves_for_another(
    emptied_wb: Workbench, root: Path, aside: Receipt
) -> None:
    (root / NEWER).write_bytes(b"one")
    ingest.register(emptied_wb, *stores.adopt(emptied_wb, str(root)))
    change(emptied_wb, NEWER, created_at=sa.text("'2020-01-01Z'"))

    second = apply_dedup(emptied_wb, plan_dedup(emptied_wb).approve(by="ada"))
    purged(emptied_wb)

    assert live(emptied_wb) == {NEWER}
    assert set_aside(root) == set()
    assert restore(emptied_wb, second).refused == (f"disk:{KEPT}: it was purged",)


def test_a_negative_age_is_refused(emptied_wb: Workbench) -> None:
    with pytest.raises(RefusedError, match="not negative"):
        plan_purge(emptied_wb, older_than_days=-1)


# as somebody types it


@pytest.fixture
def mhc(emptied_wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Commands on this workbench."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(Workbench, "open", lambda **_: nullcontext(emptied_wb))
    groups = {"dedup": dedup_app, "quarantine": quarantine_app, "purge": purge_app}
    return lambda group, *words: CliRunner().invoke(groups[group], [str(word) for word in words])


def test_copies_are_found_set_aside_listed_and_purged_by_command(
    emptied_wb: Workbench, root: Path, mhc: Callable[..., Result]
) -> None:
    found = mhc("dedup", "find")
    plan = json.loads(mhc("dedup", "plan", "--json").stdout)["plan"]
    approved = json.loads(mhc("dedup", "approve", plan, "--by", "ada", "--json").stdout)["approved"]
    receipt = json.loads(mhc("dedup", "apply", approved, "--json").stdout)
    listed = mhc("quarantine", "list")
    brought = mhc("quarantine", "restore", id_of(emptied_wb, COPY)[:8])
    freeing = json.loads(mhc("purge", "plan", "--older-than", 0, "--json").stdout)["plan"]
    signed = json.loads(mhc("purge", "approve", freeing, "--by", "ada", "--json").stdout)["approved"]
    freed = mhc("purge", "apply", signed)
    undone = mhc("dedup", "restore", receipt["run"])

    assert "3 files: 2 redundant copies in 1 group, 6 B" in found.stdout
    assert f"disk:{THIRD}  aside just now  3 B  same bytes as disk:{KEPT}" in listed.stdout
    assert f"keeper disk:{KEPT}" in listed.stdout
    assert "1 file brought back" in brought.stdout
    assert freed.stdout.startswith("1 file removed for good\n")
    assert f"left as it is: disk:{THIRD}: it was purged" in undone.stdout


def test_there_is_no_command_that_undoes_a_purge(mhc: Callable[..., Result]) -> None:
    assert "No such command 'restore'" in mhc("purge", "restore", "0c9f3f4e").stderr


def test_a_file_that_stays_in_quarantine_ends_the_command_with_exit_code_one(
    emptied_wb: Workbench, root: Path, aside: Receipt, mhc: Callable[..., Result]
) -> None:
    (root / COPY).write_bytes(b"another")

    assert mhc("quarantine", "restore", id_of(emptied_wb, COPY)).exit_code == 1
