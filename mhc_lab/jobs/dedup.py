"""Set redundant copies aside: of files with the same bytes one stays, and what was said of the others is said of it.

The record that most refers to stays, or else the oldest. Before a copy leaves, both are read again and compared; two records of one file
are told by where its bytes lie, and then only a record goes. A restore brings bytes, records, marks and references back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import ClassVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError, RefusedError
from mhc_lab.core.ids import MediaId, RunId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import journal, setting_aside, stepwise, views
from mhc_lab.jobs.baseline import GATE, GATE_ACROSS_PERSONS
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.plan import Approved, Plan, Receipt
from mhc_lab.jobs.stepwise import Job, Signed
from mhc_lab.services import duplicates, media, media_references, quarantine
from mhc_lab.services.duplicates import Copy, Gift, Record
from mhc_lab.services.media_references import Keys, Moved
from mhc_lab.services.quarantine import Leaving
from mhc_lab.workbench import Workbench

KIND = "dedup"
STEP_ACTIONS = 500
"""Copies that are set aside in one transaction; those of one keeper are never divided."""


@dataclass(frozen=True, slots=True)
class Redundancy:
    """One redundant copy, and the one that stays for it."""

    media: UUID
    place: str
    byte_id: str
    size_bytes: int
    keeper: UUID
    keeper_place: str
    why_keeper: str

    @property
    def is_on_another_storage(self) -> bool:
        """Whether the file that stays lies on another storage."""
        return self.place.partition(":")[0] != self.keeper_place.partition(":")[0]

    @property
    def name(self) -> str:
        """The first digits of its id, and where it lies."""
        return f"{str(self.media)[:8]} {self.place}"

    @property
    def reason(self) -> str:
        """Which copy stays, and why that one."""
        return f"same bytes as {self.keeper_place}, which stays because {self.why_keeper}"

    @property
    def files(self) -> tuple[UUID, UUID]:
        """The one that stays, and this one."""
        return self.keeper, self.media


@dataclass(frozen=True, slots=True)
class DedupPlan(Plan):
    """Which copies go."""

    kind: ClassVar[str] = KIND
    actions: tuple[Redundancy, ...]
    across_persons: bool

    @property
    def reclaimable_bytes(self) -> int:
        """What these copies take."""
        return sum(action.size_bytes for action in self.actions)

    def __str__(self) -> str:
        keepers = len({action.keeper for action in self.actions})
        copies = display.plural(len(self.actions), "redundant copy", "redundant copies")
        whose = "across persons" if self.across_persons else "within each person"
        said = f"Set aside {copies} of {display.plural(keepers, 'file')}, {whose}: {display.bytes_text(self.reclaimable_bytes)}"
        elsewhere = sum(action.is_on_another_storage for action in self.actions)
        return (
            f"{said}. {elsewhere:,} of them on another storage than the file that stays: is that a backup?"
            if elsewhere
            else said
        )

    def _repr_html_(self) -> str:
        import polars as pl

        rows = [(one.place, one.keeper_place, one.why_keeper, one.size_bytes) for one in self.actions]
        frame = pl.DataFrame(rows, schema=["redundant copy", "keeper", "stays because", "bytes"], orient="row")
        return display.table(frame, caption=str(self))


@dataclass(frozen=True, slots=True)
class Gone:
    """A copy that was set aside, and all that it takes to undo that."""

    media: MediaId
    keeper: MediaId
    place: str
    aside: UUID | None
    """Where it is told in quarantine; None: its record went, and the file it shares with its keeper stays."""
    gift: Gift
    keys: Keys


_REDUNDANT, _GONE = TypeAdapter(list[Redundancy]), TypeAdapter(list[Gone])


def plan_dedup(wb: Workbench, *, across_persons: bool = False, progress: Progress = SILENT) -> DedupPlan:
    """A plan that leaves one copy of each file, within each person or ``across_persons``; nothing is changed.

    Files of nobody known are compared ``across_persons`` only: whose they are, nobody has said.
    """
    with wb.reader as session:
        groups = duplicates.copies(session, across_persons=across_persons)
    progress(len(groups), len(groups), "files with copies")
    actions = tuple(action for group in groups for action in _redundancies(group))
    return DedupPlan(wb.clock.now(), actions, across_persons)


def apply_dedup(wb: Workbench, plan: Approved[DedupPlan], *, progress: Progress = SILENT) -> Receipt:
    """Set aside what the plan names and is still as it says; see :func:`mhc_lab.jobs.stepwise.apply`."""
    return stepwise.apply(wb, DEDUP, plan, progress=progress)


def restore(wb: Workbench, receipt: Receipt, *, progress: Progress = SILENT) -> Receipt:
    """Bring every copy back that nobody has changed since; see :func:`mhc_lab.jobs.stepwise.restore`."""
    return stepwise.restore(wb, DEDUP, receipt, progress=progress)


def _redundancies(group: Sequence[Copy]) -> Iterator[Redundancy]:
    keeper, *others = group
    why = _why(keeper, others)
    for one in others:
        yield Redundancy(one.id, one.place, one.byte_id, one.size_bytes, keeper.id, keeper.place, why)


def _why(keeper: Copy, others: Sequence[Copy]) -> str:
    """In words, what puts the keeper before the others."""
    second = others[0]
    count = keeper.reference_count
    if keeper.person_id and not second.person_id:
        return f"it is {keeper.username}'s, and nobody knows whose the others are"
    if count > second.reference_count:
        return f"it has the most references ({count:,})"
    alike = f"it has as many references as another ({count:,}) and " if count else "it "
    if keeper.created_at < second.created_at:
        return f"{alike}is the oldest (registered on {keeper.created_at:%Y-%m-%d})"
    if keeper.modified_at and (second.modified_at is None or keeper.modified_at < second.modified_at):
        return f"{alike}was registered together with another but written first (on {keeper.modified_at:%Y-%m-%d})"
    return f"{alike}is as old as another and comes first by its path"


# forward


def _steps(session: Session, plan: DedupPlan) -> Iterator[Step]:
    """Steps of whole groups. Each action is checked when it is done: one that is stale does not keep the others."""
    going = [action.media for action in plan.actions]
    if len(set(going)) < len(going) or {action.keeper for action in plan.actions} & set(going):
        raise RefusedError(
            "The plan sets a file aside twice, or one that should stay for another. Make a new one.", rule="plan file"
        )
    return (
        Step(
            number,
            {stepwise.ACTIONS: _REDUNDANT.dump_python(share, mode="json"), "across_persons": plan.across_persons},
            {},
        )
        for number, share in enumerate(_shares(plan.actions), start=1)
    )


def _shares(actions: Sequence[Redundancy]) -> Iterator[list[Redundancy]]:
    """Whole groups, up to :data:`STEP_ACTIONS` together."""
    share: list[Redundancy] = []
    for _, group in groupby(sorted(actions, key=lambda one: one.keeper), key=lambda one: one.keeper):
        new = list(group)
        if share and len(share) + len(new) > STEP_ACTIONS:
            yield share
            share = []
        share += new
    if share:
        yield share


def _do(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    return _bring_back(session, step, signed) if "at" in step.action else _set_aside(session, step, signed)


def _set_aside(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    """Let copies leave whose bytes, and whose keeper's, are read now; then move what was said of them."""
    actions = _REDUNDANT.validate_python(step.action[stepwise.ACTIONS])
    records = duplicates.locked(session, {MediaId(id_) for one in actions for id_ in (one.media, one.keeper)})
    is_across = bool(step.action["across_persons"])
    stale = {one.name: why for one in actions if (why := _stale(one, records, is_across=is_across))}
    left = setting_aside.leave(session, signed, [_leaving(one, records) for one in actions if one.name not in stale])
    for one in actions:
        if one.name in left.shared:
            media.delete(session, media.get(session, MediaId(one.media)), by=signed.by, at=signed.at)
    going = [one for one in actions if one.name in left.ids or one.name in left.shared]
    gone = _hand_over(session, going, records, left.ids)
    refused = stale | {name: why for name, why in left.objections.items() if name not in left.shared}
    return {
        "at": signed.at.isoformat(),
        "gone": _GONE.dump_python(gone, mode="json"),
        stepwise.REFUSED: [f"{name}: {why}" for name, why in refused.items()],
    }


