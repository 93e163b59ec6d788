from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.storage import layout
from mhc_lab.storage.store import new_path


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        ("affiliate_api", "auto"),
        ("manual_upload", "uploads"),
        ("external", "uploads"),
        ("imported", "uploads"),
        ("screensnap", "snaps"),
        ("profile", "profile"),
        ("following_snap", "following"),
        ("something else", "uploads"),
    ],
)
def test_a_source_has_its_folder(source: str, folder: str) -> None:
    assert layout.path_for("Alice", source, "x.jpg") == f"people/alice/{folder}/x.jpg"


@pytest.mark.parametrize("source", layout.SOURCES.values())
def test_a_path_tells_whose_file_it_is_and_from_which_source(source: str) -> None:
    path = layout.path_for("a_b", source, "x.jpg")

    assert layout.owner_and_source(path) == ("a_b", source)


@pytest.mark.parametrize("owner", ["", "..", "a/b", "\u212a", "\uff41lice"])
def test_what_is_no_user_name_gets_no_folder(owner: str) -> None:
    with pytest.raises(RefusedError):
        layout.path_for(owner, "profile", "x.jpg")


@pytest.mark.parametrize("name", ["x.jpg", "ü 1.JPG", "Ä.jpg", ".hidden", "-rf.jpg", "n" * 255, "no suffix", "a.b.c"])
def test_a_name_that_every_disk_can_keep_stays(name: str) -> None:
    assert layout.safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a:b.jpg", "a_b~"),
        ("what?.jpg", "what_~"),
        ("a\nb.jpg", "a_b~"),
        ("dot.", "dot~"),
        ("blank ", "blank~"),
        ("CON.jpg", "_CON~"),
        (".mhc-x.jpg", "_.mhc-x~"),
        ("raw\udcef.jpg", "raw_~"),
        ("n" * 300 + ".jpg", "nnn"),
    ],
)
def test_any_other_name_is_stored_under_one_like_it(name: str, safe: str) -> None:
    stored = layout.safe_name(name)

    assert stored.startswith(safe)
    assert len(stored.encode()) <= 255
    assert new_path(stored) == stored


def test_two_names_that_are_made_safe_stay_two() -> None:
    assert layout.safe_name("a:b.jpg") != layout.safe_name("a?b.jpg")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b.jpg", "..\\x.jpg", "/etc/passwd", "a\0b.jpg"])
def test_what_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(RefusedError):
        layout.safe_name(name)


@given(st.text(st.characters(), min_size=1, max_size=300))
def test_a_name_is_refused_or_can_be_stored(name: str) -> None:
    try:
        stored = layout.safe_name(name)
    except RefusedError:
        return

    assert new_path(stored) == stored
    assert stored == name or "~" in stored


def test_the_second_place_of_a_file_is_told_by_its_bytes() -> None:
    digest = ByteId(hashlib.sha256(b"").hexdigest())

    assert layout.second_path("people/a/auto/x.jpg", digest) == "people/a/auto/x~e3b0c442.jpg"


@pytest.mark.parametrize(
    ("file_name", "named"),
    [
        ("alice_1700000000000_0123abcd.jpg", "alice"),
        ("a_b_1_1700000000000_0123abcd.jpg", "a_b_1"),
        ("Alice_1700000000000_0123abcd.webp", "alice"),
        ("x_1700000000000_0123abcd_1700000000001_0123abce.jpg", "x_1700000000000_0123abcd"),
        ("1700000000000_0123abcd.jpg", None),
        ("alice_170000000000_0123abcd.jpg", None),
        ("alice_1700000000000_0123ABCD.jpg", None),
        ("alice_1700000000000_0123abcd", None),
        ("alice_1700000000000_0123abcd.jpg\n", None),
        ("not a name_1700000000000_0123abcd.jpg", None),
    ],
)
def test_a_thumbnail_is_named_from_the_end(file_name: str, named: str | None) -> None:
    assert layout.named_in(file_name) == named
