"""``mhc parse`` as somebody types it: the documented answers, words for people, and what is no text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LOG = "alice: hi 👋\nbob has joined the room\nbobhello\nalice tipped 1,000 tokens - for you\nzed9What\nNotice: x\n"
MENU = "Tip Menu\n💋 Kiss - 1,000 tokens\nFlash (50)\nFlash - 1.5\n"


def mhc(*words: object, piped: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [Path(sys.executable).with_name("mhc"), "parse", *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False, input=piped, timeout=60)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "room.txt"
    path.write_text(LOG, encoding="utf-8")
    return path


def test_a_log_has_the_documented_answer(log: Path) -> None:
    done = mhc("chat", log, "--json")

    assert json.loads(done.stdout) == {
        "events": [
            {"type": "message", "user": "alice", "text": "hi 👋", "line": 1, "guessed": False},
            {"type": "message", "user": "bob", "text": "hello", "line": 3, "guessed": False},
            {"type": "tip", "user": "alice", "text": "for you", "tokens": 1000, "line": 4, "guessed": False},
            {"type": "message", "user": "zed9", "text": "What", "line": 5, "guessed": True},
        ],
        "dropped_notices": 2,
        "users": 3,
        "tips": 1,
        "total_tokens": 1000,
    }


def test_a_log_is_told_in_words(log: Path) -> None:
    done = mhc("chat", log)

    assert done.stdout.decode().splitlines() == [
        "alice: hi 👋",
        "bob: hello",
        "alice tipped 1,000 tokens: for you",
        "zed9 (guessed): What",
        "3 messages, 1 tip of 1,000 tokens, 3 people; 1 under a guessed name; 2 notices left out",
    ]


def test_names_may_be_given_in_a_file(tmp_path: Path) -> None:
    roster = tmp_path / "names.txt"
    roster.write_text("@Alice\n\nbob\n")

    done = mhc("chat", "-", "--names", roster, "--json", piped=b"alicehow are you")

    assert [event["user"] for event in json.loads(done.stdout)["events"]] == ["alice"]


def test_a_file_of_names_holds_names(tmp_path: Path) -> None:
    roster = tmp_path / "names.txt"
    roster.write_text("not a name\n")

    done = mhc("chat", "-", "--names", roster)

    assert done.returncode == 1
    assert b'"not a name" is not a user name' in done.stderr


def test_a_menu_has_the_documented_answer() -> None:
    done = mhc("menu", "-", "--json", piped=MENU.encode())

    assert json.loads(done.stdout) == {
        "items": [{"item": "Kiss", "tokens": 1000}, {"item": "Flash", "tokens": 50}],
        "ignored_lines": 2,
        "ignored": [1, 4],
    }


def test_a_menu_is_told_in_words() -> None:
    done = mhc("menu", "-", piped=MENU.encode())

    assert done.stdout.decode().splitlines() == [
        "  1,000  Kiss",
        "     50  Flash",
        "Ignored, as no price can be told: line 1, 4",
        "2 items; 2 lines ignored",
    ]


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    done = mhc("chat", "-", piped=b"alice: \x1b[2Jx")

    assert done.stdout.splitlines()[0] == rb"alice: \x1b[2Jx"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_utf_16_with_a_mark_are_read(encoding: str) -> None:
    done = mhc("chat", "-", "--json", piped="alice: שלום".encode(encoding))

    assert json.loads(done.stdout)["events"][0]["text"] == "שלום"


@pytest.mark.parametrize(
    ("content", "expected"), [(b"alice: caf\xe9 \n", "UTF-8: byte 10"), (b"\xff\xfea\x00b", "UTF-16: byte 4")]
)
def test_other_bytes_are_refused_and_the_message_says_what_is_expected(content: bytes, expected: str) -> None:
    done = mhc("chat", "-", piped=content)

    assert (done.returncode, done.stdout) == (1, b"")
    assert f"what was piped in is no text in {expected} does not fit. Save it as UTF-8" in done.stderr.decode()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = mhc("menu", tmp_path / "menu.txt")

    assert done.returncode == 1
    assert b"menu.txt" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_folder_is_no_text_file(tmp_path: Path) -> None:
    done = mhc("chat", tmp_path)

    assert done.returncode == 1
    assert b"cannot be read: Is a directory. Name a text file." in done.stderr
