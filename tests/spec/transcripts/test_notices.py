"""What the room itself says is left out and counted; what somebody says about the same things is kept."""

from __future__ import annotations

import pytest

from mhc_lab.transcripts.chat_log import parse_chat
from tests.support.chats import told

NOTICES = [
    "alice has joined the room",
    "alice has joined the room.",
    "Alice has left the room",
    "alice joined the room",
    "alice left the chat",
    "alice has left.",
    "User alice has joined the room.",
    "User alice was kicked out of the room and all of alice's messages have been removed",
    "User has been silenced",
    "broadcaster studio has left the room.",
    "Broadcaster studio has joined.",
    "Broadcaster has changed the room subject",
    "@alice has followed you",
    "alice has unfollowed you",
    "Welcome to studio's room! Be kind.",
    "Room subject changed to “dance”",
    'room subject has changed to "dance [50 tokens remaining]"',
    "studio has changed the subject to dance",
    "The room is now in private",
    "Private show has started",
    "Spy show has ended.",
    "studio's private show with bob has ended",
    "bob has requested a private show",
    "alice has purchased the video “Holiday”",
    "alice bought photos",
    "alice has joined the fan club",
    "alice is now a member of studio's fan club!",
    "alice has subscribed",
    "alice has just subscribed to studio's fan club",
    "studio has shared a photo",
    "studio has shared 3 new photos with the room",
    "bob has been made a moderator",
    "bob is no longer a moderator",
    "bob was granted moderator privileges by studio",
    "bob was silenced by mod_1",
    "bob has been unmuted.",
    "alice is now king of the room",
    "King of the room: alice",
    "Goal reached! Thanks to all",
    "Goal #2 is complete",
    "Current goal: dance",
    "Dance for all [50 tokens remaining]",
    "★ Goal met",
    "[system] restart",
    "[Notice] hello",
    "The following apps are running: Tip Menu, Roll the Dice",
    "Running apps: Tip Menu",
    "App Tip Menu has started.",
    "Lovense Lush is vibrating",
    "My Lush is now reacting to alice's tip. It will stop after 5 sec!",
    "alice's tip activated the toy for 10 seconds",
    "studio's Domi is connected",
    "⚡ Toy level 3",
    "To send a tip, press CTRL+S. To disable emoticons, press CTRL+E.",
    "Press Ctrl+/ for the next room",
    "Type /help to see the commands",
    "--------",
    "=====",
    "Notice: Tip Menu: Flash - 50",
]


@pytest.mark.parametrize("line", NOTICES)
def test_the_room_itself_speaks(line: str) -> None:
    transcript = parse_chat(f"zoe: hi\n{line}")

    assert transcript.dropped.notices == (2,)
    assert [event.text for event in transcript.events] == ["hi"]


@pytest.mark.parametrize("line", NOTICES)
def test_somebody_who_quotes_the_room_is_kept(line: str) -> None:
    assert told(f"zoe: {line}") == f"1 zoe: {line}"


@pytest.mark.parametrize(
    "line", [line for line in NOTICES if line[0].isupper() and not line.startswith(("Notice:", "Dance"))]
)
def test_so_is_somebody_whose_name_is_glued_to_the_quotation(line: str) -> None:
    assert told(f"zoe{line}", names=["zoe"]) == f"1 zoe: {line}"


@pytest.mark.parametrize(
    "line",
    [
        "I subscribed yesterday",
        "somebody I know has shared a photo with me once",
        "silence please",
        "no silence in the room",
        "he left the room because of you and came back",
        "one left",
        "what a private show",
        "is that a goal",
        "NO begging",
        "Don't ask",
        "Please don't",
        "toys are fun",
        "my toy broke",
        "welcome back",
        "to press on",
        "she was kind",
        "user experience is bad",
        "the room looks nice",
        "---",
    ],
)
def test_a_line_that_only_contains_such_words_goes_on_with_what_was_said(line: str) -> None:
    assert told(f"zoe: hi\n{line}") == f"1 zoe: hi / {line}"


def test_bob_left_is_a_notice_when_bob_is_known() -> None:
    assert told("zoe: hi\nbob left\nnothing left", names=["bob"]) == "1 zoe: hi / nothing left"


def test_a_notice_before_anything_was_said_is_counted() -> None:
    assert parse_chat("Notice: hello").dropped.notices == (1,)
