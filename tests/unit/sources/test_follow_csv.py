from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.follow_names import ListedNames, listed_name
from mhc_lab.sources.list_formats import names_in


def read(text: str, *, is_complete: bool = True) -> ListedNames:
    return names_in([text.encode()], is_complete=is_complete, direction="followers")


@pytest.mark.parametrize(
    "text",
    [
        "username\nalice\nbob\n",
        "username\r\nalice\r\nbob\r\n",
        "username\ralice\rbob",
        "\ufeffusername\nalice\nbob\n",
        "place,UserName,since\n1,alice,2026\n2,bob,2025\n",
        "since;User\n2026;alice\n2025;bob\n",
        "Handle\tplace\nalice\t1\nbob\t2\n",
        ' "Name" ,bio\n "alice" ,"likes; semicolons,\nand lines"\nbob,"says ""hi"""\n',
        "\n\n  \nusername\n\nalice\n\nbob",
        'username,bio\nalice,"5" tall", "quoted"\nbob,6" tall\n',
        "username\n@alice\nhttps://example.com/p/Bob/?tour=1#top\n",
        "username\n/alice/\nexample.com/bob\n",
        "name,username\nAlice in Wonderland,alice\nBob the Builder,bob\n",
    ],
)
def test_lists_are_read_however_they_are_written(text: str) -> None:
    assert read(text) == ListedNames(("alice", "bob"), (), 0, is_torn=False)


def test_names_are_folded_and_counted_once_in_the_order_of_the_list() -> None:
    listed = read("username\nBob\nalice\nBOB\nbob\n")

    assert (listed.names, listed.duplicate_count) == (("bob", "alice"), 2)


def test_rows_without_a_user_name_are_rejected_one_by_one() -> None:
    listed = read("place,username\n1,alice\n2,not a name\n3,\n4\n5,n/a\n6,\u212aate\n7,https://example.com/\n8,bob\n")

    assert listed.names == ("alice", "bob")
    assert listed.rejected_rows == ("not a name", "3,", "4", "n/a", "\u212aate", "https://example.com/")


def test_a_row_is_never_read_from_another_column() -> None:
    assert read("place\tusername\nbob\n\talice\n").names == ("alice",)


def test_bytes_that_are_no_utf_8_spoil_their_own_row_only() -> None:
    content = b"username,city\nalice,M\xfcnchen\nb\xf6b,Wien\n"

    listed = names_in([content], is_complete=True, direction="followers")

    assert (listed.names, len(listed.rejected_rows)) == (("alice",), 1)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"<!DOCTYPE html><title>Log in</title>", "web page"),
        (b"\n <html>username\nalice\n", "web page"),
        (b"id,date\n1,2026-01-01\n", "no column username, user, handle or name"),
        (b"id;alice\n1;bob\n", "no column"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "not a text file"),
        ("username\nalice\n".encode("utf-16"), "not a text file"),
        (b'username\nalice\n"bob\ncarol\n', "quote that is opened after line 2 is never closed"),
    ],
)
def test_a_file_that_is_something_else_is_refused_whole(content: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        names_in([content], is_complete=True, direction="followers")


def test_headings_without_names_are_an_empty_list_not_a_refused_one() -> None:
    assert read("username,place\n") == ListedNames((), (), 0, is_torn=False)


@pytest.mark.parametrize("tail", ["bo", '"bo', '"bob"'])
def test_a_torn_last_line_of_a_partial_list_is_dropped(tail: str) -> None:
    torn = read(f"username,place\nalice,1\n{tail}", is_complete=False)

    assert (torn.names, torn.rejected_rows, torn.is_torn) == (("alice",), (), True)


@pytest.mark.parametrize("text", ["username\nalice\nbo", "place,username\n1,alice\n2,bo"])
def test_a_name_at_the_very_end_of_a_partial_list_may_go_on_and_is_dropped(text: str) -> None:
    torn = read(text, is_complete=False)

    assert (torn.names, torn.is_torn) == (("alice",), True)


@pytest.mark.parametrize("tail", ["bob,2", "bob\n", "bob,\n"])
def test_a_last_line_that_is_whole_or_ended_is_kept(tail: str) -> None:
    listed = read(f"username,place\nalice,1\n{tail}", is_complete=False)

    assert (listed.names, listed.is_torn) == (("alice", "bob"), False)


def test_the_last_line_of_a_complete_list_is_kept() -> None:
    listed = read("username,place\nalice,1\nbob", is_complete=True)

    assert (listed.names, listed.is_torn) == (("alice", "bob"), False)


def test_a_line_of_ten_million_characters_is_one_rejected_row() -> None:
    listed = read(f"username\nalice\n{'a.b/' * 2_500_000}\nbob\n")

    assert (listed.names, [len(row) for row in listed.rejected_rows]) == (("alice", "bob"), [81])


@given(st.text(max_size=60))
def test_what_is_accepted_obeys_the_rule_and_is_never_repaired(text: str) -> None:
    try:
        name = listed_name(text)
    except RefusedError:
        return

    assert name.isascii()
    assert name in text.lower()
    assert 1 <= len(name) <= 25


@given(st.lists(st.from_regex(r"\A[a-z0-9_]{1,25}\Z"), unique=True), st.sampled_from([",", ";", "\t"]))
def test_what_was_written_is_read_again(names: list[str], delimiter: str) -> None:
    text = f"place{delimiter}username\n" + "".join(f"{n}{delimiter}{name}\n" for n, name in enumerate(names))

    assert read(text).names == tuple(names)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, is_complete: bool) -> None:
    with suppress(RefusedError):
        listed = names_in([b"username,x\n" + content], is_complete=is_complete, direction="followers")

        assert len(set(listed.names)) == len(listed.names)
