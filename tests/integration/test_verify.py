"""Registered files looked for: everything that is wrong is found, nothing else is, and being killed loses nothing."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.jobs import ingest, stores, verify
from mhc_lab.jobs.verify import Verified
from mhc_lab.schema.media import media_locator, media_verifications
from mhc_lab.services import storages
from mhc_lab.services.storages import Storage
from mhc_lab.services.verifications import WHOLE, Slice
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.store import FoundFile
from mhc_lab.workbench import Workbench
from tests.support.clock import FrozenClock

COUNT = 40


@pytest.fixture
def disk(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A registered disk with forty files of different sizes."""
    root = tmp_path / "disk"
    (root / "people" / "ann" / "auto").mkdir(parents=True)
    for number in range(COUNT):
        (root / "people" / "ann" / "auto" / f"{number:02}.jpg").write_bytes(
            random.Random(number).randbytes(500 + number // 2)
        )
    ingest.register(emptied_wb, *stores.adopt(emptied_wb, str(root), name="ssd"))
    return root


def ssd(wb: Workbench) -> Storage:
    with wb.reader as session:
        return storages.get(session, "ssd")


def checked(wb: Workbench, *, reads_data: bool = True, part: Slice = WHOLE) -> Verified:
    return verify.verify(wb, ssd(wb), reads_data=reads_data, part=part)


def path(root: Path, number: int) -> Path:
    return root / "people" / "ann" / "auto" / f"{number:02}.jpg"


def damage(file: Path, change: Callable[[bytes], bytes]) -> None:
    """Other bytes under the same time."""
    before = file.stat()
    file.write_bytes(change(file.read_bytes()))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def flipped(content: bytes) -> bytes:
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


def problems(wb: Workbench) -> dict[str, str]:
    """What the library says is wrong, by number."""
    file = media_locator.c
    with wb.reader as session:
        said = session.execute(sa.select(file.relative_path, file.problem).where(file.problem.is_not(None))).all()
    return {Path(place).stem: problem for place, problem in said}


def test_a_disk_that_is_as_registered_has_no_findings(emptied_wb: Workbench, disk: Path) -> None:
    verified = checked(emptied_wb)

    assert str(verified) == "ssd: 40 files read and compared, nothing wrong"
    assert not verified.has_findings


def test_every_fault_is_found_and_nothing_else(emptied_wb: Workbench, disk: Path) -> None:
    path(disk, 0).unlink()
    damage(path(disk, 2), flipped)
    damage(path(disk, 4), lambda content: content[:-1])
    damage(path(disk, 5), lambda content: b"")
    path(disk, 8).rename(disk / "aside")
    path(disk, 9).rename(path(disk, 8))
    (disk / "aside").rename(path(disk, 9))
    path(disk, 12).write_bytes(flipped(path(disk, 12).read_bytes()))
    damage(path(disk, 14), lambda content: path(disk, 15).read_bytes())  # a stale copy, of the right size and time

    verified = checked(emptied_wb)

    expected = {"00": "missing", "04": "size_differs", "05": "size_differs"}
    expected |= dict.fromkeys(("02", "08", "09", "12", "14"), "bytes_differ")
    assert problems(emptied_wb) == expected
    assert {Path(one.file.relative_path).stem: one.problem for one in verified.findings} == expected


def test_bit_rot_is_told_from_edits(emptied_wb: Workbench, disk: Path) -> None:
    damage(path(disk, 2), flipped)
    path(disk, 4).write_bytes(flipped(path(disk, 4).read_bytes()))
    os.utime(path(disk, 4), (0, path(disk, 4).stat().st_mtime + 60))

    verified = checked(emptied_wb)

    why = {Path(one.file.relative_path).stem: one.why for one in verified.findings}
    assert why["02"] == verify.ROT
    assert why["04"].startswith("edited or replaced by somebody: last written to 20")
    assert verified.counts() == {"edited": 1, "with bit rot": 1}


def test_without_reading_only_what_is_missing_or_of_another_size_is_found(emptied_wb: Workbench, disk: Path) -> None:
    damage(path(disk, 2), flipped)
    path(disk, 3).unlink()

    checked(emptied_wb, reads_data=False)

    assert problems(emptied_wb) == {"03": "missing"}


def test_bytes_that_were_found_to_differ_are_not_taken_for_right_without_reading(
    emptied_wb: Workbench, disk: Path
) -> None:
    damage(path(disk, 2), flipped)
    checked(emptied_wb)

    again = checked(emptied_wb, reads_data=False)

    assert problems(emptied_wb) == {"02": "bytes_differ"}
    assert again.has_findings


def test_a_problem_that_is_gone_is_cleared(emptied_wb: Workbench, disk: Path) -> None:
    path(disk, 3).rename(disk / "elsewhere")
    checked(emptied_wb, reads_data=False)
    (disk / "elsewhere").rename(path(disk, 3))

    again = checked(emptied_wb, reads_data=False)

    assert problems(emptied_wb) == {}
    assert again.mended == ("people/ann/auto/03.jpg",)


def test_a_problem_is_dated_by_when_it_was_found_first(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FrozenClock()
    monkeypatch.setattr(emptied_wb, "clock", clock)
    path(disk, 3).unlink()
    checked(emptied_wb)
    first = clock.now()
    clock.tick(seconds=3600)

    checked(emptied_wb)

    with emptied_wb.reader as session:
        since = session.scalars(sa.select(media_locator.c.problem_at).where(media_locator.c.problem.is_not(None))).all()
    assert since == [first]


def test_what_is_registered_meanwhile_is_not_counted(emptied_wb: Workbench, disk: Path) -> None:
    def add(done: int, total: int | None, doing: str) -> None:
        path(disk, 99).write_bytes(b"new")
        ingest.register(emptied_wb, *stores.adopt(emptied_wb, str(disk)))

    verify.verify(emptied_wb, ssd(emptied_wb), progress=add)

    with emptied_wb.reader as session:
        assert session.scalars(sa.select(media_verifications.c.checked_count)).all() == [COUNT]


def test_slices_cover_every_file_exactly_once(emptied_wb: Workbench, disk: Path) -> None:
    counts = [checked(emptied_wb, part=Slice(number, 7)).looked_at_count for number in range(1, 8)]

    assert sum(counts) == COUNT
    with emptied_wb.reader as session:
        assert session.scalar(sa.select(sa.func.count()).where(media_locator.c.verified_at.is_not(None))) == COUNT


@pytest.mark.parametrize("text", ["0/7", "8/7", "7", "1/x", ""])
def test_a_slice_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="1/7"):
        Slice.parse(text)


def test_an_offline_store_is_one_finding_and_no_file_is_blamed(emptied_wb: Workbench, disk: Path) -> None:
    disk.rename(disk.with_name("unplugged"))

    verified = checked(emptied_wb)

    assert "offline" in verified.stopped
    assert verified.findings == ()
    assert problems(emptied_wb) == {}


def test_a_store_that_suddenly_shows_nothing_is_one_finding_too(emptied_wb: Workbench, disk: Path) -> None:
    (disk / "people").rename(disk.with_name("people"))

    verified = checked(emptied_wb)

    assert "shows no file at all, and 40 are registered" in verified.stopped
    assert problems(emptied_wb) == {}


def test_a_store_that_goes_offline_meanwhile_blames_no_file_it_could_not_show(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "BATCH_READ", 10)
    path(disk, 3).unlink()

    def pull(done: int, total: int | None, doing: str) -> None:
        if doing == "files verified" and done == 20:
            disk.rename(disk.with_name("unplugged"))

    verified = verify.verify(emptied_wb, ssd(emptied_wb), reads_data=True, progress=pull)

    assert (verified.looked_at_count, "offline" in verified.stopped) == (20, True)
    assert problems(emptied_wb) == {"03": "missing"}


def die(done: int, total: int | None, doing: str) -> None:
    """A progress that ends its process after the first batch."""
    if doing == "files verified":
        raise KeyboardInterrupt


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose bytes were read, two to a batch."""
    monkeypatch.setattr(verify, "BATCH_READ", 2)
    asked: list[str] = []
    digests = DiskStore.digests

    def noted(store: DiskStore, files: Sequence[FoundFile]) -> list[ByteId | None]:
        asked.extend(Path(file.relative_path).stem for file in files)
        return digests(store, files)

    monkeypatch.setattr(DiskStore, "digests", noted)
    return asked


def killed(wb: Workbench, deaths: int) -> None:
    for _ in range(deaths):
        with pytest.raises(KeyboardInterrupt):
            verify.verify(wb, ssd(wb), reads_data=True, progress=die)


def test_a_verification_that_is_killed_after_every_batch_reads_every_file_once(
    emptied_wb: Workbench, disk: Path, read: list[str]
) -> None:
    killed(emptied_wb, COUNT // 2)

    last = checked(emptied_wb)

    assert last.looked_at_count == 0
    assert sorted(read) == [f"{number:02}" for number in range(COUNT)]


def test_what_was_found_before_a_kill_is_among_the_findings_after_it(
    emptied_wb: Workbench, disk: Path, read: list[str]
) -> None:
    damage(path(disk, 1), flipped)
    damage(path(disk, 39), flipped)
    killed(emptied_wb, 5)

    last = checked(emptied_wb)

    assert [Path(one.file.relative_path).stem for one in last.findings] == ["01", "39"]


def test_a_quicker_verification_in_between_takes_nothing_off_the_list_and_nothing_away(
    emptied_wb: Workbench, disk: Path, read: list[str]
) -> None:
    for _ in range(COUNT // 2):
        killed(emptied_wb, 1)
        assert checked(emptied_wb, reads_data=False).looked_at_count == COUNT

    checked(emptied_wb)

    assert sorted(read) == [f"{number:02}" for number in range(COUNT)]


def test_a_file_that_came_back_between_two_lives_is_read_all_the_same(
    emptied_wb: Workbench, disk: Path, read: list[str]
) -> None:
    damage(path(disk, 0), flipped)
    path(disk, 0).rename(disk / "elsewhere")
    killed(emptied_wb, 1)
    (disk / "elsewhere").rename(path(disk, 0))
    checked(emptied_wb, reads_data=False)

    last = checked(emptied_wb)

    assert [one.why for one in last.findings] == [verify.ROT]


def test_a_clock_that_is_set_back_lets_no_file_be_skipped(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FrozenClock()
    monkeypatch.setattr(emptied_wb, "clock", clock)
    checked(emptied_wb)
    damage(path(disk, 5), flipped)
    at_once = checked(emptied_wb)
    clock.tick(seconds=-86_400)
    damage(path(disk, 6), flipped)

    a_day_before = checked(emptied_wb)

    assert (len(at_once.findings), len(a_day_before.findings)) == (1, 2)


def test_planted_faults_of_every_kind_are_all_found_and_nothing_else_is(emptied_wb: Workbench, disk: Path) -> None:
    chance = random.Random(6)
    more = [disk / "more" / f"{number}" for number in range(300)]
    (disk / "more").mkdir()
    for file in more:
        file.write_bytes(chance.randbytes(chance.randrange(200, 4000)))
    store = DiskStore.open(disk, marker=ssd(emptied_wb).marker)
    ingest.register(emptied_wb, store, ssd(emptied_wb))
    kinds: list[tuple[str, Callable[[Path], object]]] = [
        ("missing", Path.unlink),
        ("missing", lambda file: file.rename(file.with_suffix(".moved"))),
        ("size_differs", lambda file: damage(file, lambda content: content[: len(content) // 2])),
        ("size_differs", lambda file: damage(file, lambda content: b"")),
        ("size_differs", lambda file: file.write_bytes(file.read_bytes() + b"x")),
        ("bytes_differ", lambda file: damage(file, lambda content: content[:-1] + bytes([content[-1] ^ 128]))),
        ("bytes_differ", lambda file: damage(file, lambda content: bytes(len(content)))),
        ("bytes_differ", lambda file: file.write_bytes(flipped(file.read_bytes()))),
    ]
    planted = {}
    for file in chance.sample(more, 150):
        problem, plant = chance.choice(kinds)
        plant(file)
        planted[file.name] = problem

    verified = checked(emptied_wb)

    assert {Path(one.file.relative_path).name: one.problem for one in verified.findings} == planted
    assert len(planted) == 150
