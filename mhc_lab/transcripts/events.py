"""What is read off a pasted text: one event of a chat log, one item of a tip menu."""

from __future__ import annotations

from typing import Literal, NamedTuple


class ChatEvent(NamedTuple):  # there may be millions, and a tuple is made faster than a dataclass
    """Somebody said something, or tipped."""

    kind: Literal["message", "tip"]
    name: str
    """Lower-cased."""
    text: str
    """What was said, or the note of a tip: as given, trimmed; the lines of a longer one are joined by newlines."""
    tokens: int | None
    """The amount of a tip."""
    line: int
    """Where it begins, counted from 1."""
    is_guessed: bool = False
    """The copy shows nowhere that this is a name."""
    time: str | None = None
    """As the copy has it; where it has none, None."""
    is_broadcaster: bool | None = None
    """Where the copy says so."""


class MenuItem(NamedTuple):
    """Something to be had for tokens."""

    item: str
    """As typed."""
    tokens: int
    line: int
    """Where it first stands, counted from 1."""
