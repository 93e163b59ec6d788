"""A chat log copied from a room: seven rules, and the first that fits a line says what it is."""

from __future__ import annotations

import pytest

from mhc_lab.core.errors import RefusedError
from mhc_lab.transcripts.chat_log import parse_chat
from tests.support.chats import log, told


def test_a_room_is_read_line_by_line() -> None:
    text = """
        alice: hello everybody
        User bob has joined the room.
        bob|42| hi alice
        alice tipped 1,250 tokens -- for the show
        bobnice one
        carol77What a night
        and what a show
    """

    assert told(text) == log("""
        1 alice: hello everybody
        3 bob: hi alice
        4 alice +1250: for the show
        5 bob: nice one
        6 carol77?: What a night / and what a show
    """)


# rule 1: tips


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("alice tipped 100 tokens", "1 alice +100:"),
        ("alice tipped 1 token", "1 alice +1:"),
        ("alice tipped 5 token(s)", "1 alice +5:"),
        ("alice has tipped 25 tokens", "1 alice +25:"),
        ("Alice_9 tipped 1,234,567 tokens", "1 alice_9 +1234567:"),
        ("alice tipped 100 tokens - thank you", "1 alice +100: thank you"),
        ("alice tipped 100 tokens -- thank you", "1 alice +100: thank you"),
        ("alice tipped 100 tokens: thank you", "1 alice +100: thank you"),
        ("alice tipped 100 tokens - a: b - c", "1 alice +100: a: b - c"),
        ("alice tipped 100 tokens -", "1 alice +100:"),
        ("alice tipped 100 tokens.", "1 alice +100:"),
        ("alice tipped 100 tokens!", "1 alice +100:"),
        ("  alice tipped 100 tokens  ", "1 alice +100:"),
        ("x tipped 2147483647 tokens", "1 x +2147483647:"),
    ],
)
def test_a_tip_has_a_name_an_amount_and_perhaps_a_note(line: str, expected: str) -> None:
    assert told(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "alice tipped 0 tokens",
        "alice tipped -5 tokens",
        "alice tipped 1.5 tokens",
        "alice tipped 1,50 tokens",
        "alice tipped 2147483648 tokens",
        "alice tipped 99999999999999999999999999 tokens",
        "alice tipped many tokens",
        "alice tipped 100",
        "alice tipped over 100 tokens",
        "alice tipped 100 tokens of mine",
        "System tipped 100 tokens",
        "so alice tipped 100 tokens",
    ],
)
def test_what_is_no_whole_amount_is_no_tip(line: str) -> None:
    assert told(f"bob: look\n{line}") == f"1 bob: look / {line}"


def test_a_time_of_day_is_nobody() -> None:
    assert told("bob: soon\n12:30 is late") == "1 bob: soon / 12:30 is late"
    assert told("12: 30 is late") == "1 12: 30 is late"


def test_a_message_that_tells_of_a_tip_is_a_message() -> None:
    assert told("bob: alice tipped 1000 tokens") == "1 bob: alice tipped 1000 tokens"


def test_what_follows_a_tip_belongs_to_its_note() -> None:
    assert told("alice tipped 5 tokens - one\nTwo") == "1 alice +5: one / Two"


# rule 2: name, colon, text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("alice: hi", "1 alice: hi"),
        ("Alice: Hi", "1 alice: Hi"),
        ("alice : hi", "1 alice: hi"),
        ("alice:hi", "1 alice: hi"),
        ("alice\uff1a你好", "1 alice: 你好"),
        ("alice \uff1a你好", "1 alice: 你好"),
        ("x: y", "1 x: y"),
        ("abcdefghijklmnopqrstuvwxy: 25", "1 abcdefghijklmnopqrstuvwxy: 25"),
        ("alice: a: b: c", "1 alice: a: b: c"),
        ("alice:", "1 alice:"),
        ("\u200e\u202aalice: hi", "1 alice: hi"),
        ("\ufeffalice: hi", "1 alice: hi"),
    ],
)
def test_a_name_and_a_colon_begin_a_message(line: str, expected: str) -> None:
    assert told(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "abcdefghijklmnopqrstuvwxyz: 26",
        "alice  : hi",
        "Ålice: hi",
        "Kelvin sign \u212a: hi",
        "two words: hi",
        "https://example.com/a",
        "@bob: hi",
        ": hi",
    ],
)
def test_what_is_no_name_begins_no_message(line: str) -> None:
    assert told(f"bob: look\n{line}") == f"1 bob: look / {line}"