def _stale(action: Redundancy, records: Mapping[MediaId, Record], *, is_across: bool) -> str:
    """Why a copy stays: a record is not what the plan says any more; empty when it may go."""
    removed, keeper = records.get(MediaId(action.media)), records.get(MediaId(action.keeper))
    if removed is None or removed.deleted_at or (removed.place, removed.byte_id) != (action.place, action.byte_id):
        return "it was moved, replaced or deleted since"
    if keeper is None or keeper.deleted_at or keeper.byte_id != action.byte_id:
        return "the file that should stay for it was replaced or deleted since"
    if not (removed.is_storage_active and keeper.is_storage_active):
        return "a storage is not in use any more"
    if not is_across and (removed.person_id is None or removed.person_id != keeper.person_id):
        return "the two are not of one person"
    return ""


def _leaving(action: Redundancy, records: Mapping[MediaId, Record]) -> Leaving:
    one, keeper = records[MediaId(action.media)], MediaId(action.keeper)
    place = (one.storage_id, one.relative_path, one.byte_id, one.size_bytes)
    return Leaving(action.name, *place, action.reason, one.id, keeper)


def _hand_over(
    session: Session, going: Sequence[Redundancy], records: Mapping[MediaId, Record], aside: Mapping[str, UUID]
) -> list[Gone]:
    """Let everything that was said of these copies, and what means them, be about their keepers; what that was."""
    pairs = {MediaId(one.media): MediaId(one.keeper) for one in going}
    moved = media_references.move(session, pairs)
    now, gone = dict(records), []
    for one in going:
        removed, keeper = MediaId(one.media), MediaId(one.keeper)
        gift = duplicates.gift(records[removed], now[keeper])
        now[keeper] = duplicates.with_gift(now[keeper], gift)
        gone.append(Gone(removed, keeper, one.place, aside.get(one.name), gift, moved[removed].keys))
    duplicates.save(session, [(records[keeper], now[keeper]) for keeper in set(pairs.values())])
    duplicates.keep_fetching(session, [(records[removed], now[keeper]) for removed, keeper in pairs.items()])
    return gone


