"""Rows that say again where their files are and how these are, records made one, and snapshots that say which file they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, RefusedError
from mhc_lab.core.ids import MediaId
from mhc_lab.jobs.mending import PROBLEMS, Bench, Mending, Outcome, Place, Refusals, flagged, instant, said
from mhc_lab.jobs.stepwise import Signed
from mhc_lab.services import duplicates, media, media_audit, media_references
from mhc_lab.services.duplicates import Gift
from mhc_lab.services.media_audit import Picture, Row
from mhc_lab.services.media_references import Moved

_MOVED, _GIFT = TypeAdapter(Moved), TypeAdapter(Gift)


def _row_is_as_planned(action: Mending, row: Row | None, bench: Bench) -> bool:
    place = (bench.id(action.storage), action.path, action.byte_id)
    return row is not None and not row.deleted_at and (row.storage_id, row.relative_path, row.byte_id) == place


def point(session: Session, bench: Bench, actions: Sequence[Mending], signed: Signed) -> Outcome:
    """Let rows say where their files are, once these were read and are theirs."""
    out = Outcome()
    bench.hold(session, (one.to_storage for one in actions))
    rows = media_audit.locked(session, [MediaId(UUID(one.subject)) for one in actions])
    read = bench.read_places(Place(one.to_storage, one.to_path) for one in actions)
    for one in actions:
        row = rows.get(MediaId(UUID(one.subject)))
        place, there = Place(one.storage, one.path), Place(one.to_storage, one.to_path)
        if row is None or not _row_is_as_planned(one, row, bench):
            out.refuse(one, "its row was changed")
        elif not (bench.is_empty(place) or bench.is_one(place, there)):
            out.refuse(one, "its file is where the row says again")
        elif read.get(there) != one.byte_id:
            out.refuse(one, "the file there is not the one the row is about")
        elif not media_audit.point(session, row.id, bench.id(one.to_storage), one.to_path):
            out.refuse(one, "another row is about that file by now")
        else:
            out.undo.append(said(one) | flagged(row))
    return out


def point_back(session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], signed: Signed) -> Refusals:
    """Let rows say again what they said."""
    rows = media_audit.locked(session, [MediaId(UUID(one["subject"])) for one in undo])
    for one in undo:
        row = rows.get(MediaId(UUID(one["subject"])))
        there = (bench.id(one["to_storage"]), one["to_path"])
        if row is None or row.deleted_at or (row.storage_id, row.relative_path) != there:
            yield one["name"], "its row was changed"
        elif not media_audit.point(session, row.id, bench.id(one["storage"]), one["path"]):
            yield one["name"], "another row is about its old place by now"
        else:
            media_audit.flag(session, row.id, one["problem"], at=instant(one["problem_at"]))


def flag(session: Session, bench: Bench, actions: Sequence[Mending], signed: Signed) -> Outcome:
    """Let rows say what is wrong with their files, or that it is not any more, once these were looked at again."""
    out = Outcome()
    rows = media_audit.locked(session, [MediaId(UUID(one.subject)) for one in actions])
    read = bench.read_places(
        Place(one.storage, one.path) for one in actions if one.found not in {"missing", "size_differs"}
    )
    for one in actions:
        row, place = rows.get(MediaId(UUID(one.subject))), Place(one.storage, one.path)
        if row is None or not _row_is_as_planned(one, row, bench) or row.problem != one.before:
            out.refuse(one, "its row was changed")
        elif (now := bench.problem(place, row, read.get(place))) != (one.found if one.found in PROBLEMS else None):
            out.refuse(one, "that is not so any more")
        else:
            media_audit.flag(session, row.id, now, at=signed.at)
            out.undo.append(said(one) | {"now": now} | flagged(row))
    return out


def flag_back(session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], signed: Signed) -> Refusals:
    """Let rows say again what they said of their files."""
    rows = media_audit.locked(session, [MediaId(UUID(one["subject"])) for one in undo])
    for one in undo:
        row = rows.get(MediaId(UUID(one["subject"])))
        if row is None or row.problem != one["now"]:
            yield one["name"], "its row was changed"
        else:
            media_audit.flag(session, row.id, one["problem"], at=instant(one["problem_at"]))


def absorb(session: Session, bench: Bench, actions: Sequence[Mending], signed: Signed) -> Outcome:
    """Let records go that mean the file of another; what was said of them is said of the other."""
    out = Outcome()
    rows = duplicates.locked(session, [MediaId(UUID(id_)) for one in actions for id_ in (one.subject, one.other)])
    stays = {one: Place(row.storage, row.relative_path) for one, row in rows.items() if row.is_storage_active}
    read = bench.read_places(stays[kept] for one in actions if (kept := MediaId(UUID(one.other))) in stays)
    pairs: dict[MediaId, MediaId] = {}
    for one in actions:
        gone, kept = MediaId(UUID(one.subject)), MediaId(UUID(one.other))
        removed, keeper = rows.get(gone), rows.get(kept)
        if removed is None or removed.deleted_at or (removed.storage, removed.relative_path) != (one.storage, one.path):
            out.refuse(one, "its row was changed")
        elif keeper is None or keeper.deleted_at or keeper.byte_id != removed.byte_id:
            out.refuse(one, "the record that should stay was changed")
        elif not bench.is_empty(Place(one.storage, one.path)):
            out.refuse(one, "it has a file of its own again")
        elif kept not in stays or read.get(stays[kept]) != keeper.byte_id:
            out.refuse(one, "the file that should stay for it is not there with the same bytes")
        else:
            pairs[gone] = kept
            out.undo.append(
                {"name": one.name, "storage": one.storage, "subject": one.subject, "at": signed.at.isoformat()}
            )
    moved, now = media_references.move(session, pairs), dict(rows)
    for note, (gone, kept) in zip(out.undo, pairs.items(), strict=True):
        gift = duplicates.gift(rows[gone], now[kept])
        now[kept] = duplicates.with_gift(now[kept], gift)
        note |= {"moved": _MOVED.dump_python(moved[gone], mode="json"), "gift": _GIFT.dump_python(gift, mode="json")}
        media.delete(session, media.get(session, gone), by=signed.by, at=signed.at)
    duplicates.save(session, [(rows[kept], now[kept]) for kept in set(pairs.values())])
    duplicates.keep_fetching(session, [(rows[gone], now[kept]) for gone, kept in pairs.items()])
    return out


def absorb_back(session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], signed: Signed) -> Refusals:
    """Let records come back with all that was said of them."""
    given = {one["name"]: (_MOVED.validate_python(one["moved"]), _GIFT.validate_python(one["gift"])) for one in undo}
    rows = duplicates.locked(session, {id_ for moved, _ in given.values() for id_ in (moved.removed, moved.keeper)})
    elsewhere = media_references.changed(session, [moved for moved, _ in given.values()])
    now, returned = dict(rows), []
    for one in undo:
        moved, gift = given[one["name"]]
        removed = rows.get(moved.removed)
        if removed is None or removed.deleted_at != instant(one["at"]):
            yield one["name"], "its row was changed"
        elif moved.keeper not in rows:
            yield one["name"], "the record that stayed for it is gone"
        elif moved.removed in elsewhere or not duplicates.has_gift(now[moved.keeper], gift):
            yield one["name"], "what was said of it was changed"
        elif why := _record_back(session, moved.removed, signed):
            yield one["name"], why
        else:
            returned.append(moved)
            now[moved.keeper] = duplicates.without_gift(now[moved.keeper], gift)
            now[moved.removed] = replace(removed, is_primary=gift.is_primary)
    media_references.move_back(session, returned)
    duplicates.save(session, [(rows[id_], record) for id_, record in now.items()])


def _record_back(session: Session, id_: MediaId, signed: Signed) -> str:
    try:
        media.restore(session, media.get(session, id_), by=signed.by)
    except (ConflictError, RefusedError):
        return "another row is about its place by now, or its file was set aside"
    return ""


# snapshots: which file they mean


def refer(session: Session, bench: Bench, actions: Sequence[Mending], signed: Signed) -> Outcome:
    """Note which files pictures of snapshots are."""
    out = Outcome()
    pictures = [Picture(*_key(one), bench.id(one.storage), one.path) for one in actions]
    meant = media_audit.refer(session, pictures)
    for one in actions:
        media_ = meant.get(_key(one))
        if media_:
            out.undo.append({"name": one.name, "subject": one.subject, "media": str(media_)})
        else:
            out.refuse(one, "the file has no row, the snapshot is gone, or it is known by now")
    return out


def _key(one: Mending) -> tuple[int, str]:
    snapshot, which = one.subject.split()
    return int(snapshot), which


def refer_back(session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], signed: Signed) -> Refusals:
    """Let it be unknown again which files are meant."""
    keys = {one["name"]: (int(one["subject"].split()[0]), one["subject"].split()[1]) for one in undo}
    taken_back = media_audit.unrefer(session, {keys[one["name"]]: MediaId(UUID(one["media"])) for one in undo})
    for one in undo:
        if keys[one["name"]] not in taken_back:
            yield one["name"], "it means another file by now"
