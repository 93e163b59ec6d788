"""What every store promises, as tests: a module for each store takes them in and gives it as ``store``."""

from __future__ import annotations

import hashlib
import io

import pytest

from mhc_lab.core.errors import IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.storage.store import MARKER, Store

PATH = "people/alice/auto/alice_1700000000000_0123abcd.jpg"
OTHER = "people/bob/uploads/ü ~'[x]+%41&=#?.jpg"


def byte_id(content: bytes) -> ByteId:
    return ByteId(hashlib.sha256(content).hexdigest())


def put(store: Store, path: str, content: bytes = b"the bytes") -> None:
    store.put(path, io.BytesIO(content))


def content(store: Store, path: str) -> bytes:
    with store.read(path) as stream:
        return stream.read()


def paths(store: Store) -> list[str]:
    return [file.relative_path for file in store.files()]


class Contract:
    """Promises that do not depend on where the bytes lie."""

    def test_what_was_put_is_there(self, store: Store) -> None:
        done = store.put(PATH, io.BytesIO(b"the bytes"))

        assert (done.byte_id, done.is_new, done.file.size_bytes) == (byte_id(b"the bytes"), True, 9)
        assert content(store, PATH) == b"the bytes"
        assert store.files() == (store.stat(PATH),)

    @pytest.mark.parametrize("size", [0, 1, (1 << 18) - 1, 1 << 18, 700_001])
    def test_files_of_any_size_come_back(self, store: Store, size: int) -> None:
        given = bytes(range(256)) * (size // 256 + 1)

        put(store, PATH, given[:size])

        assert content(store, PATH) == given[:size]
        assert store.stat(PATH).size_bytes == size

    def test_files_are_hashed_as_they_were_listed(self, store: Store) -> None:
        put(store, PATH)
        put(store, OTHER, b"")
        found = store.files()
        gone = found[0]._replace(relative_path="people/nobody.jpg")
        grown = found[0]._replace(size_bytes=10)

        assert list(store.digests([*found, gone, grown])) == [byte_id(b"the bytes"), byte_id(b""), None, None]
        assert list(store.digests([])) == []

    def test_a_source_is_read_from_where_it_stands(self, store: Store) -> None:
        source = io.BytesIO(b"head and rest")
        source.seek(9)

        done = store.put(PATH, source)

        assert done.byte_id == byte_id(b"rest")
        assert content(store, PATH) == b"rest"

    def test_the_same_bytes_again_write_nothing(self, store: Store) -> None:
        first = store.put(PATH, io.BytesIO(b"the bytes"))

        again = store.put(PATH, io.BytesIO(b"the bytes"))

        assert again.is_new is False
        assert (again.file, again.byte_id) == (first.file, first.byte_id)

    @pytest.mark.parametrize("other", [b"THE BYTES", b"the bytes and more", b""])
    def test_other_bytes_never_replace_what_is_there(self, store: Store, other: bytes) -> None:
        put(store, PATH)

        with pytest.raises(FileExistsError, match="stays as it is"):
            put(store, PATH, other)

        assert content(store, PATH) == b"the bytes"

    def test_unexpected_bytes_leave_nothing_behind(self, store: Store) -> None:
        with pytest.raises(IntegrityError, match="was expected"):
            store.put(PATH, io.BytesIO(b"changed"), expected=byte_id(b"the bytes"))

        assert paths(store) == []
        with pytest.raises(FileNotFoundError):
            store.stat(PATH)

    def test_a_source_that_fails_leaves_nothing_behind(self, store: Store) -> None:
        class Failing(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                if self.tell():
                    raise OSError("bad sector")
                return super().read(4)

        with pytest.raises(OSError, match="bad sector"):
            store.put(PATH, Failing(b"the bytes"))

        assert paths(store) == []

    def test_expected_bytes_are_taken(self, store: Store) -> None:
        done = store.put(PATH, io.BytesIO(b"the bytes"), expected=byte_id(b"the bytes"))

        assert done.is_new

    def test_a_listing_is_in_order_of_path(self, store: Store) -> None:
        for path in ("b.jpg", "a/z.jpg", "a/b/c.png", "a.jpg"):
            put(store, path)

        assert paths(store) == sorted(["b.jpg", "a/z.jpg", "a/b/c.png", "a.jpg"])
        assert store.unreadable == ()

    def test_a_listing_never_shows_our_own_files(self, store: Store) -> None:
        put(store, ".mhc-quarantine/a.jpg")
        put(store, "a.jpg")

        assert paths(store) == ["a.jpg"]
        assert content(store, ".mhc-quarantine/a.jpg") == b"the bytes"

    def test_what_was_set_aside_goes_back_even_under_a_name_nobody_may_put(self, store: Store) -> None:
        put(store, ".mhc-quarantine/a.jpg")

        store.move(".mhc-quarantine/a.jpg", "a/.DS_Store")

        assert content(store, "a/.DS_Store") == b"the bytes"
        assert paths(store) == []
        assert [file.relative_path for file in store.litter] == ["a/.DS_Store"]
        with pytest.raises(RefusedError):
            store.move("a/.DS_Store", "b/.DS_Store")

    @pytest.mark.parametrize("use", ["stat", "read"])
    def test_what_is_not_there_is_not_found(self, store: Store, use: str) -> None:
        with pytest.raises(FileNotFoundError):
            getattr(store, use)(PATH)

    @pytest.mark.parametrize("path", ["../x.jpg", "/etc/passwd", "a/../../x.jpg", "", ".", "a\0b"])
    def test_a_path_that_leads_out_is_refused_by_every_call(self, store: Store, path: str) -> None:
        put(store, PATH)

        for use in (
            lambda: store.stat(path),
            lambda: store.read(path),
            lambda: put(store, path),
            lambda: store.move(PATH, path),
            lambda: store.move(path, "there.jpg"),
            lambda: store.remove(path, expected=byte_id(b"the bytes")),
        ):
            with pytest.raises(RefusedError):
                use()

        assert paths(store) == [PATH]

    @pytest.mark.parametrize(
        "path",
        [
            MARKER,
            ".mhc-put-0123",
            "a/.mhc-put-0123",
            "a/.mhc-store.json",
            "a/.DS_Store",
            "lost+found/x.jpg",
            "a\nb.jpg",
            "a\x7fb.jpg",
            "a\udcefb.jpg",
            f"{'n' * 256}.jpg",
            f"{'ü' * 128}/x.jpg",
        ],
    )
    def test_a_name_that_would_not_be_listed_again_is_refused(self, store: Store, path: str) -> None:
        put(store, PATH)

        with pytest.raises(RefusedError):
            put(store, path)
        with pytest.raises(RefusedError):
            store.move(PATH, path)

        assert paths(store) == [PATH]

    @pytest.mark.parametrize(
        "path", ["n" * 255, "ü" * 127, OTHER, " lead", "trail ", "a\\b", "-rf", "%2F", "😀", "dot."]
    )
    def test_any_other_name_is_kept_as_it_is(self, store: Store, path: str) -> None:
        put(store, path)

        assert paths(store) == [path]
        assert content(store, path) == b"the bytes"
        store.move(path, f"moved/{path}")
        assert paths(store) == [f"moved/{path}"]

    @pytest.mark.parametrize(("one", "two"), [("a.jpg", "A.jpg"), ("e\u0301.jpg", "\u00e9.jpg")])
    def test_twins_by_case_or_normalisation_are_two_files(self, store: Store, one: str, two: str) -> None:
        put(store, one, b"one")
        put(store, two, b"two")

        assert sorted(paths(store)) == sorted([one, two])
        assert (content(store, one), content(store, two)) == (b"one", b"two")

    def test_a_moved_file_is_in_its_new_place_only(self, store: Store) -> None:
        put(store, PATH)

        store.move(PATH, OTHER)

        assert paths(store) == [OTHER]
        assert content(store, OTHER) == b"the bytes"

    def test_a_move_never_replaces_even_the_same_bytes(self, store: Store) -> None:
        put(store, PATH)
        put(store, OTHER)

        with pytest.raises(FileExistsError):
            store.move(PATH, OTHER)

        assert sorted(paths(store)) == sorted([PATH, OTHER])

    def test_what_is_not_there_is_not_moved(self, store: Store) -> None:
        with pytest.raises(FileNotFoundError):
            store.move(PATH, OTHER)

    def test_a_file_is_removed_when_it_has_the_bytes_that_may_go(self, store: Store) -> None:
        put(store, PATH)

        store.remove(PATH, expected=byte_id(b"the bytes"))

        assert paths(store) == []

    def test_other_bytes_are_not_removed(self, store: Store) -> None:
        put(store, PATH)

        with pytest.raises(IntegrityError, match="was expected"):
            store.remove(PATH, expected=byte_id(b"others"))

        assert content(store, PATH) == b"the bytes"

    def test_what_is_not_there_is_not_removed(self, store: Store) -> None:
        with pytest.raises(FileNotFoundError):
            store.remove(PATH, expected=byte_id(b""))

    def test_a_capacity_is_no_less_than_what_is_free(self, store: Store) -> None:
        capacity = store.capacity()

        assert capacity is None or 0 <= capacity.free_bytes <= capacity.total_bytes
