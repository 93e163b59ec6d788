"""Views: what they show, and what they leave alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.storage import beneath, links
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.links import Views, are_shown, build_views
from mhc_lab.storage.store import MARKER
from tests.support.store_contract import byte_id, paths, put


def fill(store: DiskStore, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        put(store, path, content)


def build(store: DiskStore) -> Views:
    return build_views(store, lambda: paths(store))


def shown(folder: Path) -> dict[str, bytes]:
    """Every name in a view with the bytes it leads to."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_all_files_of_a_person_and_of_everybody_are_in_one_place(store: DiskStore, root: Path) -> None:
    fill(
        store,
        {
            "people/a/auto/x.jpg": b"1",
            "people/a/uploads/sub/y.jpg": b"2",
            "people/b_c/snaps/x.jpg": b"3",
            "else.jpg": b"4",
        },
    )

    views = build(store)

    assert shown(root / "people/a/all") == {"x.jpg": b"1", "y.jpg": b"2"}
    assert shown(root / "all") == {"a_x.jpg": b"1", "a_y.jpg": b"2", "b_c_x.jpg": b"3"}
    assert (root / "all/a_x.jpg").readlink() == Path("../people/a/auto/x.jpg")
    assert (root / "people/a/all/y.jpg").readlink() == Path("../uploads/sub/y.jpg")
    assert views == Views(3, 6, ("all", "people/a/all", "people/b_c/all"), (), ())


