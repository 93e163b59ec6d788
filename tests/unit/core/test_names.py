"""The user-name rule and the path rule: refuse, never repair."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import relative_path, username


@pytest.mark.parametrize(("typed", "name"), [("Alice_9", "alice_9"), ("  bob ", "bob"), ("a" * 25, "a" * 25)])
def test_a_name_is_trimmed_and_lower_cased(typed: str, name: str) -> None:
    assert username(typed) == name


@pytest.mark.parametrize(
    "typed", ["", " ", "a" * 26, "a b", "al-ice", "Kelvin\u212a", "İstanbul", "ａ", "a\x00", "../x", "<b>", "a\nb", "aͤ"]
)
def test_anything_else_is_refused_before_any_folding(typed: str) -> None:
    with pytest.raises(RefusedError, match="is not a user name"):
        username(typed)


@given(st.text(max_size=40), st.text(max_size=40))
def test_two_texts_become_one_name_only_when_they_differ_in_ascii_case_and_blanks(one: str, other: str) -> None:
    try:
        same = username(one) == username(other)
    except RefusedError:
        return

    assert same == (one.strip().lower() == other.strip().lower())


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "", ".", "a\x00b"])
def test_a_path_that_leaves_its_root_is_refused(path: str) -> None:
    with pytest.raises(RefusedError, match="not a path below"):
        relative_path(path)


def test_a_path_below_the_root_is_kept() -> None:
    assert relative_path("people/alice/auto/1.jpg") == "people/alice/auto/1.jpg"
