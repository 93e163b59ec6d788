"""Rows, files and snapshots that have drifted apart: every class found, set right, and put back byte for byte."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from mhc_lab.cli.media import app
from mhc_lab.core.errors import RefusedError
from mhc_lab.core.progress import Progress
from mhc_lab.core.secrets import Secret
from mhc_lab.jobs import ingest, mending_files, reconcile, setting_aside, stores
from mhc_lab.jobs.plan import Receipt
from mhc_lab.jobs.reconcile import apply_reconcile, plan_reconcile, restore
from mhc_lab.jobs.reconcile_plan import ReconcilePlan
from mhc_lab.schema.media import media_locator
from mhc_lab.services import media, people
from mhc_lab.services.media import Wanted
from mhc_lab.storage.memory import MemoryStore
from mhc_lab.workbench import Workbench
from tests.support.drifted import ANN, LONG_AGO, World, counts, mend, planned, plant
from tests.support.object_servers import ACCESS_KEY, BUCKET, SECRET_KEY, rclone

EACH = 30
"""So many of every fault."""

pytestmark = pytest.mark.usefixtures("one_examiner")


@pytest.fixture
def world(emptied_wb: Workbench, tmp_path: Path) -> World:
    return World(emptied_wb, tmp_path)


def test_every_planted_fault_is_found_and_nothing_else(world: World) -> None:
    for number in range(EACH):
        plant(world, number)

    plan = planned(world)

    assert counts(plan) == world.planted
    assert plan.findings == ()


def test_a_second_reconciliation_is_clean_but_for_what_is_only_listed(world: World) -> None:
    for number in range(2):
        plant(world, number)

    receipt = mend(world, quarantine=["litter", "artefact", "unknown_person"])

    again = planned(world)
    assert receipt.refused == ()
    assert again.actions == ()
    assert {found for (_, found) in counts(again)} == {
        "in_order", "deleted", "missing", "legacy_path", "size_differs", "unreadable", "twin", "ambiguous",
    }  # fmt: skip


def test_restore_brings_the_same_tree_and_the_same_rows_back(world: World) -> None:
    for number in range(2):
        plant(world, number)
    world.save()
    before = (world.tree(), world.rows())
    receipt = mend(world, quarantine=["litter", "artefact", "unknown_person"])
    changed = (world.tree(), world.rows())

    undone = restore(world.wb, receipt)

    assert undone.refused == ()
    assert world.tree() == before[0]
    assert world.rows() == before[1]
    assert changed != before


def test_names_as_odd_as_a_disk_allows_are_told_apart(world: World) -> None:
    for name in ('a"b,c.jpg', "line\nend.jpg", "NULL", "\\N", "’ü.jpg"):
        world.row(f"people/ann/auto/{name}", world.file(f"people/ann/auto/{name}"))

    plan = planned(world)

    assert counts(plan) == {("row", "in_order"): 5, ("file", "in_order"): 5}


def test_a_plan_touches_nothing(world: World) -> None:
    plant(world, 0)
    world.save()
    before = (world.tree(), world.rows())

    plan_reconcile(world.wb)

    assert (world.tree(), world.rows()) == before


def dying(work: Callable[[Progress], Receipt]) -> Receipt:
    """What ``work`` gives when it is killed whenever it says how far it is, and begun again each time."""

    def die(done: int, total: int | None, doing: str) -> None:
        if (doing, done) not in seen:
            seen.add((doing, done))
            raise KeyboardInterrupt

    seen: set[tuple[str, int]] = set()
    while True:
        before = len(seen)
        try:
            receipt = work(die)
        except KeyboardInterrupt:
            assert len(seen) > before
        else:
            return receipt


def test_killed_after_every_step_it_is_finished_and_undone_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "STEP_ACTIONS", 1)
    monkeypatch.setattr(setting_aside, "_AT_ONCE", 1)
    plant(world, 0)
    plan = planned(world, quarantine=["litter"]).approve(by="ada")
    before = (world.tree(), world.rows())

    receipt = dying(lambda progress: apply_reconcile(world.wb, plan, progress=progress))

    assert (receipt.done_count, receipt.refused) == (len(plan.plan.actions), ())
    assert planned(world).actions == ()
    dying(lambda progress: restore(world.wb, receipt, progress=progress))
    assert (world.tree(), world.rows()) == before


def test_a_move_that_was_killed_before_its_row_was_written_is_found_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.file("poeple/ann/auto/a.jpg")
    plan = planned(world).approve(by="ada")
    with monkeypatch.context() as killing:
        killing.setattr(mending_files, "_with_rows", lambda *_: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            apply_reconcile(world.wb, plan)
    assert (world.ssd / ANN).exists()

    receipt = apply_reconcile(world.wb, plan)

    assert receipt.refused == ()
    assert counts(planned(world)) == {("row", "in_order"): 1, ("file", "in_order"): 1}


def test_what_is_stale_in_a_plan_is_left_out_by_name_and_the_rest_is_done(world: World) -> None:
    world.steady()
    for name in ("a", "b"):
        world.row(f"people/ann/auto/{name}.jpg", b"gone")
        world.file(f"people/ann/uploads/{name}.jpg")
    plan = planned(world).approve(by="ada")
    world.file(ANN, "gone")
    world.file("people/ann/uploads/a.jpg", "written to since the plan was made")

    receipt = apply_reconcile(world.wb, plan)

    assert receipt.done_count == 2
    assert receipt.refused == (
        f"row ssd:{ANN}: that is not so any more",
        "file ssd:people/ann/uploads/a.jpg: it was changed since, or cannot be read",
    )


def test_a_row_is_only_pointed_at_a_file_that_has_its_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mhc_lab.storage.digests._RACY_NS", 0)
    world.steady()
    world.row(ANN, b"one")
    world.file(ANN, "two", root=world.hdd)

    receipt = mend(world)

    assert receipt.refused == (f"row ssd:{ANN}: the file there is not the one the row is about",)
    again = planned(world)
    assert (again.count("row", "missing"), again.count("file", "known_person")) == (1, 1)
    assert apply_reconcile(world.wb, again.approve(by="ada")).refused == ()
    assert planned(world).actions == ()


def test_a_copy_of_a_link_is_only_set_aside_when_it_has_the_bytes_of_what_it_led_to(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mhc_lab.storage.digests._RACY_NS", 0)
    world.row(ANN, world.file(ANN, "one"))
    world.file("people/ann/all/a.jpg", "two")

    receipt = mend(world)

    assert receipt.refused == ("file ssd:people/ann/all/a.jpg: it has other bytes by now, or cannot be read",)
    assert (world.ssd / "people/ann/all/a.jpg").exists()
    assert planned(world).count("file", "known_person") == 1


def test_a_keeper_that_turns_out_to_have_other_bytes_is_none_for_the_next_plan(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mhc_lab.storage.digests._RACY_NS", 0)
    world.row(ANN, b"one")
    world.file(ANN, "two")
    world.row("people/ann/snaps/a.jpg", world.file("people/ann/snaps/a.jpg", "one"), deleted_at=LONG_AGO)

    receipt = mend(world)

    assert [told.rpartition(": ")[2] for told in receipt.refused] == [
        "the file that should stay for it is not there with the same bytes"
    ]
    assert mend(world).refused == ()
    assert planned(world).actions == ()


def test_what_a_record_said_goes_to_the_one_that_stays_and_comes_back(world: World) -> None:
    stays = world.row(ANN, world.file(ANN))
    goes = world.row("a.jpg", ANN.encode(), tags=["beach"], is_favorite=True, is_primary=True)

    receipt = mend(world)

    with world.wb.reader as session:
        files = media.those(session, [stays, goes])
    assert (files[stays].tags, files[stays].is_favorite, files[stays].is_primary) == (("beach",), True, True)
    assert files[goes].is_deleted
    restore(world.wb, receipt)
    with world.wb.reader as session:
        files = media.those(session, [stays, goes])
    assert (files[stays].tags, files[stays].is_favorite, files[stays].is_primary) == ((), False, False)
    assert (files[goes].tags, files[goes].is_primary, files[goes].is_deleted) == (("beach",), True, False)


def test_a_row_that_was_used_since_stays_when_the_rest_is_undone(world: World) -> None:
    for name in ("a", "b"):
        world.file(f"people/ann/auto/{name}.jpg")
    receipt = mend(world)
    with world.wb.transaction() as session:
        used = next(file for file in media.found(session, Wanted(words="a.jpg")))
        media.tag(session, [used], ["beach"])

    undone = restore(world.wb, receipt)

    assert undone.refused == (f"file ssd:{ANN}: its row is used by now",)
    with world.wb.reader as session:
        assert [file.relative_path for file in media.found(session, Wanted())] == [ANN]


def test_a_flag_is_taken_away_when_the_file_is_there_again(world: World) -> None:
    world.steady()
    world.row(ANN, b"back")
    mend(world)
    assert planned(world).actions == ()
    world.file(ANN, "back")

    mend(world)

    with world.wb.reader as session:
        assert set(session.scalars(sa.select(media_locator.c.problem))) == {None}


def test_bytes_that_were_found_to_differ_by_reading_are_told_without_reading_them_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mhc_lab.storage.digests._RACY_NS", 0)
    world.row(ANN, b"one")
    world.file(ANN, "two")
    world.save()
    assert ingest.ingest(world.wb, world.ssd).differing == (ANN,)

    plan = planned(world)

    assert plan.count("row", "bytes_differ") == 1
    assert apply_reconcile(world.wb, plan.approve(by="ada")).refused == ()
    assert planned(world).actions == ()


def test_a_store_that_is_offline_is_one_finding_and_nothing_is_planned_for_it(world: World) -> None:
    world.row(ANN, b"x")
    world.row(ANN, world.file(ANN, root=world.hdd), root=world.hdd)
    shutil.rmtree(world.ssd)

    plan = planned(world)

    assert [(one.storage, "offline" in one.what) for one in plan.findings] == [("ssd", True)]
    assert counts(plan) == {("row", "in_order"): 1, ("row", "not_checked"): 1, ("file", "in_order"): 1}
    assert plan.actions == ()


def test_a_store_that_has_lost_more_than_half_of_its_files_is_not_believed(world: World) -> None:
    for number in range(3):
        world.row(f"people/ann/auto/{number}.jpg", b"x")
    world.row(ANN, world.file(ANN))
    world.file("people/ann/auto/orphan.jpg")

    plan = planned(world)

    assert "of 4 files that should be there it lists 1" in str(plan.findings[0])
    assert counts(plan) == {("row", "not_checked"): 4, ("file", "not_checked"): 2}
    assert plan.actions == ()


def test_what_lies_in_a_storage_that_was_not_looked_through_is_neither_missing_nor_without_a_row(world: World) -> None:
    world.steady()
    world.row(ANN, world.file(ANN), root=world.hdd)

    ssd, hdd = planned(world, storages=["ssd"]), planned(world, storages=["hdd"], believe=["hdd"])

    assert (ssd.actions, ssd.count("file", "not_checked")) == ((), 1)
    assert (hdd.actions, hdd.count("row", "not_checked")) == ((), 6)
    assert [(one.found, one.remedy) for one in planned(world, believe=["hdd"]).actions] == [
        ("wrong_storage", "re-point")
    ]


def test_a_name_that_is_no_text_stops_no_plan(world: World) -> None:
    odd = "people/ann/auto/a\\xff.jpg"
    world.row(odd, world.file(odd))
    (world.ssd / os.fsdecode(b"people/ann/auto/a\xff.jpg")).write_bytes(b"another")

    plan = planned(world)

    assert counts(plan) == {("row", "in_order"): 1, ("file", "in_order"): 1, ("file", "unreadable"): 1}


def test_an_empty_name_in_a_bucket_is_no_folder_that_nobody_can_look_into(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.row(ANN, b"gone", root=world.hdd)
    bucket = MemoryStore()
    bucket.unreadable = ("people/ann/auto/",)
    opened = stores.opened
    monkeypatch.setattr(stores, "opened", lambda wb, one: bucket if one.name == "hdd" else opened(wb, one))

    plan = planned(world, believe=["hdd"])

    assert counts(plan) == {("row", "missing"): 1, ("file", "unreadable"): 1}


def test_only_what_was_named_is_set_aside(world: World) -> None:
    for name in ("a", "b"):
        world.file(f"people/nobody/auto/{name}.jpg")
    listed = planned(world)
    assert listed.actions == ()

    mend(world, quarantine=[listed.listed[0].name])

    assert [one.what for one in planned(world).listed] == ["ssd:people/nobody/auto/b.jpg"]
    with pytest.raises(RefusedError, match="Nothing that the plan lists is called ssd:c"):
        planned(world, quarantine=["ssd:c"])


def test_words_show_the_first_of_many_and_the_file_has_all(world: World, tmp_path: Path) -> None:
    for number in range(51):
        world.file(f"people/ann/auto/{number:02}.jpg")
    plan = planned(world)

    words = plan.words()

    assert "51  known_person" in words
    assert "auto/19.jpg" in words
    assert "auto/20.jpg" not in words
    assert "… and 31 more" in words
    assert ReconcilePlan.load(plan.save(tmp_path / "plan.json")) == plan
    assert "known_person" in plan._repr_html_()


def test_in_a_bucket_files_get_rows_go_where_they_belong_and_leave_and_all_comes_back(
    empty_wb: Workbench, tmp_path: Path
) -> None:
    with rclone(tmp_path) as server:
        keys = {"s3_access_key": Secret(ACCESS_KEY), "s3_secret_key": Secret(SECRET_KEY)}
        endpoint = f"http://127.0.0.1:{server.port}"
        empty_wb.settings = empty_wb.settings.model_copy(update={**keys, "s3_endpoint": endpoint})
        store, _ = stores.adopt(empty_wb, f"s3://{BUCKET}/library")
        with empty_wb.transaction() as session:
            people.find_or_create(session, ["ann"], at=empty_wb.clock.now())
        for path in (ANN, "people/ann/all/a.jpg", "poeple/ann/snaps/b.jpg"):
            store.put(path, BytesIO(b"bytes"))
        before = [file[:2] for file in store.files()]

        receipt = apply_reconcile(empty_wb, plan_reconcile(empty_wb).approve(by="ada"))

        assert (receipt.done_count, receipt.refused) == (3, ())
        assert counts(plan_reconcile(empty_wb)) == {("row", "in_order"): 2, ("file", "in_order"): 2}
        assert restore(empty_wb, receipt).refused == ()
        assert [file[:2] for file in store.files()] == before
        with empty_wb.reader as session:
            assert media.found(session, Wanted()) == []


def test_the_command_plans_approves_applies_and_restores(
    empty_wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(empty_wb, tmp_path)
    world.file(ANN)
    url = empty_wb.settings.database_url
    assert url is not None
    monkeypatch.setenv("MHC_HOME", str(empty_wb.settings.home))
    monkeypatch.setenv("MHC_DATABASE_URL", url.reveal())

    def mhc(*words: str) -> dict[str, str]:
        told = CliRunner().invoke(app, ["reconcile", *words, "--json"])
        assert told.exit_code == 0, told.output
        answer: dict[str, str] = json.loads(told.stdout)
        return answer

    planned = mhc("plan", "--believe", "ssd")
    receipt = mhc("apply", mhc("approve", planned["plan"], "--by", "ada")["approved"])
    undone = mhc("restore", receipt["run"])

    assert "ssd" in planned["believed"]
    assert " " not in Path(planned["plan"]).name
    assert (receipt["title"], undone["title"]) == ("1 thing set right", "1 thing put back as before")


def test_a_file_that_cannot_go_back_keeps_its_row_and_its_place(world: World) -> None:
    world.file("poeple/ann/auto/a.jpg")
    receipt = mend(world)
    world.file("poeple/ann/auto/a.jpg", "another")

    undone = restore(world.wb, receipt)

    assert undone.refused == ("file ssd:poeple/ann/auto/a.jpg: its file is gone, or its old place is taken",)
    assert planned(world).count("row", "in_order") == 1
