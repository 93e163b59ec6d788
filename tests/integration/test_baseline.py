"""The baseline gate: pictures are read and decoded before and after, and one lost picture of one person is a failure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import IntegrityError, NotFoundError
from mhc_lab.jobs import baseline, ingest, stepwise, stores
from mhc_lab.jobs.baseline import GATE, GATE_WITHOUT_UNDO, Comparison, check, record
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.plan import Approved, Plan
from mhc_lab.jobs.shown_pictures import Bound
from mhc_lab.jobs.stepwise import Job, Signed
from mhc_lab.schema.media import media_baselines, media_locator, snapshot_pictures
from mhc_lab.schema.sources import affiliate_api_snapshots
from mhc_lab.services import media, people, storages
from mhc_lab.services.media import Wanted
from mhc_lab.workbench import Workbench
from tests.support.pictures import picture

pytestmark = pytest.mark.usefixtures("one_examiner")

ANN, COPY, BO = "people/ann/auto/1.jpg", "people/ann/uploads/copy.jpg", "people/bo/auto/9.jpg"


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    """Three pictures of ann, one of them twice, one of bo, and a text."""
    files = {f"people/ann/auto/{n}.jpg": picture(width=40 + 8 * n, height=40) for n in (1, 2, 3)}
    return files | {COPY: files[ANN], BO: picture("PNG", width=50, height=50), "people/ann/uploads/note.txt": b"hello"}


@pytest.fixture
def disk(emptied_wb: Workbench, tmp_path: Path, pictures: dict[str, bytes]) -> Path:
    """All of them registered; the first of ann is her primary picture."""
    root = tmp_path / "disk"
    for path, content in pictures.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    with emptied_wb.transaction() as session:
        people.find_or_create(session, ["ann", "bo"], at=emptied_wb.clock.now())
    ingest.register(emptied_wb, *stores.adopt(emptied_wb, str(root), name="ssd"))
    verdict = sa.case((media_locator.c.relative_path.endswith(".txt"), "opaque"), else_="readable")
    with emptied_wb.transaction() as session:
        session.execute(sa.update(media_locator).values(verdict=verdict))
        media.set_primary(session, at(session, ANN))
    return root


def at(session: Session, path: str) -> media.MediaFile:
    return next(one for one in media.found(session, Wanted()) if one.relative_path == path)


def delete(wb: Workbench, *paths: str) -> None:
    with wb.transaction() as session:
        for path in paths:
            media.delete(session, at(session, path), by="ada", at=wb.clock.now())


def reasons(compared: Comparison) -> dict[str, tuple[str, ...]]:
    return {one.before.username: one.reasons for one in compared.worse}


def test_pictures_are_counted_once_by_their_bytes_and_texts_are_none(emptied_wb: Workbench, disk: Path) -> None:
    recorded = record(emptied_wb)

    counts = {one.username: (len(one.working), len(one.broken), one.total) for one in recorded.persons}
    assert counts == {"ann": (3, 0, 3), "bo": (1, 0, 1)}


def test_nothing_changed_is_good(emptied_wb: Workbench, disk: Path) -> None:
    record(emptied_wb, everybody=True)

    assert check(emptied_wb).is_good


def test_present_is_not_enough(emptied_wb: Workbench, disk: Path, pictures: dict[str, bytes]) -> None:
    record(emptied_wb)
    (disk / "people/ann/auto/2.jpg").write_bytes(b"")
    (disk / "people/ann/auto/3.jpg").write_bytes(pictures[BO])  # a picture, and the wrong one

    compared = check(emptied_wb)

    assert set(reasons(compared)) == {"ann"}
    lost, broken = reasons(compared)["ann"]
    assert lost.startswith("2 of 3 working pictures are lost (")
    assert broken == "2 are broken, 0 were"


def test_a_file_with_the_right_bytes_that_does_not_decode_is_broken(
    emptied_wb: Workbench, disk: Path, pictures: dict[str, bytes]
) -> None:
    cut = disk / "people/bo/auto/cut.jpg"
    cut.write_bytes(pictures[ANN][:300])
    with emptied_wb.reader as session:
        storage = storages.get(session, "ssd")
    ingest.register(emptied_wb, stores.opened(emptied_wb, storage), storage)

    (bo,) = record(emptied_wb, persons=["bo"], random=0).persons

    assert (len(bo.working), len(bo.broken)) == (1, 1)


def test_a_lost_picture_fails_and_its_person_is_named(emptied_wb: Workbench, disk: Path) -> None:
    record(emptied_wb)
    (disk / BO).unlink()

    compared = check(emptied_wb)

    assert str(compared).splitlines()[0].startswith("1 of 2 persons have less since")
    assert "  bo: 1 of 1 working pictures is lost" in str(compared)


def test_a_picture_that_was_lost_while_another_came_is_still_lost(emptied_wb: Workbench, disk: Path) -> None:
    record(emptied_wb)
    delete(emptied_wb, "people/ann/auto/2.jpg")
    with emptied_wb.transaction() as session:
        moved = sa.update(media_locator).where(media_locator.c.relative_path == BO)
        session.execute(moved.values(person_id=at(session, ANN).person_id))

    assert set(reasons(check(emptied_wb))) == {"ann", "bo"}


def test_one_of_two_copies_of_a_person_may_go(emptied_wb: Workbench, disk: Path) -> None:
    record(emptied_wb)
    delete(emptied_wb, COPY)
    (disk / COPY).unlink()

    assert check(emptied_wb).is_good


def test_the_only_copy_that_is_left_may_be_the_bad_one_no_more(emptied_wb: Workbench, disk: Path) -> None:
    (disk / ANN).write_bytes(b"")  # the other copy still shows it
    record(emptied_wb)
    delete(emptied_wb, COPY)

    compared = check(emptied_wb)

    assert reasons(compared)["ann"][0].startswith("1 of 3 working pictures is lost")


def test_a_primary_picture_that_nobody_chose_any_more_is_lost(emptied_wb: Workbench, disk: Path) -> None:
    record(emptied_wb)
    with emptied_wb.transaction() as session:
        media.unset_primary(session, at(session, ANN))

    assert reasons(check(emptied_wb)) == {"ann": ("the primary picture is lost",)}


def test_a_picture_whose_row_went_to_another_person_is_lost_unless_a_snapshot_means_it(
    emptied_wb: Workbench, disk: Path
) -> None:
    record(emptied_wb)
    with emptied_wb.transaction() as session:
        bo, file = at(session, BO).person_id, at(session, BO)
        shared = sa.update(media_locator).where(media_locator.c.id == file.id)
        session.execute(shared.values(person_id=at(session, ANN).person_id))
    assert "1 of 1 working pictures is lost" in reasons(check(emptied_wb))["bo"][0]
    with emptied_wb.transaction() as session:
        snapshot = sa.insert(affiliate_api_snapshots).values(person_id=bo, observed_at=emptied_wb.clock.now())
        meant = session.execute(snapshot.returning(affiliate_api_snapshots.c.id)).scalar_one()
        session.execute(sa.insert(snapshot_pictures).values(snapshot_id=meant, which="image", media_id=file.id))

    assert reasons(check(emptied_wb)) == {"bo": ("the primary picture is lost",)}


def test_an_offline_store_is_said_to_be_the_reason(emptied_wb: Workbench, disk: Path) -> None:
    record(emptied_wb, persons=["bo"], random=0)
    disk.rename(disk.with_name("unplugged"))

    compared = check(emptied_wb)

    assert reasons(compared) == {"bo": ("1 cannot be looked at, because their storage is offline or out of use",)}


def test_names_are_matched_as_user_names_are(emptied_wb: Workbench, disk: Path) -> None:
    with emptied_wb.transaction() as session:
        people.rename(session, people.get(session, "bo").id, to="bo_2026", at=emptied_wb.clock.now())

    recorded = record(emptied_wb, persons=["ANN", "bo"], random=0)

    assert [one.username for one in recorded.persons] == ["ann", "bo_2026"]
    with pytest.raises(NotFoundError, match="stranger"):
        record(emptied_wb, persons=["stranger"])


def test_a_check_without_a_baseline_says_how_to_record_one(emptied_wb: Workbench) -> None:
    with pytest.raises(NotFoundError, match="mhc media baseline record"):
        check(emptied_wb)


def test_of_whom_not_all_is_read_the_same_pictures_are_read_again(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baseline, "GATE_BOUND", Bound(2, 1 << 20))
    apply(emptied_wb, "bo")
    with emptied_wb.reader as session:
        run = session.scalars(sa.select(media_baselines.c.run_id)).one()
        recorded = baseline.baselines.of_run(session, run)
    assert recorded is not None
    ann = next(one for one in recorded.persons if one.username == "ann")
    assert (len(ann.working), ann.left_out_count, ann.primary in ann.working) == (2, 1, True)

    assert check(emptied_wb, recorded).is_good
    beyond = next(one for one in ("2", "3") if byte_id(emptied_wb, one) not in ann.working)
    delete(emptied_wb, f"people/ann/auto/{beyond}.jpg")
    assert reasons(check(emptied_wb, recorded)) == {"ann": ("0 pictures besides, 1 were",)}


def byte_id(wb: Workbench, number: str) -> str:
    with wb.reader as session:
        return at(session, f"people/ann/auto/{number}.jpg").byte_id


# around a job


@dataclass(frozen=True, slots=True)
class Loss:
    """Takes a picture of a person away, as a job with a mistake in it would."""

    name: str
    reason: str = "by mistake"


@dataclass(frozen=True, slots=True)
class LossPlan(Plan):
    kind: ClassVar[str] = "lose"
    actions: tuple[Loss, ...]


def _steps(session: Session, plan: LossPlan) -> list[Step]:
    return [Step(number, {"path": one.name}, {}) for number, one in enumerate(plan.actions, start=1)]


def _do(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    path = str(step.action["path"])
    for_it = [
        one for one in media.found(session, Wanted(is_deleted="back" in step.action)) if one.relative_path == path
    ]
    for one in for_it:
        if "back" in step.action:
            media.restore(session, one, by=signed.by)
        else:
            media.delete(session, one, by=signed.by, at=signed.at)
    return {}


def _reverse(session: Session, steps: Iterable[Step]) -> list[Step]:
    return [replace(step, action={**step.action, "back": True}) for step in steps]


LOSE = Job("lose", "pictures", _steps, _reverse, _do, lambda count, _: f"{count} lost", gate=GATE)


def lossy(wb: Workbench, *paths: str) -> Approved[LossPlan]:
    return LossPlan(wb.clock.now(), tuple(map(Loss, paths))).approve(by="ada")


def apply(wb: Workbench, *paths: str) -> None:
    stepwise.apply(wb, LOSE, lossy(wb, *paths))


def test_the_gate_lets_a_job_pass_that_takes_a_second_copy(emptied_wb: Workbench, disk: Path) -> None:
    apply(emptied_wb, COPY)

    with emptied_wb.reader as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(media_baselines)) == 1


def test_the_gate_stops_a_job_that_lost_a_picture_and_says_how_to_undo_it(emptied_wb: Workbench, disk: Path) -> None:
    with pytest.raises(IntegrityError, match=r"(?s)bo: 1 of 1 working .*Undo: mhc lose restore [0-9a-f-]{36}"):
        apply(emptied_wb, COPY, BO)


def test_the_gate_of_a_job_without_a_way_back_names_none(emptied_wb: Workbench, disk: Path) -> None:
    final = replace(LOSE, reverse=None, gate=GATE_WITHOUT_UNDO)

    with pytest.raises(IntegrityError, match=r"There is no undo of this\. Look .*mhc media verify --read-data"):
        stepwise.apply(emptied_wb, final, lossy(emptied_wb, COPY, BO))


def test_a_restore_may_bring_back_what_was_bad_before(emptied_wb: Workbench, disk: Path) -> None:
    (disk / BO).write_bytes(b"")
    apply(emptied_wb, BO)  # one broken picture less
    with emptied_wb.reader as session:
        (run,) = stepwise.journal.recent(session, "lose")

    stepwise.restore(emptied_wb, LOSE, stepwise.receipt_of(emptied_wb, LOSE, run.id))

    with emptied_wb.reader as session:
        assert not at(session, BO).is_deleted


def test_a_run_that_is_taken_up_again_is_compared_with_what_was_before_it(emptied_wb: Workbench, disk: Path) -> None:
    plan = lossy(emptied_wb, BO, COPY)

    def die(done: int, total: int | None, doing: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stepwise.apply(emptied_wb, LOSE, plan, progress=die)

    with pytest.raises(IntegrityError, match="bo: 1 of 1 working"):
        stepwise.apply(emptied_wb, LOSE, plan)


def test_what_the_gate_says_is_said_again_when_the_plan_is_applied_again(emptied_wb: Workbench, disk: Path) -> None:
    plan = lossy(emptied_wb, BO)
    with pytest.raises(IntegrityError, match="bo: 1 of 1 working"):
        stepwise.apply(emptied_wb, LOSE, plan)

    with pytest.raises(IntegrityError, match="bo: 1 of 1 working"):
        stepwise.apply(emptied_wb, LOSE, plan)


def test_a_run_killed_before_its_gate_is_compared_by_the_next(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = lossy(emptied_wb, BO)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(baseline.PictureGate, "after", die)
    with pytest.raises(KeyboardInterrupt):
        stepwise.apply(emptied_wb, LOSE, plan)
    monkeypatch.undo()

    with pytest.raises(IntegrityError, match="bo: 1 of 1 working"):
        stepwise.apply(emptied_wb, LOSE, plan)
