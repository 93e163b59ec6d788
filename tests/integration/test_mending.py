"""What is stale, in the way, or not what a plan takes it for, when rows and files are set right and put back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import ByteId, MediaId
from mhc_lab.jobs.mending import Bench, Place
from mhc_lab.jobs.reconcile import apply_reconcile, restore
from mhc_lab.schema.media import media_locator
from mhc_lab.schema.people import persons
from mhc_lab.services import media, media_audit, quarantine, storages
from mhc_lab.services.media import Wanted
from mhc_lab.storage.disk import DiskStore
from mhc_lab.workbench import Workbench
from tests.support.drifted import ANN, World, counts, mend, planned

MISSPELT = "poeple/ann/auto/a.jpg"

pytestmark = pytest.mark.usefixtures("one_examiner")


@pytest.fixture
def world(emptied_wb: Workbench, tmp_path: Path) -> World:
    return World(emptied_wb, tmp_path)


def ids(world: World) -> list[MediaId]:
    with world.wb.reader as session:
        return [file.id for file in media.found(session, Wanted())]


def test_a_plan_whose_remedy_is_not_that_of_its_class_is_refused(world: World) -> None:
    world.steady()
    world.row(ANN, b"gone")
    plan = planned(world)
    edited = replace(plan, actions=tuple(replace(one, remedy="quarantine") for one in plan.actions))

    with pytest.raises(RefusedError, match="class"):
        apply_reconcile(world.wb, edited.approve(by="ada"))


def test_a_file_whose_person_is_gone_is_not_moved(world: World) -> None:
    world.file(MISSPELT)
    plan = planned(world).approve(by="ada")
    with world.wb.transaction() as session:
        session.execute(sa.delete(persons).where(persons.c.id == world.ann))

    receipt = apply_reconcile(world.wb, plan)

    assert receipt.refused == (f"file ssd:{MISSPELT}: its person is gone",)
    assert (world.ssd / MISSPELT).exists()


def test_a_file_that_got_a_row_where_it_lies_is_not_moved(world: World) -> None:
    data = world.file(MISSPELT)
    plan = planned(world).approve(by="ada")
    world.row(MISSPELT, data)
    world.save()

    receipt = apply_reconcile(world.wb, plan)

    assert receipt.refused == (f"file ssd:{MISSPELT}: there is a row for it, or for its place, by now",)
    assert (world.ssd / MISSPELT).exists()


def test_a_file_is_not_moved_to_the_place_of_a_row_about_another_and_is_not_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mhc_lab.storage.digests._RACY_NS", 0)
    world.steady()
    world.row(ANN, b"one")
    world.file(MISSPELT, "two")

    receipt = mend(world)

    assert receipt.refused == (f"file ssd:{MISSPELT}: there is a row for it, or for its place, by now",)
    again = planned(world)
    assert (again.actions, [one.found for one in again.listed]) == ((), ["wrong_prefix"])


def test_a_file_whose_name_no_store_can_keep_stays_and_the_rest_is_done(world: World) -> None:
    odd = "poeple/ann/auto/line\nend.jpg"
    world.file(odd)
    world.file(ANN)

    receipt = mend(world)

    assert receipt.done_count == 1
    assert receipt.refused == (f"file ssd:{odd}: its place is taken, or no file can be there",)
    assert (world.ssd / odd).exists()


def test_a_file_is_never_moved_through_a_link(world: World, tmp_path: Path) -> None:
    world.file(MISSPELT)
    plan = planned(world).approve(by="ada")
    (world.ssd / "people").mkdir()
    (world.ssd / "people/ann").symlink_to(tmp_path)

    receipt = apply_reconcile(world.wb, plan)

    assert receipt.refused == (f"file ssd:{MISSPELT}: its place is taken, or no file can be there",)


def test_a_row_that_leads_elsewhere_since_stays_when_the_rest_is_undone(world: World) -> None:
    world.file(ANN)
    receipt = mend(world)
    (made,) = ids(world)
    with world.wb.transaction() as session:
        media_audit.point(session, made, world.ids[world.hdd], ANN)

    undone = restore(world.wb, receipt)

    assert undone.refused == (f"file ssd:{ANN}: its row is used by now",)
    assert ids(world) == [made]


def test_a_record_stays_gone_when_the_one_that_stayed_for_it_is_gone_too(world: World) -> None:
    data = world.file(ANN)
    registered = mend(world)
    world.row("a.jpg", data)
    absorbed = mend(world)
    restore(world.wb, registered)

    undone = restore(world.wb, absorbed)

    assert undone.refused == ("row ssd:a.jpg: the record that stayed for it is gone",)


def test_a_record_only_goes_when_the_file_of_the_one_that_stays_has_its_bytes(world: World) -> None:
    world.steady()
    for place in ("a.jpg", f"/x/{ANN}"):
        world.row(place, b"one")
    world.file(ANN, "two")

    receipt = mend(world)

    assert {told.rpartition(": ")[2] for told in receipt.refused} == {
        "the file there is not the one the row is about",
        "the file that should stay for it is not there with the same bytes",
    }
    assert len(ids(world)) == 7


def test_a_file_that_was_renamed_by_hand_keeps_its_row(world: World) -> None:
    world.steady()
    kept = world.row(ANN, world.file(ANN), tags=["beach"])
    world.save()
    (world.ssd / ANN).rename(world.ssd / "people/ann/auto/renamed.jpg")
    before = world.rows()

    receipt = mend(world)

    assert receipt.refused == ()
    with world.wb.reader as session:
        row = media.get(session, kept)
    assert (row.relative_path, row.tags) == ("people/ann/auto/renamed.jpg", ("beach",))
    assert counts(planned(world)) == {("row", "in_order"): 6, ("file", "in_order"): 6}
    assert restore(world.wb, receipt).refused == ()
    assert world.rows() == before


def test_a_file_below_a_misspelt_folder_goes_to_the_row_that_waits_for_it(world: World) -> None:
    world.steady()
    waits = world.row(ANN, world.file(MISSPELT))
    world.save()
    before = (world.tree(), world.rows())

    receipt = mend(world)

    assert receipt.refused == ()
    assert waits in ids(world)
    assert counts(planned(world)) == {("row", "in_order"): 6, ("file", "in_order"): 6}
    assert restore(world.wb, receipt).refused == ()
    assert (world.tree(), world.rows()) == before


def test_a_row_is_led_to_its_file_on_a_disk_that_takes_both_spellings_for_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    exactly = DiskStore.stat
    monkeypatch.setattr(DiskStore, "stat", lambda store, path: exactly(store, path.replace("Ann", "ann")))
    world.steady()
    world.row("people/Ann/auto/a.jpg", world.file(ANN))

    receipt = mend(world)

    assert (receipt.done_count, receipt.refused) == (1, ())
    assert counts(planned(world)) == {("row", "in_order"): 6, ("file", "in_order"): 6}


def test_a_second_row_that_spells_the_place_of_a_file_oddly_is_missing(world: World) -> None:
    world.steady()
    world.row(ANN, world.file(ANN))
    world.row("people/ann//auto/a.jpg", b"another")

    receipt = mend(world)

    assert receipt.refused == ()
    assert planned(world).count("row", "missing") == 1
    assert planned(world).actions == ()


def test_of_two_files_with_the_bytes_of_one_lost_one_gets_its_row_and_another_person_s_none(world: World) -> None:
    world.steady()
    lost = world.row("people/ann/auto/lost.jpg", b"lost")
    for path in ("people/ann/auto/a.jpg", "people/ann/auto/b.jpg", "people/bo_b/auto/a.jpg"):
        world.file(path, "lost")

    mend(world)

    with world.wb.reader as session:
        same = sa.select(media_locator.c.id, media_locator.c.relative_path)
        same = same.where(media_locator.c.byte_id == hashlib.sha256(b"lost").hexdigest())
        places = {path: id_ for id_, path in session.execute(same)}
    assert len(places) == 3
    assert places["people/ann/auto/a.jpg"] == lost


def test_no_file_leaves_while_a_row_is_led_to_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.steady()
    world.row("a.jpg", world.file(ANN))
    read, movers = Bench.read_places, ThreadPoolExecutor(1)
    seen: list[Future[list[str]]] = []

    def places_with_rows() -> list[str]:
        with world.wb.transaction() as session:
            ssd = storages.get(session, "ssd").id
            quarantine.hold_places(session, {ssd})
            return [path for _, path in media_audit.live(session, {(ssd, ANN)})]

    def slow(bench: Bench, places: Iterable[Place]) -> dict[Place, ByteId]:
        seen.append(movers.submit(places_with_rows))
        wait(seen, timeout=1)  # whoever wants to move the file waits
        return read(bench, places)

    monkeypatch.setattr(Bench, "read_places", slow)
    mend(world)
    movers.shutdown()

    assert [one.result() for one in seen] == [[ANN]]


def test_a_row_whose_file_is_there_again_is_not_led_to_a_copy(world: World) -> None:
    world.steady()
    back = world.row(ANN, b"back")
    mend(world)
    world.file(ANN, "back")
    world.file("people/ann/snaps/copy.jpg", "back", root=world.hdd)

    receipt = mend(world, storages=["hdd"])

    assert receipt.done_count == 1
    with world.wb.reader as session:
        assert media.get(session, back).relative_path == ANN


def test_a_small_store_that_lost_its_files_is_believed_when_somebody_says_so_and_never_asked_again(
    world: World,
) -> None:
    for number in range(3):
        world.row(f"people/ann/auto/{number}.jpg", b"x")
    world.row(ANN, world.file(ANN))
    doubted = planned(world)
    assert "--believe ssd" in str(doubted.findings[0])

    plan = planned(world, believe=["ssd"])

    assert (plan.findings, plan.believed, plan.count("row", "missing")) == ((), ("ssd",), 3)
    assert "What ssd lists is believed" in plan.words()
    assert plan.hash != replace(plan, believed=()).hash
    assert apply_reconcile(world.wb, plan.approve(by="ada")).refused == ()
    assert (planned(world).findings, planned(world).actions) == ((), ())
