"""What a disk store promises beyond the contract when it writes: privacy, no traces, no links, and disks that fail."""

from __future__ import annotations

import errno
import io
import os
import resource
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.storage import aside, beneath, disk
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.store import MARKER, UNFINISHED
from tests.support.store_contract import PATH, byte_id, content, paths, put


def left_overs(root: Path) -> list[Path]:
    return [*root.rglob(f"{UNFINISHED}*")]


def test_folders_and_files_are_private(store: DiskStore, root: Path) -> None:
    put(store, PATH)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*") if path.name != MARKER}
    assert modes == {"people": 0o700, "alice": 0o700, "auto": 0o700, Path(PATH).name: 0o600}


def test_the_stamp_of_a_file_that_was_put_is_the_one_that_is_listed(store: DiskStore) -> None:
    done = store.put(PATH, io.BytesIO(b"the bytes"))

    assert done.file.stamp is not None
    assert store.files() == (done.file,)


def test_a_capacity_is_what_the_file_system_says(store: DiskStore, root: Path) -> None:
    status = os.statvfs(root)

    assert store.capacity().total_bytes == status.f_blocks * status.f_frsize


def test_what_a_killed_put_left_behind_goes_a_day_later(store: DiskStore, root: Path) -> None:
    put(store, "a/one.jpg")
    old, young = root / "a" / f"{UNFINISHED}old", root / "a" / f"{UNFINISHED}young"
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (1_700_000_000, 1_700_000_000))
    again = DiskStore.open(root, marker=store.marker)

    put(again, "a/two.jpg")

    assert (old.exists(), young.exists()) == (False, True)
    assert paths(again) == ["a/one.jpg", "a/two.jpg"]


@pytest.mark.parametrize("path", ["out/x.jpg", "link.jpg", "out/deep/x.jpg", "file.jpg/x.jpg"])
def test_nothing_is_written_through_a_link_or_a_file(store: DiskStore, root: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").mkdir()
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "link.jpg").symlink_to(tmp_path / "outside" / "made.jpg")
    (root / "file.jpg").write_bytes(b"file")

    with pytest.raises((RefusedError, FileExistsError)):
        put(store, path)

    assert [*(tmp_path / "outside").iterdir()] == []
    assert left_overs(root) == []


def test_a_folder_or_a_pipe_in_that_place_stays(store: DiskStore, root: Path) -> None:
    (root / "folder").mkdir()
    os.mkfifo(root / "pipe")

    for path in ("folder", "pipe"):
        with pytest.raises(FileExistsError):
            put(store, path)


def test_a_link_is_neither_moved_nor_removed(store: DiskStore, root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")

    for use in (
        lambda: store.move("link.jpg", "x.jpg"),
        lambda: store.remove("link.jpg", expected=byte_id(b"secret")),
        lambda: store.stat("link.jpg"),
    ):
        with pytest.raises(RefusedError):
            use()

    assert (tmp_path / "secret.jpg").read_bytes() == b"secret"
    assert (root / "link.jpg").is_symlink()


def test_a_folder_swapped_for_a_link_during_the_work_gets_nothing(store: DiskStore, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    put(store, "a/one.jpg")

    class Swapping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if (root / "a").is_dir() and not (root / "a").is_symlink():
                (root / "a").rename(root / "b")
                (root / "a").symlink_to(tmp_path / "outside")
            return super().read(size)

    with pytest.raises(RefusedError):
        store.put("a/two.jpg", Swapping(b"the bytes"))

    assert [*(tmp_path / "outside").iterdir()] == []
    assert paths(store) == ["b/one.jpg"]


def test_a_file_swapped_between_look_and_move_stays(
    store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "a.jpg")
    put(store, "other.jpg", b"others")
    rename = disk.rename_new

    def swap_first(folder: int, name: str, to_folder: int, to_name: str) -> None:
        monkeypatch.setattr(disk, "rename_new", rename)
        (root / "other.jpg").replace(root / "a.jpg")
        rename(folder, name, to_folder, to_name)

    monkeypatch.setattr(disk, "rename_new", swap_first)

    with pytest.raises(RefusedError, match="replaced while it was moved"):
        store.move("a.jpg", "b.jpg")

    assert paths(store) == ["a.jpg"]


def test_a_disk_pulled_during_a_put_gets_nothing_onto_the_mount_point(store: DiskStore, root: Path) -> None:
    pulled = root.with_name("pulled")

    class Pulling(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if not pulled.exists():
                root.rename(pulled)
                root.mkdir()  # the bare mount point
            return super().read(size)

    store.put(PATH, Pulling(b"the bytes"))

    assert [*root.iterdir()] == []
    assert (pulled / PATH).read_bytes() == b"the bytes"
    with pytest.raises(ConfigurationError, match="taken out or replaced"):
        put(store, "b.jpg")


def test_a_disk_replaced_by_one_with_the_same_numbers_is_offline(store: DiskStore, root: Path) -> None:
    put(store, PATH)
    (root / MARKER).write_text(f'{{"store": "{uuid4()}"}}')

    for use in (store.files, store.capacity, lambda: store.stat(PATH), lambda: put(store, "b.jpg")):
        with pytest.raises(ConfigurationError, match="another disk is there"):
            use()


def test_a_disk_that_lost_its_marker_is_offline_at_every_call(store: DiskStore, root: Path) -> None:
    put(store, PATH)
    (root / MARKER).unlink()

    for use in (
        store.files,
        store.capacity,
        lambda: store.stat(PATH),
        lambda: store.read(PATH),
        lambda: put(store, "b.jpg"),
        lambda: store.move(PATH, "b.jpg"),
        lambda: store.remove(PATH, expected=byte_id(b"the bytes")),
    ):
        with pytest.raises(ConfigurationError, match="marker"):
            use()


def fail(number: int):  # type: ignore[no-untyped-def]
    def failing(*given: object, **named: object) -> int:
        raise OSError(number, os.strerror(number))

    return failing


@pytest.mark.parametrize("call", ["write", "fsync", "open"])
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "has no space left"),
        (errno.EROFS, "is on a read-only file system"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "failed .Input/output error."),
    ],
)
def test_a_disk_that_fails_is_said_in_words_and_keeps_nothing(
    store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, reason: str
) -> None:
    put(store, "a/old.jpg")
    with monkeypatch.context() as patched:
        if call == "open":
            patched.setattr(aside.Aside, "__init__", fail_inside_blame(number))
        else:
            patched.setattr(os, call, fail(number))

        with pytest.raises(ConfigurationError, match=reason) as failed:
            put(store, "a/new.jpg")

    assert failed.value.setting == "MHC_MEDIA_ROOT"
    assert paths(store) == ["a/old.jpg"]
    assert left_overs(root) == []


