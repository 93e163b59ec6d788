"""Folders taken in: every byte read once, every file looked into once, and nothing on the disk changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import BinaryIO

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.core.progress import Progress
from mhc_lab.jobs import ingest, reading
from mhc_lab.schema.media import media_locator
from mhc_lab.services import media, people
from mhc_lab.services.media import Wanted
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.store import FoundFile
from mhc_lab.workbench import Workbench
from tests.support.clock import FrozenClock
from tests.support.pictures import picture

HOUR = 3600


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder with one file above and one below."""
    root = tmp_path / "disk"
    (root / "below").mkdir(parents=True)
    (root / "note.txt").write_text("hello")
    (root / "below" / "note.txt").write_text("there")
    return root


def test_a_folder_inside_a_store_is_no_store_of_its_own(empty_wb: Workbench, disk: Path) -> None:
    ingest.ingest(empty_wb, disk)

    with pytest.raises(RefusedError, match="lies inside the store"):
        ingest.ingest(empty_wb, disk / "below")


def test_a_folder_around_a_store_is_none_either(empty_wb: Workbench, disk: Path) -> None:
    ingest.ingest(empty_wb, disk / "below")

    with pytest.raises(RefusedError, match="lies inside"):
        ingest.ingest(empty_wb, disk)


def test_a_copy_of_a_store_is_not_taken_for_it(empty_wb: Workbench, disk: Path, tmp_path: Path) -> None:
    ingest.ingest(empty_wb, disk)
    shutil.copytree(disk, tmp_path / "copy")

    with pytest.raises(RefusedError, match="is a copy of the store disk"):
        ingest.ingest(empty_wb, tmp_path / "copy")


def test_a_store_that_is_mounted_elsewhere_is_known_again(empty_wb: Workbench, disk: Path, tmp_path: Path) -> None:
    ingest.ingest(empty_wb, disk)
    disk.rename(tmp_path / "elsewhere")

    again = ingest.ingest(empty_wb, tmp_path / "elsewhere")

    assert (again.storage, again.new_count, again.known_count) == ("disk", 0, 2)


def test_another_disk_in_the_same_place_is_not_taken_for_the_first(
    empty_wb: Workbench, disk: Path, clock: FrozenClock
) -> None:
    ingest.ingest(empty_wb, disk)
    shutil.rmtree(disk)
    disk.mkdir()

    with pytest.raises(ConfigurationError, match="offline"):
        ingest.ingest(empty_wb, disk)


