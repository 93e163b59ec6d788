"""Cells that no spreadsheet takes for a formula, and the texts they came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.cells import guarded, unguarded


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''"])
def test_what_a_spreadsheet_could_obey_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "tea", "1-1", " =1", "2026-03-01"])
def test_any_other_text_is_its_own_cell(text: str) -> None:
    assert guarded(text) == text


@given(st.text(alphabet="=+-@\t\r\n'a", max_size=6))
def test_every_text_comes_back_and_no_cell_begins_like_a_formula(text: str) -> None:
    cell = guarded(text)

    assert unguarded(cell) == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
