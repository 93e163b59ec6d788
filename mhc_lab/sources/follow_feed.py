"""Single follows and unfollows from saved answers of the events API, in every shape in which programs have kept them.

An event is an envelope (method, id, object), its inner object with the method and a time beside it, or either written as text inside JSON.
One bad event never loses the others. The address of the next answer carries the token that opens the feed: it is neither kept nor shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import username
from mhc_lab.sources import follow_json
from mhc_lab.sources.follow_names import Direction, refused, shown, text_of

METHODS = {"follow": True, "unfollow": False}
"""The methods that are about following; all others are counted and left alone."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = re.compile(r"(\d{9,16})-(\d{1,9})")
_TIMES = ("created_at", "timestamp", "occurred_at", "at", "time")
_WRAPPED = ("raw_event", "event", "payload")
_DEEPEST = 4
"""An event may be text in JSON in text in JSON, but not for ever."""


@dataclass(frozen=True, slots=True)
class FollowObservation:
    """What a source says about one person at one moment."""

    username: str
    is_following: bool
    at: datetime
    reference: str
    """The same for the same observation, whenever it is read."""
    direction: Direction
    source: str


@dataclass(frozen=True, slots=True)
class FeedObservation(FollowObservation):
    """Somebody followed or unfollowed the broadcaster, at this very moment."""

    direction: Direction = "followers"
    source: str = "events_api"


@dataclass(frozen=True, slots=True)
class Feed:
    """The follows and unfollows of a feed in order of time, and what was left out."""

    observations: tuple[FeedObservation, ...]
    rejected: tuple[str, ...]
    duplicate_count: int
    ignored_count: int
    """Events about something else."""


class _NotFollowing(Exception):  # noqa: N818 - it is no error
    """The event is about something else."""


def is_feed(value: object) -> bool:
    """Whether a JSON value looks like events: an answer of the events API, or a list that begins with one or with an event."""
    first = value[0] if isinstance(value, list) and value else value
    if not isinstance(first, dict):
        return False
    return isinstance(first.get("events"), list) or (
        "method" in first and bool(first.keys() & {"object", "user", *_WRAPPED})
    )


def read_feed(content: bytes, *, broadcaster: str | None = None) -> Feed:
    """The follows and unfollows in ``content``: an answer, a list of events, or one of either on each line.

    Parameters
    ----------
    broadcaster
        Whose feed it has to be; events of other rooms are rejected. None when nobody knows.

    Raises
    ------
    RefusedError
        It is no JSON, or has events of several rooms and nobody knows which counts.
    """
    rejected: list[str] = []
    events = list(_events(text_of(content), rejected))
    rooms = {room for event in events if (room := _room(event))}
    if broadcaster is None and len(rooms) > 1:
        raise refused(
            "It has events of several rooms. Say whose workbench this is (MHC_BROADCASTER) and import it again."
        )
    found: dict[str, tuple[datetime, int, FeedObservation]] = {}
    duplicate_count = ignored_count = 0
    for event in events:
        try:
            at, sequence, observation = _observation(event, broadcaster)
        except _NotFollowing:
            ignored_count += 1
        except RefusedError as fault:
            rejected.append(shown(str(fault)))
        else:
            duplicate_count += observation.reference in found
            found.setdefault(observation.reference, (at, sequence, observation))
    ordered = sorted(found.values(), key=lambda one: one[:2])
    return Feed(tuple(one for _, _, one in ordered), tuple(rejected), duplicate_count, ignored_count)


def _events(text: str, rejected: list[str]) -> Iterator[Mapping[str, object]]:
    try:
        values: list[object] = [follow_json.loaded(text)]
    except RefusedError:
        if not text.lstrip().startswith("{") or "\n" not in text.strip():
            raise
        values = list(_lines(text, rejected))
        if not values:
            raise
    for value in values:
        yield from _flat(value, rejected, depth=0)


def _lines(text: str, rejected: list[str]) -> Iterator[object]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield follow_json.loaded(line)
            except RefusedError:
                rejected.append(f"line {number}: no JSON, perhaps cut off")


def _flat(value: object, rejected: list[str], *, depth: int) -> Iterator[Mapping[str, object]]:
    """The single events in a value: its answers and lists opened, its texts read."""
    if depth > _DEEPEST:
        rejected.append("an event inside too many lists or texts")
    elif isinstance(value, list):
        for entry in value:
            yield from _flat(entry, rejected, depth=depth + 1)
    elif isinstance(value, str):
        yield from _flat(_reread(value), rejected, depth=depth + 1)
    elif not isinstance(value, dict):
        rejected.append("an entry that is no event")
    elif "method" not in value and isinstance(value.get("events"), list):
        yield from _flat(value["events"], rejected, depth=depth + 1)
    else:
        yield value


def _reread(text: str) -> object:
    """What is written inside a text; None when it is no JSON."""
    try:
        return follow_json.loaded(text)
    except RefusedError:
        return None


def _layers(event: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The event and what is wrapped in it, the outermost first: a row of a log, the envelope, its object."""
    layers = [event]
    while len(layers) < _DEEPEST:
        inner = next((layers[-1][key] for key in (*_WRAPPED, "object") if layers[-1].get(key)), None)
        inner = _reread(inner) if isinstance(inner, str) else inner
        if not isinstance(inner, dict):
            break
        layers.append(inner)
    return layers


def _said(layers: list[Mapping[str, object]], *keys: str) -> str | None:
    """The first text under one of ``keys``, the innermost layer first."""
    found = (layer.get(key) for key in keys for layer in reversed(layers))
    return next((value for value in found if isinstance(value, str) and value.strip()), None)


def _room(event: Mapping[str, object]) -> str | None:
    room = _said(_layers(event), "broadcaster")
    return room.strip().lower() if room else None


def _observation(event: Mapping[str, object], broadcaster: str | None) -> tuple[datetime, int, FeedObservation]:
    layers = _layers(event)
    method = _said(layers, "method")
    number = next((match for layer in reversed(layers) if (match := _ID.fullmatch(str(layer.get("id", ""))))), None)
    what = f"event {number[0]}" if number else f"a {shown(method)}" if method in METHODS else "an event"
    if method is None:
        raise refused(f"{what}: without its method")
    if method not in METHODS:
        raise _NotFollowing
    room = _room(event)
    if broadcaster is not None and room not in {None, broadcaster.lower()}:
        raise refused(f"{what}: of the room {shown(str(room))}, not of {broadcaster}")
    name = _name(layers, what)
    at = _from_id(int(number[1])) if number else _written(layers)
    if at is None:
        raise refused(f"{what} by {name}: without a time that has its zone")
    reference = number[0] if number else f"{method} {name} {at.isoformat()}"
    return at, int(number[2]) if number else 0, FeedObservation(name, METHODS[method], at, reference)


def _name(layers: list[Mapping[str, object]], what: str) -> str:
    users = [layer["user"] for layer in reversed(layers) if layer.get("user")]
    given = next(
        (user["username"] for user in users if isinstance(user, dict) and isinstance(user.get("username"), str)), None
    )
    written = given or next((user for user in users if isinstance(user, str)), None) or _said(layers, "username")
    if written is None:
        raise refused(f"{what}: without a user")
    try:
        return username(written)
    except RefusedError as fault:
        raise refused(f"{what}: {shown(written)!r} is not a user name") from fault


def _from_id(milliseconds: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _written(layers: list[Mapping[str, object]]) -> datetime | None:
    for text in (layer.get(key) for layer in layers for key in _TIMES):
        try:
            at = datetime.fromisoformat(text.strip()) if isinstance(text, str) else None
            if at is not None and at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None
