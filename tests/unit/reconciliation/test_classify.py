"""Every thing in one class: rows, files and paths beside each other, without a file or a database."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhc_lab.reconciliation.classes import CLASSES, REMEDIES
from mhc_lab.reconciliation.classify import FILES, PATHS, ROWS, Classified, classify, described, names_said
from mhc_lab.reconciliation.places import named
from mhc_lab.storage.layout import named_in

NAMES = {"ann": "A", "bo_b": "B"}
HERE, THERE = 0, 1


def row(path: str, *, of: str | None = "A", storage: int = HERE, size: int = 1, **more: object) -> dict[str, object]:
    byte_id = hashlib.sha256(b"").hexdigest()
    usual = {"id": path, "byte_id": byte_id, "at": 1, "is_deleted": False, "problem": None}
    return {"storage": storage, "path": path, "size": size, "person": of} | usual | more


def file(path: str, *, storage: int = HERE, size: int = 1, **more: object) -> dict[str, object]:
    usual = {"written_ns": 1, "byte_id": None, "is_readable": True, "is_litter": False}
    return {"storage": storage, "path": path, "size": size} | usual | more


def said(path: str, *, of: str = "A", media: str | None = None) -> dict[str, object]:
    return {"snapshot": 1, "which": "image", "path": path, "person": of, "media": media}


def result(
    rows: Sequence[dict[str, object]] = (),
    files: Sequence[dict[str, object]] = (),
    paths: Sequence[dict[str, object]] = (),
    *,
    waiting: Sequence[int] = (),
) -> Classified:
    found = described(pl.DataFrame(files, schema=FILES, orient="row"))
    return classify(
        pl.DataFrame(rows, schema=ROWS, orient="row"),
        found,
        pl.DataFrame(paths, schema=PATHS, orient="row"),
        names={name: NAMES[name] for name in names_said(found) if name in NAMES},
        checked=[number for number in (HERE, THERE) if number not in waiting],
        waiting=waiting,
    )


def classes(frame: pl.DataFrame) -> dict[str, str]:
    return dict(frame.select("path", "class").rows())


@pytest.mark.parametrize("first", ["poeple", "peple", "people_", "People", "pepole", "peopel", "people/people"])
def test_a_misspelt_first_folder_is_known_by_what_lies_below(first: str) -> None:
    found = result(files=[file(f"{first}/ann/auto/a.jpg")]).files

    assert found.select("class", "person", "to_path").rows() == [("wrong_prefix", "A", "people/ann/auto/a.jpg")]


@pytest.mark.parametrize(
    "path", ["profiles/ann/auto/a.jpg", "purple/ann/auto/a.jpg", "poeple/ann/a.jpg", "poeple/zed/auto/a.jpg"]
)
def test_what_is_no_misspelling_or_leads_to_nobody_is_only_unknown(path: str) -> None:
    assert classes(result(files=[file(path)]).files) == {path: "unknown_person"}


def test_two_misspelt_folders_cannot_both_have_the_one_place() -> None:
    found = result(files=[file("peple/ann/auto/a.jpg"), file("poeple/ann/auto/a.jpg")]).files

    assert found["to_path"].to_list() == ["people/ann/auto/a.jpg", None]


@pytest.mark.parametrize("other", [{"size": 2}, {"of": "B"}, {"byte_id": hashlib.sha256(b"other").hexdigest()}])
def test_a_misspelt_folder_cannot_have_the_place_of_a_row_about_another_file(other: dict[str, Any]) -> None:
    path, same = "people/ann/auto/a.jpg", hashlib.sha256(b"").hexdigest()
    files = [file("poeple/ann/auto/a.jpg", byte_id=same)]

    assert result([row(path)], files).files["to_path"].to_list() == [path]
    assert result([row(path, **other)], files).files["to_path"].to_list() == [None]


@pytest.mark.parametrize(
    "copy", ["people/bo_b/all/x.jpg", "all/bo_b_x.jpg", "people/bo_b/all/x~auto.jpg", "all/bo_b_x~bo_b.auto.jpg"]
)
def test_a_copy_of_a_link_is_known_by_the_way_links_are_named(copy: str) -> None:
    found = result(files=[file("people/bo_b/auto/x.jpg"), file(copy)]).files

    assert found.filter(path=copy).select("class", "to_path").rows() == [("link_copy", "people/bo_b/auto/x.jpg")]


def test_a_link_with_a_mark_led_to_the_file_in_the_folder_that_it_names() -> None:
    files = [file("people/ann/auto/x.jpg"), file("people/ann/snaps/x.jpg"), file("people/ann/all/x~snaps.jpg")]

    assert result(files=files).files["to_path"].drop_nulls().to_list() == ["people/ann/snaps/x.jpg"]


def test_a_file_among_links_with_nothing_it_could_be_a_copy_of_is_an_orphan() -> None:
    files = [file("people/ann/auto/x.jpg", size=2), file("people/ann/all/x.jpg"), file("all/zed_x.jpg")]

    found = classes(result(files=files).files)

    assert (found["people/ann/all/x.jpg"], found["all/zed_x.jpg"]) == ("known_person", "unknown_person")


def test_names_that_differ_by_normalisation_only_are_twins() -> None:
    composed = "people/ann/auto/é.jpg"
    files = [file(composed), file(unicodedata.normalize("NFD", composed)), file("people/ann/auto/É.jpg")]

    found = result([row(composed)], files).files

    assert found["class"].to_list() == ["in_order", "twin", "twin"]


def test_a_bare_name_is_found_where_person_and_name_say_once_and_nowhere_else() -> None:
    files = [file("people/ann/auto/a.jpg"), file("people/ann/auto/b.jpg"), file("people/ann/snaps/b.jpg")]
    rows = [row("a.jpg"), row("b.jpg"), row("c.jpg"), row("a.jpg", of="B", storage=THERE)]

    found = result(rows, files).rows

    assert found["class"].to_list() == ["bare_name", "missing", "missing", "missing"]
    assert found["to_path"].to_list() == ["people/ann/auto/a.jpg", None, None, None]


def test_a_bare_name_means_the_file_in_its_own_storage_before_one_in_another() -> None:
    files = [file("people/ann/auto/a.jpg"), file("people/ann/snaps/a.jpg", storage=THERE)]

    found = result([row("a.jpg", storage=THERE)], files).rows

    assert found.select("to_storage", "to_path").rows() == [(THERE, "people/ann/snaps/a.jpg")]


@pytest.mark.parametrize("path", ["/media/x/people/ann/auto/a.jpg", r"D:\x\people\ann\auto\a.jpg", "/elsewhere/a.jpg"])
def test_an_absolute_path_is_found_below_people_or_by_its_name(path: str) -> None:
    found = result([row(path)], [file("people/ann/auto/a.jpg")]).rows

    assert found.select("class", "to_path").rows() == [("absolute_path", "people/ann/auto/a.jpg")]


def test_of_two_rows_that_mean_one_file_the_older_gets_it() -> None:
    rows = [row("a.jpg", id="new", at=2), row("/x/people/ann/auto/a.jpg", id="old", at=1)]

    found = result(rows, [file("people/ann/auto/a.jpg")]).rows

    assert found.select("id", "class", "other").rows() == [
        ("new", "duplicate_record", "old"),
        ("old", "absolute_path", None),
    ]


def test_a_row_is_never_pointed_at_the_file_of_another_row_or_of_another_size() -> None:
    path = "people/ann/auto/a.jpg"
    files = [file(path, storage=THERE), file("people/ann/auto/b.jpg", storage=THERE, size=2)]
    rows = [row(path), row(path, storage=THERE), row("people/ann/auto/b.jpg")]

    found = result(rows, files).rows

    assert found["class"].to_list() == ["missing", "in_order", "missing"]


def test_of_rows_deleted_from_one_place_the_last_one_is_about_the_file() -> None:
    path = "people/ann/auto/a.jpg"
    rows = [row(path, id=id_, at=at, is_deleted=True) for id_, at in (("first", 1), ("last", 2))]

    found = result([*rows, row("people/ann/snaps/a.jpg", id="same")], [file(path), file("people/ann/snaps/a.jpg")])

    assert found.rows.select("id", "class", "other").rows() == [
        ("first", "deleted", None),
        ("last", "deleted_present", "same"),
        ("same", "in_order", None),
    ]
    assert found.files["class"].to_list() == ["of_a_deleted_row", "in_order"]


def test_a_file_in_the_place_of_a_deleted_row_with_another_size_is_an_orphan() -> None:
    path = "people/ann/auto/a.jpg"

    found = result([row(path, is_deleted=True)], [file(path, size=2)])

    assert (classes(found.rows), classes(found.files)) == ({path: "deleted"}, {path: "known_person"})


def test_rows_below_a_closed_folder_cannot_be_read() -> None:
    files = [file("people/ann/", size=None, is_readable=False)]  # type: ignore[arg-type]

    found = result([row("people/ann/auto/a.jpg"), row("people/anna/auto/a.jpg")], files).rows

    assert found["class"].to_list() == ["unreadable", "missing"]


def test_what_was_found_out_by_reading_is_believed_until_it_is_read_again() -> None:
    rows = [row(f"people/ann/auto/{name}.jpg", problem="bytes_differ") for name in ("a", "b")]
    files = [file("people/ann/auto/a.jpg"), file("people/ann/auto/b.jpg", byte_id=hashlib.sha256(b"").hexdigest())]

    assert result(rows, files).rows["class"].to_list() == ["bytes_differ", "in_order"]


def test_a_file_of_nobody_is_a_snapshots_when_all_that_name_it_are_of_one_person() -> None:
    files = [file("people/zed/auto/a.jpg"), file("people/zed/auto/b.jpg")]
    paths = [said("people/zed/auto/a.jpg"), said("people/zed/auto/b.jpg"), said("people/zed/auto/b.jpg", of="B")]

    found = result(files=files, paths=paths)

    assert found.files.select("class", "person").rows() == [("named_by_snapshot", "A"), ("unknown_person", None)]
    assert found.paths["class"].to_list() == ["should_be_reference", "missing", "missing"]


def test_a_copy_of_a_file_in_another_storage_makes_no_bare_name_ambiguous() -> None:
    files = [file("people/ann/auto/a.jpg"), file("people/ann/auto/a.jpg", storage=THERE)]

    found = result([row("people/ann/auto/a.jpg", storage=THERE)], files, [said("a.jpg")]).paths

    assert found.select("class", "to_storage").rows() == [("bare_name", THERE)]


def test_a_path_is_only_missing_when_every_storage_was_looked_through() -> None:
    assert result(paths=[said("a.jpg")]).paths["class"].to_list() == ["missing"]
    assert result(paths=[said("a.jpg")], waiting=[THERE]).paths["class"].to_list() == ["not_checked"]


def test_a_row_is_only_missing_when_every_storage_was_looked_through() -> None:
    rows = [row("people/ann/auto/a.jpg")]

    assert result(rows).rows["class"].to_list() == ["missing"]
    assert result(rows, waiting=[THERE]).rows["class"].to_list() == ["not_checked"]


@pytest.mark.parametrize("says", ["people/ann/auto/a.jpg", "a.jpg", "/mnt/people/ann/auto/a.jpg"])
def test_a_file_that_a_row_of_a_storage_nobody_looked_through_may_mean_is_no_orphan(says: str) -> None:
    files = [file("people/ann/auto/a.jpg"), file("people/ann/auto/b.jpg"), file("people/ann/snaps/a.jpg", size=2)]

    of = None if says.startswith("/") else "A"
    found = result([row(says, storage=THERE, of=of)], files, waiting=[THERE]).files

    assert found["class"].to_list() == ["not_checked", "known_person", "known_person"]


def test_of_two_names_that_are_shown_alike_the_file_that_can_be_read_is_the_row_s() -> None:
    shown = r"people/ann/auto/a\xff.jpg"

    found = result([row(shown)], [file(shown, is_readable=False, size=0), file(shown)])

    assert found.rows["class"].to_list() == ["in_order"]
    assert found.files["class"].to_list() == ["unreadable", "in_order"]


def test_two_names_that_are_shown_alike_are_no_hindrance_to_a_file_that_belongs_there() -> None:
    shown = r"people/ann/auto/a\xff.jpg"
    unreadable = [file(shown, is_readable=False, size=0)] * 2

    found = result(files=[*unreadable, file(f"poeple{shown.removeprefix('people')}")]).files

    assert found["class"].to_list() == ["unreadable", "unreadable", "wrong_prefix"]


def test_a_row_about_what_systems_leave_has_its_file() -> None:
    litter = "people/ann/auto/.DS_Store"
    rows = [row(litter), row("lost+found/a.jpg"), row("lost+found.jpg")]

    found = result(rows, [file(litter, is_litter=True), file("lost+found/", is_litter=True)])

    assert found.rows["class"].to_list() == ["in_order", "not_checked", "missing"]
    assert found.files["class"].to_list() == ["in_order", "litter"]


def test_a_file_that_a_row_takes_is_its_persons_also_for_a_snapshot() -> None:
    path = "profiles/0/a.jpg"

    found = result([row(path)], [file(path, storage=THERE)], [said("a.jpg"), said("a.jpg", of="B")])

    assert found.rows["class"].to_list() == ["wrong_storage"]
    assert found.paths["class"].to_list() == ["bare_name", "missing"]


@pytest.mark.parametrize(
    "says",
    [
        "people/ann/auto/\u00c9.JPG",
        "people/Ann/auto/e\u0301.jpg",
        "people//ann/auto/\u00e9.jpg",
        "./people/ann/./auto/\u00e9.jpg",
    ],
)
def test_a_row_may_spell_the_place_of_its_file_otherwise(says: str) -> None:
    path = "people/ann/auto/\u00e9.jpg"

    found = result([row(says)], [file(path)])

    assert found.rows.select("class", "to_path").rows() == [("other_spelling", path)]
    assert found.files["class"].to_list() == ["in_order"]


def test_another_spelling_is_only_taken_for_the_one_file_that_nobody_has_of_the_same_size() -> None:
    files = [
        file("people/ann/auto/a.jpg"), file("people/ann/auto/b.JPG"), file("people/ann/auto/b.jpg"),
        file("people/ann/auto/c.jpg", size=2), file("people/ann/auto/d.jpg"),
    ]  # fmt: skip
    rows = [row(f"people/ann/auto/{name}") for name in ("a.jpg", "A.jpg", "B.jpg", "C.jpg")]
    again = [row("people/ann/auto/D.jpg", id="new", at=2), row("people/ann/auto/D.JPG", id="old", at=1)]

    found = result([*rows, *again], files)

    assert found.rows["class"].to_list() == ["in_order", *["missing"] * 4, "other_spelling"]
    assert found.files["class"].to_list() == ["in_order", "twin", "twin", "twin", "in_order"]


def test_a_row_never_means_a_file_of_which_it_is_known_that_it_is_another() -> None:
    other = hashlib.sha256(b"other").hexdigest()
    path = "people/ann/auto/a.jpg"

    found = result([row("a.jpg"), row(path, is_deleted=True)], [file(path, byte_id=other)])

    assert found.rows["class"].to_list() == ["missing", "deleted"]
    assert found.files["class"].to_list() == ["known_person"]


def test_a_row_is_no_second_record_of_a_file_that_was_found_to_have_other_bytes() -> None:
    path = "people/ann/auto/a.jpg"

    found = result([row("a.jpg"), row(path, problem="bytes_differ")], [file(path)]).rows

    assert found["class"].to_list() == ["missing", "bytes_differ"]


def test_a_copy_of_a_link_has_the_bytes_of_what_it_led_to_as_far_as_these_are_known() -> None:
    same, other = (hashlib.sha256(data).hexdigest() for data in (b"", b"other"))
    path = "people/ann/auto/x.jpg"
    files = [file(path), file("people/ann/all/x.jpg", byte_id=other), file("all/ann_x.jpg", byte_id=same)]

    assert result([row(path)], files).files["class"].to_list() == ["in_order", "known_person", "link_copy"]


_PART = st.sampled_from(["people", "poeple", "all", "ann", "bo_b", "auto", "migrated", "a.jpg", "A.jpg", "ann_a.jpg"])
_PATH = st.lists(_PART, min_size=1, max_size=5).map("/".join)


@settings(max_examples=30)
@given(
    rows=st.lists(st.tuples(_PATH, st.integers(0, 2), st.booleans()), max_size=12, unique_by=lambda one: one[:2]),
    files=st.lists(st.tuples(_PATH, st.integers(0, 1), st.integers(1, 2)), max_size=12, unique_by=lambda one: one[:2]),
    paths=st.lists(_PATH, max_size=6),
)
def test_everything_is_in_exactly_one_class_that_there_is(
    rows: list[tuple[str, int, bool]], files: list[tuple[str, int, int]], paths: list[str]
) -> None:
    found = result(
        [row(path, storage=storage, is_deleted=deleted, id=str(n)) for n, (path, storage, deleted) in enumerate(rows)],
        [file(path, storage=storage, size=size) for path, storage, size in files],
        [said(path) for path in paths],
    )

    assert (found.rows.height, found.files.height, found.paths.height) == (len(rows), len(files), len(paths))
    for kind, frame in (("row", found.rows), ("file", found.files), ("path", found.paths)):
        assert {(kind, name) for name in frame["class"]} <= CLASSES.keys()


@given(st.text(alphabet="aB_1 .\u00e9", max_size=30).map(lambda name: f"{name}_1767900000000_0123abcd.jpg"))
def test_names_of_thumbnails_are_read_as_the_layout_reads_them(name: str) -> None:
    assert pl.DataFrame({"name": [name]}).select(named(pl.col("name"))).item() == named_in(name)


def test_every_remedy_of_a_class_is_one_that_there_is() -> None:
    assert {one.remedy for one in CLASSES.values() if one.remedy} == REMEDIES.keys()
