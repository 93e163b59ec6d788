"""CBHours: what it says about rooms now, and what it kept about one room in segments of three minutes.

It knows the rooms in its own database ("with the trophy") only. Zeros of rank, viewers and followers mean that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated

from pydantic import BeforeValidator, TypeAdapter, ValidationInfo

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources import answers
from mhc_lab.sources.answers import Flag, Known, Text, Texts, Username

_LETTERS = {"female": "f", "male": "m", "trans": "t", "couple": "c"}
_NO_TROPHY = "Error Code:300"
_FURTHEST_ZONE = 14 * 60
_WHAT = "The CBHours answer"


def _gender(value: object) -> str | None:
    word = answers.said(value)
    return word and _LETTERS.get(word.lower(), word)


def _show(value: object) -> str | None:
    word = answers.said(value)
    return word and word.removeprefix("_")


def _instant(value: object, info: ValidationInfo[timedelta]) -> datetime:
    """A local time without zone, so many minutes from GMT as was asked for."""
    try:
        local = datetime.fromisoformat(value) if isinstance(value, str) else None
        if local is None:
            raise ValueError
        return local.astimezone(UTC) if local.tzinfo else (local - info.context).replace(tzinfo=UTC)
    except (ValueError, OverflowError) as failure:
        raise ValueError("is no time such as 2026-01-02T20:03") from failure


Gender = Annotated[str | None, BeforeValidator(_gender)]
"""f, m, t or c, as the other sources write it; any other word as it came."""


@dataclass(frozen=True, slots=True)
class LiveRoom:
    """One room now; all but its name and status is None while it is offline."""

    username: Username
    room_status: Text = None
    gender: Gender = None
    is_new: Flag = None
    rank: Known = None
    grank: Known = None
    """Rank within the gender."""
    viewers: Known = None
    followers: Known = None
    current_show: Text = None
    room_subject: Text = None
    tags: Texts = None
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveRooms:
    """The rooms of one live answer."""

    rooms: tuple[LiveRoom, ...]
    rejected: tuple[str, ...]
    faults: tuple[str, ...]
    duplicate_count: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Three minutes online."""

    segment_at: Annotated[datetime, BeforeValidator(_instant)]
    show_type: Annotated[str | None, BeforeValidator(_show)] = None
    rank: Known = None
    grank: Known = None
    followers: Known = None
    viewers: Known = None
    gender: Gender = None
    raw: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Activity:
    """What CBHours kept about one room, in order of time."""

    has_trophy: bool
    """Whether it knows the room at all."""
    segments: tuple[Segment, ...]
    rejected: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    duplicate_count: int = 0


def read_live(content: bytes) -> LiveRooms:
    """The answer to ``get_live``; rooms that CBHours does not know may be absent.

    Raises
    ------
    RefusedError
        It is no such answer, or the error that CBHours sent instead.
    """
    answer = answers.loaded(content, what=_WHAT)
    _refuse_error(answer, holds={"data"})
    entries = _mapping(answer.get("data"), "data")
    found = answers.read(_live_form(), ((f"room {name}", _live_entry(name, one)) for name, one in entries.items()))
    rooms: dict[str, LiveRoom] = {}
    for room in found.entries:
        rooms.setdefault(room.username, room)
    return LiveRooms(tuple(rooms.values()), found.rejected, found.faults, len(found.entries) - len(rooms))


def read_activity(content: bytes, *, tzo: int) -> Activity:
    """The answer to ``get_activity``; without details it has no segments.

    Parameters
    ----------
    tzo
        The minutes from GMT that were asked for, negative west of it: the times of the segments follow them.

    Raises
    ------
    RefusedError
        It is no such answer, or an error other than that CBHours does not know the room.
    """
    if abs(tzo) > _FURTHEST_ZONE:
        raise RefusedError(f"No place is {tzo} minutes from GMT. Give the tzo that was asked for.", rule="tzo")
    answer = answers.loaded(content, what=_WHAT)
    if _message(answer).startswith(_NO_TROPHY):
        return Activity(has_trophy=False, segments=())
    _refuse_error(answer, holds={"status", "activity", "details"})
    days = _mapping(answer.get("details"), "details")
    found = answers.read(_segment_form(), _segment_entries(days), context=timedelta(minutes=tzo))
    segments: dict[datetime, Segment] = {}
    for segment in found.entries:
        segments.setdefault(segment.segment_at, segment)
    return Activity(
        has_trophy=True,
        segments=tuple(sorted(segments.values(), key=lambda one: one.segment_at)),
        rejected=found.rejected,
        faults=found.faults,
        duplicate_count=len(found.entries) - len(segments),
    )


@cache
def _live_form() -> TypeAdapter[LiveRoom]:
    return TypeAdapter(LiveRoom)


@cache
def _segment_form() -> TypeAdapter[Segment]:
    return TypeAdapter(Segment)


def _refuse_error(answer: Mapping[str, object], *, holds: AbstractSet[str]) -> None:
    """Go on only when ``answer`` has one of these and is no error, whose status is false or a text."""
    status = answer.get("status")
    if isinstance(status, str) or status is False or not holds & answer.keys():
        why = _message(answer) or "it says nothing that was asked for"
        raise RefusedError(f"CBHours answered with an error: {why}. Ask again, at most once a second.", rule="answer")


def _message(answer: Mapping[str, object]) -> str:
    texts = (answer.get(name) for name in ("message", "serverMessage"))
    return next((text.strip()[:200] for text in texts if isinstance(text, str) and text.strip()), "")


def _mapping(value: object, name: str) -> Mapping[str, object]:
    """``value`` by name; one without entries comes as an empty list."""
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise RefusedError(f"The CBHours answer has no {name} by name. Ask again later.", rule="answer")
    return value


def _live_entry(name: str, entry: object) -> object:
    return {**entry, "username": name, "raw": entry} if isinstance(entry, dict) else entry


def _segment_entries(days: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    for day, entries in days.items():
        if isinstance(entries, list):
            yield from ((f"day {day}, segment {n}", _segment_entry(entry)) for n, entry in enumerate(entries, start=1))
        else:
            yield f"day {day}", None


def _segment_entry(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    return {**entry, "segment_at": entry.get("timestamp"), "show_type": entry.get("type"), "raw": entry}
