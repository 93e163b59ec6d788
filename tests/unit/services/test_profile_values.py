"""Profile values are written as a person types them, and read back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.services.profile_values import FIELDS, checked, read, written

LINES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
VALUES = {
    "rating": st.integers(0, 5),
    "age": st.integers(1, 150),
    **dict.fromkeys(("tags", "spoken_languages", "address_as"), st.lists(LINES, max_size=4)),
    "social_links": st.dictionaries(
        st.text("abcXYZ 12", min_size=1, max_size=5).filter(str.strip), st.just("https://example.com/a:b"), max_size=1
    ),
}


@pytest.mark.parametrize("field", FIELDS)
def test_what_was_written_reads_back_as_it_was(field: str) -> None:
    @given(VALUES.get(field, LINES))
    def holds(value: object) -> None:
        kept = checked(field, value)

        assert read(field, written(kept)) == kept
        assert checked(field, kept) == kept

    holds()


@pytest.mark.parametrize("text", ["x", "-1", "6", "1.5", "٣", "9" * 30])
def test_a_rating_is_a_number_in_bounds(text: str) -> None:
    with pytest.raises(RefusedError, match="from 0 to 5"):
        read("rating", text)


def test_links_are_typed_a_line_each() -> None:
    typed = "\nTwitter: https://twitter.com/a\n  Shop :http://shop.example/x \n"

    assert read("social_links", typed) == {"Twitter": "https://twitter.com/a", "Shop": "http://shop.example/x"}


@pytest.mark.parametrize(
    "typed", ["https://twitter.com/a", "Twitter", "a: https://example.com\nA: https://example.com"]
)
def test_a_link_without_a_name_or_a_name_twice_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(RefusedError, match="a line for each link"):
        read("social_links", typed)
