"""Previews: made once, of what was registered only, and a few words where there is nothing to see."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from mhc_lab.jobs import ingest
from mhc_lab.jobs.previews import LARGE, Preview, previews
from mhc_lab.services import media, storages
from mhc_lab.services.media import MediaFile, Wanted
from mhc_lab.workbench import Workbench
from tests.support.files import NOON
from tests.support.pictures import picture, png


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
