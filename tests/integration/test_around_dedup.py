"""What holds around a deduplication: what views show, what persons have to show, and rows of what lies in quarantine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import IntegrityError, RefusedError
from mhc_lab.core.ids import MediaId
from mhc_lab.jobs import views
from mhc_lab.jobs.dedup import apply_dedup, plan_dedup, restore
from mhc_lab.schema.media import media_locator
from mhc_lab.services import media, storages
from mhc_lab.workbench import Workbench
from tests.support.copies import (
    ALONE,
    COPY,
    NOBODYS,
    OF_BO,
    OLDEST,
    THIRD,
    a_disk,
    applied,
    change,
    files,
    live,
    state,
    take_in,
)
from tests.support.pictures import picture

SHOWN = picture("PNG", width=8, height=8)

pytestmark = pytest.mark.usefixtures("one_examiner")


@pytest.fixture
def root(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A disk with three copies of one file of ann, one of bo, one of nobody, and another file."""
    return a_disk(emptied_wb, tmp_path / "disk")


def show(wb: Workbench, root: Path) -> None:
    """Let the copies of ann and bo be a picture."""
    for path in (OLDEST, COPY, THIRD, OF_BO):
        (root / path).write_bytes(SHOWN)
        change(wb, path, byte_id=hashlib.sha256(SHOWN).hexdigest(), size_bytes=len(SHOWN), verdict="readable")


def test_nobody_has_less_to_show_after_a_run_unless_that_was_chosen(emptied_wb: Workbench, root: Path) -> None:
    show(emptied_wb, root)

    within = applied(emptied_wb)
    across = applied(emptied_wb, across_persons=True)

    with emptied_wb.reader as session:
        gated = set(session.scalars(sa.text("SELECT run_id FROM media_baselines")))
    assert {within.run, across.run} <= gated
    assert live(emptied_wb) == {OLDEST, ALONE, NOBODYS}


def test_a_picture_that_nobody_has_after_a_run_across_persons_is_lost(emptied_wb: Workbench, root: Path) -> None:
    show(emptied_wb, root)
    plan = plan_dedup(emptied_wb, across_persons=True).approve(by="ada")

    def lose(done: int, total: int | None, doing: str) -> None:
        (root / OLDEST).unlink(missing_ok=True)

    with pytest.raises(IntegrityError, match=r"bo: 1 of 1 working pictures is lost"):
        apply_dedup(emptied_wb, plan, progress=lose)


def test_views_show_what_is_there_after_a_run_and_after_its_restore(emptied_wb: Workbench, root: Path) -> None:
    with emptied_wb.reader as session:
        storage = storages.get(session, "disk")
    views.build(emptied_wb, storage)
    before = links(root)

    receipt = applied(emptied_wb)
    after = links(root)
    restore(emptied_wb, receipt)

    assert all(link.exists() for link in after)
    assert len(after) < len(before)
    assert links(root) == before


def links(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.is_symlink()}


def test_the_row_of_a_file_in_quarantine_is_not_brought_back_without_it(emptied_wb: Workbench, root: Path) -> None:
    before = state(emptied_wb, root)
    receipt = applied(emptied_wb)

    with pytest.raises(RefusedError, match="mhc quarantine restore"), emptied_wb.transaction() as session:
        media.restore(session, files(emptied_wb)[COPY], by="ada")

    assert restore(emptied_wb, receipt).refused == ()
    assert state(emptied_wb, root) == before


def test_an_older_row_of_a_file_in_quarantine_is_not_brought_back_either(emptied_wb: Workbench, root: Path) -> None:
    older = MediaId(uuid4())
    with emptied_wb.transaction() as session:
        row = session.execute(sa.select(media_locator).where(media_locator.c.relative_path == COPY)).one()._mapping
        gone = {"id": older, "deleted_at": emptied_wb.clock.now()}
        session.execute(sa.insert(media_locator).values({**row, **gone}))
    applied(emptied_wb)

    with pytest.raises(RefusedError, match="mhc quarantine restore"), emptied_wb.transaction() as session:
        media.restore(session, media.get(session, older), by="ada")


def test_what_was_deleted_after_it_came_into_the_place_of_another_is_brought_back(
    emptied_wb: Workbench, root: Path
) -> None:
    applied(emptied_wb)
    emptied_wb.clock.tick()  # type: ignore[attr-defined]
    (root / COPY).write_bytes(b"one")
    take_in(emptied_wb, root)
    with emptied_wb.transaction() as session:
        (newer,) = media.found(session, media.Wanted(words="b.jpg"))
        media.delete(session, newer, by="ada", at=emptied_wb.clock.now())

    with emptied_wb.transaction() as session:
        media.restore(session, media.get(session, newer.id), by="ada")

    with emptied_wb.reader as session:
        assert not media.get(session, newer.id).is_deleted
