"""Transcripts written as text: one line per event, as a person would tell it.

::

    1 alice: hello            a message that begins in line 1
    2 bob +100: thanks        a tip with its note
    3 carol?: Hi              a message whose name was guessed
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import dedent

from mhc_lab.transcripts.chat_log import parse_chat
from mhc_lab.transcripts.events import ChatEvent
from mhc_lab.transcripts.tip_menu import parse_menu


def log(text: str) -> str:
    """A log as it stands in a test, without the indentation of the test."""
    return dedent(text).strip("\n")


def told(text: str, *, names: Iterable[str] = ()) -> str:
    """What is read from a log, one line per event."""
    return "\n".join(map(_told, parse_chat(log(text), names=names).events))


def offered(text: str) -> list[tuple[str, int]]:
    """What is read from a menu: items and prices."""
    return [(one.item, one.tokens) for one in parse_menu(text).items]


def _told(event: ChatEvent) -> str:
    amount = f" +{event.tokens}" if event.kind == "tip" else ""
    text = event.text.replace("\n", " / ")
    return f"{event.line} {event.name}{'?' if event.is_guessed else ''}{amount}: {text}".rstrip()
