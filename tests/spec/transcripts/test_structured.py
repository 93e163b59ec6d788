"""A structured copy: every message with its fields."""

from __future__ import annotations

import pytest

from mhc_lab.transcripts.chat_log import parse_chat
from tests.support.chats import told


def line(name: str, message: str, *, kind: str = "", is_broadcaster: str = "false", time: str = "12:00") -> str:
    before = f"ChatType: [{kind}] | " if kind else ""
    return (
        f"{before}Timestamp: [{time}] | Username: [{name}] | Message: [{message}] | isBroadcaster: [{is_broadcaster}]"
    )


def test_the_first_line_that_is_not_blank_tells_that_a_copy_is_structured() -> None:
    text = f"\n \n{line('Alice', 'hi', is_broadcaster='true', time='2026-03-01 20:00')}"

    (event,) = parse_chat(text).events

    assert event == ("message", "alice", "hi", None, 3, False, "2026-03-01 20:00", True)
    assert parse_chat(text).family == "structured"


def test_later_a_line_of_that_shape_is_chat() -> None:
    text = f"bob: look\n{line('alice', 'hi')}"

    assert parse_chat(text).family == "native"


@pytest.mark.parametrize(
    "message",
    [
        "]",
        "a ] b",
        "[x]",
        "a] | isBroadcaster: [true] | b",
        "a | b",
        "Username: [eve] | Message: [x",
        "] | Message: [",
        "notice: x",
        "alice tipped",
    ],
)
def test_a_message_may_hold_anything(message: str) -> None:
    (event,) = parse_chat(line("alice", message)).events

    assert (event.name, event.text, event.is_broadcaster) == ("alice", message, False)


def test_a_message_may_run_over_lines() -> None:
    text = line("alice", "one\n\n  two ]\nthree") + "\n" + line("bob", "four")

    assert told(text) == "1 alice: one /   two ] / three\n5 bob: four"


def test_a_message_whose_end_is_missing_ends_where_the_next_begins() -> None:
    torn = line("alice", "one").removesuffix(" | isBroadcaster: [false]")

    assert told(f"{torn}\n{line('bob', 'two')}\n{torn}") == "1 alice: one\n2 bob: two\n3 alice: one"


@pytest.mark.parametrize(
    ("kinds", "category"),
    [
        (["PM", "PUBLIC"], "pm"),
        (["PUBLIC", "PM"], "public_chat"),
        (["TIPS"], "tips"),
        (["", "PM"], "pm"),
        ([""], "public_chat"),
        (["?"], "public_chat"),
    ],
)
def test_the_first_chat_type_says_what_kind_of_note_it_makes(kinds: list[str], category: str) -> None:
    text = "\n".join(line("alice", "hi", kind=kind) for kind in kinds)

    assert parse_chat(text).category == category


def test_tips_are_told_by_the_platform() -> None:
    text = (
        line("alice", "alice tipped 1,000 tokens: for you", kind="TIPS")
        + "\n"
        + line("bob", "tipped 5 tokens", kind="TIPS")
    )

    assert told(text) == "1 alice +1000: for you\n2 bob +5:"


def test_a_tip_that_tells_nothing_more_is_kept_as_said() -> None:
    assert told(line("alice", "thanks", kind="TIPS")) == "1 alice: thanks"


def test_nobody_tips_by_saying_so() -> None:
    text = line("eve", "alice tipped 1000 tokens", kind="PUBLIC") + "\n" + line("eve", "alice tipped 1000 tokens")

    assert told(text) == "1 eve: alice tipped 1000 tokens\n2 eve: alice tipped 1000 tokens"


def test_without_a_chat_type_a_tip_of_the_speaker_is_one() -> None:
    assert told(line("alice", "alice tipped 5 tokens")) == "1 alice +5:"


def test_messages_without_text_are_counted() -> None:
    transcript = parse_chat(line("alice", " ") + "\n" + line("bob", "hi"))

    assert (transcript.dropped.empty, len(transcript.events)) == ((1,), 1)


@pytest.mark.parametrize("name", ["", "System", "notice", "two words", "ålice", "a" * 26])
def test_what_nobody_with_a_user_name_says_is_said_by_the_room(name: str) -> None:
    transcript = parse_chat(line(name, "Caution: be careful"))

    assert (transcript.events, transcript.dropped.notices) == ((), (1,))


def test_a_line_of_another_shape_is_counted_as_unread() -> None:
    transcript = parse_chat(line("alice", "hi") + "\nbob: hi")

    assert (transcript.dropped.unread, len(transcript.events)) == ((2,), 1)
