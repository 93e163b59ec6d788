"""A pasted chat log, read into events.

There are three families, told apart by the first line that is not blank: a *structured* copy, field by field
(:mod:`~mhc_lab.transcripts.structured`); a *direct* one, ``[time] name: text``; and the *native* copy of a room, where names may be glued
to what they say. For each line of the last two, the first rule that fits:

1. ``NAME [has] tipped N tokens [- note]`` is a tip;
2. ``NAME: text`` is a message;
3. what the room itself says is left out and counted;
4. ``NAME|100| text`` is a message, the number a badge;
5. so is text glued to a name that is known: given, or seen anywhere in this log; the longest such name counts;
6. so is text glued to what may be a name, and the event is marked as guessed;
7. all else goes on with the event above.

A time in brackets before any of these is taken off and kept. Direct messages run over several lines and their names are never glued, so in
a direct copy a line without a time is read by the rules 1, 2 and 7 only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

from mhc_lab.core.garbage import uncollected
from mhc_lab.core.names import username
from mhc_lab.transcripts.events import ChatEvent
from mhc_lab.transcripts.lines import as_seen, lines_of
from mhc_lab.transcripts.notices import arrived, is_notice
from mhc_lab.transcripts.structured import is_structured, read_structured
from mhc_lab.transcripts.tips import BLANK, NAME, NO_NAMES, TIPPED
from mhc_lab.transcripts.tokens import tokens
from mhc_lab.transcripts.transcript import Dropped, Transcript

_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?![0-9])"
"""A time of day: nobody called 12 says 30 without a blank."""
_NAMED = re.compile(rf"(?!{_CLOCK})({NAME})(?:{BLANK}?[:\uff1a](?!//)|({BLANK}?\|[0-9]{{1,9}}\|)|{TIPPED})", re.ASCII)
"""What rules 1, 2 and 4 have in common: a name and what sets it apart. Groups: name, badge, amount, note."""

_GUESS = re.compile(r"[a-z0-9_]{3,25}+(?![a-z0-9_]|\s|://|\Z)")
_TIME = re.compile(
    r"\[(?=[^\]]{0,40}(?:[0-9]{1,2}:[0-9]{2}|[0-9]{1,4}[-/.][0-9]{1,2}|[a-z]{3,9}\.? [0-9]{1,2}\b|today|yesterday))([^\[\]]{3,40})\]\s*+",
    re.IGNORECASE,
)

_SHORTEST = 2
"""A shorter line has no room for a name and anything else; five million of them are read as fast as long ones."""

_Line: TypeAlias = "tuple[int, str | None, str]"
"""A line of which nothing but the whole log can say what it is: number, time, and the rest of it."""


def parse_chat(text: str, *, names: Iterable[str] = ()) -> Transcript:
    """The events in a pasted log; any text has some reading, and every line of it is accounted for.

    Parameters
    ----------
    names
        Who may speak in it, as far as known; an ``@`` before a name is dropped.

    Raises
    ------
    RefusedError
        One of ``names`` is no user name.
    """
    given = {username(one.strip().removeprefix("@")) for one in names}
    lines = lines_of(text)
    beginning = next((line for line in map(as_seen, lines) if line), "")
    with uncollected():
        if is_structured(beginning):
            return read_structured(lines)
        is_direct = _TIME.match(beginning) is not None
        read, seen = _read_alone(lines)
        known = {name for name in given | seen if name.lower() not in NO_NAMES}
        events, dropped = _read_together(read, lines, known=known, is_direct=is_direct)
    return Transcript(
        events,
        dropped,
        family="direct" if is_direct else "native",
        category="dm" if is_direct else "public_chat",
    )


# the first reading: rules 1, 2 and 4, which need no line but their own


def _read_alone(lines: Sequence[str]) -> tuple[list[ChatEvent | _Line], set[str]]:
    """What each line is by itself, blank ones left out, and the names seen, also as they were written."""
    read: list[ChatEvent | _Line] = []
    new = tuple.__new__  # what ChatEvent() does, at a third of its time
    names: dict[str, str] = {}  # as written, and in lower case: one text for all events of somebody
    for number, line in enumerate(map(str.strip, lines), 1):
        if line > "\x7f":
            line = as_seen(line)
        if not line:
            continue
        time = None
        if line[:1] == "[":
            time, line = _timed(line)
        match = None if len(line) < _SHORTEST else _NAMED.match(line)
        if match is None:
            read.append((number, time, line))
            if came := arrived(line):
                names[came] = came.lower()
            continue
        written = match[1]
        name = names.get(written) or names.setdefault(written, written.lower())
        amount = match[3]
        if name in NO_NAMES or (amount and not tokens(amount)):
            read.append((number, time, line))
        elif amount:
            read.append(
                new(ChatEvent, ("tip", name, (match[4] or "").strip(), tokens(amount), number, False, time, None))
            )
        else:
            text = line[match.end() :].strip()
            read.append(new(ChatEvent, ("message", name, text, None, number, False, time, None)))
    return read, {*names, *names.values()}


def _timed(line: str) -> tuple[str | None, str]:
    """The time in brackets before a line, and the rest of it."""
    match = _TIME.match(line)
    return (None, line) if match is None else (match[1].strip(), line[match.end() :])


# the second reading: rules 3, 5, 6 and 7, once all names are known


def _read_together(
    read: Iterable[ChatEvent | _Line], lines: Sequence[str], *, known: set[str], is_direct: bool
) -> tuple[tuple[ChatEvent, ...], Dropped]:
    events: list[ChatEvent] = []
    notices: list[int] = []
    unread: list[int] = []
    more: list[str] = []
    roster = _Known(known)
    for one in read:
        event: ChatEvent | None
        if isinstance(one, ChatEvent):
            event = one
        else:
            number, time, text = one
            if (is_direct and time is None) or len(text) < _SHORTEST:
                event = None
            elif is_notice(text, known):
                notices.append(number)
                continue
            else:
                event = roster.glued(one)
            if event is None:
                if events:
                    more.append(lines[number - 1])
                else:
                    unread.append(number)
                continue
        if more:
            events[-1], more = _continued(events[-1], more), []
        events.append(event)
    if more:
        events[-1] = _continued(events[-1], more)
    return tuple(events), Dropped(notices=tuple(notices), unread=tuple(unread))


def _continued(event: ChatEvent, more: Iterable[str]) -> ChatEvent:
    return event._replace(text="\n".join([event.text, *map(str.rstrip, more)]).strip())


class _Known:
    """The names that may stand directly before what is said, and those that are guessed to."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        lengths: dict[str, set[int]] = {}
        for name in names:
            lengths.setdefault(name[0], set()).add(len(name))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def glued(self, line: _Line) -> ChatEvent | None:
        """The message of somebody whose name stands directly before it."""
        number, time, text = line
        length, is_guessed = self._length(text), False
        if not length:
            guess = _GUESS.match(text)
            if guess is None or guess[0] in NO_NAMES:
                return None
            length, is_guessed = guess.end(), True
        elif length == len(text) or text[length].isspace():
            return None
        name, said = text[:length].lower(), text[length:].strip()
        return tuple.__new__(ChatEvent, ("message", name, said, None, number, is_guessed, time, None))

    def _length(self, text: str) -> int:
        """Of the longest known name with which ``text`` begins; 0 when it begins with none."""
        for length in self._lengths.get(text[:1], ()):
            if text[:length] in self._names:
                return length
        return 0
