"""Which texts the database can keep."""

from __future__ import annotations

import pytest

from mhc_lab.core.texts import storable, unstorable


@pytest.mark.parametrize(
    ("text", "place"), [("", None), ("a\r\n\x01\ufeff\U0001f600", None), ("ab\x00", 2), ("\udfff", 0)]
)
def test_the_first_character_that_cannot_be_kept_is_found(text: str, place: int | None) -> None:
    assert unstorable(text) == place


def test_a_question_is_asked_without_it() -> None:
    assert storable("a\x00b\ud800") == "a b "
