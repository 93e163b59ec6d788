"""What holds for any text whatever: every line is accounted for, every character is kept, nothing is raised, time is linear."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mhc_lab.transcripts.chat_log import parse_chat
from mhc_lab.transcripts.lines import as_seen, lines_of
from mhc_lab.transcripts.tip_menu import parse_menu
from mhc_lab.transcripts.transcript import Transcript

ANY = st.text(alphabet=st.characters(), max_size=40)
PIECES = st.sampled_from([
    "alice", "bob", "Alice", "zed99", ": ", ":", "\uff1a", "|7| ", " tipped 5 tokens", " has joined the room", "Notice: ", "Hello",
    "hello there", "[12:05] ", "[", "]", "https://a.b", "\u200e", "\x00", "\x85", "\u2028", "  ", "\t",
    "@bob", "שלום", "-----", "\n", "\n", "\r", "\r\n",
    "Timestamp: [1] | Username: [alice] | Message: [", "] | isBroadcaster: [true]", "ChatType: [PM] | ",
])  # fmt: skip
LOGS = st.one_of(ANY, st.lists(PIECES, max_size=30).map("".join))
MENU_PIECES = st.sampled_from([
    "Flash", "Dance", " - ", "-", "–", ": ", ":", "=", " | ", ", ", "..", ".", "…", "(", ")", "[", "]", "50", "1,000", "0", "2147483648",
    "1.5", " tokens", "tk", " ", "💋", "•", ":heart ", "\n", "\r\n", "½", "$", "é", "\u200b", "/", "!",
])  # fmt: skip
MENUS = st.one_of(ANY, st.lists(MENU_PIECES, max_size=25).map("".join))


@given(LOGS)
@settings(max_examples=500, deadline=None)
def test_every_line_is_an_event_left_out_or_part_of_the_event_above(text: str) -> None:
    transcript = parse_chat(text)

    lines = lines_of(text)
    begins = {event.line: event for event in transcript.events}
    left_out = [*transcript.dropped.notices, *transcript.dropped.empty, *transcript.dropped.unread]
    assert len(begins) == len(transcript.events)
    assert len(left_out) == len(set(left_out) - set(begins))
    written = [number for number, line in enumerate(lines, 1) if as_seen(line)]
    assert set(begins) | set(left_out) <= set(written)
    continuing = [number for number in written if number not in begins and number not in left_out]
    if transcript.family != "structured":  # where it may be part of a message that was left out
        above = [max(line for line in begins if line < number) for number in continuing]
        assert all(
            lines[number - 1].strip() in begins[line].text for number, line in zip(continuing, above, strict=True)
        )


@given(LOGS)
@settings(max_examples=500, deadline=None)
def test_the_text_of_an_event_stands_in_the_log_code_point_for_code_point(text: str) -> None:
    whole = "\n".join(line.rstrip() for line in lines_of(text) if line.strip())

    for event in parse_chat(text).events:
        assert event.text == event.text.strip()
        assert all(line in whole for line in event.text.split("\n"))


@given(LOGS)
@settings(max_examples=200, deadline=None)
def test_reading_twice_gives_the_same(text: str) -> None:
    assert parse_chat(text) == parse_chat(text)


@given(LOGS)
@settings(max_examples=200, deadline=None)
def test_the_names_of_sure_events_change_nothing_when_they_are_given(text: str) -> None:
    transcript = parse_chat(text)
    sure = {event.name for event in transcript.events if not event.is_guessed}

    assert _who(parse_chat(text, names=sure)) == _who(parse_chat(text, names=[f" @{name.upper()} " for name in sure]))


def _who(transcript: Transcript) -> list[tuple[int, str]]:
    return [(event.line, event.name) for event in transcript.events]


@given(st.lists(st.tuples(st.from_regex(r"[a-z0-9_]{1,25}", fullmatch=True), ANY), max_size=8))
@settings(max_examples=300, deadline=None)
def test_what_was_written_as_name_and_colon_comes_back(said: list[tuple[str, str]]) -> None:
    kept = [(f"u{name[:24]}", text.replace("\n", " ").replace("\r", " ")) for name, text in said]

    transcript = parse_chat("\n".join(f"{name}: {text}" for name, text in kept))

    assert [(event.name, event.text) for event in transcript.events] == [(name, text.strip()) for name, text in kept]


@given(MENUS)
@settings(max_examples=1000, deadline=None)
def test_every_price_is_in_bounds_and_stands_in_its_line(text: str) -> None:
    menu = parse_menu(text)

    lines = lines_of(text)
    for one in menu.items:
        line = lines[one.line - 1]
        assert 1 <= one.tokens < 2**31
        assert str(one.tokens) in line.replace(",", "")
        assert one.item in line
        assert one.item == one.item.strip() != ""
    assert len(set(menu.ignored)) == len(menu.ignored)
    assert {one.line for one in menu.items}.isdisjoint(menu.ignored)
    assert all(lines[number - 1].strip() for number in menu.ignored)


@given(st.text(alphabet="0123456789,./ ½", max_size=12))
@settings(max_examples=500, deadline=None)
def test_a_number_that_is_no_whole_price_is_stored_as_no_other(number: str) -> None:
    assume(not re.search(r"\.\s?\.", number))  # a leader, which separates

    stored = [one.tokens for one in parse_menu(f"Flash = {number}").items]

    written = number.strip().rstrip("., ")
    is_whole = re.fullmatch(r"[0-9]+|[0-9]{1,3}(,[0-9]{3})+", written)
    assert stored in ([], [int(written.replace(",", ""))] if is_whole else [])


@pytest.mark.parametrize(
    "piece",
    [
        "a", "a: ", "[", "]", "] | isBroadcaster: [", "alice tipped 1 tokens - ", " ", "-", ".", ". ", "1",
        "1,", "💋", ":a ", "(1) ", "- 1 ",
        "| ", "@a", "\u200e", "has joined the room ", "my toy ", "[1:1", "ChatType: [", "a|1|", "\u2028",
    ],
)  # fmt: skip
@pytest.mark.parametrize("read", [parse_chat, parse_menu])
def test_time_grows_with_the_length_of_a_line_and_no_faster(read: Callable[[str], object], piece: str) -> None:
    seconds = [_seconds(read, piece * (size // len(piece))) for size in (30_000, 300_000)]

    assert seconds[1] < 40 * max(seconds[0], 0.005)


@pytest.mark.parametrize(
    "end", ["\n", "a\n", "a:\n", "aliceHi\n", "alice left\n", "Notice: a\n", "Flash - 1\n", "[1:1] a\n"]
)
@pytest.mark.parametrize("read", [parse_chat, parse_menu])
def test_time_grows_with_the_number_of_lines_and_no_faster(read: Callable[[str], object], end: str) -> None:
    seconds = [_seconds(read, f"alice: x\n{end * (size // len(end))}") for size in (30_000, 300_000)]

    assert seconds[1] < 40 * max(seconds[0], 0.005)


def test_time_does_not_grow_with_the_number_of_names() -> None:
    text = "nobodyspeaks here\n" * 5_000
    few, many = ([f"{first}{number}" for number in range(count) for first in "np"] for count in (10, 20_000))

    seconds = [
        _seconds(lambda log: parse_chat(log, names=few), text),
        _seconds(lambda log: parse_chat(log, names=many), text),
    ]

    assert seconds[1] - _seconds(lambda _: parse_chat("", names=many), text) < 5 * max(seconds[0], 0.01)


def _seconds(read: Callable[[str], object], text: str) -> float:
    def measured() -> float:
        start = time.process_time()
        read(text)
        return time.process_time() - start

    return min(measured() for _ in range(2))
