"""The line with which a room tells of a tip: ``name [has] tipped N tokens [- note]``."""

from __future__ import annotations

import re
from typing import NamedTuple

from mhc_lab.transcripts.tokens import tokens

NAME = r"[A-Za-z0-9_]{1,25}+"
BLANK = r"[ \t\xa0]"
NO_NAMES = frozenset({"goal", "notice", "rules", "system"})
"""Who speaks under these is the room itself."""

TIPPED = (
    rf"{BLANK}++(?i:(?:has{BLANK}++)?+tipped){BLANK}++([0-9][0-9,]*+){BLANK}++(?i:token(?:\(s\)|s)?+)"
    rf"(?:{BLANK}*+(?:--?|[–—:\uff1a]){BLANK}*+((?s:.*+))|[.!])?+\Z"
)
"""What follows the name; its groups are the amount and the note."""

_TIP = re.compile(rf"({NAME}){TIPPED}", re.ASCII)


class Tip(NamedTuple):
    """Who tipped how much, and the note."""

    name: str
    tokens: int
    note: str


def tip_in(line: str) -> Tip | None:
    """The tip that ``line`` tells of; None when it says anything else."""
    match = _TIP.match(line)
    if match is None:
        return None
    name, amount, note = match.groups()
    given = tokens(amount)
    return None if given is None or name.lower() in NO_NAMES else Tip(name.lower(), given, (note or "").strip())
