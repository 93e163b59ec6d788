"""What a note may be: its categories, and what is refused rather than changed, each in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.links import link
from mhc_lab.core.texts import unstorable

LONGEST = 4_000_000
"""A note holds at most this many characters."""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of note, and how it is told apart at a glance."""

    badge: str
    color: str
    meaning: str


CATEGORIES: Mapping[str, Category] = MappingProxyType({
    "note": Category("Note", "blue", "something to remember"),
    "pm": Category("PM", "purple", "private messages in the room"),
    "dm": Category("DM", "indigo", "direct messages outside the room"),
    "public_chat": Category("Chat", "green", "a log of the public chat"),
    "tip_menu": Category("Menu", "amber", "what is to be had for tokens"),
    "tips": Category("Tips", "teal", "who tipped how much"),
})  # fmt: skip
"""By the key that the database knows, in the order they are shown."""


def checked(*, category: str | None, content: str | None, noted_at: datetime | None) -> dict[str, Any]:
    """Those that are given, as columns hold them: the text exactly as it is, the time in UTC.

    Raises
    ------
    RefusedError
        One of them cannot be kept.
    """
    given: dict[str, Any] = {}
    if category is not None:
        given["category"] = checked_category(category)
    if content is not None:
        given["content"] = checked_content(content)
    if noted_at is not None:
        given["noted_at"] = _checked_time(noted_at)
    return given


def checked_category(key: str) -> str:
    """``key`` when it is a category."""
    if key not in CATEGORIES:
        raise RefusedError(f'"{key}" is no kind of note. Choose one of: {", ".join(CATEGORIES)}.', rule="category")
    return key


def checked_content(text: str) -> str:
    """``text``, unchanged: it is kept as it was given or not at all."""
    if not text.strip():
        raise RefusedError("The note is empty. Write or paste something.", rule="content")
    if len(text) > LONGEST:
        raise RefusedError(
            f"The text has {len(text):,} characters, and a note holds {LONGEST:,}. Save it as several notes.",
            rule="content",
        )
    _refuse_unstorable(text, "The text")
    return text


def checked_link(url: str) -> str | None:
    """The link that ``url`` is, or None when it is empty."""
    return link(url) if url.strip() else None


def _checked_time(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise RefusedError(f"{at:%Y-%m-%d %H:%M} has no time zone. Write it like 2026-03-29T08:00Z.", rule="instant")
    return at.astimezone(UTC)


def _refuse_unstorable(text: str, what: str) -> None:
    """Leaving such a character out would make it another text."""
    place = unstorable(text)
    if place is not None:
        kind = "the character NUL" if text[place] == "\x00" else "half a character (a lone surrogate)"
        raise RefusedError(
            f"{what} holds {kind} at place {place + 1:,}, which the database cannot keep. Take it out and save again.",
            rule="content",
        )
