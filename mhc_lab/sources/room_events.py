"""What happened in rooms, from saved answers of the events API, in every shape in which programs have kept it.

An event is an envelope (method, id, object), its inner object with the method and a time beside it, or either written as text inside JSON.
One bad event never loses the others: each is read, counted as a repetition, or rejected with its reason. The address of the next answer
carries the token that opens the feed: it is neither kept nor shown.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources import follow_json
from mhc_lab.sources.follow_names import refused, shown, text_of

PRIVATE = {"privateMessage", "directMessage"}
"""The methods of messages that one other person reads; the second is what some programs made of the first outside any room."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = re.compile(r"([0-9]{9,16})-([0-9]{1,9})")
_WHOLE = re.compile(r"[0-9]{1,18}")
_FEED_ADDRESS = re.compile(r"https?://[^\s/]*eventsapi[^\s/]*/\S*", re.IGNORECASE)
_TIMES = ("created_at", "timestamp", "occurred_at", "at", "time")
_WRAPPED = ("raw_event", "event", "payload")
_ENVELOPE = {"method", "id", "broadcaster", *_TIMES}
_NEXT = {"nexturl", "next_url"}
_DEEPEST = 4
"""An event may be text in JSON in text in JSON, but not for ever."""
_DEEPEST_VALUE = 64
"""What is nested deeper than this is no event."""


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """One thing that happened, as it was told."""

    method: str
    username: str
    """Who did it, as the event wrote the name; empty when it names nobody."""
    broadcaster: str
    """Whose room, in lower case; empty: outside any room."""
    happened_at: datetime
    text: str
    """What was said, bought, or is the new subject; code point for code point."""
    tokens: int | None
    recipient: str
    """To whom a private message went, as the event wrote the name."""
    reference: str
    """The event's own id, or a digest of what it says: the same for the same event, whenever it is read."""
    raw: object
    """The event as it was kept, in one of three shapes; only what no database keeps is missing, and the address of the feed."""

    @property
    def is_private(self) -> bool:
        """Whether it is a message to one person, in a room or outside."""
        return self.method in PRIVATE

    @property
    def is_direct(self) -> bool:
        """Whether it is a private message outside any room."""
        return self.is_private and not self.broadcaster

    @property
    def has_id(self) -> bool:
        """Whether it has an id of its own."""
        return _ID.fullmatch(self.reference) is not None

    @property
    def said(self) -> tuple[object, ...]:
        """What it says, whatever its shape; told twice it is one event, and one told wrongly takes the place of no other."""
        return self.reference, self.method, self.username, self.broadcaster, self.happened_at, self.text, self.tokens

    @property
    def called(self) -> str:
        """What reports call it."""
        return f"event {self.reference}" if self.has_id else f"a {shown(self.method)}"


@dataclass(frozen=True, slots=True)
class RoomFeed:
    """The events of a feed in order of time, and what was left out."""

    events: tuple[RoomEvent, ...]
    rejected: tuple[str, ...]
    duplicate_count: int