def test_an_ingest_that_was_killed_is_finished_by_the_next(
    empty_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH_FILES", 1)

    def die(done: int, total: int | None, doing: str) -> None:
        if (doing, done) == ("files", 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest.ingest(empty_wb, disk, progress=die)

    ingested = ingest.ingest(empty_wb, disk)

    assert (ingested.new_count, ingested.known_count) == (1, 1)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose bytes were read for the first pass."""
    asked: list[str] = []
    digests = DiskStore.digests

    def noted(store: DiskStore, files: Sequence[FoundFile]) -> Generator[ByteId | None, None, None]:
        asked.extend(file.relative_path for file in files)
        return digests(store, files)

    monkeypatch.setattr(DiskStore, "digests", noted)
    return asked


def rows(wb: Workbench, *columns: str) -> list[tuple[object, ...]]:
    """What the library says of every file, by path."""
    chosen = [media_locator.c[name] for name in columns]
    with wb.reader as session:
        found = session.execute(sa.select(*chosen).order_by(media_locator.c.relative_path)).all()
    return [tuple(row) for row in found]


def aged(folder: Path) -> None:
    """Make every file look as if it were written an hour ago, as far as that can be made to look."""
    for path in folder.rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - HOUR))


def test_what_files_show_is_found_in_a_second_pass(empty_wb: Workbench, disk: Path) -> None:
    (disk / "a.jpg").write_bytes(picture("JPEG"))
    (disk / "cut.png").write_bytes(picture("PNG")[:500])

    ingested = ingest.ingest(empty_wb, disk)

    assert ingested.flawed == (("cut.png", "corrupt"),)
    assert rows(empty_wb, "relative_path", "verdict", "format", "width") == [
        ("a.jpg", "readable", "JPEG", 120),
        ("below/note.txt", "opaque", None, None),
        ("cut.png", "corrupt", "PNG", 120),
        ("note.txt", "opaque", None, None),
    ]
    kinds = [str(content).split(":")[1] for (content,) in rows(empty_wb, "content_id")]
    assert kinds == ["jpeg", "bytes", "bytes", "bytes"]
    assert None not in [looked for (looked,) in rows(empty_wb, "examined_at")]


def test_files_nobody_looked_into_are_looked_into_by_the_next(
    empty_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(ingest, "examine", lambda *_, **__: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            ingest.ingest(empty_wb, disk)
    assert rows(empty_wb, "verdict") == [(None,), (None,)]

    ingest.ingest(empty_wb, disk)

    assert rows(empty_wb, "verdict") == [("opaque",), ("opaque",)]


def test_a_file_that_was_thrown_away_stays_so_until_it_is_restored(empty_wb: Workbench, disk: Path) -> None:
    ingest.ingest(empty_wb, disk)
    with empty_wb.transaction() as session:
        (note,) = (file for file in media.found(session, Wanted()) if file.relative_path == "below/note.txt")
        media.delete(session, note, by="ann", at=empty_wb.clock.now())

    again = ingest.ingest(empty_wb, disk)
    with empty_wb.transaction() as session:
        media.restore(session, media.get(session, note.id), by="ann")

    assert (again.new_count, again.known_count, again.deleted_count) == (0, 1, 1)
    assert "1 thrown away before" in str(again)
    assert rows(empty_wb, "relative_path", "deleted_at") == [("below/note.txt", None), ("note.txt", None)]


def test_other_bytes_in_the_place_of_a_file_that_was_thrown_away_are_new(empty_wb: Workbench, disk: Path) -> None:
    ingest.ingest(empty_wb, disk)
    with empty_wb.transaction() as session:
        (note,) = (file for file in media.found(session, Wanted()) if file.relative_path == "below/note.txt")
        media.delete(session, note, by="ann", at=empty_wb.clock.now())
    (disk / "below/note.txt").write_text("something else")

    again = ingest.ingest(empty_wb, disk)

    assert (again.new_count, again.deleted_count) == (1, 0)


def test_nothing_is_read_again_that_is_as_it_was(
    empty_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch, reads: list[str]
) -> None:
    monkeypatch.setattr("mhc_lab.storage.digests._RACY_NS", 0)
    aged(disk)
    ingest.ingest(empty_wb, disk)
    (disk / "note.txt").write_text("changed")
    (disk / "below").rename(disk / "moved")
    reads.clear()

    again = ingest.ingest(empty_wb, disk)

    assert again.differing == ("note.txt",)
    assert reads == ["note.txt"]


def test_a_file_written_to_right_before_is_read_again(empty_wb: Workbench, disk: Path, reads: list[str]) -> None:
    ingest.ingest(empty_wb, disk)
    reads.clear()

    ingest.ingest(empty_wb, disk)

    assert reads == ["below/note.txt", "note.txt"]


def test_a_file_that_was_written_to_since_it_was_listed_is_not_taken(
    empty_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = DiskStore.files

    def growing(store: DiskStore, progress: Progress) -> tuple[FoundFile, ...]:
        found = listed(store, progress)
        with (disk / "note.txt").open("a") as file:
            file.write("more")
        return found

    monkeypatch.setattr(DiskStore, "files", growing)

    ingested = ingest.ingest(empty_wb, disk)

    assert ingested.unreadable == ("note.txt",)
    assert rows(empty_wb, "relative_path") == [("below/note.txt",)]


def test_the_owner_is_named_by_the_folder_or_else_by_the_file(
    empty_wb: Workbench, disk: Path, clock: FrozenClock
) -> None:
    with empty_wb.transaction() as session:
        people.find_or_create(session, ["amber_otter", "bo"], at=clock.now())
    for path in (
        "people/bo/auto/x.jpg",
        "people/nobody/auto/amber_otter_1767900000000_0123abcd.jpg",
        "amber_otter_1767900000000_0123abcd.jpg",
    ):
        (disk / path).parent.mkdir(parents=True, exist_ok=True)
        (disk / path).write_text(path)

    ingest.ingest(empty_wb, disk)

    with empty_wb.reader as session:
        names = dict(session.execute(sa.text("SELECT id, username FROM persons")).all())
    owned = {path: names.get(person) for path, person in rows(empty_wb, "relative_path", "person_id") if person}
    assert owned == {
        "amber_otter_1767900000000_0123abcd.jpg": "amber_otter",
        "people/bo/auto/x.jpg": "bo",
        "people/nobody/auto/amber_otter_1767900000000_0123abcd.jpg": "amber_otter",
    }


def test_two_ingests_at_once_make_one_row_for_each_file(
    empty_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_known = ingest.media_intake.known_bytes
    monkeypatch.setattr(ingest.media_intake, "known_bytes", lambda session, storage: {})
    ingest.ingest(empty_wb, disk)

    second = ingest.ingest(empty_wb, disk)  # has seen no row of the first

    assert second.new_count == 0
    with empty_wb.reader as session:
        assert len(read_known(session, rows(empty_wb, "storage_id")[0][0])) == 2  # type: ignore[arg-type]


def test_a_file_that_comes_back_with_other_bytes_ends_no_run(
    empty_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = DiskStore.read

    def damaged(store: DiskStore, relative_path: str) -> BinaryIO:
        if relative_path == "note.txt":
            raise IntegrityError("as a bucket says of an object that has changed")
        return read(store, relative_path)

    monkeypatch.setattr(DiskStore, "read", damaged)

    ingest.ingest(empty_wb, disk)

    assert rows(empty_wb, "relative_path", "verdict") == [("below/note.txt", "opaque"), ("note.txt", None)]
