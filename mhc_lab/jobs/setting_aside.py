"""Files leave the library for the quarantine of their store, and come back: the one way in which any job takes bytes away.

:func:`leave` belongs into a step: it reads again what is to stay and what is to go, and says in one transaction what is meant to be.
:func:`settle` lets the bytes follow once all steps are done. :func:`come_back` puts the bytes back before the rows say so. Each of them
can be killed at any instant and done again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId, MediaId, RunId, StorageId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.db.session import undisturbed
from mhc_lab.jobs import journal, leave_checks, stores
from mhc_lab.jobs.leave_checks import Place
from mhc_lab.jobs.stepwise import Signed
from mhc_lab.schema.media import media_locator
from mhc_lab.services import audit_log, media_audit, quarantine
from mhc_lab.services.media_audit import Row
from mhc_lab.services.quarantine import Leaving, QuarantinedFile
from mhc_lab.storage.store import FoundFile, Store
from mhc_lab.workbench import Workbench

_AT_ONCE = 200
"""Files whose bytes move before their rows say so."""
_MOVERS = 4
"""Files that move at once: a disk syncs several as fast as one."""

_NOWHERE = "it is neither in quarantine nor where it lay"
_TAKEN = "something else is in its place by now"
_NAMED = 5
"""Files that a message names."""

Kept = tuple[MediaId, ByteId]
"""A record, and the bytes that it has to have."""


@dataclass(frozen=True, slots=True)
class Left:
    """What :func:`leave` did."""

    ids: Mapping[str, UUID]
    """Of each file that leaves, by its name: hand them to :func:`come_back`."""
    objections: Mapping[str, str]
    """Why a file stays, by its name: it, or its keeper, is not what it should be."""

    @property
    def refused(self) -> tuple[str, ...]:
        """Name and reason of each that stays."""
        return tuple(f"{name}: {why}" for name, why in self.objections.items())

    @property
    def shared(self) -> tuple[str, ...]:
        """Which of these stay because they are the very file that should stay, under another name: only their records can go."""
        return tuple(name for name, why in self.objections.items() if why == leave_checks.SHARED)


def leave(session: Session, signed: Signed, leaving: Sequence[Leaving]) -> Left:
    """Set files aside whose bytes, and whose keeper's bytes, were read now and are what they should be.

    A row of such a file is deleted; the bytes stay where they are until :func:`settle`.
    """
    opened = stores.opener(signed.wb, session)
    rows = media_audit.locked(session, {id_ for one in leaving for id_ in (one.media, one.keeper) if id_})
    objections = leave_checks.objections(session, opened, leaving, rows)
    going = [one for one in leaving if one.name not in objections]
    own = (rows.get(one.media) for one in going if one.media)
    _delete(session, [row.id for row in own if row and row.deleted_at is None], signed.at)
    ids = quarantine.add(session, signed.run, going, at=signed.at)
    if going:
        details = {"files": len(going), "bytes": sum(one.size_bytes for one in going)}
        audit_log.append(session, actor=signed.by, action="media.set_aside", subject=str(signed.run), details=details)
    return Left(ids, objections)


def settle(wb: Workbench, run: RunId, progress: Progress = SILENT) -> None:
    """Move the bytes of what ``run`` set aside and is still to leave, whatever has happened since.

    Views are to show the rows as they are by then, so that no link leads nowhere.

    Raises
    ------
    IntegrityError
        Some could not be moved; all the others were, so that these are told together. Those that vanished, or that another row is about
        by now, are told once.
    """
    with wb.reader as session:
        files = quarantine.of_run(session, run, "leaving")
        kind = journal.one(session, run).kind
    told: list[str] = []
    for start in range(0, len(files), _AT_ONCE):
        some = files[start : start + _AT_ONCE]
        told += undisturbed(partial(_settled, wb, some))
        progress(start + len(some), len(files), "files set aside")
    if told:
        raise IntegrityError(
            f"{display.plural(len(told), 'file')} did not go into quarantine: {'; '.join(told[:_NAMED])}. "
            f"Look at them, then apply again to finish the run, or undo it: mhc {kind} restore {run}"
        )


def _settled(wb: Workbench, files: Sequence[QuarantinedFile]) -> list[str]:
    """Move those of these files that are still to leave, while no place gets a row; place and reason of each that did not go."""
    with wb.transaction() as session:
        quarantine.hold_places(session, {file.storage_id for file in files})
        live = media_audit.live(session, {_lay(file) for file in files})
        leaving = [file for file in quarantine.locked(session, [file.id for file in files]) if file.state == "leaving"]
        staying = {
            file.id: leave_checks.TWIN for file in leaving if leave_checks.is_meant(file.byte_id, live.get(_lay(file)))
        }
        reasons = staying | _all_moved(
            stores.opener(wb, session),
            [(file, file.relative_path, file.quarantine_path) for file in leaving if file.id not in staying],
            unsure={file.id for file in leaving if _lay(file) in live},
        )
        at = wb.clock.now()
        quarantine.change(session, staying, "back", at=at)
        quarantine.change(session, [id_ for id_, why in reasons.items() if not why], "aside", at=at)
        quarantine.change(session, [id_ for id_, why in reasons.items() if why == _NOWHERE], "lost", at=at)
    return [f"{file.place}: {reasons[file.id]}" for file in leaving if reasons[file.id]]


def come_back(session: Session, signed: Signed, ids: Iterable[UUID]) -> tuple[str, ...]:
    """Put files back to where they lay, bytes first, then their rows; place and reason of each that could not be."""
    named = hold(session, ids)
    rows = media_audit.locked(session, {file.media_id for file in named if file.media_id})
    away = [file for file in quarantine.locked(session, [file.id for file in named]) if file.state != "back"]
    live = media_audit.live(session, {_lay(file) for file in away if file.media_id})
    objections = {file.id: why for file in away if (why := _objection_to_return(file, rows, live.get(_lay(file))))}
    coming = [(file, file.quarantine_path, file.relative_path) for file in away if file.id not in objections]
    objections |= {id_: why for id_, why in _all_moved(stores.opener(signed.wb, session), coming).items() if why}
    back = [file for file in away if file.id not in objections]
    _revive(session, [file.media_id for file in back if _was_deleted_then(file, rows)])
    refused = [f"{file.storage}:{file.relative_path}: {objections[file.id]}" for file in away if file.id in objections]
    quarantine.change(session, [file.id for file in back], "back", at=signed.at)
    if back:
        audit_log.append(
            session, actor=signed.by, action="media.come_back", subject=str(signed.run), details={"files": len(back)}
        )
    return tuple(refused)


def hold(session: Session, ids: Iterable[UUID]) -> list[QuarantinedFile]:
    """These files, which nobody else moves until the transaction ends; who locks rows and lets them come back asks for it before."""
    files = quarantine.those(session, ids)
    quarantine.hold_places(session, {file.storage_id for file in files})
    return files


def kept(wb: Workbench, session: Session, wanted: Collection[Kept]) -> set[Kept]:
    """Which of these records are live and have these bytes, read now; the records stay so until the transaction ends."""
    opened = stores.opener(wb, session)
    rows = media_audit.locked(session, {id_ for id_, _ in wanted})
    live = {id_: (row.storage_id, row.relative_path) for id_, row in rows.items() if row.deleted_at is None}
    read = leave_checks.read(opened, set(live.values()))
    return {
        (id_, byte_id)
        for id_, byte_id in wanted
        if id_ in live and read.get(live[id_], leave_checks.NOTHING)[1] == byte_id
    }


def staying(session: Session, store: Store, storage: StorageId, files: Iterable[FoundFile]) -> set[str]:
    """The paths of those files that nobody has set aside since they were read; they stay, and can get rows, until the transaction ends."""
    quarantine.hold_files(session, storage)
    found = {file.relative_path: file for file in files}
    left = quarantine.left(session, storage, found)
    gone = {
        path for path, states in left.items() if "leaving" in states or leave_checks.stat(store, path) != found[path]
    }
    return found.keys() - gone


# what rows say


def _lay(file: QuarantinedFile) -> Place:
    return file.storage_id, file.relative_path


def _delete(session: Session, ids: Sequence[MediaId], at: datetime) -> None:
    gone = media_locator.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))
    session.execute(sa.update(media_locator).where(gone).values(deleted_at=at))


# how bytes move


def moved(store: Store, path: str, to: str, byte_id: ByteId) -> bool:
    """Whether these bytes are at ``to`` now and no more at ``path``, whatever a killed move left."""
    try:
        store.move(path, to)
    except FileNotFoundError:
        return has(store, to, byte_id)
    except FileExistsError:
        if not has(store, to, byte_id):
            raise
        with suppress(IntegrityError):  # somebody wrote to the old place since
            store.remove(path, expected=byte_id)  # a bucket copies first
    return True


def has(store: Store, path: str, byte_id: ByteId) -> bool:
    """Whether a file with these bytes, read now, is at ``path``."""
    try:
        return next(store.digests([store.stat(path)])) == byte_id
    except (OSError, RefusedError):
        return False


_Move = tuple[QuarantinedFile, str, str]
"""A file, where it is, and where it goes."""


def _all_moved(opened: stores.Opener, moves: Sequence[_Move], unsure: Collection[UUID] = ()) -> dict[UUID, str]:
    """Of each file why it is not in its new place; empty when it is. Of those that are ``unsure`` the bytes are compared before."""

    def one(move: _Move) -> str:
        file, path, to = move
        store = opened(file.storage_id)
        try:
            if file.id in unsure and not has(store, path, file.byte_id):
                return "" if has(store, to, file.byte_id) else _NOWHERE
            return "" if moved(store, path, to, file.byte_id) else _NOWHERE
        except FileExistsError:
            return _TAKEN
        except (OSError, RefusedError, IntegrityError, ConfigurationError) as failure:
            return "" if has(store, to, file.byte_id) else str(failure)  # a store that is offline fails here again

    for file, *_ in moves:
        opened(file.storage_id)  # here, because a session is no thread's but ours
    with ThreadPoolExecutor(_MOVERS) as movers:
        return {file.id: why for (file, *_), why in zip(moves, movers.map(one, moves), strict=True)}


def _objection_to_return(file: QuarantinedFile, rows: Mapping[MediaId, Row], live: Row | None) -> str:
    """Why a file cannot be put back; empty when nothing speaks against it. ``live`` is about its place now."""
    if file.state in {"purging", "purged"}:
        return "it was purged"
    if live and live.id != file.media_id:
        return _TAKEN
    row = rows.get(file.media_id) if file.media_id else None
    is_elsewhere = row and (row.storage_id, row.relative_path) != (file.storage_id, file.relative_path)
    return "its row was changed" if is_elsewhere else ""


def _was_deleted_then(file: QuarantinedFile, rows: Mapping[MediaId, Row]) -> bool:
    """Whether its row was deleted when it left: one that was deleted before stays deleted."""
    row = rows.get(file.media_id) if file.media_id else None
    return row is not None and row.deleted_at == file.set_aside_at


def _revive(session: Session, ids: Sequence[MediaId | None]) -> None:
    those = media_locator.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))
    session.execute(sa.update(media_locator).where(those).values(deleted_at=None))
