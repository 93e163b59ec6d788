"""Files set aside and brought back: bytes and rows together, and none that another row is about."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import IntegrityError
from mhc_lab.jobs import stepwise
from mhc_lab.services import media, quarantine
from mhc_lab.services.media import Wanted
from mhc_lab.workbench import Workbench
from tests.support.away import (
    AWAY,
    COPY,
    KEPT,
    OTHER,
    a_disk,
    change,
    interrupt,
    killed_before_the_bytes_followed,
    leave_with_row,
    leave_without_row,
    register_again,
    rows,
    set_aside,
    states,
    take_in,
    tree,
)


@pytest.fixture
def root(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A disk with a file, a copy of it, and another one; all taken in."""
    return a_disk(emptied_wb, tmp_path / "disk")


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
    monkeypatch.setattr(quarantine, "change", interrupt)  # moved, and nobody wrote it down
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
    monkeypatch.setattr(quarantine, "change", interrupt)
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

    assert states(emptied_wb) == ["lost"]
    receipt = set_aside(emptied_wb, COPY, OTHER)

    assert receipt.done_count == 1  # the other one has no keeper with its bytes


def test_what_took_its_place_stays_and_the_file_stays_in_quarantine(emptied_wb: Workbench, root: Path) -> None:
    receipt = set_aside(emptied_wb, COPY)
    (root / COPY).write_bytes(b"another")

    back = stepwise.restore(emptied_wb, AWAY, receipt)

    assert "something else is in its place" in back.refused[0]
    assert (root / COPY).read_bytes() == b"another"
    assert states(emptied_wb) == ["aside"]


def test_a_file_that_is_to_leave_for_one_run_does_not_leave_for_another(emptied_wb: Workbench, root: Path) -> None:
    killed_before_the_bytes_followed(emptied_wb, COPY)

    left = leave_without_row(emptied_wb, COPY, b"one")

    assert left.refused == (f"{COPY}: another run sets it aside already",)


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