def test_the_same_name_in_two_folders_stays_reachable(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1", "people/a/uploads/x.jpg": b"2", "people/a/uploads/x~uploads.jpg": b"3"})

    build(store)

    assert shown(root / "people/a/all") == {"x.jpg": b"1", "x~uploads.jpg": b"2", "x~uploads~uploads.jpg": b"3"}
    assert sorted(shown(root / "all").values()) == [b"1", b"2", b"3"]


def test_two_persons_whose_links_would_have_one_name_are_both_shown(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/b_x.jpg": b"1", "people/a_b/auto/x.jpg": b"2"})

    build(store)

    assert shown(root / "all") == {"a_b_x.jpg": b"1", "a_b_x~a_b.auto.jpg": b"2"}


@pytest.mark.parametrize(("one", "two"), [("x.jpg", "X.JPG"), ("\u00fc.jpg", "u\u0308.jpg")])
def test_twins_get_names_that_every_disk_can_tell_apart(store: DiskStore, root: Path, one: str, two: str) -> None:
    fill(store, {f"people/a/auto/{one}": b"1", f"people/a/auto/{two}": b"2"})

    build(store)

    assert sorted(shown(root / "people/a/all").values()) == [b"1", b"2"]
    assert len({name.casefold() for name in shown(root / "people/a/all")}) == 2


def test_a_name_too_long_for_the_view_of_everybody_is_shortened(store: DiskStore, root: Path) -> None:
    fill(store, {f"people/abc/auto/{'n' * 251}.jpg": b"1", f"people/abc/auto/{'n' * 250}m.jpg": b"2"})

    build(store)

    assert sorted(shown(root / "all").values()) == [b"1", b"2"]


def test_nothing_changes_when_nothing_changed(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1"})
    build(store)
    before = (root / "all").stat().st_ino

    again = build(store)

    assert again.rebuilt == ()
    assert (root / "all").stat().st_ino == before


def test_only_views_with_a_change_are_built_again(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1", "people/b/auto/x.jpg": b"1"})
    build(store)
    put(store, "people/a/auto/y.jpg", b"2")

    assert build(store).rebuilt == ("all", "people/a/all")


def test_a_file_is_taken_out_before_it_goes(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1", "people/b/auto/x.jpg": b"2"})
    build(store)

    build_views(store, lambda: ["people/a/auto/x.jpg"])
    store.remove("people/b/auto/x.jpg", expected=byte_id(b"2"))

    assert shown(root / "all") == {"a_x.jpg": b"1"}
    assert not (root / "people/b/all").exists()


def test_without_any_file_there_is_no_view(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1"})
    build(store)

    views = build_views(store, list)

    assert (views.view_count, views.link_count) == (0, 0)
    assert not (root / "all").exists()
    assert not (root / "people/a/all").exists()


def test_what_is_no_file_gets_no_link(store: DiskStore, root: Path, tmp_path: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1"})
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (root / "people/a/auto/link.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "people/a/auto/folder").mkdir()
    odd = ["gone.jpg", "people/a/auto/gone.jpg", "people/a/auto/link.jpg", "people/a/auto/folder", "people/a/auto/../x",
           "/etc/passwd", "../secret.jpg", "people/a/../../../secret.jpg", "people/nobody/auto/x.jpg"]  # fmt: skip

    views = build_views(store, lambda: [*odd, "people/a/auto/x.jpg"])

    assert sorted(views.missing) == sorted(odd)
    assert shown(root / "people/a/all") == {"x.jpg": b"1"}


def test_a_listing_shows_no_view_and_misses_nothing_else(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1"})
    build(store)
    (root / "people/a/auto/link.jpg").symlink_to("x.jpg")

    assert paths(store) == ["people/a/auto/x.jpg"]
    assert store.unreadable == ("people/a/auto/link.jpg",)


def test_a_place_with_files_is_left_and_told(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1", "people/a/all/copy.jpg": b"2"})

    views = build(store)

    assert views.left == ("people/a/all",)
    assert shown(root / "people/a/all") == {"copy.jpg": b"2"}
    assert shown(root / "all") == {"a_x.jpg": b"1"}
    assert paths(store) == ["people/a/all/copy.jpg", "people/a/auto/x.jpg"]


def test_a_view_that_is_a_link_or_a_file_is_left(store: DiskStore, root: Path, tmp_path: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1", "people/b/auto/x.jpg": b"1"})
    (tmp_path / "outside").mkdir()
    (root / "people/a/all").symlink_to(tmp_path / "outside")
    (root / "people/b/all").write_bytes(b"a file")

    views = build(store)

    assert views.left == ("people/a/all", "people/b/all")
    assert [*(tmp_path / "outside").iterdir()] == []


def test_links_of_others_in_a_view_are_replaced(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1"})
    (root / "people/a/all").mkdir()
    (root / "people/a/all/dangling.jpg").symlink_to("../gone/x.jpg")

    build(store)

    assert shown(root / "people/a/all") == {"x.jpg": b"1"}


def test_a_file_that_comes_into_a_view_while_it_is_replaced_is_not_lost(
    store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1", "people/a/auto/y.jpg": b"2", "people/a/new.jpg": b"there before"})
    build_views(store, lambda: ["people/a/auto/x.jpg"])
    swap = links.exchange

    def intrude(folder: int, one: str, other: str) -> bool:
        (root / "people/a/all/new.jpg").write_bytes(b"new")
        return swap(folder, one, other)

    monkeypatch.setattr(links, "exchange", intrude)

    build_views(store, lambda: ["people/a/auto/x.jpg", "people/a/auto/y.jpg"])

    found = {path: (root / path).read_bytes() for path in paths(store) if "/auto/" not in path}
    assert found.pop("people/a/new.jpg") == b"there before"
    assert [*found.values()] == [b"new"]


def test_views_are_replaced_where_two_names_cannot_be_swapped(
    store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beneath, "_RENAMEAT2", None)
    fill(store, {"people/a/auto/x.jpg": b"1"})
    build(store)
    put(store, "people/a/auto/y.jpg", b"2")

    build(store)

    assert shown(root / "people/a/all") == {"x.jpg": b"1", "y.jpg": b"2"}
    assert not [*root.rglob(".mhc-view-*")]


def test_what_a_system_puts_into_a_view_does_not_keep_it_as_it_is(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1"})
    build(store)
    for number in range(2):
        (root / "people/a/all/.DS_Store").write_bytes(b"icons")
        put(store, f"people/a/auto/{number}.jpg", b"2")

        views = build(store)

        assert (views.left, views.rebuilt) == ((), ("all", "people/a/all"))
    assert [*shown(root / "people/a/all")] == ["0.jpg", "1.jpg", "x.jpg"]
    assert paths(store) == ["people/a/auto/0.jpg", "people/a/auto/1.jpg", "people/a/auto/x.jpg"]


def test_what_is_to_be_shown_is_asked_when_nobody_else_builds(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_PATIENCE", 0.0)
    fill(store, {"people/a/auto/x.jpg": b"1"})

    def asked() -> list[str]:
        with pytest.raises(RefusedError, match="being built already"):
            build_views(store, list)
        return ["people/a/auto/x.jpg"]

    assert build_views(store, asked).link_count == 2


def test_who_comes_second_waits_until_the_first_is_done(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1"})
    with ThreadPoolExecutor(1) as second:
        with store.at_root() as handle, links._alone(handle, store.root):
            building = second.submit(build, store)
            with pytest.raises(TimeoutError):
                building.result(timeout=0.1)
        assert building.result().link_count == 2


def test_only_one_builds_at_a_time(store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_PATIENCE", 0.0)
    with (
        store.at_root() as handle,
        links._alone(handle, store.root),
        pytest.raises(RefusedError, match="being built already"),
    ):
        build(store)

    assert build(store).view_count == 0


def test_a_disk_that_was_replaced_gets_no_view(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1"})
    (root / MARKER).unlink()

    with pytest.raises(ConfigurationError, match="offline"):
        build_views(store, lambda: ["people/a/auto/x.jpg"])


def test_a_file_system_without_links_has_no_views(
    store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refuse)
    fill(store, {"people/a/auto/x.jpg": b"1"})

    with pytest.raises(RefusedError, match="no links"):
        build(store)

    assert not [*root.rglob(".mhc-view-*")]


def test_a_folder_of_copies_where_a_view_could_be_is_none(store: DiskStore, root: Path) -> None:
    fill(store, {"people/a/auto/x.jpg": b"1", "all/a_x.jpg": b"1"})
    assert not are_shown(store)
    (root / "all/a_x.jpg").unlink()
    assert not are_shown(store)

    build(store)

    assert are_shown(store)
