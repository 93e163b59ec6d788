"""What a line of a pasted text is.

A line ends at LF, CR LF or CR, as in an editor that counts lines. Everything else that some programs break a line at (vertical tab, form
feed, NEL, U+2028, U+2029) and every other character, NUL included, is text: a message may contain it, and it is kept.
"""

from __future__ import annotations

_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
"""Characters without width, and marks of direction: pages put them before names, and nobody sees them."""


def lines_of(text: str) -> list[str]:
    """The lines of ``text``, the first at 0; a byte order mark before them is no part of it."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def as_seen(line: str) -> str:
    """``line`` without blanks around it and without what nobody sees before it: what the rules look at."""
    line = line.strip()
    return line.lstrip(_UNSEEN).lstrip() if line and line[0] > "\x7f" else line