@pytest.mark.parametrize(
    "name", ["bot", "admin", "moderator", "tip", "menu", "lovense", "user", "broadcaster", "https"]
)
def test_these_are_names_like_any_other(name: str) -> None:
    assert told(f"{name}: hi") == f"1 {name}: hi"


@pytest.mark.parametrize(
    "line", ["Notice: hi", "Goal: hi", "System: hi", "Rules: hi", "notice: hi", "SYSTEM : hi", "Rules\uff1ahi"]
)
def test_under_these_the_room_speaks(line: str) -> None:
    transcript = parse_chat(line)

    assert (transcript.events, transcript.dropped.notices) == ((), (1,))


@pytest.mark.parametrize(
    "said",
    [
        "100",
        "50 - flash",
        "Flash (100)",
        "NO begging",
        "Don't",
        "-----",
        "Tip Menu",
        "[system] hi",
        "Lush vibrating",
        "has shared a photo",
    ],
)
def test_nothing_that_was_said_is_taken_for_a_menu_or_noise(said: str) -> None:
    assert told(f"alice: {said}") == f"1 alice: {said}"


# rule 4: badges


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("alice|100| hi", "1 alice: hi"),
        ("alice |7| hi", "1 alice: hi"),
        ("Alice|100|hi", "1 alice: hi"),
        ("alice|100| a|b|c", "1 alice: a|b|c"),
    ],
)
def test_a_badge_stands_between_name_and_text(line: str, expected: str) -> None:
    assert told(line) == expected


@pytest.mark.parametrize("line", ["alice|x| hi", "alice|| hi", "alice|100 hi"])
def test_a_badge_is_a_number(line: str) -> None:
    assert told(line).startswith("1 alice?: |")


# rule 5: names that are known


def test_a_name_seen_anywhere_in_the_log_is_known_everywhere() -> None:
    text = """
        bobfirst words
        alicesecond words
        bob: x
        alice tipped 5 tokens
        carolthird words
        carol has joined the room
    """

    assert told(text) == log("""
        1 bob: first words
        2 alice: second words
        3 bob: x
        4 alice +5:
        5 carol: third words
    """)


def test_a_given_name_is_known() -> None:
    assert told("alicehow are you", names=["@Alice"]) == "1 alice: how are you"
    assert told("alicehow are you") == ""


def test_the_longest_known_name_counts() -> None:
    names = ["al", "alice", "alice_b"]

    assert told("alice_bhello", names=names) == "1 alice_b: hello"
    assert told("aliceHello", names=names) == "1 alice: Hello"
    assert told("alHello", names=names) == "1 al: Hello"


def test_a_known_name_that_stands_by_itself_is_a_word() -> None:
    assert told("bob: so\nalice is here\nalice", names=["al", "alice"]) == "1 bob: so / alice is here / alice"


def test_a_name_is_known_as_it_was_written_and_in_lower_case() -> None:
    assert told("Bob: hi\nBobHi\nbobhi\nBOBHI") == "1 bob: hi\n2 bob: Hi\n3 bob: hi / BOBHI"


def test_a_link_glued_to_a_known_name_keeps_its_scheme() -> None:
    assert told("alice: hi\nalicehttps://example.com") == "1 alice: hi\n2 alice: https://example.com"


def test_the_labels_of_the_room_are_never_known() -> None:
    assert (
        told("Notice: x\nbob: look\nNoticeBoard\nnoticeboard", names=["notice"])
        == "2 bob: look / NoticeBoard / noticeboard"
    )


def test_a_guessed_name_is_not_known() -> None:
    assert told("bob: hi\nwellThen\nwelldone") == "1 bob: hi\n2 well?: Then / welldone"