# back


def _reverse(session: Session, steps: Iterable[Step]) -> Iterator[Step]:
    """The last one first, in each step, too. What was changed since is found when a step is done."""
    done = ((gone, step.before["at"]) for step in steps if isinstance(gone := step.before["gone"], list))
    return (
        Step(number, {stepwise.ACTIONS: gone[::-1], "at": at}, {})
        for number, (gone, at) in enumerate(done, start=1)
        if gone
    )


def _bring_back(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    """Bring copies back that are as they were left, then give them back what their keepers had from them."""
    gone = _GONE.validate_python(step.action[stepwise.ACTIONS])
    at = datetime.fromisoformat(str(step.action["at"]))
    setting_aside.hold(session, (one.aside for one in gone if one.aside))
    records = duplicates.locked(session, {id_ for one in gone for id_ in (one.media, one.keeper)})
    known = _aside(session, gone)
    elsewhere = media_references.changed(session, map(_moved, gone))
    refused = {one.place: why for one in gone if (why := _changed(one, records, known, at, elsewhere))}
    sound = [one for one in gone if one.place not in refused]
    missing = setting_aside.come_back(session, signed, [one.aside for one in sound if one.aside])
    refused |= {one.place: why for one in sound if not one.aside and (why := _record_back(session, one, signed))}
    lost = {id_ for id_, state in _aside(session, sound).items() if state != "back"}
    _give_back(session, [one for one in sound if one.place not in refused and one.aside not in lost], records)
    return {stepwise.REFUSED: [*(f"{place}: {why}" for place, why in refused.items()), *missing]}


def _aside(session: Session, gone: Iterable[Gone]) -> dict[UUID, str]:
    """The states of their files, by what they are called in quarantine."""
    return {file.id: file.state for file in quarantine.those(session, [one.aside for one in gone if one.aside])}


def _changed(
    one: Gone, records: Mapping[MediaId, Record], known: Mapping[UUID, str], at: datetime, elsewhere: set[MediaId]
) -> str:
    """Why a copy cannot be brought back as it was; empty when it can."""
    if one.aside and known[one.aside] == "back":
        return "it was brought back before"
    if records[one.media].deleted_at != at:
        return "its record was changed since"
    if one.media in elsewhere or not duplicates.has_gift(records[one.keeper], one.gift):
        return "what was said of it, and then of the file that stayed for it, was changed since"
    return ""


def _record_back(session: Session, one: Gone, signed: Signed) -> str:
    """Bring the second record of one file back; why not, or empty."""
    try:
        media.restore(session, media.get(session, one.media), by=signed.by)
    except (ConflictError, RefusedError):
        return "another file is registered in its place by now, or its own was set aside"
    return ""


def _give_back(session: Session, returned: Sequence[Gone], records: Mapping[MediaId, Record]) -> None:
    media_references.move_back(session, map(_moved, returned))
    now = dict(records)
    for one in returned:
        now[one.keeper] = duplicates.without_gift(now[one.keeper], one.gift)
        now[one.media] = replace(records[one.media], is_primary=one.gift.is_primary)
    duplicates.save(session, [(records[id_], record) for id_, record in now.items()])


def _moved(one: Gone) -> Moved:
    return Moved(one.media, one.keeper, one.keys)


def _settle(wb: Workbench, run: RunId, progress: Progress) -> None:
    """Let views show what is registered now, then the bytes of what was set aside follow."""
    with wb.reader as session:
        ids = journal.listed_texts(session, run, stepwise.ACTIONS, "media")
        names = media.storages_of(session, [MediaId(UUID(id_)) for id_ in ids])
    views.follow(wb, names)
    setting_aside.settle(wb, run, progress)


def _title(count: int, is_restore: bool) -> str:  # noqa: FBT001 - called by position
    copies = display.plural(count, "redundant copy", "redundant copies")
    return f"{copies} brought back" if is_restore else f"{copies} set aside"


class _Gate:
    """The gate around what stays within each person, or the one for a run across persons, after which a picture may be another's."""

    def before(self, wb: Workbench, run: RunId) -> None:
        """See :class:`mhc_lab.jobs.stepwise.Gate`."""
        GATE.before(wb, run)

    def after(self, wb: Workbench, run: RunId) -> None:
        """See :class:`mhc_lab.jobs.stepwise.Gate`."""
        (GATE_ACROSS_PERSONS if _is_across(wb, run) else GATE).after(wb, run)


def _is_across(wb: Workbench, run: RunId) -> bool:
    with wb.reader as session:
        this = journal.one(session, run)
        said = journal.one(session, this.restores).plan if this.restores else this.plan
    return bool(said.get("across_persons"))


DEDUP = Job(KIND, "steps", _steps, _reverse, _do, _title, settle=_settle, gate=_Gate())
