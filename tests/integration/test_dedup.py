"""Redundant copies set aside and brought back: bytes, records, marks and references together."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.secrets import Secret
from mhc_lab.jobs import dedup, ingest, stores
from mhc_lab.jobs.dedup import DedupPlan, apply_dedup, plan_dedup, restore
from mhc_lab.jobs.plan import Receipt
from mhc_lab.jobs.purge import plan_purge
from mhc_lab.schema.media import skipped_photosets, snapshot_pictures
from mhc_lab.services import people, storages
from mhc_lab.workbench import Workbench
from tests.support.copies import (
    ALONE,
    COPY,
    FILES,
    NOBODYS,
    OF_BO,
    OLDEST,
    THIRD,
    a_disk,
    applied,
    change,
    files,
    live,
    meant,
    snapshot_of,
    state,
    take_in,
)
from tests.support.object_servers import ACCESS_KEY, BUCKET, SECRET_KEY, rclone

pytestmark = pytest.mark.usefixtures("one_examiner")


@pytest.fixture
def root(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A disk with three copies of one file of ann, one of bo, one of nobody, and another file; registered one after the other."""
    return a_disk(emptied_wb, tmp_path / "disk")


# the plan


def test_a_plan_keeps_the_oldest_copy_of_each_person_and_touches_nothing(emptied_wb: Workbench, root: Path) -> None:
    before = state(emptied_wb, root)

    plan = plan_dedup(emptied_wb)

    assert {(one.place, one.keeper_place) for one in plan.actions} == {
        (f"disk:{COPY}", f"disk:{OLDEST}"),
        (f"disk:{THIRD}", f"disk:{OLDEST}"),
    }
    assert plan.reclaimable_bytes == 6
    assert "stays because it is the oldest (registered on 2026-01-01)" in plan.words()
    assert state(emptied_wb, root) == before


def test_the_copy_that_snapshots_mean_stays(emptied_wb: Workbench, root: Path) -> None:
    snapshot_of(emptied_wb, THIRD)

    plan = plan_dedup(emptied_wb)

    assert {one.keeper_place for one in plan.actions} == {f"disk:{THIRD}"}
    assert "it has the most references (1)" in plan.actions[0].reason


def test_of_copies_registered_together_the_one_written_first_stays_or_the_first_by_path(
    emptied_wb: Workbench, root: Path
) -> None:
    same = {"created_at": sa.text("'2026-01-01Z'"), "modified_at": sa.text("'2025-05-05Z'")}
    for path in (OLDEST, COPY, THIRD):
        change(emptied_wb, path, **same)
    by_path = plan_dedup(emptied_wb)
    change(emptied_wb, THIRD, modified_at=sa.text("'2024-04-04Z'"))
    by_age = plan_dedup(emptied_wb)

    assert (
        by_path.actions[0].reason
        == f"same bytes as disk:{OLDEST}, which stays because it is as old as another and comes first by its path"
    )
    assert {one.keeper_place for one in by_age.actions} == {f"disk:{THIRD}"}
    assert by_age.actions[0].why_keeper == "it was registered together with another but written first (on 2024-04-04)"


def test_only_what_is_asked_for_goes_across_persons_and_what_is_somebodys_stays(
    emptied_wb: Workbench, root: Path
) -> None:
    change(emptied_wb, NOBODYS, created_at=sa.text("'2020-01-01Z'"))

    plan = plan_dedup(emptied_wb, across_persons=True)

    assert {one.keeper_place for one in plan.actions} == {f"disk:{OLDEST}"}
    assert {one.place for one in plan.actions} == {f"disk:{path}" for path in (COPY, THIRD, OF_BO, NOBODYS)}


def test_what_lies_in_a_storage_out_of_use_or_has_a_problem_is_no_copy(emptied_wb: Workbench, root: Path) -> None:
    change(emptied_wb, OLDEST, problem="missing", problem_at=sa.func.now())
    plan = plan_dedup(emptied_wb)
    with emptied_wb.transaction() as session:
        storages.deactivate(session, "disk", reason="old", at=emptied_wb.clock.now())

    assert {one.keeper_place for one in plan.actions} == {f"disk:{COPY}"}
    assert plan_dedup(emptied_wb).actions == ()


def test_a_plan_that_sets_its_own_keeper_aside_is_refused(emptied_wb: Workbench, root: Path, tmp_path: Path) -> None:
    plan = plan_dedup(emptied_wb).without()
    first, second = (str(one.media) for one in plan.actions)
    path = plan.save(tmp_path / "plan.json")
    keeper = f'"keeper": "{plan.actions[0].keeper}"'
    path.write_text(path.read_text().replace(keeper, f'"keeper": "{second}"', 1))

    with pytest.raises(RefusedError, match="one that should stay"):
        applied(emptied_wb, DedupPlan.load(path))

    assert live(emptied_wb) == set(FILES)
    assert first != second


