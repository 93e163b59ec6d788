"""Previews: made once, of what was registered only, and a few words where there is nothing to see."""

from __future__ import annotations

import errno
import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from mhc_lab.jobs import ingest, stores
from mhc_lab.jobs import previews as jobs
from mhc_lab.jobs.previews import LARGE, Preview, previews, trim
from mhc_lab.services import media, storages
from mhc_lab.services.media import MediaFile, Wanted
from mhc_lab.workbench import Workbench
from tests.support.files import NOON
from tests.support.object_servers import BUCKET, rclone
from tests.support.pictures import picture, png
from tests.support.store_contract import byte_id


@pytest.fixture
def disk(emptied_wb: Workbench, tmp_path: Path) -> Path:
    """A registered disk with a picture, a damaged one, a bomb and a text."""
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "good.jpg").write_bytes(picture(width=1200, height=600))
    (folder / "cut.jpg").write_bytes(picture()[:900])
    (folder / "bomb.png").write_bytes(png(width=60_000, height=60_000))
    (folder / "note.txt").write_text("hello")
    ingest.ingest(emptied_wb, folder, name="ssd")
    return folder


def files(wb: Workbench) -> dict[str, MediaFile]:
    with wb.reader as session:
        return {file.original_name: file for file in media.found(session, Wanted())}


def seen(wb: Workbench, name: str, **how: int) -> Preview:
    ((_, preview),) = previews(wb, [files(wb)[name]], **how)
    return preview


def kept(wb: Workbench) -> list[Path]:
    return sorted(wb.folder("previews").rglob("*.jpg"))


def size(preview: Preview) -> tuple[int, int]:
    with Image.open(io.BytesIO(preview.content)) as opened:
        return opened.size


def test_a_picture_is_small_and_kept_and_large_beside_it(emptied_wb: Workbench, disk: Path) -> None:
    small, large = seen(emptied_wb, "good.jpg"), seen(emptied_wb, "good.jpg", longest=LARGE)

    assert (size(small), size(large)) == ((320, 160), (960, 480))
    assert len(kept(emptied_wb)) == 2
    assert kept(emptied_wb)[0].parent.name == files(emptied_wb)["good.jpg"].byte_id[:2]


def test_a_kept_preview_is_shown_also_when_the_disk_is_away(emptied_wb: Workbench, disk: Path) -> None:
    before = seen(emptied_wb, "good.jpg")
    disk.rename(disk.with_name("pulled"))

    assert seen(emptied_wb, "good.jpg") == before


def test_a_damaged_one_in_the_cache_is_made_again(emptied_wb: Workbench, disk: Path) -> None:
    before = seen(emptied_wb, "good.jpg")
    kept(emptied_wb)[0].write_bytes(before.content[:500])

    assert seen(emptied_wb, "good.jpg") == before


def test_what_cannot_be_shown_says_why_and_does_not_end_the_others(emptied_wb: Workbench, disk: Path) -> None:
    (disk / "good.jpg").unlink()

    shown = {files(emptied_wb)[name].id: name for name in files(emptied_wb)}
    why = {shown[key]: preview.why for key, preview in previews(emptied_wb, files(emptied_wb).values())}

    assert why == {
        "good.jpg": "missing",
        "cut.jpg": "damaged",
        "bomb.png": "refused as dangerous",
        "note.txt": "no picture",
    }
    assert kept(emptied_wb) == []


def test_a_file_with_other_bytes_than_were_registered_is_not_shown(emptied_wb: Workbench, disk: Path) -> None:
    path = disk / "good.jpg"
    other = bytearray(path.read_bytes())
    other[-20] ^= 1
    path.write_bytes(bytes(other))

    assert seen(emptied_wb, "good.jpg") == Preview(why="changed since it was registered")
    assert kept(emptied_wb) == []


def test_a_picture_that_rotted_under_its_time_is_not_shown_for_its_other_copies(
    emptied_wb: Workbench, disk: Path
) -> None:
    path = disk / "good.jpg"
    before = path.stat()
    rotten = bytearray(path.read_bytes())
    rotten[-20] ^= 1
    path.write_bytes(bytes(rotten))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert seen(emptied_wb, "good.jpg") == Preview(why="changed since it was registered")


