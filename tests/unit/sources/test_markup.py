from __future__ import annotations

import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.markup import DEEPEST, Tag, Text, attributes, walked


def marks(name: str, given: Mapping[str, str], around: frozenset[str]) -> frozenset[str]:
    return frozenset({given["mark"]}) if "mark" in given else frozenset()


def tags(text: str) -> list[str]:
    return [one.name for one in walked(text, marks=marks) if isinstance(one, Tag)]


def texts(text: str) -> list[str]:
    return [one.text for one in walked(text, marks=marks) if isinstance(one, Text)]


def marked(text: str) -> list[tuple[str, str]]:
    return [(one.name, "".join(sorted(one.marks))) for one in walked(text, marks=marks) if isinstance(one, Tag)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (" href=\"/a/\" class='b c' id=d hidden", {"href": "/a/", "class": "b c", "id": "d", "hidden": ""}),
        (' HREF = "/a/" href="/b/"', {"href": "/a/"}),
        (' title="a > b" alt=\'"\'', {"title": "a > b", "alt": '"'}),
        (" href=/a/b/ /", {"href": "/a/b/"}),
        (' title="&lt;&amp;&#39;"', {"title": "<&'"}),
        (' "stray" =x ==', {'"stray"': "x", "=": ""}),
        ("", {}),
    ],
)
def test_attributes_are_read_as_browsers_read_them(written: str, expected: dict[str, str]) -> None:
    assert attributes(written) == expected


def test_a_tag_ends_where_its_quotes_allow() -> None:
    assert tags('<a title="x > <b>"><i>') == ["a", "i"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>1 &lt; 2 < 3</p>", ["1 < 2 < 3"]),
        ("<title>A &amp; <b>B</title>", ["A & <b>B"]),
        ("a<!-- <p>no</p> -->b<!-->c<!doctype html>d<?php e?>f", ["a", "b", "c", "d", "f"]),
        ("<script>if (a<b) '<p>no</p>'</script>yes<style>no</style>", ["yes"]),
        ("<SCRIPT>no</ScRiPt >yes", ["yes"]),
        ("<p>before<!-- never closed <p>no", ["before"]),
        ("<p>before<script>never closed <p>no", ["before"]),
        ("<p>before<a href='never closed <p>no", ["before"]),
        ("</ p>text</p x='>'>", ["text", "'>"]),
    ],
)
def test_text_is_what_a_reader_would_see(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_marks_hold_until_the_tag_that_gave_them_ends() -> None:
    found = marked('<p><div mark="a"><b mark="c"></b><br><i></i></div><u></u>')

    assert found == [("p", ""), ("div", "a"), ("b", "ac"), ("br", "a"), ("i", "a"), ("u", "")]


def test_an_end_tag_closes_what_was_left_open_inside_and_nothing_when_it_has_no_beginning() -> None:
    assert marked('<div><b mark="a"><i></div><u></b><s>') == [("div", ""), ("b", "a"), ("i", "a"), ("u", ""), ("s", "")]


def test_entries_whose_end_is_left_out_are_not_inside_each_other() -> None:
    assert marked('<ul><li mark="a">x<li>y</ul>') == [("ul", ""), ("li", "a"), ("li", "")]


def test_rows_are_counted_and_a_row_in_a_row_is_its_own() -> None:
    found = walked(
        "<b></b><li><b></b><li><i></i></li></li><li><ul><li></li></ul><u>", marks=marks, rows=frozenset({"li"})
    )

    assert [(one.name, one.row) for one in found if isinstance(one, Tag)] == [
        ("b", 0), ("li", 1), ("b", 1), ("li", 2), ("i", 2), ("li", 3), ("ul", 3), ("li", 4), ("u", 3),
    ]  # fmt: skip


def test_pieces_of_one_line_are_in_one_block() -> None:
    found = walked("<p>1,234 <b>followers</b> in</p><p>all</p>", marks=marks)

    assert [(one.text, one.block) for one in found if isinstance(one, Text)] == [
        ("1,234 ", 1), ("followers", 1), (" in", 1), ("all", 3),
    ]  # fmt: skip


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<p><font size=1>", "<table>", "<li><b>"])
def test_a_page_nested_too_deeply_is_refused(tag: str) -> None:
    with pytest.raises(RefusedError, match="10,000 tags inside each other"):
        list(walked(tag * (DEEPEST + 1), marks=marks))


@pytest.mark.parametrize(
    "piece",
    [
        "<", "<a ", '<a href="x', "<a href='x", "<!--", "<!", "</", "</p", "</p>", "<script>", "<title>", "&amp", "<a b=c",
        "<p><b></p>", "<a " + "b " * 50 + ">", "=", "<br>", "<li>x", "<x/>",
    ],
)  # fmt: skip
def test_time_grows_with_the_size_of_the_page_and_no_faster(piece: str) -> None:
    seconds = [_seconds(piece * (size // len(piece))) for size in (60_000, 600_000)]

    assert seconds[1] < 40 * max(seconds[0], 0.01)


def _seconds(text: str) -> float:
    def measured() -> float:
        start = time.process_time()
        try:
            for _ in walked(text, marks=marks):
                pass
        except RefusedError:
            pass
        return time.process_time() - start

    return min(measured() for _ in range(2))


@given(st.text(alphabet="<>/!-= \"'abdivscript&;\n", max_size=80))
def test_any_text_is_walked_to_its_end(text: str) -> None:
    for one in walked(text, marks=marks):
        assert one.marks == frozenset()


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="<&\r\0"), min_size=1))
def test_text_without_markup_is_one_text(text: str) -> None:
    assert texts(text) == ([text] if text.strip() else [])
