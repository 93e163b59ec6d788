"""Files that get rows, go where they belong, or leave the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from mhc_lab.core.ids import ByteId, MediaId, PersonId
from mhc_lab.jobs import setting_aside
from mhc_lab.jobs.mending import Bench, Mending, Outcome, Place, Refusals, by_storage, said
from mhc_lab.jobs.stepwise import Signed
from mhc_lab.services import media_audit
from mhc_lab.services.media_audit import NewRow, Row
from mhc_lab.services.quarantine import Leaving
from mhc_lab.storage.store import FoundFile, Store


def register(session: Session, bench: Bench, actions: Sequence[Mending], signed: Signed) -> Outcome:
    """Rows for files that can be read as they were listed."""
    listed = {one.name: file for one in actions if (file := bench.listed(one))}
    read = bench.read(by_storage((one.storage, listed[one.name]) for one in actions if one.name in listed))
    found = {
        one.name: (listed[one.name], digest) for one in actions if (digest := read.get(Place(one.storage, one.path)))
    }
    return _rows_for(session, bench, actions, found, signed)


def _rows_for(
    session: Session,
    bench: Bench,
    actions: Sequence[Mending],
    found: Mapping[str, tuple[FoundFile, ByteId]],
    signed: Signed,
) -> Outcome:
    """Rows for these files; ``found`` says by name what lies there, where it will stay, and which bytes it has."""
    out = Outcome()
    new = by_storage(
        (one.storage, NewRow(*found[one.name], PersonId(UUID(one.person)))) for one in actions if one.name in found
    )
    ids = {}
    for storage in sorted(new, key=bench.id):  # as whoever moves files takes turns
        id_, files = bench.id(storage), new[storage]
        staying = setting_aside.staying(session, bench.store(storage), id_, [file.found for file in files])
        theirs = [file for file in files if file.found.relative_path in staying]
        for path, media in media_audit.register(session, id_, theirs, at=signed.at).items():
            ids[Place(storage, path)] = media
    for one in actions:
        row = ids.get(Place(one.storage, found[one.name][0].relative_path)) if one.name in found else None
        if row:
            digest = found[one.name][1]
            out.undo.append(said(one) | {"row": str(row), "digest": digest})
        elif one.name in found:
            out.refuse(one, "it has a row by now, is being set aside, or its person is gone")
        else:
            out.refuse(one, "it was changed since, or cannot be read")
    return out


def register_back(session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], signed: Signed) -> Refusals:
    """Let rows go that nobody has used."""
    gone = media_audit.forget(session, [MediaId(UUID(one["row"])) for one in undo])
    for one in undo:
        if UUID(one["row"]) not in gone:
            yield one["name"], "its row is used by now"


def move(session: Session, bench: Bench, actions: Sequence[Mending], signed: Signed) -> Outcome:
    """Files go where they belong and get rows there; one that a kill left there already is known by its size."""
    found = {}
    for one in actions:
        store, file = bench.store(one.storage), bench.listed(one)
        digest = (next(store.digests([file])) if file else None) or _arrived(bench, one)
        is_free = not media_audit.at(session, bench.id(one.storage), [one.to_path])
        if digest and is_free and _went(store, one.path, one.to_path, digest):
            found[one.name] = (store.stat(one.to_path), digest)
    return _rows_for(session, bench, actions, found, signed)


def _arrived(bench: Bench, action: Mending) -> ByteId | None:
    """Which bytes lie where the file belongs, when they can be its own, and it is not in its old place any more."""
    file = bench.stat(Place(action.storage, action.to_path))
    if file is None or file.size_bytes != action.size_bytes or bench.stat(Place(action.storage, action.path)):
        return None
    return next(bench.store(action.storage).digests([file]))


def _went(store: Store, path: str, to: str, digest: ByteId) -> bool:
    try:
        return setting_aside.moved(store, path, to, digest)
    except FileExistsError:
        return False


def move_back(session: Session, bench: Bench, undo: Sequence[Mapping[str, Any]], signed: Signed) -> Refusals:
    """Let files go back, and their rows go, when nobody has used these."""
    for one in undo:
        with session.begin_nested() as nested:
            if not media_audit.forget(session, [MediaId(UUID(one["row"]))]):
                yield one["name"], "its row is used by now"
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
            out.refuse(
                one, "what it is a copy of has no row" if one.to_path else "it was changed since, or cannot be read"
            )
            continue
        own = MediaId(UUID(one.subject)) if one.kind == "row" else None
        place = (bench.id(one.storage), one.path, digest, one.size_bytes)
        leaving.append(Leaving(one.name, *place, one.found, own, keeper, is_deleted=own is not None))
    left = setting_aside.leave(session, signed, leaving)
    out.refused += left.refused
    storages = {one.name: one.storage for one in actions}
    out.undo += [{"name": name, "storage": storages[name], "aside": str(id_)} for name, id_ in left.ids.items()]
    return out


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
