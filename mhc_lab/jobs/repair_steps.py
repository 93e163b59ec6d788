"""How a file gets its bytes back, step by step: the good ones are laid beside, the bad ones leave, the good ones move in; and back.

The good bytes lie in the quarantine folder of the bad file's own store, read again, before anything leaves: what follows are renames in
one store, which can be killed anywhere and done again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from mhc_lab.core.errors import IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId, MediaId, RunId, StorageId
from mhc_lab.core.progress import Progress
from mhc_lab.jobs import journal, setting_aside, stores, views
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.stepwise import ACTIONS, REFUSED, Signed
from mhc_lab.services import audit_log, damage, quarantine, storages
from mhc_lab.services.damage import StoredFile
from mhc_lab.services.quarantine import Leaving
from mhc_lab.storage.store import QUARANTINE, Store
from mhc_lab.workbench import Workbench

_BACK = "back"
_MENDED = "mended"
_ASIDE = "aside"

Ill = Literal["missing", "bit rot", "cut off"]


@dataclass(frozen=True, slots=True)
class Mend:
    """One file that gets its bytes back, and what was true of it when the plan was made."""

    media: UUID
    storage: UUID
    place: str
    relative_path: str
    byte_id: str
    ill: Ill
    found: str | None
    """SHA-256 of what lies there now; None: nothing does."""
    found_bytes: int
    good: UUID
    good_place: str

    @property
    def name(self) -> str:
        """Where it lies."""
        return self.place

    @property
    def reason(self) -> str:
        """What is wrong, and what mends it."""
        return f"{self.ill}; its bytes are at {self.good_place}"

    @property
    def group(self) -> str:
        """What is wrong."""
        return self.ill

    @property
    def files(self) -> tuple[UUID, UUID]:
        """The good one, and this one."""
        return self.good, self.media


def reverse(session: Session, steps: Iterable[Step]) -> Iterator[Step]:
    """The steps that undo these, for what was mended by them."""
    return (
        Step(number, {ACTIONS: _mended(step), _BACK: step.before[_ASIDE], _MENDED: step.before[_MENDED]}, {})
        for number, step in enumerate(steps, start=1)
        if step.before[_MENDED]
    )


def _mended(step: Step) -> list[object]:
    """The actions of a step that were done."""
    listed: Any = step.action[ACTIONS]
    done: Any = step.before[_MENDED]
    return [one for one in listed if one["media"] in done]


def _mends(listed: object) -> list[Mend]:
    return TypeAdapter(list[Mend]).validate_python(listed)


def do(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    """Mend, or let it be as it was: the latter when the step says what had left."""
    return _put_back(session, step, signed) if _BACK in step.action else _mend(session, step, signed)


def _mend(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    """Lay the good bytes beside each bad file, and let the bad ones leave."""
    opened, actions = stores.opener(signed.wb, session), _mends(step.action[ACTIONS])
    rows = damage.locked(session, {MediaId(id_) for one in actions for id_ in (one.media, one.good)})
    refused: dict[str, str] = {}
    for one in actions:
        why = _objection(one, rows) or _laid_beside(one, rows, opened, signed.run)
        if why:
            refused[one.name] = f"{one.name}: {why}"
    leaving = [_leaving(one) for one in actions if one.found and one.name not in refused]
    left = setting_aside.leave(session, signed, leaving)
    staying = {one.name for one in leaving} - set(left.ids)
    for one in actions:
        if one.name in staying:
            opened(StorageId(one.storage)).remove(_beside(signed.run, one), expected=ByteId(one.byte_id))
    done = [one for one in actions if one.name not in refused and one.name not in staying]
    if done:
        audit_log.append(
            session, actor=signed.by, action="media.mend", subject=str(signed.run), details={"files": len(done)}
        )
    before = {str(one.media): _problem(rows[MediaId(one.media)]) for one in done}
    ids = {name: str(id_) for name, id_ in left.ids.items()}
    return {_MENDED: before, _ASIDE: ids, REFUSED: [*refused.values(), *left.refused]}


def _problem(row: StoredFile) -> list[str | None]:
    return [row.problem, *(at.isoformat() if at else None for at in (row.problem_at, row.verified_at))]


def _leaving(one: Mend) -> Leaving:
    """The bad bytes have no row: the row is that of the bytes which come in their place."""
    storage, reason = StorageId(one.storage), f"{one.ill}; mended from {one.good_place}"
    return Leaving(one.name, storage, one.relative_path, ByteId(one.found or ""), one.found_bytes, reason)


def _objection(one: Mend, rows: Mapping[MediaId, StoredFile]) -> str:
    """Why a file is not mended any more; empty when the rows still say what the plan says."""
    row, good = rows.get(MediaId(one.media)), rows.get(MediaId(one.good))
    as_planned = (one.storage, one.relative_path, one.byte_id, None)
    if row is None or (row.storage_id, row.relative_path, row.byte_id, row.deleted_at) != as_planned:
        return "its row was changed"
    if row.problem is None:
        return "it was mended already"
    if good is None or good.deleted_at or good.byte_id != one.byte_id or good.id == row.id:
        return "the row of its good copy was changed"
    return ""


def _laid_beside(one: Mend, rows: Mapping[MediaId, StoredFile], opened: stores.Opener, run: RunId) -> str:
    """Why the good bytes are not beside the bad file; empty when they are, read again."""
    store, good = opened(StorageId(one.storage)), rows[MediaId(one.good)]
    if one.found is None and _is_taken(store, one.relative_path):
        return "something is in its place by now"
    try:
        with opened(good.storage_id).read(good.relative_path) as source:
            written_at = rows[MediaId(one.media)].modified_at
            store.put(_beside(run, one), source, expected=ByteId(one.byte_id), written_at=written_at)
    except (OSError, RefusedError, IntegrityError) as failure:
        return f"its good copy at {good.place} cannot be read, or is not good any more ({failure})"
    return ""


def _is_taken(store: Store, path: str) -> bool:
    try:
        store.stat(path)
    except FileNotFoundError:
        return False
    except (OSError, RefusedError):
        return True
    return True


def _beside(run: RunId, one: Mend) -> str:
    """Where good bytes wait until their place is free."""
    return f"{QUARANTINE}/{run}/good copies/{one.media}"


def _put_back(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    """Take the good bytes away again, which are elsewhere, too, and let the bad ones come back."""
    opened, actions, said = stores.opener(signed.wb, session), _mends(step.action[ACTIONS]), step.action
    ids: Any = said[_BACK]
    problems: Any = said[_MENDED]
    setting_aside.hold(session, map(UUID, ids.values()))
    rows = damage.locked(session, {MediaId(id_) for one in actions for id_ in (one.media, one.good)})
    away = {str(file.id): file.quarantine_path for file in quarantine.those(session, map(UUID, ids.values()))}
    refused: list[str] = []
    ready: list[Mend] = []
    for one in actions:
        why = _cleared(one, rows, opened, away.get(ids.get(one.name, "")))
        if why:
            refused.append(f"{one.name}: {why}")
        else:
            ready.append(one)
    refused += setting_aside.come_back(session, signed, [UUID(ids[one.name]) for one in ready if one.name in ids])
    undone = journal.one(session, signed.run).restores
    for one in ready:
        if undone:
            with suppress(OSError, RefusedError, IntegrityError):  # there only when the run was not finished
                opened(StorageId(one.storage)).remove(_beside(undone, one), expected=ByteId(one.byte_id))
        problem, *times = problems[str(one.media)]
        since, verified_at = (datetime.fromisoformat(at) if at else None for at in times)
        damage.note(session, MediaId(one.media), problem, at=since, verified_at=verified_at)
    return {REFUSED: refused}


def _cleared(one: Mend, rows: Mapping[MediaId, StoredFile], opened: stores.Opener, quarantine_path: str | None) -> str:
    """Why what was mended has to stay; empty when its place is free for what was there before, or has it already."""
    row, good, store = rows.get(MediaId(one.media)), rows.get(MediaId(one.good)), opened(StorageId(one.storage))
    found, byte_id, path = ByteId(one.found or ""), ByteId(one.byte_id), one.relative_path
    as_planned = (one.storage, path, byte_id, None)
    if row is None or (row.storage_id, row.relative_path, row.byte_id, row.deleted_at) != as_planned:
        return "its row was changed"
    is_back = bool(found) and setting_aside.has(store, path, found)
    if quarantine_path and not is_back and not setting_aside.has(store, quarantine_path, found):
        return "what was set aside is not there any more"
    if is_back or not _is_taken(store, path):
        return ""
    if not setting_aside.has(store, path, byte_id):
        return "it was changed since"
    if good is None or good.deleted_at or not setting_aside.has(opened(good.storage_id), good.relative_path, byte_id):
        return "it is the last copy of its bytes by now"
    store.remove(path, expected=byte_id)
    return ""


def settle(wb: Workbench, run: RunId, progress: Progress) -> None:
    """Move the bad bytes away and the good ones in, and let rows and views say so; a place that could not be cleared keeps no other."""
    stuck = None
    try:
        setting_aside.settle(wb, run, progress)
    except IntegrityError as failure:
        stuck = failure
    with wb.reader as session:
        is_restore = journal.one(session, run).restores is not None
        done = [] if is_restore else journal.ordinals(session, run, state="done")
        concerned = journal.listed_texts(session, run, ACTIONS, "storage")
        waiting = {file.place for file in quarantine.of_run(session, run, "leaving")}
        opened = stores.opener(wb, session)
        names = {str(storage.id): storage.name for storage in storages.listed(session)}
    for count, ordinal in enumerate(done, start=1):
        _place(wb, run, ordinal, opened, waiting)
        progress(count, len(done), "steps settled")
    views.follow(wb, {names[storage] for storage in concerned})
    if stuck:
        raise stuck


def _place(wb: Workbench, run: RunId, ordinal: int, opened: stores.Opener, waiting: Collection[str]) -> None:
    """Move the good bytes of a step in, where the bad ones left; what could not be placed is told once, with what was refused."""
    with wb.reader as session:
        step = journal.step(session, run, ordinal)
    said: Any = step.before[REFUSED]
    told = [one for one in _mends(_mended(step)) if any(why.startswith(f"{one.name}: ") for why in said)]
    ready = [one for one in _mends(_mended(step)) if one.place not in waiting and one not in told]
    why = {one.name: _why_not_placed(opened(StorageId(one.storage)), run, one) for one in ready}
    with wb.transaction() as session:
        damage.clear(session, [MediaId(one.media) for one in ready if not why[one.name]], at=wb.clock.now())
        if new := [f"{name}: {reason}" for name, reason in why.items() if reason]:
            journal.remember(session, run, step, {**step.before, REFUSED: [*said, *new]})


def _why_not_placed(store: Store, run: RunId, one: Mend) -> str:
    """Why the good bytes are not in their place; empty when they are."""
    byte_id = ByteId(one.byte_id)
    try:
        is_there = setting_aside.moved(store, _beside(run, one), one.relative_path, byte_id)
    except FileExistsError:
        store.remove(_beside(run, one), expected=byte_id)
        return "another file was put in its place"
    return "" if is_there else "what was laid beside it is gone"
