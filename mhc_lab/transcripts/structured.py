"""A structured copy: every message with its fields, ``Timestamp: […] | Username: […] | Message: […] | isBroadcaster: […]``.

``ChatType: […] | `` may stand before it and says where it was said. A message ends where the rest of its line reads like the last field, so
it may itself hold brackets, the names of fields, and several lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from mhc_lab.transcripts.events import ChatEvent
from mhc_lab.transcripts.lines import as_seen
from mhc_lab.transcripts.tips import NO_NAMES, Tip, tip_in
from mhc_lab.transcripts.transcript import Category, Dropped, Transcript

_BAR = r"\s*+\|\s*+"
_BEGINNING = re.compile(
    rf"(?:ChatType:\s*+\[(?P<type>[^\]]*+)\]{_BAR})?+Timestamp:\s*+\[(?P<time>[^\]]*+)\]{_BAR}"
    rf"Username:\s*+\[(?P<name>[^\]]*+)\]{_BAR}Message:\s*+\[",
    re.IGNORECASE,
)
_FIRST_FIELD = re.compile(rf"(?:ChatType:\s*+\[[^\]]*+\]{_BAR})?+Timestamp:\s*+\[", re.IGNORECASE)
_END = re.compile(r"\]\s*+\|\s*+isBroadcaster:\s*+\[\s*+(true|false)\s*+\]\s*+\Z", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_]{1,25}")
_CATEGORIES: dict[str, Category] = {"pm": "pm", "public": "public_chat", "tips": "tips"}


class _Record(NamedTuple):
    """A message with its fields, as the copy has them."""

    line: int
    type: str
    time: str
    name: str
    message: str
    is_broadcaster: bool | None


def is_structured(line: str) -> bool:
    """Whether a copy that begins with ``line`` is structured."""
    return _FIRST_FIELD.match(line) is not None


def read_structured(lines: Sequence[str]) -> Transcript:
    """The events of a structured copy. The first chat type in it says what kind of note it makes.

    Messages without text are counted as empty, those of nobody who could have a user name as notices: there the platform itself speaks.
    """
    records, unread = _records(lines)
    events: list[ChatEvent] = []
    notices: list[int] = []
    empty: list[int] = []
    for record in records:
        name = record.name if _NAME.fullmatch(record.name) and record.name not in NO_NAMES else ""
        if not record.message:
            empty.append(record.line)
        elif (tip := _tip(record, name)) is not None:
            events.append(ChatEvent("tip", tip.name, tip.note, tip.tokens, *_rest(record)))
        elif name:
            events.append(ChatEvent("message", name, record.message, None, *_rest(record)))
        else:
            notices.append(record.line)
    category: Category = next((_CATEGORIES[one.type] for one in records if one.type in _CATEGORIES), "public_chat")
    dropped = Dropped(tuple(notices), tuple(empty), tuple(unread))
    return Transcript(tuple(events), dropped, family="structured", category=category)


def _rest(record: _Record) -> tuple[int, bool, str | None, bool | None]:
    return record.line, False, record.time or None, record.is_broadcaster


def _tip(record: _Record, name: str) -> Tip | None:
    """The tip that a record tells of. Anybody can write that somebody tipped: it counts where the platform says it, or about themselves."""
    if record.type == "tips":
        return tip_in(record.message) or (tip_in(f"{name} {record.message}") if name else None)
    tip = None if record.type else tip_in(record.message)
    return tip if tip is not None and tip.name == name else None


def _records(lines: Sequence[str]) -> tuple[list[_Record], list[int]]:
    """The messages with their fields, and the numbers of lines that belong to none."""
    records: list[_Record] = []
    unread: list[int] = []
    began: tuple[int, re.Match[str]] | None = None
    message: list[str] = []
    for number, raw in enumerate(lines, 1):
        line = as_seen(raw)
        if not line:
            continue
        if (match := _BEGINNING.match(line)) is not None:
            if began is not None:
                records.append(_torn(began, message))
            began, message = (number, match), [line[match.end() :]]
        elif began is not None:
            message.append(raw.rstrip())
        else:
            unread.append(number)
            continue
        if (end := _END.search(message[-1])) is not None:
            message[-1] = message[-1][: end.start()]
            records.append(_record(began, message, end[1].lower() == "true"))
            began = None
    if began is not None:
        records.append(_torn(began, message))
    return records, unread


def _torn(began: tuple[int, re.Match[str]], message: Sequence[str]) -> _Record:
    """A record whose last field is missing: what is there is kept."""
    return _record(began, [*message[:-1], message[-1].removesuffix("]")], None)


def _record(began: tuple[int, re.Match[str]], message: Sequence[str], is_broadcaster: bool | None) -> _Record:  # noqa: FBT001 - a field
    line, match = began
    kind, time, name = ((part or "").strip() for part in match.group("type", "time", "name"))
    lower = name.lower() if name.isascii() else name
    return _Record(line, kind.lower(), time, lower, "\n".join(message).strip(), is_broadcaster)
