"""Missing and damaged files mended from another copy: from disk to bucket and back, never from the bad one, and undone byte for byte."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import IntegrityError
from mhc_lab.core.ids import RunId
from mhc_lab.core.secrets import Secret
from mhc_lab.jobs import ingest, repair, stepwise, stores, verify, views
from mhc_lab.jobs.plan import Receipt
from mhc_lab.jobs.repair import RepairPlan, apply_repair, plan_repair
from mhc_lab.schema.media import media_locator
from mhc_lab.services import storages
from mhc_lab.workbench import Workbench
from tests.support.object_servers import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectServer, rclone
from tests.support.rows import rows

NAMES = [f"people/ann/auto/{number}.jpg" for number in range(8)]
CONTENTS = {name: random.Random(name).randbytes(700) for name in NAMES}


@pytest.fixture
def attic(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A disk with copies of everything on the other, registered too."""
    return filled(emptied_wb, tmp_path / "attic")


@pytest.fixture
def ssd(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A registered disk."""
    return filled(emptied_wb, tmp_path / "ssd")


def filled(wb: Workbench, root: Path, place: str = "") -> Path:
    for name, content in CONTENTS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    ingest.register(wb, *stores.adopt(wb, place or str(root), name=root.name))
    return root


def damage(file: Path, change: Callable[[bytes], bytes]) -> None:
    """Other bytes under the same time."""
    before = file.stat()
    file.write_bytes(change(file.read_bytes()))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def flipped(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


def planned(wb: Workbench) -> RepairPlan:
    """The plan after everything was read again."""
    with wb.reader as session:
        known = storages.listed(session)
    for storage in known:
        verify.verify(wb, storage, reads_data=True)
    return plan_repair(wb)


def mended(wb: Workbench) -> Receipt:
    return apply_repair(wb, planned(wb).approve(by="ada"))


def shown(root: Path) -> set[str]:
    """The links of the view of everybody."""
    return {path.name for path in (root / "all").iterdir()}


def files(root: Path) -> dict[str, bytes]:
    """What lies on a disk, the quarantine left out."""
    return {name: content for name, content in everything(root).items() if not name.startswith(".mhc")}


def everything(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def problems(wb: Workbench) -> list[object]:
    with wb.reader as session:
        return list(session.scalars(sa.select(media_locator.c.problem).where(media_locator.c.problem.is_not(None))))


@pytest.fixture
def broken(ssd: Path, attic: Path) -> Path:
    """One file missing, one rotten, one cut off, one empty."""
    (ssd / NAMES[0]).unlink()
    damage(ssd / NAMES[1], flipped)
    damage(ssd / NAMES[2], lambda content: content[:100])
    (ssd / NAMES[3]).write_bytes(b"")
    return ssd


def test_what_is_missing_rotten_or_cut_off_gets_its_bytes_back(
    emptied_wb: Workbench, broken: Path, attic: Path
) -> None:
    receipt = mended(emptied_wb)

    assert receipt.title == "4 files mended from good copies"
    assert files(broken) == files(attic) == CONTENTS
    assert problems(emptied_wb) == []
    aside = [content for name, content in everything(broken).items() if name.startswith(".mhc-quarantine/")]
    assert sorted(aside) == sorted([flipped(CONTENTS[NAMES[1]]), CONTENTS[NAMES[2]][:100], b""])


def test_what_was_mended_says_when_it_was_written_so_that_rot_is_told_again(
    emptied_wb: Workbench, ssd: Path, attic: Path
) -> None:
    written = (ssd / NAMES[0]).stat().st_mtime_ns // 1000
    (ssd / NAMES[0]).unlink()
    mended(emptied_wb)
    mended_at = (ssd / NAMES[0]).stat().st_mtime_ns // 1000
    damage(ssd / NAMES[0], flipped)

    assert mended_at == written
    assert [one.ill for one in planned(emptied_wb).actions] == ["bit rot"]


def test_views_show_what_was_mended_and_no_more_what_was_taken_back(
    emptied_wb: Workbench, ssd: Path, attic: Path
) -> None:
    (ssd / NAMES[0]).unlink()
    with emptied_wb.reader as session:
        views.build(emptied_wb, storages.get(session, "ssd"))
    before = shown(ssd)

    receipt = mended(emptied_wb)
    after = shown(ssd)
    repair.restore(emptied_wb, receipt)

    assert (after - before, shown(ssd)) == ({"ann_0.jpg"}, before)


def test_a_copy_that_cannot_be_asked_is_not_called_gone(emptied_wb: Workbench, broken: Path, attic: Path) -> None:
    with emptied_wb.reader as session:
        ssd = storages.get(session, "ssd")
    verify.verify(emptied_wb, ssd, reads_data=True)
    attic.rename(attic.with_name("away"))

    plan = plan_repair(emptied_wb)

    assert plan.actions == ()
    assert {why for _, why in plan.left} == {"a copy is on attic (storage offline): have it there, and plan again"}


def test_a_plan_says_what_is_wrong_and_touches_nothing(emptied_wb: Workbench, broken: Path) -> None:
    plan = planned(emptied_wb)
    before, tree = rows(emptied_wb), everything(broken)

    assert [one.ill for one in plan.actions] == ["missing", "bit rot", "cut off", "cut off"]
    assert plan.actions[0].reason == f"missing; its bytes are at attic:{NAMES[0]}"
    plan_repair(emptied_wb)
    assert (rows(emptied_wb), everything(broken)) == (before, tree)


def test_a_restore_brings_the_bad_files_back_byte_for_byte(emptied_wb: Workbench, broken: Path) -> None:
    before, found = files(broken), None
    receipt = mended(emptied_wb)

    undone = repair.restore(emptied_wb, receipt)

    assert undone.title == "4 files as bad as before"
    assert files(broken) == before
    assert sorted(map(str, problems(emptied_wb))) == ["bytes_differ", "missing", "size_differs", "size_differs"]
    assert found is None


def test_an_edited_file_is_told_and_never_mended(emptied_wb: Workbench, ssd: Path, attic: Path) -> None:
    (ssd / NAMES[1]).write_bytes(flipped(CONTENTS[NAMES[1]]))
    os.utime(ssd / NAMES[1], (0, 2_000_000_000))
    (ssd / NAMES[2]).write_bytes(b"another picture")

    plan = planned(emptied_wb)

    assert plan.actions == ()
    assert plan.left == tuple((f"ssd:{name}", "edited or replaced by somebody") for name in NAMES[1:3])


def test_a_copy_that_is_bad_itself_mends_nothing(emptied_wb: Workbench, ssd: Path, attic: Path) -> None:
    damage(ssd / NAMES[1], flipped)
    plan = planned(emptied_wb)
    damage(attic / NAMES[1], flipped)

    assert plan_repair(emptied_wb).left == ((f"ssd:{NAMES[1]}", "no copy that is registered has its bytes any more"),)
    receipt = apply_repair(emptied_wb, plan.approve(by="ada"))

    assert receipt.done_count == 0
    assert "is not good any more" in receipt.refused[0]
    assert (ssd / NAMES[1]).read_bytes() == flipped(CONTENTS[NAMES[1]])
    assert list(files(ssd)) == NAMES


def test_what_has_no_other_copy_is_counted(emptied_wb: Workbench, ssd: Path) -> None:
    damage(ssd / NAMES[1], flipped)

    plan = planned(emptied_wb)

    assert str(plan) == "Mend 0 files from good copies; 1 have no other copy"


def test_a_file_that_was_edited_since_the_plan_is_left_alone_and_the_others_are_mended(
    emptied_wb: Workbench, broken: Path
) -> None:
    plan = planned(emptied_wb)
    (broken / NAMES[1]).write_bytes(b"edited")
    (broken / NAMES[0]).write_bytes(b"new")

    receipt = apply_repair(emptied_wb, plan.approve(by="ada"))

    assert receipt.done_count == 2
    assert [why.partition(": ")[2] for why in receipt.refused] == [
        "something is in its place by now",
        "it has other bytes by now, or cannot be read",
    ]
    assert (broken / NAMES[1]).read_bytes() == b"edited"
    assert (broken / NAMES[0]).read_bytes() == b"new"


def test_a_restore_leaves_what_is_the_last_copy_by_now(emptied_wb: Workbench, broken: Path, attic: Path) -> None:
    receipt = mended(emptied_wb)
    (attic / NAMES[1]).unlink()

    undone = repair.restore(emptied_wb, receipt)

    assert undone.refused == (f"ssd:{NAMES[1]}: it is the last copy of its bytes by now",)
    assert (broken / NAMES[1]).read_bytes() == CONTENTS[NAMES[1]]


@pytest.mark.parametrize("deaths", [1, 2, 3])
def test_a_repair_that_is_killed_is_finished_and_undone_all_the_same(
    emptied_wb: Workbench, broken: Path, attic: Path, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    monkeypatch.setattr(repair, "STEP_FILES", 2)
    before = files(broken)
    plan = planned(emptied_wb).approve(by="ada")

    receipt = killed(lambda progress: apply_repair(emptied_wb, plan, progress=progress), deaths)
    assert files(broken) == CONTENTS
    killed(lambda progress: repair.restore(emptied_wb, receipt, progress=progress), deaths)

    assert files(broken) == before
    assert files(attic) == CONTENTS


def killed(run: Callable[[Callable[[int, int | None, str], None]], Receipt], deaths: int) -> Receipt:
    """What ``run`` comes to after it died at that many of its steps, one after the other."""
    for death in range(1, deaths + 1):
        seen = 0

        def die(done: int, total: int | None, doing: str, at: int = death) -> None:
            nonlocal seen
            seen += 1
            if seen == at:
                raise KeyboardInterrupt

        try:
            run(die)
        except KeyboardInterrupt:
            continue
    return run(lambda done, total, doing: None)


# to a bucket and back


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with rclone(tmp_path_factory.mktemp("rclone")) as running:
        yield running


def test_a_place_that_somebody_took_is_no_mended_file(emptied_wb: Workbench, broken: Path) -> None:
    plan = planned(emptied_wb).approve(by="ada")
    with pytest.raises(KeyboardInterrupt):
        apply_repair(emptied_wb, plan, progress=die_after_steps)
    (broken / NAMES[0]).write_bytes(b"somebody's")

    receipt = apply_repair(emptied_wb, plan)

    assert receipt.done_count == 3
    assert receipt.refused == (f"ssd:{NAMES[0]}: another file was put in its place",)
    assert (broken / NAMES[0]).read_bytes() == b"somebody's"
    assert apply_repair(emptied_wb, plan) == receipt


def test_a_bad_file_that_cannot_leave_keeps_no_other_and_the_run_can_be_undone(
    emptied_wb: Workbench, broken: Path
) -> None:
    before, plan = files(broken), planned(emptied_wb).approve(by="ada")
    with pytest.raises(KeyboardInterrupt):
        apply_repair(emptied_wb, plan, progress=die_after_steps)
    run = next((broken / ".mhc-quarantine").iterdir())
    (run / NAMES[1]).mkdir(parents=True)

    with pytest.raises(IntegrityError, match=f"1 file did not go .*{NAMES[1]}") as failure:
        apply_repair(emptied_wb, plan)
    mended_by_then = files(broken)
    receipt = stepwise.receipt_of(emptied_wb, repair.REPAIR, RunId(UUID(str(failure.value).split()[-1])))
    repair.restore(emptied_wb, receipt)

    assert mended_by_then == CONTENTS | {NAMES[1]: before[NAMES[1]]}
    assert files(broken) == before
    assert [name for name in everything(broken) if name.startswith(".mhc-quarantine")] == []


def die_after_steps(done: int, total: int | None, doing: str) -> None:
    if doing == "steps":
        raise KeyboardInterrupt


def test_a_bucket_mends_a_disk_and_a_disk_a_bucket(
    emptied_wb: Workbench, ssd: Path, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"s3_access_key": Secret(ACCESS_KEY), "s3_secret_key": Secret(SECRET_KEY)}
    settings = emptied_wb.settings.model_copy(update={**keys, "s3_endpoint": f"http://127.0.0.1:{server.port}"})
    monkeypatch.setattr(emptied_wb, "settings", settings)
    assert server.folder is not None
    bucket = server.folder / "copies"
    store, storage = stores.adopt(emptied_wb, f"s3://{BUCKET}/copies")
    for name, content in CONTENTS.items():
        store.put(name, io.BytesIO(content))
    ingest.register(emptied_wb, store, storage)
    damage(ssd / NAMES[0], flipped)
    (ssd / NAMES[1]).unlink()
    damage(bucket / NAMES[2], flipped)
    (bucket / NAMES[3]).unlink()
    server.look_again()
    before = files(ssd), files(bucket)

    receipt = mended(emptied_wb)

    assert receipt.done_count == 4
    assert files(ssd) == files(bucket) == CONTENTS
    repair.restore(emptied_wb, receipt)
    assert (files(ssd), files(bucket)) == before
