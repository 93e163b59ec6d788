"""What outside services said about persons, kept as it was seen: rows are added and never changed.

The same observation twice is once: of a person there is one row per source and instant, and the first one stays. Profiles keep what
people entered by hand; only whether CBHours knows a room is noted there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.ids import PersonId
from mhc_lab.schema.people import profiles
from mhc_lab.schema.sources import affiliate_api_snapshots, cbhours_activity, cbhours_live_stats
from mhc_lab.services import people
from mhc_lab.sources.affiliate import Room
from mhc_lab.sources.cbhours import Activity, LiveRoom, Segment

_ROOM = (
    "display_name", "gender", "age", "birthday", "location", "country", "current_show", "room_subject", "is_new", "is_hd",
    "num_users", "num_followers", "seconds_online", "image_url", "image_url_360x270",
)  # fmt: skip
_LIVE = ("room_status", "gender", "is_new", "rank", "grank", "viewers", "followers", "current_show", "room_subject")
_SEGMENT = ("segment_at", "show_type", "rank", "grank", "followers", "viewers", "gender")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of the observations that were offered."""

    new_count: int
    known_count: int
    """Those that were here already."""


def record_affiliate(session: Session, rooms: Iterable[Room], *, observed_at: datetime) -> Recorded:
    """A row for each of ``rooms``, which were online at ``observed_at``; persons nobody knew yet become models."""
    rooms = tuple(rooms)
    found = _models(session, (room.username for room in rooms), at=observed_at)
    rows = [_room_row(found[room.username], room, observed_at) for room in rooms]
    return _append(session, affiliate_api_snapshots, rows)


def record_cbhours_live(session: Session, rooms: Iterable[LiveRoom], *, checked_at: datetime) -> Recorded:
    """A row for each of ``rooms`` as CBHours described them at ``checked_at``, also of those offline: it knows them all."""
    rooms = tuple(rooms)
    found = _models(session, (room.username for room in rooms), at=checked_at)
    rows = [_live_row(found[room.username], room, checked_at) for room in rooms]
    _note_trophy(session, found.values(), has_trophy=True, at=checked_at)
    return _append(session, cbhours_live_stats, rows)


def record_cbhours_activity(session: Session, activity: Activity, *, username: str, asked_at: datetime) -> Recorded:
    """A row for each segment of ``activity``, which CBHours gave at ``asked_at`` for the room of ``username``."""
    person = _models(session, [username], at=asked_at)[username]
    _note_trophy(session, [person], has_trophy=activity.has_trophy, at=asked_at)
    return _append(session, cbhours_activity, [_segment_row(person, segment) for segment in activity.segments])


def _models(session: Session, usernames: Iterable[str], *, at: datetime) -> dict[str, PersonId]:
    return people.find_or_create(session, usernames, at=at, role="MODEL")


def _append(session: Session, table: sa.Table, rows: list[dict[str, object]]) -> Recorded:
    if not rows:
        return Recorded(0, 0)
    added = insert(table).on_conflict_do_nothing().returning(table.c.id)
    new_count = len(session.scalars(added, rows).all())
    return Recorded(new_count, len(rows) - new_count)


def _room_row(person: PersonId, room: Room, observed_at: datetime) -> dict[str, object]:
    return _values(room, _ROOM) | {
        "person_id": person,
        "observed_at": observed_at,
        "session_start": room.session_start(observed_at),
        "spoken_languages": _listed(room.spoken_languages),
        "tags": _listed(room.tags),
        "raw_payload": room.raw,
    }


def _live_row(person: PersonId, room: LiveRoom, checked_at: datetime) -> dict[str, object]:
    return _values(room, _LIVE) | {
        "person_id": person,
        "checked_at": checked_at,
        "tags": _listed(room.tags),
        "raw_payload": room.raw,
    }


def _segment_row(person: PersonId, segment: Segment) -> dict[str, object]:
    return _values(segment, _SEGMENT) | {"person_id": person, "raw_payload": segment.raw}


def _values(observed: object, names: Iterable[str]) -> dict[str, object]:
    return {name: getattr(observed, name) for name in names}


def _listed(texts: tuple[str, ...] | None) -> list[str] | None:
    return None if texts is None else list(texts)


def _note_trophy(session: Session, persons: Iterable[PersonId], *, has_trophy: bool, at: datetime) -> None:
    rows = [
        {"person_id": person, "has_cbhours_trophy": has_trophy, "updated_at": at} for person in sorted(set(persons))
    ]
    if not rows:
        return
    new = insert(profiles)
    changed = {name: new.excluded[name] for name in ("has_cbhours_trophy", "updated_at")}
    is_news = profiles.c.has_cbhours_trophy.is_distinct_from(new.excluded.has_cbhours_trophy)
    session.execute(new.on_conflict_do_update(index_elements=["person_id"], set_=changed, where=is_news), rows)