def is_feed(value: object) -> bool:
    """Whether a JSON value looks like events: an answer of the events API, or a list that begins with one or with an event."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return False
    return isinstance(first.get("events"), list) or (
        "method" in first and bool(first.keys() & {"object", "user", "broadcaster", *_WRAPPED})
    )


def read_events(content: bytes) -> RoomFeed:
    """The events in ``content``: an answer, a list of events, or one of either on each line.

    Raises
    ------
    RefusedError
        It is no JSON.
    """
    rejected: list[str] = []
    found: dict[tuple[object, ...], tuple[datetime, int, RoomEvent]] = {}
    duplicate_count = 0
    for told in _told(text_of(content), rejected):
        try:
            sequence, event = _event(told)
        except RefusedError as fault:
            rejected.append(shown(str(fault)))
        else:
            duplicate_count += event.said in found
            found.setdefault(event.said, (event.happened_at, sequence, event))
    ordered = sorted(found.values(), key=lambda one: one[:2])
    return RoomFeed(tuple(event for _, _, event in ordered), tuple(rejected), duplicate_count)


def inner(raw: object) -> Mapping[str, object] | None:
    """What an event is about, whatever its shape: its inner object, with what only the envelope says; None when it is no event.

    ``room_event()`` in the database reads an event in the same way, and a test holds the two together.
    """
    event = _opened(raw)
    if not isinstance(event, dict):
        return None
    about = _opened(event.get("object"))
    if not isinstance(about, dict):
        return event
    around = {key: value for key, value in event.items() if key != "object"}
    return around | {key: value for key, value in about.items() if key != "broadcaster" or value not in (None, "")}


@dataclass(frozen=True, slots=True)
class _Told:
    """An event as it came: the rows of a log around it, the outermost first, and itself, perhaps as text."""

    rows: tuple[Mapping[str, object], ...]
    raw: object


def _told(text: str, rejected: list[str]) -> Iterator[_Told]:
    try:
        values: list[object] = [follow_json.loaded(text)]
    except RefusedError:
        if not text.lstrip().startswith("{") or "\n" not in text.strip():
            raise
        values = list(_lines(text, rejected))
        if not values:
            raise
    for value in values:
        yield from _single(value, rejected, depth=0)


def _lines(text: str, rejected: list[str]) -> Iterator[object]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield follow_json.loaded(line)
            except RefusedError:
                rejected.append(f"line {number}: no JSON, perhaps cut off")


def _single(value: object, rejected: list[str], *, depth: int, text: str | None = None) -> Iterator[_Told]:
    """The single events in a value: its answers and lists opened, its texts read."""
    if depth > _DEEPEST:
        rejected.append("an event inside too many lists or texts")
    elif isinstance(value, list):
        for entry in value:
            yield from _single(entry, rejected, depth=depth + 1)
    elif isinstance(value, str):
        yield from _single(_reread(value), rejected, depth=depth + 1, text=value if text is None else text)
    elif not isinstance(value, dict):
        rejected.append("an entry that is no event")
    elif "method" not in value and isinstance(value.get("events"), list):
        yield from _single(value["events"], rejected, depth=depth + 1)
    else:
        yield _unwrapped(value, text)


def _unwrapped(event: Mapping[str, object], text: str | None) -> _Told:
    """The event inside the rows of a log that hold it."""
    rows: list[Mapping[str, object]] = []
    raw: object = event if text is None else text
    while "object" not in event and len(rows) < _DEEPEST:
        held = next((event[key] for key in _WRAPPED if event.get(key)), None)
        within = _opened(held)
        if not isinstance(within, dict):
            break
        rows.append(event)
        raw, event = held, within
    return _Told(tuple(rows), raw)


def _opened(value: object) -> object:
    """What is written inside texts; None when it is no JSON."""
    for _ in range(_DEEPEST):
        if not isinstance(value, str):
            break
        value = _reread(value)
    return value


def _reread(text: str) -> object:
    try:
        return follow_json.loaded(text)
    except RefusedError:
        return None


def _event(told: _Told) -> tuple[int, RoomEvent]:
    raw = _kept(told.raw)
    about = inner(raw) or {}
    rows = [_storable(row) for row in told.rows]
    layers: list[Mapping[str, object]] = [about, *(row for row in reversed(rows) if isinstance(row, dict))]
    method, number = _said(layers, "method"), _number(layers)
    what = f"event {number[0]}" if number else "an event" if method is None else f"a {shown(method)}"
    if method is None:
        raise refused(f"{what}: without its method")
    name, room = _name(layers), _said(layers, "broadcaster") or ""
    at = _from_id(int(number[1])) if number else _written(layers)
    if at is None:
        raise refused(f"{what}{f' by {shown(name)}' if name else ''}: without a time that has its zone")
    room = room.strip().lower()
    event = RoomEvent(
        method=method,
        username=name,
        broadcaster=room,
        happened_at=at,
        text=_text(about),
        tokens=_tokens(about),
        recipient=_inside(about, "message", "toUser") if method in PRIVATE else "",
        reference=number[0] if number else _digest(method, name, room, at, about),
        raw=raw,
    )
    return int(number[2]) if number else 0, event


def _kept(raw: object) -> object:
    """The event as it is stored: text stays text when everybody reads the same from it and nothing in it has to go."""
    if isinstance(raw, str):
        opened = _opened(raw)
        plain = _kept(opened) if isinstance(opened, dict) else raw
        return raw if _storable(raw) == raw and _plainly(raw) == plain else _storable(plain)
    event = _storable(raw)
    if isinstance(event, dict) and isinstance(event.get("object"), str):
        event["object"] = _kept(event["object"])
    return event


def _plainly(text: str) -> object:
    """What any reader of JSON makes of a text, texts inside it opened; None when some would refuse it."""
    value: object = text
    try:
        for _ in range(_DEEPEST):
            if isinstance(value, str):
                value = json.loads(value, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _storable(value: object, depth: int = 0) -> object:
    """``value`` as PostgreSQL keeps it, without the address of the feed."""
    if depth > _DEEPEST_VALUE:
        raise refused("an event that is nested too deeply")
    if isinstance(value, str):
        text = _FEED_ADDRESS.sub("…", value)
        return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {
            str(_storable(key)): _storable(one, depth + 1) for key, one in value.items() if key.lower() not in _NEXT
        }
    if isinstance(value, list):
        return [_storable(one, depth + 1) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) else None


def _said(layers: list[Mapping[str, object]], key: str) -> str | None:
    """The first text under ``key``, the innermost layer first."""
    found = (layer.get(key) for layer in layers)
    return next((value for value in found if isinstance(value, str) and value.strip()), None)


def _number(layers: list[Mapping[str, object]]) -> re.Match[str] | None:
    return next((match for layer in layers if (match := _ID.fullmatch(str(layer.get("id", ""))))), None)


def _name(layers: list[Mapping[str, object]]) -> str:
    users = [layer["user"] for layer in layers if layer.get("user")]
    given = next((name for user in users if isinstance(user, dict) and (name := _inside(user, "username"))), None)
    plain = next((user for user in users if isinstance(user, str)), None)
    return (given or plain or _said(layers, "username") or _inside(layers[0], "message", "fromUser")).strip()


def _text(about: Mapping[str, object]) -> str:
    places = (("tip", "message"), ("message", "message"), ("message",), ("media", "name"), ("subject",))
    return next((said for place in places if (said := _inside(about, *place))), "")


def _tokens(about: Mapping[str, object]) -> int | None:
    held = (about.get(key) for key in ("tip", "media"))
    amounts = (one.get("tokens") for one in held if isinstance(one, dict))
    return next((int(str(one)) for one in amounts if type(one) in {int, str} and _WHOLE.fullmatch(str(one))), None)


def _inside(value: object, *path: str) -> str:
    """The text at the end of ``path``; empty when there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _digest(method: str, name: str, room: str, at: datetime, about: Mapping[str, object]) -> str:
    said = {key: value for key, value in about.items() if key not in _ENVELOPE}
    whole = json.dumps([method, name.lower(), room, at.isoformat(), said], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _from_id(milliseconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _written(layers: list[Mapping[str, object]]) -> datetime | None:
    for text in (layer.get(key) for layer in reversed(layers) for key in _TIMES):
        try:
            at = datetime.fromisoformat(text.strip()) if isinstance(text, str) else None
            if at is not None and at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