# set aside and brought back


def test_copies_leave_and_what_was_said_of_them_is_said_of_the_one_that_stays(
    emptied_wb: Workbench, root: Path
) -> None:
    snapshot_of(emptied_wb, OLDEST, OLDEST, COPY)
    change(emptied_wb, OLDEST, tags=["x"])
    change(emptied_wb, COPY, is_primary=True, tags=["b", "a", "x"])
    change(emptied_wb, THIRD, is_favorite=True, tags=["a"], source_url="https://example.com/c", photoset_id="7")

    receipt = applied(emptied_wb)

    keeper = files(emptied_wb)[OLDEST]
    assert receipt.done_count == 2
    assert live(emptied_wb) == {OLDEST, OF_BO, ALONE, NOBODYS}
    assert not (root / COPY).exists()
    assert (keeper.is_primary, keeper.is_favorite, keeper.tags) == (True, True, ("x", "b", "a"))
    assert (keeper.source_url, keeper.photoset_id) == ("https://example.com/c", "7")
    assert meant(emptied_wb) == [OLDEST, OLDEST, OLDEST]


def test_a_set_whose_picture_is_still_here_is_fetched_as_before(emptied_wb: Workbench, root: Path) -> None:
    change(emptied_wb, THIRD, photoset_id="7")

    applied(emptied_wb)

    with emptied_wb.reader as session:
        assert session.execute(sa.select(skipped_photosets)).all() == []


def test_everything_comes_back_as_it_was(emptied_wb: Workbench, root: Path) -> None:
    snapshot_of(emptied_wb, OLDEST, OLDEST, COPY)
    change(emptied_wb, OLDEST, tags=["x"])
    change(emptied_wb, COPY, is_primary=True, tags=["b", "a", "x"])
    change(emptied_wb, THIRD, is_favorite=True, tags=["a"], source_url="https://example.com/c", photoset_id="7")
    before = state(emptied_wb, root)

    undone = restore(emptied_wb, applied(emptied_wb))

    assert (undone.done_count, undone.refused) == (2, ())
    assert state(emptied_wb, root) == before


def test_across_persons_references_tags_and_favourites_move_and_no_primary_mark(
    emptied_wb: Workbench, root: Path
) -> None:
    change(emptied_wb, OF_BO, is_primary=True, is_favorite=True, tags=["t"], source_url="https://example.com/bo")
    before = state(emptied_wb, root)

    receipt = applied(emptied_wb, across_persons=True)

    keeper = files(emptied_wb)[OLDEST]
    assert live(emptied_wb) == {OLDEST, ALONE}
    assert (keeper.is_primary, keeper.is_favorite, keeper.tags, keeper.source_url) == (False, True, ("t",), None)
    restore(emptied_wb, receipt)
    assert state(emptied_wb, root) == before


def test_two_names_of_one_file_lose_a_record_and_no_byte(emptied_wb: Workbench, root: Path) -> None:
    (root / COPY).unlink()
    os.link(root / OLDEST, root / COPY)
    before = state(emptied_wb, root)

    receipt = applied(emptied_wb)

    assert (receipt.done_count, receipt.refused) == (2, ())
    assert COPY not in live(emptied_wb)
    assert (root / COPY).read_bytes() == (root / OLDEST).read_bytes() == b"one"
    restore(emptied_wb, receipt)
    assert state(emptied_wb, root) == before


