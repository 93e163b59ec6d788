"""Files that get rows, go where they belong, or leave the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import ByteId, MediaId, PersonId
from mhc_lab.jobs import mending_rows, setting_aside
from mhc_lab.jobs.mending import Bench, Mending, Outcome, Place, Refusals, by_storage, flagged, said
from mhc_lab.jobs.stepwise import Signed
from mhc_lab.services import media_audit
from mhc_lab.services.media_audit import Made, NewRow, Row
from mhc_lab.services.quarantine import Leaving
from mhc_lab.storage.store import FoundFile, Store

_CHANGED = "it was changed since, or cannot be read"
_HAS_ROW = "there is a row for it, or for its place, by now"
_ASIDE = "it was set aside meanwhile"

_Found = Mapping[Mending, tuple[FoundFile, ByteId]]
"""What lies there, where it will stay, and which bytes it has."""


def register(session: Session, bench: Bench, actions: Sequence[Mending], signed: Signed) -> Outcome:
    """Rows for files that can be read as they were listed."""
    out = Outcome()
    listed = {one: bench.listed(one) for one in _of_those_there(session, bench, actions, out)}
    read = bench.read(by_storage((one.storage, file) for one, file in listed.items() if file))
    found = {}
    for one, file in listed.items():
        if file and (digest := read.get(Place(one.storage, one.path))):
            found[one] = (file, digest)
        else:
            out.refuse(one, _CHANGED)
    return _with_rows(session, bench, found, signed, out)


def _of_those_there(session: Session, bench: Bench, actions: Sequence[Mending], out: Outcome) -> list[Mending]:
    """Actions whose persons are there, and stay until the transaction ends; until then no file leaves or comes back."""
    bench.hold(session, (one.storage for one in actions))
    there = media_audit.those_there(session, (PersonId(UUID(one.person)) for one in actions))
    for one in actions:
        if UUID(one.person) not in there:
            out.refuse(one, "its person is gone")
    return [one for one in actions if UUID(one.person) in there]


def _with_rows(session: Session, bench: Bench, found: _Found, signed: Signed, out: Outcome) -> Outcome:
    """These files with a row each: one of its person with its bytes that has lost its file, or else a new one."""
    found = _staying(session, bench, found, out)
    led = _led(session, bench, found)
    new = by_storage(
        (one.storage, NewRow(*file, PersonId(UUID(one.person)))) for one, file in found.items() if one not in led
    )
    ids = {
        Place(storage, path): media
        for storage, files in new.items()
        for path, media in media_audit.register(session, bench.id(storage), files, at=signed.at).items()
    }
    for one, (file, digest) in found.items():
        row = ids.get(Place(one.storage, file.relative_path))
        if one in led:
            out.undo.append(said(one) | {"digest": digest, "led": led[one]})
        elif row:
            out.undo.append(said(one) | {"digest": digest, "row": str(row)})
        else:
            out.refuse(one, _HAS_ROW)
    return out


def _staying(session: Session, bench: Bench, found: _Found, out: Outcome) -> _Found:
    """Those of these files that nobody has set aside since they were read."""
    files = by_storage((one.storage, file) for one, (file, _) in found.items())
    stay = {
        Place(storage, path)
        for storage, some in files.items()
        for path in setting_aside.staying(session, bench.store(storage), bench.id(storage), some)
    }
    gone = [one for one, (file, _) in found.items() if Place(one.storage, file.relative_path) not in stay]
    for one in gone:
        out.refuse(one, _ASIDE)
    return {one: what for one, what in found.items() if one not in gone}


def _led(session: Session, bench: Bench, found: _Found) -> dict[Mending, dict[str, Any]]:
    """Rows that have lost these files say where they are now; what leads each of them back."""
    lost = media_audit.lost(session, (digest for _, digest in found.values()))
    led = {}
    for one, (file, digest) in found.items():
        here = Place(one.storage, file.relative_path)
        rows = lost.get((digest, PersonId(UUID(one.person))), [])
        old = {row: place for row in rows if (place := bench.place(row.storage_id, row.relative_path))}
        wanted = (row for row, place in old.items() if place == here or bench.has_lost(place))
        row = min(wanted, key=lambda row: old[row] != here, default=None)
        if row and media_audit.point(session, row.id, bench.id(one.storage), file.relative_path):
            rows.remove(row)
            was, now = old[row], {"to_storage": one.storage, "to_path": file.relative_path}
            led[one] = {"name": one.name, "subject": str(row.id), **was._asdict(), **now, **flagged(row)}
    return led


def register_back(session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], signed: Signed) -> Refusals:
    """Let rows that were made go when nobody has used them, and others say again what they said."""
    return _without_rows(session, bench, undo, "path", signed)


def _without_rows(
    session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], where: str, signed: Signed
) -> Refusals:
    """Let files have no rows any more; ``where`` names what says where each lies."""
    yield from mending_rows.point_back(session, bench, [one["led"] for one in undo if "led" in one], signed)
    made = {
        one["name"]: Made(MediaId(UUID(one["row"])), bench.id(one["storage"]), one[where], ByteId(one["digest"]))
        for one in undo
        if "row" in one
    }
    gone = media_audit.forget(session, list(made.values()))
    yield from ((name, "its row is used by now") for name, one in made.items() if one.id not in gone)


def move(session: Session, bench: Bench, actions: Sequence[Mending], signed: Signed) -> Outcome:
    """Files go where they belong and get rows there; one that a kill left there already is known by its size."""
    out, found = Outcome(), {}
    listed = {one: bench.listed(one) for one in _of_those_there(session, bench, actions, out)}
    read = bench.read(by_storage((one.storage, file) for one, file in listed.items() if file))
    for one, file in listed.items():
        store, digest = bench.store(one.storage), read.get(Place(one.storage, one.path)) or _arrived(bench, one)
        rows = media_audit.at(session, bench.id(one.storage), [one.path, one.to_path])
        if not digest:
            out.refuse(one, _CHANGED)
        elif file and not setting_aside.staying(session, store, bench.id(one.storage), [file]):
            out.refuse(one, _ASIDE)
        elif any(not _waits(row, one, digest) for row in rows.values()):
            out.refuse(one, _HAS_ROW)
        elif not _went(store, one.path, one.to_path, digest):
            out.refuse(one, "its place is taken, or no file can be there")
        else:
            found[one] = (store.stat(one.to_path), digest)
    return _with_rows(session, bench, found, signed, out)


def _waits(row: Row, one: Mending, digest: ByteId) -> bool:
    """Whether a row has lost this very file, and says that it is where it goes."""
    said = (row.relative_path, row.problem, row.byte_id, row.person_id)
    return said == (one.to_path, "missing", digest, UUID(one.person))


def _arrived(bench: Bench, action: Mending) -> ByteId | None:
    """Which bytes lie where the file belongs, when they can be its own, and it is not in its old place any more."""
    file = bench.stat(Place(action.storage, action.to_path))
    if file is None or file.size_bytes != action.size_bytes or bench.stat(Place(action.storage, action.path)):
        return None
    return next(bench.store(action.storage).digests([file]))


def _went(store: Store, path: str, to: str, digest: ByteId) -> bool:
    try:
        return setting_aside.moved(store, path, to, digest)
    except (FileExistsError, RefusedError):
        return False


def move_back(session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], signed: Signed) -> Refusals:
    """Let files go back, and their rows go, when nobody has used these."""
    for one in undo:
        with session.begin_nested() as nested:
            if refused := list(_without_rows(session, bench, [one], "to_path", signed)):
                yield from refused
            elif not _went(bench.store(one["storage"]), one["to_path"], one["path"], ByteId(one["digest"])):
                nested.rollback()
                yield one["name"], "its file is gone, or its old place is taken"


def quarantine(session: Session, bench: Bench, actions: Sequence[Mending], signed: Signed) -> Outcome:
    """Files leave, each for one with the same bytes where there is one."""
    copied = by_storage((one.storage, one.to_path) for one in actions if one.found == "link_copy")
    kept = {
        Place(storage, path): row
        for storage, paths in copied.items()
        for path, row in media_audit.at(session, bench.id(storage), paths).items()
    }
    strange = [one for one in actions if one.kind == "file" and one.found != "link_copy"]
    read = bench.read(by_storage((one.storage, file) for one in strange if (file := bench.listed(one))))
    same = media_audit.with_bytes(session, read.values())
    out, leaving = Outcome(), []
    for one in actions:
        stays = kept.get(Place(one.storage, one.to_path))
        digest, keeper = _goes(one, stays, read.get(Place(one.storage, one.path)), same)
        if digest is None:
            out.refuse(one, "what it is a copy of has no row" if one.to_path else _CHANGED)
            continue
        own = MediaId(UUID(one.subject)) if one.kind == "row" else None
        place = (bench.id(one.storage), one.path, digest, one.size_bytes)
        leaving.append(Leaving(one.name, *place, one.found, own, keeper, is_deleted=own is not None))
    left = setting_aside.leave(session, signed, leaving)
    out.refused += left.refused
    _know(session, bench, [one for one in leaving if one.name in left.objections])
    storages = {one.name: one.storage for one in actions}
    out.undo += [{"name": name, "storage": storages[name], "aside": str(id_)} for name, id_ in left.ids.items()]
    return out


def _know(session: Session, bench: Bench, stay: Sequence[Leaving]) -> None:
    """Read files that had to stay, and their keepers: the next plan knows that they are not what this one took them for."""
    keepers = media_audit.locked(session, [one.keeper for one in stay if one.keeper])
    lie = [(one.storage, one.relative_path) for one in stay]
    lie += [(row.storage_id, row.relative_path) for row in keepers.values()]
    bench.read_places(place for one in lie if (place := bench.place(*one)))


def _goes(
    one: Mending, stays: Row | None, read: ByteId | None, same: Mapping[ByteId, Sequence[Row]]
) -> tuple[ByteId | None, MediaId | None]:
    """Which bytes a file has to have to leave, and the row that stays for it; no bytes: it has to stay."""
    if one.kind == "row":
        return ByteId(one.byte_id), MediaId(UUID(one.other)) if one.other else None
    if one.found == "link_copy":
        return (stays.byte_id, stays.id) if stays else (None, None)
    return read, next((row.id for row in same.get(read, ())), None) if read else None


def quarantine_back(session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], signed: Signed) -> Refusals:
    """Let files come back."""
    for told in setting_aside.come_back(session, signed, [UUID(one["aside"]) for one in undo]):
        name, _, why = told.rpartition(": ")
        yield name, why