def test_given_names_have_to_be_names() -> None:
    with pytest.raises(RefusedError, match='"no name" is not a user name'):
        parse_chat("", names=["alice", "no name"])


# rule 6: names that are guessed


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("aliceHello", "1 alice?: Hello"),
        ("al_9❤️", "1 al_9?: ❤️"),
        ("alice@bob hi", "1 alice?: @bob hi"),
        ("aliceשלום", "1 alice?: שלום"),
        ("aliceI subscribed to you", "1 alice?: I subscribed to you"),
        ("aliceHe has left the room", "1 alice?: He has left the room"),
        ("abcdefghijklmnopqrstuvwxyX", "1 abcdefghijklmnopqrstuvwxy?: X"),
    ],
)
def test_text_directly_behind_what_may_be_a_name_is_a_guess(line: str, expected: str) -> None:
    assert told(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "alHello",
        "alice hello",
        "alice\u00a0Hello",
        "alice",
        "AliceHello",
        "abcdefghijklmnopqrstuvwxyzX",
        "https://a.b",
        "goalReached it",
    ],
)
def test_less_is_no_guess(line: str) -> None:
    assert told(f"bob: look\n{line}") == f"1 bob: look / {line}"


# rule 7: the rest


def test_other_lines_go_on_with_the_event_above_and_blank_ones_do_not_count() -> None:
    assert told("alice: one\n\n  two\n \t\nthree\nbob: four") == "1 alice: one /   two / three\n6 bob: four"


def test_lines_go_on_past_what_the_room_says() -> None:
    transcript = parse_chat("alice: one\nbob has joined the room\ntwo")

    assert [event.text for event in transcript.events] == ["one\ntwo"]
    assert transcript.dropped.notices == (2,)


def test_without_an_event_above_a_line_is_counted_as_unread() -> None:
    transcript = parse_chat("Who knows\n\nalice: hi")

    assert transcript.dropped.unread == (1,)
    assert [event.line for event in transcript.events] == [3]


def test_text_may_begin_on_the_next_line() -> None:
    assert told("alice:\nhello") == "1 alice: hello"


# what a line is, and what is kept


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_ends_at_lf_cr_lf_or_cr(end: str) -> None:
    assert told(end.join(["alice: one", "", "bob: two", ""])) == "1 alice: one\n3 bob: two"


@pytest.mark.parametrize(
    "char", ["\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\u200b", "\u202e", "\ud800", "\U0001f600"]
)
def test_every_other_character_is_kept_inside_a_text(char: str) -> None:
    (event,) = parse_chat(f"alice: a{char}b: c").events

    assert event.text == f"a{char}b: c"


def test_text_is_trimmed_and_not_normalised() -> None:
    (event,) = parse_chat("alice: \t e\u0301  ﬁ &amp; <b> \u00a0").events

    assert event.text == "e\u0301  ﬁ &amp; <b>"


# the whole


def test_a_transcript_counts_people_tips_and_tokens() -> None:
    transcript = parse_chat("Hm\nalice tipped 5 tokens\nbob: hi\nalice tipped 1,000 tokens\nNotice: x\nzedHello")

    assert transcript.users == ("alice", "bob", "zed")
    assert [tip.tokens for tip in transcript.tips] == [5, 1000]
    assert transcript.total_tokens == 1005
    assert (transcript.family, transcript.category) == ("native", "public_chat")
    assert repr(transcript) == (
        "2 messages, 2 tips of 1,005 tokens, 3 people; 1 event under a guessed name; 1 notice left out; 1 line not read"
    )


def test_a_transcript_is_a_frame_of_one_row_per_event() -> None:
    frame = parse_chat("alice: hi \ud800\nalice tipped 5 tokens").frame

    assert frame.select("kind", "name", "text", "tokens", "line").rows() == [
        ("message", "alice", "hi ?", None, 1), ("tip", "alice", "", 5, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "\n\n", " \r\n\t", "\ufeff"])
def test_nothing_gives_nothing(text: str) -> None:
    transcript = parse_chat(text)

    assert (transcript.events, transcript.dropped.notices, transcript.dropped.unread) == ((), (), ())
