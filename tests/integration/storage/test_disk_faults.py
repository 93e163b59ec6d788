"""Disks that are really full, read-only, pulled and replaced; and, by strace, a sync that fails and a write that lies."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.storage.disk import DiskStore
from tests.support.mounts import needs_mounts, run, small_disk
from tests.support.store_contract import PATH, byte_id, content, paths, put

pytestmark = needs_mounts


def test_a_full_disk_keeps_what_it_has_and_nothing_of_the_rest(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as root:
        store = DiskStore.create(root)
        put(store, "a.jpg", b"x" * 600_000)

        with pytest.raises(ConfigurationError, match="has no space left"):
            put(store, "b/b.jpg", b"y" * 600_000)

        assert paths(store) == ["a.jpg"]
        assert [path.name for path in root.rglob("*.mhc-put*")] == []
        put(store, "c.jpg", b"z" * 300_000)


def test_a_disk_without_room_for_names_is_full_too(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", size="1m,nr_inodes=4") as root:
        store = DiskStore.create(root)
        put(store, "a.jpg")

        with pytest.raises(ConfigurationError, match="has no space left"):
            put(store, "b/c/d.jpg")

        assert paths(store) == ["a.jpg"]


def test_a_read_only_disk_is_read_and_not_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as root:
        store = DiskStore.create(root)
        put(store, PATH)
        run("mount", "-o", "remount,ro", root)

        for use in (
            lambda: put(store, "b.jpg"),
            lambda: store.move(PATH, "b.jpg"),
            lambda: store.remove(PATH, expected=byte_id(b"the bytes")),
        ):
            with pytest.raises(ConfigurationError, match="read-only"):
                use()

        assert content(store, PATH) == b"the bytes"
        assert put_again(store) is False


def put_again(store: DiskStore) -> bool:
    return store.put(PATH, io.BytesIO(b"the bytes")).is_new


def test_a_pulled_disk_is_offline_and_its_mount_point_stays_empty(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as root:
        store = DiskStore.create(root)
        put(store, PATH)

        class Pulling(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                run("umount", "-l", root) if os.path.ismount(root) else None
                return super().read(size)

        store.put("during.jpg", Pulling(b"the bytes"))

        assert [*root.iterdir()] == []
        for use in (
            store.files,
            store.capacity,
            lambda: store.read(PATH),
            lambda: put(store, "after.jpg"),
            lambda: store.move(PATH, "after.jpg"),
        ):
            with pytest.raises(ConfigurationError, match="taken out or replaced"):
                use()
        assert [*root.iterdir()] == []


def test_another_disk_in_the_same_place_is_offline(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as root:
        store = DiskStore.create(root)
        with small_disk(root):
            DiskStore.create(root)

            with pytest.raises(ConfigurationError, match="offline"):
                put(store, PATH)

            assert [path.name for path in root.iterdir()] == [".mhc-store.json"]


def test_a_disk_mounted_below_the_root_is_not_entered(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    store = DiskStore.create(root)
    with small_disk(root / "inner") as inner:
        (inner / "x.jpg").write_bytes(b"x")

        with pytest.raises(RefusedError):
            store.read("inner/x.jpg")

        assert paths(store) == []
        assert store.unreadable == ("inner/",)