def test_copies_on_a_disk_and_in_a_bucket_are_one_group_and_a_bucket_under_two_names_loses_no_object(
    empty_wb: Workbench, tmp_path: Path
) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "disk/people/ann/auto").mkdir(parents=True)
    (tmp_path / "disk" / OLDEST).write_bytes(b"one")
    with empty_wb.transaction() as session:
        people.find_or_create(session, ["ann"], at=empty_wb.clock.now())
    with rclone(tmp_path / "served") as server:
        assert server.folder is not None
        for name in ("x/people/ann/auto/b.jpg", "x/people/ann/auto/people/ann/auto/c.jpg"):
            (server.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (server.folder / name).write_bytes(b"one")
        keys = {"s3_access_key": Secret(ACCESS_KEY), "s3_secret_key": Secret(SECRET_KEY)}
        endpoint = {"s3_endpoint": f"http://127.0.0.1:{server.port}"}
        empty_wb.settings = empty_wb.settings.model_copy(update=keys | endpoint)
        for place in (str(tmp_path / "disk"), f"s3://{BUCKET}/x/people/ann/auto", f"s3://{BUCKET}/x"):
            ingest.register(empty_wb, *stores.adopt(empty_wb, place))
        change(empty_wb, "people/ann/auto/people/ann/auto/c.jpg", created_at=sa.text("'2020-01-01Z'"))
        before = files(empty_wb)

        receipt = applied(empty_wb)

        assert (receipt.done_count, receipt.refused) == (3, ())
        assert live(empty_wb) == {"b.jpg", "people/ann/auto/people/ann/auto/c.jpg"}
        assert (server.folder / "x/people/ann/auto/people/ann/auto/c.jpg").read_bytes() == b"one"
        assert not (tmp_path / "disk" / OLDEST).exists()
        assert restore(empty_wb, receipt).refused == ()
        assert files(empty_wb) == before


# what changes meanwhile


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (lambda wb, root: (root / COPY).write_bytes(b"new"), "other bytes"),
        (lambda wb, root: (root / COPY).unlink(), "not there any more"),
        (lambda wb, root: change(wb, COPY, relative_path="people/ann/uploads/moved.jpg"), "moved, replaced or deleted"),
        (lambda wb, root: change(wb, COPY, byte_id="0" * 64), "moved, replaced or deleted"),
        (lambda wb, root: change(wb, COPY, deleted_at=sa.func.now()), "moved, replaced or deleted"),
        (lambda wb, root: change(wb, COPY, person_id=None), "not of one person"),
    ],
)
def test_a_stale_action_is_left_out_and_told_and_the_others_are_done(
    emptied_wb: Workbench, root: Path, happens: Callable[[Workbench, Path], None], why: str
) -> None:
    plan = plan_dedup(emptied_wb)
    happens(emptied_wb, root)

    receipt = applied(emptied_wb, plan)

    assert receipt.done_count == 1
    (told,) = receipt.refused
    assert COPY in told
    assert why in told
    assert THIRD not in live(emptied_wb)


@pytest.mark.parametrize(
    "happens",
    [
        lambda wb, root: (root / OLDEST).write_bytes(b"rot"),
        lambda wb, root: (root / OLDEST).unlink(),
        lambda wb, root: change(wb, OLDEST, deleted_at=sa.func.now()),
        lambda wb, root: change(wb, OLDEST, byte_id="0" * 64),
    ],
)
def test_no_copy_leaves_when_the_one_that_should_stay_does_not(
    emptied_wb: Workbench, root: Path, happens: Callable[[Workbench, Path], None]
) -> None:
    plan = plan_dedup(emptied_wb)
    happens(emptied_wb, root)

    receipt = applied(emptied_wb, plan)

    assert (receipt.done_count, len(receipt.refused)) == (0, 2)
    assert {COPY, THIRD} <= live(emptied_wb)
    assert (root / COPY).read_bytes() == (root / THIRD).read_bytes() == b"one"


def test_two_plans_that_keep_different_copies_never_take_both(emptied_wb: Workbench, root: Path) -> None:
    first = plan_dedup(emptied_wb)
    snapshot_of(emptied_wb, COPY)
    second = plan_dedup(emptied_wb)

    applied(emptied_wb, first)
    late = applied(emptied_wb, second)

    assert (late.done_count, len(late.refused)) == (0, 2)
    assert live(emptied_wb) == {OLDEST, OF_BO, ALONE, NOBODYS}


def test_a_copy_whose_marks_were_changed_since_is_not_brought_back_and_the_others_are(
    emptied_wb: Workbench, root: Path
) -> None:
    change(emptied_wb, COPY, is_favorite=True)
    receipt = applied(emptied_wb)
    change(emptied_wb, OLDEST, is_favorite=False)

    undone = restore(emptied_wb, receipt)

    assert undone.done_count == 1
    assert len(undone.refused) == 1
    assert "was changed since" in undone.refused[0]
    assert live(emptied_wb) == {OLDEST, THIRD, OF_BO, ALONE, NOBODYS}


def test_a_copy_whose_reference_means_a_third_file_by_now_is_not_brought_back(
    emptied_wb: Workbench, root: Path
) -> None:
    snapshot_of(emptied_wb, OLDEST, OLDEST, COPY)
    receipt = applied(emptied_wb)
    alone = files(emptied_wb)[ALONE].id
    with emptied_wb.transaction() as session:
        session.execute(sa.update(snapshot_pictures).values(media_id=alone))

    undone = restore(emptied_wb, receipt)

    assert undone.done_count == 1
    assert live(emptied_wb) == {OLDEST, THIRD, OF_BO, ALONE, NOBODYS}


def test_a_reference_that_is_gone_does_not_hinder(emptied_wb: Workbench, root: Path) -> None:
    snapshot_of(emptied_wb, OLDEST, OLDEST, COPY)
    receipt = applied(emptied_wb)
    with emptied_wb.transaction() as session:
        session.execute(sa.delete(snapshot_pictures))

    assert restore(emptied_wb, receipt).refused == ()


