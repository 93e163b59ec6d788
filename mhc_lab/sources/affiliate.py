"""The affiliate feed: all rooms that are online now, page by page. Who is not in it is not online now; nothing else follows from that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Annotated

from pydantic import BeforeValidator, TypeAdapter

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources import answers
from mhc_lab.sources.answers import Count, Flag, Split, Text, Texts, Username

_LONGEST = timedelta(days=366)
_OLDEST = 150
_LINKS = frozenset({"chat_room_url", "chat_room_url_revshare", "iframe_embed", "iframe_embed_revshare"})
"""They carry the affiliate code, which is nobody's business who reads a mirror."""


def _seconds(value: object) -> int | None:
    seconds = answers.whole(value)
    if seconds is not None and seconds > _LONGEST.total_seconds():
        raise ValueError("is longer than a year")
    return seconds


def _age(value: object) -> int | None:
    age = answers.whole(value) or None
    if age is not None and age > _OLDEST:
        raise ValueError("is no age")
    return age


@dataclass(frozen=True, slots=True)
class Room:
    """One room as the feed describes it; None is what it did not say."""

    username: Username
    display_name: Text = None
    gender: Text = None
    """f, m, t or c."""
    age: Annotated[int | None, BeforeValidator(_age)] = None
    birthday: Text = None
    location: Text = None
    country: Text = None
    spoken_languages: Split = None
    current_show: Text = None
    room_subject: Text = None
    tags: Texts = None
    is_new: Flag = None
    is_hd: Flag = None
    num_users: Count = None
    """Viewers now."""
    num_followers: Count = None
    seconds_online: Annotated[int | None, BeforeValidator(_seconds)] = None
    """Since the start of the broadcast."""
    image_url: Text = None
    image_url_360x270: Text = None
    raw: Mapping[str, object] = field(default_factory=dict)
    """The entry as it came, less the links that carry the affiliate code."""

    def session_start(self, observed_at: datetime) -> datetime | None:
        """When the broadcast began, for who saw the room at ``observed_at``; it jitters by some seconds from one look to the next."""
        return None if self.seconds_online is None else observed_at - timedelta(seconds=self.seconds_online)


@dataclass(frozen=True, slots=True)
class Rooms:
    """A page of the feed, or several that were put together."""

    rooms: tuple[Room, ...]
    reported_total: int | None
    """How many rooms the feed says there are on all its pages."""
    rejected: tuple[str, ...]
    faults: tuple[str, ...]
    duplicate_count: int
    """Rooms that stood there again: rooms move between pages while these are fetched."""


def read_rooms(*pages: bytes) -> Rooms:
    """The rooms on ``pages``, which were fetched one after the other; of a room that is there twice, as it was first.

    Raises
    ------
    RefusedError
        A page is no answer of the feed.
    """
    answered = [answers.loaded(page, what="The affiliate answer") for page in pages]
    found = answers.read(_form(), ((f"room {n}", _entry(one)) for n, one in enumerate(_results(answered), start=1)))
    rooms: dict[str, Room] = {}
    for room in found.entries:
        rooms.setdefault(room.username, room)
    totals = [total for answer in answered if isinstance(total := answer.get("count"), int)]
    return Rooms(
        rooms=tuple(rooms.values()),
        reported_total=totals[-1] if totals else None,
        rejected=found.rejected,
        faults=found.faults,
        duplicate_count=len(found.entries) - len(rooms),
    )


@cache
def _form() -> TypeAdapter[Room]:
    return TypeAdapter(Room)


def _results(answered: Iterable[Mapping[str, object]]) -> Iterable[object]:
    for answer in answered:
        results = answer.get("results")
        if not isinstance(results, list):
            raise RefusedError("The affiliate answer has no list of results. Ask again later.", rule="answer")
        yield from results


def _entry(result: object) -> object:
    if not isinstance(result, dict):
        return result
    return {**result, "raw": {name: value for name, value in result.items() if name not in _LINKS}}
