"""Free the space of what was set aside long ago: for good, and only where a file with the same bytes stays.

That file is read again when a step marks what may go, and once more right before the bytes are removed: in between, a disk may fail, or a
killed run be taken up days later. What has no such file stays in quarantine, however old it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.ids import MediaId, RunId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.db.session import undisturbed
from mhc_lab.jobs import journal, setting_aside, stepwise, stores
from mhc_lab.jobs.baseline import GATE_WITHOUT_UNDO
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.plan import Approved, Plan, Receipt
from mhc_lab.jobs.setting_aside import Kept
from mhc_lab.jobs.stepwise import Job, Signed
from mhc_lab.services import audit_log, damage, media, quarantine
from mhc_lab.services.media import MediaFile
from mhc_lab.services.quarantine import QuarantinedFile
from mhc_lab.workbench import Workbench

KIND = "purge"
OLDER_THAN_DAYS = 30
STEP_ACTIONS = 500
"""Files that are marked in one transaction."""
_LOST = "the file that should stay for it is not there with the same bytes"


@dataclass(frozen=True, slots=True)
class Freeing:
    """One file to remove for good, and the one that stays for it."""

    quarantined: UUID
    place: str
    byte_id: str
    size_bytes: int
    set_aside_at: datetime
    keeper: UUID
    keeper_place: str

    @property
    def name(self) -> str:
        """The first digits of its id in quarantine, and where it lay."""
        return _name(self.quarantined, self.place)

    @property
    def reason(self) -> str:
        """Since when nobody missed it, and what has the same bytes."""
        return f"set aside on {self.set_aside_at:%Y-%m-%d}; {self.keeper_place} has the same bytes"


@dataclass(frozen=True, slots=True)
class Staying:
    """One file that is old enough and cannot be purged."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class PurgePlan(Plan):
    """What to remove for good."""

    kind: ClassVar[str] = KIND
    actions: tuple[Freeing, ...]
    older_than_days: int
    staying: tuple[Staying, ...]

    @property
    def reclaimable_bytes(self) -> int:
        """How much becomes free."""
        return sum(action.size_bytes for action in self.actions)

    def __str__(self) -> str:
        files = display.plural(len(self.actions), "file")
        size = display.bytes_text(self.reclaimable_bytes)
        days = display.plural(self.older_than_days, "day")
        return (
            f"Remove {files} for good, {size}, set aside more than {days} ago; {len(self.staying):,} cannot be purged"
        )

    def words(self) -> str:
        """The plan, and below it what stays in quarantine and why."""
        return "\n".join([Plan.words(self), *(f"  stays: {one.place}: {one.why}" for one in self.staying)])

    def _repr_html_(self) -> str:
        import polars as pl

        rows = [(one.place, one.keeper_place, one.set_aside_at, one.size_bytes) for one in self.actions]
        frame = pl.DataFrame(rows, schema=["lay at", "same bytes", "set aside", "bytes"], orient="row")
        staying = pl.DataFrame([(one.place, one.why) for one in self.staying], schema=["lay at", "why"], orient="row")
        return display.table(frame, caption=str(self)) + display.table(staying, caption="Cannot be purged")


def plan_purge(wb: Workbench, *, older_than_days: int = OLDER_THAN_DAYS) -> PurgePlan:
    """A plan that frees what was set aside more than ``older_than_days`` ago and is still here elsewhere; nothing is changed."""
    if older_than_days < 0:
        raise RefusedError("Give a number of days that is not negative.", rule="age of what is purged")
    now = wb.clock.now()
    with wb.reader as session:
        files = [
            file
            for file in quarantine.in_state(session, "aside")
            if file.set_aside_at <= now - timedelta(days=older_than_days)
        ]
        keepers = media.those(session, {file.keeper_id for file in files if file.keeper_id})
        ill = {file.id for file in damage.found(session)}
    why = {file.id: _objection(file, keepers.get(file.keeper_id) if file.keeper_id else None, ill) for file in files}
    actions = tuple(_freeing(file, keepers[file.keeper_id]) for file in files if not why[file.id] and file.keeper_id)
    staying = tuple(Staying(file.place, why[file.id]) for file in files if why[file.id])
    return PurgePlan(now, actions, older_than_days, staying)


def apply_purge(wb: Workbench, plan: Approved[PurgePlan], *, progress: Progress = SILENT) -> Receipt:
    """Remove what the plan names; see :func:`mhc_lab.jobs.stepwise.apply`. There is no way back."""
    return stepwise.apply(wb, PURGE, plan, progress=progress)


def _objection(file: QuarantinedFile, keeper: MediaFile | None, ill: Set[MediaId]) -> str:
    """Why a file has to stay in quarantine, as far as rows tell; empty when it may go."""
    if keeper is None:
        return "nothing with the same bytes stays for it"
    if keeper.is_deleted or keeper.byte_id != file.byte_id:
        return f"{keeper.storage}:{keeper.relative_path}, which should stay for it, was deleted or replaced"
    if keeper.id in ill:
        where = f"{keeper.storage}:{keeper.relative_path}"
        return f"{where}, which should stay for it, is missing or damaged: `mhc quarantine restore {str(file.id)[:8]}`"
    if not keeper.is_storage_active:
        return f"{keeper.storage}, where the file lies that should stay for it, is not in use"
    return ""


