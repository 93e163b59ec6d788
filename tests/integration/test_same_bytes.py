"""Which files of a store have the same bytes: also those nobody registered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from mhc_lab.core.ids import ByteId
from mhc_lab.jobs import same_bytes
from mhc_lab.storage import digests
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.store import FoundFile
from mhc_lab.workbench import Workbench

FILES = {
    "a/one.jpg": b"one",
    "b/one.jpg": b"one",
    "c/one.jpg": b"one",
    "b/two.jpg": b"twenty",
    "d.jpg": b"twenty",
    "e": b"x",
}


@pytest.fixture
def store(emptied_wb: Workbench, tmp_path: Path) -> DiskStore:
    """A disk with two groups of copies and a file without; what was read of files before is forgotten."""
    (emptied_wb.settings.home / digests.FILE_NAME).unlink(missing_ok=True)
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return DiskStore.create(tmp_path)


def paths(found: same_bytes.SameBytes) -> list[list[str]]:
    return [[file.relative_path for file in group] for group in found.groups]


def test_copies_are_found_the_largest_saving_first(emptied_wb: Workbench, store: DiskStore) -> None:
    found = same_bytes.find(emptied_wb, store)

    assert paths(found) == [["a/one.jpg", "b/one.jpg", "c/one.jpg"], ["b/two.jpg", "d.jpg"]]
    assert str(found) == "6 files: 3 redundant copies in 2 groups, 12 B"


def test_a_second_look_reads_only_what_changed(
    emptied_wb: Workbench, store: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mhc_lab.storage.digests._RACY_NS", 0)
    same_bytes.find(emptied_wb, store)
    (store.folder / "e").write_bytes(b"twenty")
    asked: list[str] = []
    read = DiskStore.digests

    def noted(disk: DiskStore, files: Sequence[FoundFile]) -> list[ByteId | None]:
        asked.extend(file.relative_path for file in files)
        return read(disk, files)

    monkeypatch.setattr(DiskStore, "digests", noted)

    found = same_bytes.find(emptied_wb, store)

    assert asked == ["e"]
    assert paths(found)[0] == ["b/two.jpg", "d.jpg", "e"]


def test_what_cannot_be_read_is_told(emptied_wb: Workbench, store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = DiskStore.files

    def vanishing(disk: DiskStore, *_: object) -> tuple[FoundFile, ...]:
        found = listed(disk)
        (store.folder / "d.jpg").unlink()
        return found

    monkeypatch.setattr(DiskStore, "files", vanishing)

    found = same_bytes.find(emptied_wb, store)

    assert found.unreadable == ("d.jpg",)
    assert found.redundant_count == 2
