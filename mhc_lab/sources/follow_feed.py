"""Single follows and unfollows among the events of a saved feed: what it says about who follows the broadcaster.

How an event is read, whatever its shape, stands in :mod:`mhc_lab.sources.room_events`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import username
from mhc_lab.sources.follow_names import Direction, refused, shown
from mhc_lab.sources.room_events import RoomEvent, RoomFeed, read_events

METHODS = {"follow": True, "unfollow": False}
"""The methods that are about following."""


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
    """Events that were told more than once, whatever they are about."""
    ignored_count: int
    """Events about something else."""


def read_feed(content: bytes, *, broadcaster: str | None = None) -> Feed:
    """The follows and unfollows in ``content``: see :func:`follows`.

    Raises
    ------
    RefusedError
        It is no JSON, or has events of several rooms and nobody knows which counts.
    """
    return follows(read_events(content), broadcaster=broadcaster)


def follows(feed: RoomFeed, *, broadcaster: str | None = None) -> Feed:
    """The follows and unfollows among the events of ``feed``.

    Parameters
    ----------
    broadcaster
        Whose followers they have to be; those of other rooms are rejected. None when nobody knows.

    Raises
    ------
    RefusedError
        It has events of several rooms and nobody knows which counts.
    """
    if broadcaster is None and len({event.broadcaster for event in feed.events} - {""}) > 1:
        raise refused(
            "It has events of several rooms. Say whose workbench this is (MHC_BROADCASTER) and import it again."
        )
    about = [event for event in feed.events if event.method in METHODS]
    found, rejected, repeated = _observations(about, broadcaster)
    return Feed(
        observations=tuple(found),
        rejected=(*feed.rejected, *rejected),
        duplicate_count=feed.duplicate_count + repeated,
        ignored_count=len(feed.events) - len(about),
    )


def _observations(
    events: Iterable[RoomEvent], broadcaster: str | None
) -> tuple[Iterable[FeedObservation], list[str], int]:
    """What the events say, why some say nothing, and how many say the same again."""
    found: dict[str, FeedObservation] = {}
    rejected: list[str] = []
    repeated = 0
    for event in events:
        try:
            observed = _observation(event, broadcaster)
        except RefusedError as fault:
            rejected.append(shown(str(fault)))
        else:
            repeated += observed.reference in found
            found.setdefault(observed.reference, observed)
    return found.values(), rejected, repeated


def _observation(event: RoomEvent, broadcaster: str | None) -> FeedObservation:
    if broadcaster is not None and event.broadcaster not in {"", broadcaster.lower()}:
        raise refused(f"{event.called}: of the room {shown(event.broadcaster)}, not of {broadcaster}")
    if not event.username:
        raise refused(f"{event.called}: without a user")
    try:
        name = username(event.username)
    except RefusedError as fault:
        raise refused(f"{event.called}: {shown(event.username)!r} is not a user name") from fault
    at = event.happened_at
    reference = event.reference if event.has_id else f"{event.method} {name} {at.isoformat()}"
    return FeedObservation(name, METHODS[event.method], at, reference)