def test_a_damaged_object_of_a_bucket_does_not_end_the_others(
    emptied_wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = tmp_path / "served"
    served.mkdir()
    with rclone(served) as server:
        monkeypatch.setattr(emptied_wb, "settings", server.known_to(emptied_wb.settings))
        store, _ = stores.adopt(emptied_wb, f"s3://{BUCKET}/library", name="cloud")
        for name in ("a.png", "b.png"):
            store.put(name, io.BytesIO(picture("PNG", width=ord(name[0]))))
        ingest.ingest(emptied_wb, f"s3://{BUCKET}/library")
        good = picture("PNG", width=ord("a"))
        damaged = good[:-20] + b"rotten" + good[-14:]
        store._objects.put(f"{store._prefix}a.png", io.BytesIO(damaged), len(damaged), {"sha256": byte_id(good)})  # type: ignore[attr-defined]

        known = files(emptied_wb)
        shown = dict(previews(emptied_wb, [known["a.png"], known["b.png"]]))

    assert shown[known["a.png"].id] == Preview(why="damaged")
    assert shown[known["b.png"].id].content


def test_a_file_that_was_only_touched_is_shown(emptied_wb: Workbench, disk: Path) -> None:
    os.utime(disk / "good.jpg", (1, 1))

    assert seen(emptied_wb, "good.jpg").content


def test_a_preview_that_cannot_be_kept_is_shown_all_the_same(emptied_wb: Workbench, disk: Path) -> None:
    place = emptied_wb.folder("previews") / files(emptied_wb)["good.jpg"].byte_id[:2]
    place.write_text("no folder")

    assert seen(emptied_wb, "good.jpg").content


def test_an_absent_disk_and_one_out_of_use_are_told_apart(emptied_wb: Workbench, disk: Path) -> None:
    disk.rename(disk.with_name("pulled"))
    offline = seen(emptied_wb, "good.jpg")
    with emptied_wb.transaction() as session:
        storages.deactivate(session, "ssd", reason="it clicks", at=NOON)

    assert (offline.why, seen(emptied_wb, "good.jpg").why) == ("storage offline", "storage out of use")


def test_what_nobody_saw_for_longest_goes_when_there_is_too_much(tmp_path: Path) -> None:
    folder = tmp_path / "ab"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.jpg").write_bytes(bytes(100))
        os.utime(folder / f"{number}.jpg", (NOON.timestamp() - number, NOON.timestamp() - number))

    trim(tmp_path, most=1000, now=NOON)
    as_many = len(list(folder.iterdir()))
    trim(tmp_path, most=500, now=NOON)

    assert as_many == 10
    assert sorted(path.name for path in folder.iterdir()) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]


def test_what_a_killed_process_left_goes_after_a_day(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    for name, days in ((".1.jpg-new", 0), (".2.jpg-old", 2), ("3.jpg", 2)):
        (tmp_path / "ab" / name).write_bytes(b"half")
        at = (NOON - timedelta(days=days)).timestamp()
        os.utime(tmp_path / "ab" / name, (at, at))

    trim(tmp_path, now=NOON)

    assert sorted(path.name for path in (tmp_path / "ab").iterdir()) == [".1.jpg-new", "3.jpg"]


def test_the_cache_is_trimmed_when_something_was_kept_and_what_is_seen_stays_young(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trimmed: list[Path] = []
    monkeypatch.setattr(jobs, "trim", lambda folder, **_: trimmed.append(folder))
    monkeypatch.setattr(jobs, "_since_trim", {})

    seen(emptied_wb, "good.jpg")
    os.utime(kept(emptied_wb)[0], (1, 1))
    seen(emptied_wb, "good.jpg")
    seen(emptied_wb, "good.jpg", longest=LARGE)

    assert trimmed == [emptied_wb.folder("previews")]
    assert kept(emptied_wb)[0].stat().st_mtime > 1


def test_a_preview_for_which_there_is_no_room_leaves_nothing(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    shown = seen(emptied_wb, "good.jpg")

    assert shown.content
    assert [path for path in emptied_wb.folder("previews").rglob("*") if path.is_file()] == []
