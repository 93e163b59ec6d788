"""Registered files looked for: everything that is wrong is found, nothing else is, and being killed loses nothing."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import RefusedError
from mhc_lab.jobs import ingest, stores, verify
from mhc_lab.jobs.verify import Verified
from mhc_lab.schema.media import media_locator
from mhc_lab.services import storages
from mhc_lab.services.storages import Storage
from mhc_lab.services.verifications import WHOLE, Slice
from mhc_lab.storage.disk import DiskStore
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


def test_a_verification_that_is_killed_again_and_again_misses_nothing(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 17, 39):
        damage(path(disk, number), flipped)
    monkeypatch.setattr(verify, "BATCH_READ", 2)
    read = []
    digests = DiskStore.digests
    monkeypatch.setattr(DiskStore, "digests", lambda store, files: (read.extend(files), digests(store, files))[1])

    def die(done: int, total: int | None, doing: str) -> None:
        if doing == "files verified":
            raise KeyboardInterrupt

    deaths = 0
    while True:
        try:
            checked_ = verify.verify(emptied_wb, ssd(emptied_wb), reads_data=True, progress=die)
        except KeyboardInterrupt:
            deaths += 1
            checked(emptied_wb, reads_data=False)  # looks at every file without reading, and takes nothing off the list
        if deaths == 12:
            checked_ = checked(emptied_wb)
            break

    assert {file.relative_path for file in read} == {f"people/ann/auto/{number:02}.jpg" for number in range(COUNT)}
    assert len(checked_.findings) == 3