def _freeing(file: QuarantinedFile, keeper: MediaFile) -> Freeing:
    return Freeing(
        file.id,
        file.place,
        file.byte_id,
        file.size_bytes,
        file.set_aside_at,
        keeper.id,
        f"{keeper.storage}:{keeper.relative_path}",
    )


def _name(quarantined: UUID, place: str) -> str:
    return f"{str(quarantined)[:8]} {place}"


_ACTIONS, _IDS, _TEXTS = TypeAdapter(list[Freeing]), TypeAdapter(list[UUID]), TypeAdapter(list[str])


def _steps(_: Session, plan: PurgePlan) -> Iterator[Step]:
    """Each action is checked when it is done: one that is stale does not keep the others."""
    shares = (plan.actions[start : start + STEP_ACTIONS] for start in range(0, len(plan.actions), STEP_ACTIONS))
    return (
        Step(number, {stepwise.ACTIONS: _ACTIONS.dump_python(list(share), mode="json")}, {})
        for number, share in enumerate(shares, start=1)
    )


def _do(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    """Mark what may go, now that the files that stay were read again; the bytes follow in :func:`_settle`."""
    actions = _ACTIONS.validate_python(step.action[stepwise.ACTIONS])
    ids = [one.quarantined for one in actions]
    kept = _kept(signed.wb, session, quarantine.those(session, ids))
    files = {file.id: file for file in quarantine.locked(session, ids)}
    refused = {one.name: why for one in actions if (why := _stale(one, files.get(one.quarantined), kept))}
    going = [one for one in actions if one.name not in refused]
    quarantine.change(session, [one.quarantined for one in going], "purging", at=signed.at)
    if going:
        details = {"files": len(going), "bytes": sum(one.size_bytes for one in going)}
        audit_log.append(session, actor=signed.by, action="media.purge", subject=str(signed.run), details=details)
    return {
        "purging": [str(one.quarantined) for one in going],
        stepwise.REFUSED: [f"{name}: {why}" for name, why in refused.items()],
    }


def _stale(action: Freeing, file: QuarantinedFile | None, kept: set[Kept]) -> str:
    """Why a file stays in quarantine; empty when it may go."""
    if file is None or file.state != "aside" or file.byte_id != action.byte_id:
        return "it is not in quarantine any more"
    if file.keeper_id != action.keeper:
        return "another file stays for it by now"
    if (file.keeper_id, file.byte_id) not in kept:
        return _LOST
    return ""


def _kept(wb: Workbench, session: Session, files: Sequence[QuarantinedFile]) -> set[Kept]:
    """What should stay for these files and is there with the same bytes, read now. It is locked before they are."""
    return setting_aside.kept(wb, session, {(file.keeper_id, file.byte_id) for file in files if file.keeper_id})


def _settle(wb: Workbench, run: RunId, progress: Progress = SILENT) -> None:
    """Remove the bytes of what the steps marked; what has to stay after all is told with what was refused."""
    with wb.reader as session:
        done = journal.ordinals(session, run, state="done")
    for count, ordinal in enumerate(done, start=1):
        undisturbed(partial(_free, wb, run, ordinal))
        progress(count, len(done), "steps freed")


def _free(wb: Workbench, run: RunId, ordinal: int) -> None:
    with wb.transaction() as session:
        step = journal.step(session, run, ordinal)
        staying = _remove(wb, session, _IDS.validate_python(step.before["purging"]))
        if staying:
            refused = [*_TEXTS.validate_python(step.before[stepwise.REFUSED]), *staying]
            journal.remember(session, run, step, {**step.before, stepwise.REFUSED: refused})


def _remove(wb: Workbench, session: Session, ids: Sequence[UUID]) -> list[str]:
    """Remove these files while nobody can take their keepers away; name and reason of each that stays."""
    kept, opened = _kept(wb, session, _marked(quarantine.those(session, ids))), stores.opener(wb, session)
    marked = _marked(quarantine.locked(session, ids))
    tried = {file.id: _removed(opened, file) if (file.keeper_id, file.byte_id) in kept else _LOST for file in marked}
    staying = {id_: why for id_, why in tried.items() if why}
    at = wb.clock.now()
    quarantine.change(session, [file.id for file in marked if file.id not in staying], "purged", at=at)
    quarantine.change(session, staying, "aside", at=at)
    return [f"{_name(file.id, file.place)}: {staying[file.id]}" for file in marked if file.id in staying]


def _marked(files: Sequence[QuarantinedFile]) -> list[QuarantinedFile]:
    return [file for file in files if file.state == "purging"]


def _removed(opened: stores.Opener, file: QuarantinedFile) -> str:
    """Why the file could not be removed; empty when it is gone, by us now or before we were killed."""
    store = opened(file.storage_id)
    try:
        store.remove(file.quarantine_path, expected=file.byte_id)
    except FileNotFoundError:
        pass
    except IntegrityError:
        return "it has other bytes by now"
    except (OSError, RefusedError, ConfigurationError) as failure:
        setting_aside.has(store, file.quarantine_path, file.byte_id)  # a store that is offline fails here again
        return str(failure)
    return ""


def _title(count: int, _: bool) -> str:  # noqa: FBT001 - called by position
    return f"{display.plural(count, 'file')} removed for good"


PURGE = Job(KIND, "steps", _steps, None, _do, _title, settle=_settle, gate=GATE_WITHOUT_UNDO)