def fail_inside_blame(number: int):  # type: ignore[no-untyped-def]
    def failing(self: aside.Aside, folder: int, blame: aside.Blame) -> None:
        with blame():
            raise OSError(number, os.strerror(number))

    return failing


def test_a_failed_sync_is_not_tried_again_on_the_same_descriptor(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def fail_first(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 1:
            raise OSError(errno.EIO, "bad")
        real(handle)

    monkeypatch.setattr(os, "fsync", fail_first)

    with pytest.raises(ConfigurationError):
        put(store, PATH)
    assert len(synced) == 1

    put(store, PATH)
    assert content(store, PATH) == b"the bytes"


def test_a_folder_that_cannot_be_synced_keeps_no_file(
    store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "sync_folders", fail(errno.EIO))

    with pytest.raises(ConfigurationError):
        put(store, PATH)

    assert paths(store) == []
    assert left_overs(root) == []


def test_a_disk_that_gives_back_other_bytes_is_found_out(
    store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def lie(handle: int, block: memoryview) -> int:
        changed = bytes(block[:1]).swapcase() + bytes(block[1:])
        return real(handle, changed)

    monkeypatch.setattr(os, "write", lie)

    with pytest.raises(IntegrityError, match="thrown away; check the disk"):
        put(store, PATH)

    assert paths(store) == []
    assert left_overs(root) == []


def test_a_disk_that_takes_little_at_a_time_gets_all(store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, block: real(handle, block[:3]))

    put(store, PATH, b"ten bytes!")

    assert content(store, PATH) == b"ten bytes!"


def test_somebody_faster_with_the_same_bytes_is_no_error(store: DiskStore, root: Path) -> None:
    class Racing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            (root / "a.jpg").write_bytes(b"the bytes")
            return super().read(size)

    done = store.put("a.jpg", Racing(b"the bytes"))

    assert done.is_new is False
    assert left_overs(root) == []


def test_somebody_faster_with_other_bytes_keeps_the_place(store: DiskStore, root: Path) -> None:
    class Racing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            (root / "a.jpg").write_bytes(b"others")
            return super().read(size)

    with pytest.raises(FileExistsError):
        store.put("a.jpg", Racing(b"the bytes"))

    assert content(store, "a.jpg") == b"others"
    assert left_overs(root) == []


def test_a_disk_that_folds_names_takes_a_twin_for_taken(store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "a.jpg")
    looked_up = os.stat
    monkeypatch.setattr(disk, "open_beneath", folding(disk.open_beneath))
    monkeypatch.setattr(os, "stat", lambda name, **how: looked_up(str(name).lower(), **how))

    for given in (b"the bytes", b"others"):
        with pytest.raises(FileExistsError):
            put(store, "A.jpg", given)


def folding(opened):  # type: ignore[no-untyped-def]
    """Opens files as a disk does that knows no upper case."""
    return lambda root, path, flags, mode=0: opened(root, path if path == MARKER else path.lower(), flags, mode)


@pytest.mark.parametrize("can_link", [True, False])
def test_a_file_system_that_cannot_rename_carefully_replaces_nothing_either(
    store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch, *, can_link: bool
) -> None:
    monkeypatch.setattr(beneath, "_RENAMEAT2", None)
    if not can_link:
        monkeypatch.setattr(os, "link", fail(errno.EOPNOTSUPP))
    put(store, "a.jpg")
    put(store, "b.jpg", b"others")

    with pytest.raises(FileExistsError):
        store.move("a.jpg", "b.jpg")
    store.move("a.jpg", "c.jpg")

    assert paths(store) == ["b.jpg", "c.jpg"]
    assert left_overs(root) == []


@pytest.mark.parametrize("opened", [beneath.open_beneath, beneath.walk])
def test_another_file_system_below_the_root_is_not_entered(opened: Callable[[int, str, int], int]) -> None:
    handle = os.open("/", beneath.FOLDER)

    with pytest.raises(OSError) as refused:
        opened(handle, "proc/self/ns", beneath.FOLDER)

    os.close(handle)
    assert refused.value.errno == errno.EXDEV


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """A file larger than that meets a disk that is full, as far as it can tell."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_write_that_the_system_cuts_short_keeps_nothing(store: DiskStore, root: Path) -> None:
    with largest_file(400_000), pytest.raises(ConfigurationError, match="Nothing was kept"):
        put(store, PATH, b"x" * 1_000_000)

    assert paths(store) == []
    assert left_overs(root) == []


def test_an_unexpected_digest_names_both(store: DiskStore) -> None:
    with pytest.raises(IntegrityError, match=f"SHA-256 {byte_id(b'x')}, {'0' * 64} was expected"):
        store.put(PATH, io.BytesIO(b"x"), expected=ByteId("0" * 64))
