"""Which texts PostgreSQL can keep: all of them, but for NUL and halves of characters (lone surrogates, which have no form in UTF-8)."""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def unstorable(text: str) -> int | None:
    """The place of the first character that cannot be kept; None when all can."""
    found = _UNSTORABLE.search(text)
    return None if found is None else found.start()


def storable(text: str) -> str:
    """``text`` with a blank in place of every character that cannot be kept: for questions and messages, never for what is kept."""
    return _UNSTORABLE.sub(" ", text)
