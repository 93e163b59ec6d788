"""Files read by processes of their own: the same answers as when they are read here, whatever becomes of a process."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhc_lab.storage import disk, hashing
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.hashing import Hashers, ReadFile, hashed

SIZES = (0, 1, hashing.BUFFER_BYTES - 1, hashing.BUFFER_BYTES, 3 * hashing.BUFFER_BYTES + 7)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for size in SIZES:
        (tmp_path / f"{size} Bytes – ein Bild.jpg").write_bytes(os.urandom(size))
    (tmp_path / "below").mkdir()
    (tmp_path / "link").symlink_to(f"{SIZES[1]} Bytes – ein Bild.jpg")
    return tmp_path


@pytest.fixture
def root(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY)
    yield handle
    os.close(handle)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def here(root: int, paths: list[str]) -> list[ReadFile | None]:
    return [hashed(root, path, bytearray(hashing.BUFFER_BYTES)) for path in paths]


def test_processes_say_what_would_be_read_here(folder: Path, root: int) -> None:
    paths = [*names(folder), "nothing there"]

    with Hashers(2) as hashers:
        read = hashers.hashed(root, paths)

    assert read == here(root, paths)
    assert {one.sha256 for one in read if one} == {
        hashlib.sha256(path.read_bytes()).digest() for path in folder.glob("*.jpg")
    }


def test_what_a_process_that_was_killed_should_read_is_read_here(folder: Path, root: int) -> None:
    with Hashers(1) as hashers:
        (child,) = hashers.children
        os.kill(child, signal.SIGKILL)

        assert hashers.hashed(root, names(folder)) == here(root, names(folder))


def test_no_process_is_left(root: int) -> None:
    with Hashers(2) as hashers:
        children = hashers.children

    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_a_store_reads_many_files_in_processes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DiskStore.create(folder)
    found = store.files()
    one_by_one = list(store.digests(found))
    monkeypatch.setattr(disk, "_MANY", 1)
    monkeypatch.setattr(disk, "_hashed_here", None)

    assert list(store.digests(found)) == one_by_one
    assert len(one_by_one) == len(SIZES)


def test_reading_ends_when_nobody_asks_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_MANY", 1)
    started: list[Hashers] = []
    enter = Hashers.__enter__
    monkeypatch.setattr(Hashers, "__enter__", lambda self: started.append(self) or enter(self))
    store = DiskStore.create(folder)

    digests = store.digests(store.files())
    next(digests)
    digests.close()

    for child in started[0].children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
