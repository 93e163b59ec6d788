"""What every job does around its steps: begin once, go on where it stopped, finish, and undo from the receipt.

A job says what differs (:class:`Job`); everything that can happen in between is dealt with here: a plan whose facts have changed, a
process that is killed, a plan that is applied twice, two processes at once, a restore of something that was changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, Protocol, TypeVar

from sqlalchemy.orm import Session

from mhc_lab.core.errors import RefusedError, StalePlanError
from mhc_lab.core.ids import RunId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.db.session import undisturbed
from mhc_lab.jobs import journal
from mhc_lab.jobs.journal import Run, Step
from mhc_lab.jobs.plan import Approved, Plan, Receipt
from mhc_lab.workbench import Workbench

P = TypeVar("P", bound=Plan)

REFUSED = "refused"
"""In what a step leaves behind: the actions that were not done because the world is not as the plan says, and why."""
ACTIONS = "actions"
"""In a step that stands for many actions: what they are."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who stands for a run, the time of its step, and the workbench it is done with."""

    wb: Workbench
    run: RunId
    by: str
    at: datetime


class Gate(Protocol):
    """What has to be as good after a run as it was before."""

    def before(self, wb: Workbench, run: RunId) -> None:
        """Note how it is; called again when a run is taken up again, and then changes nothing."""

    def after(self, wb: Workbench, run: RunId) -> None:
        """``IntegrityError`` when anything is worse, with how to undo the run."""


def _all_settled(wb: Workbench, run: RunId, progress: Progress) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Job(Generic[P]):
    """What differs from job to job; each function works in the transaction of its session."""

    kind: str
    noun: str
    """What a step is about, in the plural, for progress."""
    steps: Callable[[Session, P], Iterable[Step]]
    """The plan as steps, after its facts were found still true; ``StalePlanError`` when they are not."""
    reverse: Callable[[Session, Iterable[Step]], Iterable[Step]] | None
    """The steps that undo these, which come the last one first and once; ``StalePlanError`` when something was changed since.

    None: there is no way back."""
    do: Callable[[Session, Step, Signed], dict[str, object]]
    """Does one step, forward or back; what a restore puts back. Actions it had to refuse are told by name under :data:`REFUSED`."""
    title: Callable[[int, bool], str]
    """What a run with so many actions has done; whether it was a restore."""
    settle: Callable[[Workbench, RunId, Progress], None] = _all_settled
    """Moves the bytes that the steps have freed, when every step is done and before the run is; done again after a kill."""
    gate: Gate | None = None


def apply(wb: Workbench, job: Job[P], plan: Approved[P], *, progress: Progress = SILENT) -> Receipt:
    """Do what the plan says; taken up again where it stopped when it was killed, and nothing when it was done before.

    Raises
    ------
    StalePlanError
        The world is not as the plan says; nothing was begun.
    RefusedError
        The plan was applied and restored since: it needs a new one.
    """
    with wb.transaction() as session:
        journal.lock(session, job.kind)
        known = journal.of_plan(session, plan.plan_hash)
        if known and known.state == "restored":
            raise RefusedError(
                "This plan was applied and undone already. Make a new plan.", rule="a plan is applied once"
            )
        run = known.id if known else journal.begin(session, plan, job.steps(session, plan.plan), at=wb.clock.now())
    return _carry_out(wb, job, run, progress)


def restore(wb: Workbench, job: Job[P], receipt: Receipt, *, progress: Progress = SILENT) -> Receipt:
    """Undo what ``receipt`` says was done; also when every step is done and only the bytes cannot follow.

    Raises
    ------
    StalePlanError
        Something was changed again since; nothing was begun.
    """
    with wb.transaction() as session:
        journal.lock(session, job.kind)
        undone = journal.get(session, receipt.run, kind=job.kind)
        known = journal.of_plan(session, f"restore {undone.id}")
        if undone.restores:
            raise RefusedError("An undo is not undone. Plan again what it took back.", rule="restore")
        if known is None and journal.ordinals(session, undone.id, state="intended"):
            raise RefusedError("Only a finished run can be undone. Apply its plan again to finish it.", rule="restore")
        run = known.id if known else _begin_restore(wb, session, job, undone)
    return _carry_out(wb, job, run, progress)


def receipt_of(wb: Workbench, job: Job[P], run: RunId) -> Receipt:
    """The receipt of a run that was finished before."""
    with wb.reader as session:
        return _receipt(session, job, journal.get(session, run, kind=job.kind))


def undoable(wb: Workbench, job: Job[P], plan_hash: str) -> Receipt | None:
    """The receipt of what a plan did, as soon as its run can be undone: when every step is done, whatever the gate or the bytes say."""
    with wb.reader as session:
        run = journal.of_plan(session, plan_hash)
        if run is None or run.state == "restored" or journal.ordinals(session, run.id, state="intended"):
            return None
        return _receipt(session, job, run)


def refuse_stale(moved: list[str]) -> None:
    """Stop when there is anything in ``moved``: what is not any more as the plan, or the run to undo, left it."""
    if moved:
        raise StalePlanError(
            f"Since then somebody changed {', '.join(moved)}: left as they are. Make a new plan and look through it.",
            moved=moved,
        )


def _begin_restore(wb: Workbench, session: Session, job: Job[P], undone: Run) -> RunId:
    if job.reverse is None:
        raise RefusedError(f"What a {job.kind} run did cannot be undone.", rule="restore")
    reverse = job.reverse(session, journal.latest(session, undone.id))
    return journal.begin_restore(session, undone, reverse, by=wb.user, at=wb.clock.now())


def _carry_out(wb: Workbench, job: Job[P], run: RunId, progress: Progress) -> Receipt:
    with wb.reader as session:
        known = journal.get(session, run, kind=job.kind)
    if known.finished_at is None:
        _finish(wb, job, known, progress)
    if job.gate:
        job.gate.after(wb, run)  # of a run that was finished before, too: nobody may have heard what it says
    return receipt_of(wb, job, run)


def _finish(wb: Workbench, job: Job[P], run: Run, progress: Progress) -> None:
    """Do what is left of a run."""
    if job.gate:
        job.gate.before(wb, run.id)
    with wb.reader as session:
        left = journal.ordinals(session, run.id, state="intended")
    for count, ordinal in enumerate(left, start=1):
        undisturbed(partial(_do, wb, job, run, ordinal))
        progress(count, len(left), job.noun)
    job.settle(wb, run.id, progress)
    with wb.transaction() as session:
        journal.finish(session, run.id, at=wb.clock.now())


def _do(wb: Workbench, job: Job[P], run: Run, ordinal: int) -> None:
    with wb.transaction() as session:
        signed = Signed(wb, run.id, run.approved_by, wb.clock.now())
        # first: it keeps a second process away from this step
        step = journal.done(session, run.id, ordinal, at=signed.at)
        before = job.do(session, step, signed)
        journal.remember(session, run.id, step, before)


def _receipt(session: Session, job: Job[P], run: Run) -> Receipt:
    told = journal.left_behind(session, run.id, REFUSED)
    refused = tuple(name for names in told if isinstance(names, list) for name in names)
    count = journal.listed_count(session, run.id, ACTIONS) - len(refused)
    title = job.title(count, run.restores is not None)
    finished_at, is_reversible = run.finished_at or run.started_at, job.reverse is not None and run.restores is None
    return Receipt(run.id, job.kind, title, count, run.approved_by, finished_at, refused, is_reversible)