# two at once


def test_two_runs_at_once_leave_one_copy_of_each(emptied_wb: Workbench, root: Path) -> None:
    first = plan_dedup(emptied_wb).approve(by="ada")
    snapshot_of(emptied_wb, THIRD)
    second = plan_dedup(emptied_wb).approve(by="eve")

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(partial(apply_dedup, emptied_wb), [first, second]))

    assert sum(receipt.done_count for receipt in done) == 2
    (left,) = live(emptied_wb) & {OLDEST, COPY, THIRD}
    assert [path for path in (root / "people/ann").rglob("*") if path.is_file()] == [root / left]


# killed


@pytest.mark.parametrize("step", [1, 2])
def test_a_run_that_was_killed_is_taken_up_again_and_undone_as_a_whole(
    emptied_wb: Workbench, root: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(dedup, "STEP_ACTIONS", 1)
    snapshot_of(emptied_wb, COPY, COPY)
    before = state(emptied_wb, root)
    (root / "people/bo/auto/twice.jpg").write_bytes(b"two")
    take_in(emptied_wb, root)
    planned = plan_dedup(emptied_wb)

    with pytest.raises(KeyboardInterrupt):
        apply_dedup(emptied_wb, planned.approve(by="ada"), progress=die_after(step))
    receipt = apply_dedup(emptied_wb, planned.approve(by="ada"))

    assert (receipt.done_count, receipt.refused) == (3, ())
    with pytest.raises(KeyboardInterrupt):
        restore(emptied_wb, receipt, progress=die_after(step))
    restore(emptied_wb, receipt)
    (root / "people/bo/auto/twice.jpg").unlink()
    with emptied_wb.transaction() as session:
        session.execute(sa.text("DELETE FROM quarantined_files"))
        session.execute(sa.text("DELETE FROM media_locator WHERE relative_path LIKE '%twice.jpg'"))
    assert state(emptied_wb, root) == before


def die_after(steps: int) -> Callable[[int, int | None, str], None]:
    """A progress that dies like a killed process once so many steps are behind it."""

    def progress(done: int, total: int | None, doing: str) -> None:
        if (doing, done) == ("steps", steps):
            raise KeyboardInterrupt

    return progress


def test_copies_of_one_file_are_never_divided_between_steps(
    emptied_wb: Workbench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dedup, "STEP_ACTIONS", 1)

    receipt = applied(emptied_wb)

    with emptied_wb.reader as session:
        assert session.scalar(sa.text("SELECT count(*) FROM job_steps")) == 1
    assert receipt.done_count == 2


# any sequence


OPERATIONS = st.sampled_from(["within", "across", "killed", "restore", "plan a purge"])


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(st.tuples(OPERATIONS, st.integers(0, 15)), max_size=7))
def test_any_sequence_of_runs_and_their_restores_ends_where_it_began(
    emptied_wb: Workbench, root: Path, done: list[tuple[str, int]]
) -> None:
    if not files(emptied_wb)[COPY].is_favorite:
        snapshot_of(emptied_wb, COPY, OF_BO, THIRD)
        change(emptied_wb, COPY, is_favorite=True, tags=["a"], photoset_id="7")
        change(emptied_wb, THIRD, is_primary=True, tags=["b", "a"], source_url="https://example.com/c")
        change(emptied_wb, OF_BO, is_primary=True, tags=["c"])
    runs: list[tuple[Receipt, object]] = []

    for operation, chosen in done:
        emptied_wb.clock.tick()  # type: ignore[attr-defined]
        before = state(emptied_wb, root)
        if operation == "restore" and runs:
            receipt, earlier = runs.pop()
            assert restore(emptied_wb, receipt).refused == ()
            assert state(emptied_wb, root) == earlier
        elif operation == "plan a purge":
            plan_purge(emptied_wb, older_than_days=0)
            assert state(emptied_wb, root) == before
        elif operation != "restore":
            plan = plan_dedup(emptied_wb, across_persons=operation != "within")
            left_out = [one.name for number, one in enumerate(plan.actions) if chosen >> number & 1]
            runs.append((carried_out(emptied_wb, plan.without(*left_out), killed=operation == "killed"), before))
    while runs:
        receipt, earlier = runs.pop()
        assert restore(emptied_wb, receipt).refused == ()
        assert state(emptied_wb, root) == earlier


def carried_out(wb: Workbench, plan: DedupPlan, *, killed: bool) -> Receipt:
    """The receipt of a run that was, or was not, killed after its first step."""
    approved = plan.approve(by="ada")
    if killed and plan.actions:
        with pytest.raises(KeyboardInterrupt):
            apply_dedup(wb, approved, progress=die_after(1))
    return apply_dedup(wb, approved)
