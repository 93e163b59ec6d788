"""Amounts of tokens, as tips and menus write them: whole, with or without commas between thousands, never rounded or repaired."""

from __future__ import annotations

import re

LIMIT = 2**31
"""Amounts lie below it."""

_WHOLE = re.compile(r"[0-9]{1,10}|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3}")


def tokens(text: str) -> int | None:
    """The amount that ``text`` is, from 1 up to :data:`LIMIT`; None when it is none ("1.5", "1,50", "0")."""
    if not _WHOLE.fullmatch(text):
        return None
    amount = int(text.replace(",", ""))
    return amount if 1 <= amount < LIMIT else None
