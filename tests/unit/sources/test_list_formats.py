from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.follow_names import HEADINGS, ListedNames, shown
from mhc_lab.sources.follow_pages import SECTIONS
from mhc_lab.sources.follow_text import NO_NAMES
from mhc_lab.sources.list_formats import is_feed_content, names_in

TAKEN = {*HEADINGS, *SECTIONS, *NO_NAMES}
NAMES = st.lists(st.from_regex(r"\A[a-z0-9_]{1,25}\Z").filter(lambda name: name not in TAKEN), min_size=1, unique=True)


def read(text: str, *, is_complete: bool = True) -> ListedNames:
    return names_in([text.encode()], is_complete=is_complete, direction="followers")


@given(NAMES)
def test_the_same_names_are_read_from_every_format(names: list[str]) -> None:
    links = "".join(f'<li><a href="/{name}/">{name}</a></li>' for name in names)
    cards = "".join(f'<li class="room_list_room"><a href="/{name}/">{name}</a></li>' for name in names)

    lists = [
        read("username\n" + "\n".join(names)),
        read(json.dumps(names)),
        read(json.dumps([{"username": name} for name in names])),
        read("\n".join(names)),
        read(f"<h1>Followers</h1><ul>{links}</ul>"),
        names_in([f"<ul>{cards}</ul>".encode()], is_complete=True, direction="following"),
    ]

    assert [one.names for one in lists] == [tuple(names)] * 6
    assert [one.format for one in lists] == ["csv", "json", "json", "text", "html", "html"]
    assert {(one.rejected_rows, one.duplicate_count) for one in lists} == {((), 0)}


@given(st.sampled_from(["", "<", "[", "{", '["', "username\n", "<html><li><a href='/"]), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(beginning: str, content: bytes) -> None:
    try:
        listed = names_in([beginning.encode() + content], is_complete=False, direction="followers")
    except RefusedError:
        return

    assert len(set(listed.names)) == len(listed.names)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_feed_or_none(content: bytes) -> None:
    assert is_feed_content(content) in {True, False}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice\nBOB\n@carol\n", ("alice", "bob", "carol")),
        ("alice\r\nbob\r\n", ("alice", "bob")),
        ("\ufeffalice\rbob", ("alice", "bob")),
        ("\n\n  alice  \n\nbob\n", ("alice", "bob")),
        ("https://example.com/p/Alice/?tour=1#top\n/bob/\n", ("alice", "bob")),
        ("1001\n1002\n", ("1001", "1002")),
    ],
)
def test_one_name_per_line_is_a_list(text: str, expected: tuple[str, ...]) -> None:
    listed = read(text)

    assert (listed.names, listed.rejected_rows, listed.format) == (expected, (), "text")


def test_lines_without_a_name_are_rejected_one_by_one_and_repeated_ones_counted() -> None:
    listed = read("alice\nnot a name\nBob\n\u212aate\nalice\ncarol\n")

    assert listed.names == ("alice", "bob", "carol")
    assert (listed.rejected_rows, listed.duplicate_count) == (("not a name", "\u212aate"), 1)


@pytest.mark.parametrize(
    "text",
    [
        "id,date\n1,2026-01-01\n",
        "id\n1\n2\n",
        "nick\nalice\nbob\n",
        "Followers\nalice\n",
        "alice,1\nbob,2\n",
        "The page could not be loaded.\nPlease try again later.\n",
        "Forbidden",
        "404",
        "Traceback (most recent call last):\n  File x\nValueError\n",
        "Dear\nall of you\nI am off for a week\nsee you\n",
    ],
)
def test_text_that_is_no_list_is_refused_whole(text: str) -> None:
    with pytest.raises(RefusedError, match="no column username, user, handle or name, and is not one name per line"):
        read(text)


@pytest.mark.parametrize(
    ("text", "expected", "is_torn"),
    [
        ("alice\nbob\nca", ("alice", "bob"), True),
        ("alice\nbob\n", ("alice", "bob"), False),
        ("alice\nbob\n ", ("alice", "bob"), False),
    ],
)
def test_a_last_line_that_was_not_ended_is_dropped_from_a_partial_text(
    text: str, expected: tuple[str, ...], is_torn: bool
) -> None:
    listed = read(text, is_complete=False)

    assert (listed.names, listed.is_torn) == (expected, is_torn)


