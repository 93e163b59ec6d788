"""Direct and private messages: ``[time] name: text``, the time optional."""

from __future__ import annotations

import pytest

from mhc_lab.transcripts.chat_log import parse_chat
from tests.support.chats import log, told


@pytest.mark.parametrize(
    "time",
    [
        "12:05",
        "7:30pm",
        "10:15:59 PM",
        "Today 3:15pm",
        "Thu 7:30pm",
        "January 4, 2026",
        "2026-01-04 10:15",
        "4.1.2026, 10:15",
        "Yesterday",
        "12:05\u202fPM",
    ],
)
def test_a_time_in_brackets_makes_a_direct_copy_and_is_kept(time: str) -> None:
    transcript = parse_chat(f"[{time}] Alice: hi")

    (event,) = transcript.events
    assert (event.name, event.text, event.time) == ("alice", "hi", time)
    assert (transcript.family, transcript.category) == ("direct", "dm")


def test_the_time_may_be_missing() -> None:
    text = """
        [12:05] alice: one
        bob: two
        [12:06] bob tipped 50 tokens: for you
    """

    assert told(text) == log("""
        1 alice: one
        2 bob: two
        3 bob +50: for you
    """)


def test_a_message_may_run_over_lines_that_would_be_guesses_in_a_room() -> None:
    text = "[12:05] alice: one\nhow's that\nbobHello\nbob has left the room\n[see] above\n[12:06] bob: two"

    assert told(text, names=["bob"]) == (
        "1 alice: one / how's that / bobHello / bob has left the room / [see] above\n6 bob: two"
    )


def test_a_line_with_its_time_is_read_by_all_rules() -> None:
    transcript = parse_chat(
        "[12:05] alice: hi\n[12:06] bob has left the room\n[12:07] aliceHello\n[12:08] something else"
    )

    assert transcript.dropped.notices == (2,)
    assert [event.text for event in transcript.events] == ["hi", "Hello\n[12:08] something else"]


def test_in_a_room_a_time_is_taken_off_as_well() -> None:
    transcript = parse_chat("alice: hi\n[12:06] bob: hello")

    assert [(event.name, event.time) for event in transcript.events] == [("alice", None), ("bob", "12:06")]
    assert transcript.family == "native"


@pytest.mark.parametrize("line", ["[x] alice: hi", "[100] alice: hi", "[] alice: hi", "[12:05 alice: hi"])
def test_other_brackets_are_no_time(line: str) -> None:
    assert parse_chat(line).events == ()
