"""Redundant copies set aside and brought back: bytes, records, marks and references together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import RefusedError
from mhc_lab.jobs import ingest
from mhc_lab.jobs.dedup import DedupPlan, apply_dedup, plan_dedup, restore
from mhc_lab.jobs.plan import Receipt
from mhc_lab.schema.media import media_locator, skipped_photosets, snapshot_pictures
from mhc_lab.schema.sources import affiliate_api_snapshots
from mhc_lab.services import media, people, storages
from mhc_lab.services.media import MediaFile, Wanted
from mhc_lab.workbench import Workbench

OLDEST, COPY, THIRD = "people/ann/auto/a.jpg", "people/ann/uploads/b.jpg", "people/ann/uploads/c.jpg"
OF_BO, ALONE, NOBODYS = "people/bo/auto/a.jpg", "people/bo/auto/alone.jpg", "lost/a.jpg"
FILES = {OLDEST: b"one", COPY: b"one", THIRD: b"one", OF_BO: b"one", ALONE: b"two", NOBODYS: b"one"}


@pytest.fixture
def root(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A disk with three copies of one file of ann, one of bo, one of nobody, and another file; registered one after the other."""
    folder = tmp_path / "disk"
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    with emptied_wb.transaction() as session:
        people.find_or_create(session, ["ann", "bo"], at=emptied_wb.clock.now())
    ingest.ingest(emptied_wb, folder)
    for number, path in enumerate(FILES):
        change(emptied_wb, path, created_at=sa.text(f"'2026-01-0{number + 1}Z'"))
    return folder


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


# the plan


def test_a_plan_keeps_the_oldest_copy_of_each_person_and_touches_nothing(emptied_wb: Workbench, root: Path) -> None:
    before = state(emptied_wb, root)

    plan = plan_dedup(emptied_wb)

    assert {(one.place, one.keeper_place) for one in plan.actions} == {
        (f"disk:{COPY}", f"disk:{OLDEST}"),
        (f"disk:{THIRD}", f"disk:{OLDEST}"),
    }
    assert plan.reclaimable_bytes == 6
    assert "stays because it is the oldest (registered 2026-01-01)" in plan.words()
    assert state(emptied_wb, root) == before


def test_the_copy_that_snapshots_mean_stays(emptied_wb: Workbench, root: Path) -> None:
    snapshot_of(emptied_wb, THIRD)

    plan = plan_dedup(emptied_wb)

    assert {one.keeper_place for one in plan.actions} == {f"disk:{THIRD}"}
    assert "it has the most references (1)" in plan.actions[0].reason


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