def test_a_heading_alone_is_a_list_without_names() -> None:
    assert read("username") == ListedNames((), (), 0, is_torn=False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("\ufeff \n", "empty"),
        ("user\0name\nalice", "not a text file"),
        ('["alice", "bob"', "no valid JSON, perhaps cut off"),
        ('{"username": "alice"}', "not a list of names"),
        ('{"error": "login required"}', "not a list of names"),
        ('[{"id": 1}, {"id": 2}]', "without names"),
        ("[1, 2, null]", "without names"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"username": "alice", "id": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_list_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read(text)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_refused_and_never_garbled(encoding: str) -> None:
    with pytest.raises(RefusedError, match="not a text file in UTF-8"):
        names_in(["username\nalice\n".encode(encoding)], is_complete=True, direction="followers")


def test_json_entries_may_be_names_or_objects_with_a_name_and_a_number() -> None:
    listed = read(
        '["@Alice", {"UserName": "bob", "id": "3123456789"}, {"handle": "carol", "rid": 77}, {"name": "https://x.com/dan/", "uid": 0}]'
    )

    assert listed.names == ("alice", "bob", "carol", "dan")
    assert listed.numeric_ids == {"bob": 3123456789, "carol": 77}


def test_an_empty_json_list_is_a_list_without_names() -> None:
    assert read("[]") == ListedNames((), (), 0, is_torn=False, format="json")


def test_what_one_json_entry_has_wrong_loses_no_other() -> None:
    huge = "9" * 5000

    listed = read(
        f'["alice", 7, null, ["bob"], {{"username": 7}}, {{"username": "a", "username": "b"}}, {{"x": 1}}, "\\u0000\\ud800",'
        f' {{"username": "carol", "id": {huge}}}, {{"username": "dan", "id": 1e999}}, {{"username": "eve", "id": NaN}}, "alice"]'
    )

    assert (listed.names, listed.duplicate_count, listed.numeric_ids) == (("alice", "carol", "dan", "eve"), 1, {})
    assert listed.rejected_rows == (
        "a JSON int",
        "a JSON NoneType",
        "a JSON list",
        "an object with username",
        "an object with username twice",
        "an object with x",
        "\ufffd?",
    )


@pytest.mark.parametrize(
    "entries",
    [
        [("alice", 1), ("bob", 2)],  # places in the list, counted from one
        [("alice", 0), ("bob", 1)],
        [("alice", 900), ("bob", 900)],  # one number for two people
        [("alice", 900), ("alice", 901)],  # two numbers for one
        [("alice", -900), ("bob", 2**63)],
        [("alice", True), ("bob", 1.5)],
    ],
)
def test_numbers_that_do_not_say_who_somebody_is_are_left_out(entries: list[tuple[str, object]]) -> None:
    listed = read(json.dumps([{"username": name, "id": number} for name, number in entries]))

    assert listed.numeric_ids == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"events": [], "nextUrl": "x"}', True),
        ('[{"method": "tip", "object": {}}]', True),
        ('{"method": "tip", "object": {}}\n{"method": "follow", "user": {}}\n', True),
        ('[{"username": "alice"}]', False),
        ('["alice"]', False),
        ("[]", False),
        ("{", False),
        ("username\nalice\n", False),
    ],
)
def test_a_feed_is_told_from_a_list_by_its_content(text: str, expected: bool) -> None:
    assert is_feed_content(text.encode()) is expected


@pytest.mark.parametrize("text", ["a" * 10_000_000, '["alice", "' + "x" * 10_000_000])
def test_a_line_of_ten_million_characters_that_is_no_list_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read(text)

    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("text", ["alice\n" + "a.b/" * 2_500_000, '["alice", "' + "x" * 10_000_000 + '"]'])
def test_a_line_of_ten_million_characters_is_one_rejected_row(text: str) -> None:
    listed = read(text)

    assert (listed.names, [len(row) for row in listed.rejected_rows]) == (("alice",), [81])


@given(st.text(max_size=400))
def test_what_is_shown_of_a_row_is_short_and_can_be_stored(text: str) -> None:
    brief = shown(text)

    assert len(brief) <= 81
    assert "\0" not in brief
    assert brief.encode().decode() == brief
