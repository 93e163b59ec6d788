from __future__ import annotations

import errno
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.store import MARKER


def put(root: Path, relative_path: str, content: bytes = b"bytes") -> Path:
    path = root / relative_path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def paths(store: DiskStore) -> list[str]:
    return [file.relative_path for file in store.files()]


def test_a_new_store_is_marked_once(root: Path) -> None:
    first = DiskStore.create(root)
    again = DiskStore.create(root)

    assert again.marker == first.marker
    assert UUID(json.loads((root / MARKER).read_text())["store"]) == first.marker


def test_a_file_says_that_it_was_written_when_it_was_told_to_and_its_folder_is_swept_all_the_same(root: Path) -> None:
    left_over = put(root, "people/ann/.mhc-put-0123456789abcdef")
    os.utime(left_over, (0, 0))
    at = datetime(2019, 5, 4, 3, 2, 1, 123456, tzinfo=UTC)

    file = DiskStore.create(root).put("people/ann/a.jpg", io.BytesIO(b"bytes"), written_at=at).file

    assert file.modified_at == at
    assert (root / "people/ann/a.jpg").stat().st_mtime_ns == file.written_ns
    assert not left_over.exists()


def test_a_disk_that_keeps_no_such_time_keeps_the_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_here(*_: object, **__: object) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "utime", not_here)
    kept = DiskStore.create(root).put("a.jpg", io.BytesIO(b"bytes"), written_at=datetime(2019, 5, 4, tzinfo=UTC))

    assert kept.is_new
    assert (root / "a.jpg").read_bytes() == b"bytes"


def test_an_absent_root_is_offline(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"is offline.*Plug the disk in, or correct MHC_MEDIA_ROOT"):
        DiskStore.open(tmp_path / "gone", marker=None)


def test_a_root_without_its_marker_is_offline_not_empty(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="offline"):
        DiskStore.open(root, marker=None)


def test_another_disk_in_the_same_place_is_offline(root: Path) -> None:
    found = DiskStore.create(root).marker
    wanted = uuid4()

    with pytest.raises(ConfigurationError, match=f"marked {found}, {wanted} is wanted"):
        DiskStore.open(root, marker=wanted)


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"store": 7}', '{"store": "no uuid"}', "\xff"])
def test_a_damaged_marker_is_offline(root: Path, content: str) -> None:
    (root / MARKER).write_text(content, encoding="latin-1")

    with pytest.raises(ConfigurationError, match="damaged"):
        DiskStore.open(root, marker=None)


def test_a_marker_that_is_a_link_is_not_believed(root: Path, tmp_path: Path) -> None:
    elsewhere = put(tmp_path, "elsewhere.json", json.dumps({"store": str(uuid4())}).encode())
    (root / MARKER).symlink_to(elsewhere)

    with pytest.raises(ConfigurationError, match="cannot be read"):
        DiskStore.open(root, marker=None)


def test_files_are_listed_with_size_and_time_in_order_of_path(root: Path) -> None:
    for path in ("b.jpg", "a/z.jpg", "a/b/c.png"):
        put(root, path, b"12345")
        os.utime(root / path, (1_700_000_000, 1_700_000_000))
    store = DiskStore.create(root)

    found = store.files()

    modified_at = datetime.fromtimestamp(1_700_000_000, UTC)
    assert [(one.relative_path, one.size_bytes, one.modified_at) for one in found] == [
        (path, 5, modified_at) for path in ("a/b/c.png", "a/z.jpg", "b.jpg")
    ]


def test_our_own_and_the_systems_folders_stay_out(root: Path) -> None:
    for path in (".mhc-quarantine/x.jpg", ".DS_Store", "a/.DS_Store", ".Trashes/y.jpg", "a/kept.jpg"):
        put(root, path)

    store = DiskStore.create(root)

    assert paths(store) == ["a/kept.jpg"]
    assert store.unreadable == ()
    assert [file.relative_path for file in store.litter] == [".DS_Store", ".Trashes/", "a/.DS_Store"]


def test_links_and_pipes_are_named_and_not_followed(root: Path, tmp_path: Path) -> None:
    put(tmp_path, "outside/secret.jpg")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "file.jpg").symlink_to(tmp_path / "outside" / "secret.jpg")
    os.mkfifo(root / "pipe")
    store = DiskStore.create(root)

    assert paths(store) == []
    assert store.unreadable == ("file.jpg", "folder", "pipe")


def test_a_name_that_is_not_utf_8_is_named_and_left_out(root: Path) -> None:
    put(root, "fine.jpg")
    (Path(os.fsdecode(os.fsencode(root) + b"/na\xefve.jpg"))).write_bytes(b"")
    store = DiskStore.create(root)

    assert paths(store) == ["fine.jpg"]
    assert store.unreadable == ("na\\xefve.jpg",)


def test_a_file_is_read_by_its_path(root: Path) -> None:
    put(root, "a/b/c.jpg", b"the bytes")

    with DiskStore.create(root).read("a/b/c.jpg") as stream:
        assert stream.read() == b"the bytes"


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/passwd", "a/../../secret.jpg", "", "a\0b"])
def test_a_path_that_leads_out_is_refused(root: Path, path: str) -> None:
    put(root.parent, "secret.jpg")

    with pytest.raises(RefusedError):
        DiskStore.create(root).read(path)


@pytest.mark.parametrize("path", ["file.jpg", "folder/secret.jpg"])
def test_a_link_is_refused_wherever_it_stands_in_a_path(root: Path, path: str) -> None:
    put(root.parent, "outside/secret.jpg")
    (root / "folder").symlink_to(root.parent / "outside")
    (root / "file.jpg").symlink_to(root.parent / "outside" / "secret.jpg")

    with pytest.raises(RefusedError, match="link"):
        DiskStore.create(root).read(path)


def test_a_folder_or_a_pipe_is_not_read(root: Path) -> None:
    put(root, "a/b.jpg")
    os.mkfifo(root / "pipe")
    store = DiskStore.create(root)

    for path in ("a", "pipe"):
        with pytest.raises(RefusedError, match="not a file"):
            store.read(path)


def test_a_file_that_is_gone_is_not_found(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        DiskStore.create(root).read("gone.jpg")


def test_a_disk_pulled_and_replaced_meanwhile_is_offline(root: Path) -> None:
    put(root, "a.jpg")
    store = DiskStore.create(root)
    root.rename(root.with_name("pulled"))
    root.mkdir()  # the bare mount point

    for use in (store.files, lambda: store.read("a.jpg")):
        with pytest.raises(ConfigurationError, match="taken out or replaced"):
            use()


def test_a_disk_pulled_for_good_is_offline(root: Path) -> None:
    store = DiskStore.create(root)
    root.rename(root.with_name("pulled"))

    with pytest.raises(ConfigurationError, match="offline"):
        store.files()


def test_what_was_swapped_for_a_link_or_written_to_is_not_hashed(root: Path) -> None:
    for name in ("a", "b", "c"):
        put(root, name)
    store = DiskStore.create(root)
    found = store.files()
    (root / "a").unlink()
    (root / "a").symlink_to("c")
    (root / "b").write_bytes(b"other")

    assert [digest is None for digest in store.digests(found)] == [True, True, False]


def test_a_disk_that_was_pulled_while_it_was_read_hides_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "a")
    store = DiskStore.create(root)
    found = store.files()
    monkeypatch.setattr("mhc_lab.storage.disk.hashed", lambda *_: root.rename(root.with_name("away")) and None)

    with pytest.raises(ConfigurationError, match="offline"):
        list(store.digests(found))
