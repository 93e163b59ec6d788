"""Leave persons out of every figure, and count them again.

The smallest job there is, and the pattern for all others: it reads to plan, journals before it acts, takes one transaction per step,
can be killed at any instant and applied again, does nothing the second time, and undoes itself from its receipt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError, StalePlanError
from mhc_lab.core.ids import PersonId, RunId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import journal
from mhc_lab.jobs.journal import Run, Step
from mhc_lab.jobs.plan import Approved, Plan, Receipt
from mhc_lab.services import people
from mhc_lab.services.people import Person
from mhc_lab.workbench import Workbench

KIND = "exclude"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One person to leave out, and what was true of them when the plan was made."""

    person: UUID
    username: str
    reason: str
    reason_before: str | None


@dataclass(frozen=True, slots=True)
class ExclusionPlan(Plan):
    """Whom to leave out of every figure, and why."""

    kind: ClassVar[str] = KIND
    actions: tuple[Exclusion, ...]

    def without(self, *usernames: str) -> ExclusionPlan:
        """The plan with these persons left as they are."""
        return replace(self, actions=tuple(action for action in self.actions if action.username not in usernames))

    def __str__(self) -> str:
        return f"Leave {display.plural(len(self.actions), 'person', 'persons')} out of every figure"

    def _repr_html_(self) -> str:
        import polars as pl

        rows = [(action.username, action.reason, action.reason_before or "counted") for action in self.actions]
        frame = pl.DataFrame(rows, schema=["person", "reason", "until now"], orient="row")
        return display.table(frame, caption=str(self))


def plan_exclusion(wb: Workbench, usernames: Iterable[str], *, reason: str) -> ExclusionPlan:
    """A plan that leaves these persons out of every figure for ``reason``; nothing is changed.

    Raises
    ------
    RefusedError
        No reason, nobody named, or the broadcaster.
    NotFoundError
        A name nobody has.
    """
    why = reason.strip()
    if not why:
        raise RefusedError("Say why: whoever looks at the figures later will ask.", rule="exclusion needs a reason")
    with wb.reader as session:
        persons = {person.id: person for person in (people.get(session, name) for name in usernames)}
    if not persons:
        raise RefusedError("Nobody is named. Give at least one user name.", rule="exclusion needs a person")
    for person in persons.values():
        if person.is_self:
            raise RefusedError(f'"{person.username}" is you: the figures are about you.', rule="exclusion of oneself")
    changed = [person for person in persons.values() if person.excluded_reason != why]
    actions = tuple(Exclusion(person.id, person.username, why, person.excluded_reason) for person in changed)
    return ExclusionPlan(wb.clock.now(), actions)


def apply_exclusion(wb: Workbench, plan: Approved[ExclusionPlan], *, progress: Progress = SILENT) -> Receipt:
    """Do what the plan says; taken up again where it stopped when it was killed, and nothing when it was done before.

    Raises
    ------
    StalePlanError
        Somebody on the plan is not as the plan says; nothing was begun.
    RefusedError
        The plan was applied and restored since: it needs a new one.
    """
    with wb.transaction() as session:
        journal.lock(session, KIND)
        known = journal.of_plan(session, plan.plan_hash)
        if known and known.state == "restored":
            raise RefusedError(
                "This plan was applied and undone already. Make a new plan.", rule="a plan is applied once"
            )
        run = known.id if known else journal.begin(session, plan, _steps(session, plan.plan), at=wb.clock.now())
    return _carry_out(wb, run, progress)


def restore(wb: Workbench, receipt: Receipt, *, progress: Progress = SILENT) -> Receipt:
    """Undo what ``receipt`` says was done: everybody is counted, or left out, as before.

    Raises
    ------
    StalePlanError
        Somebody was changed again since; nothing was begun.
    """
    with wb.transaction() as session:
        journal.lock(session, KIND)
        undone = journal.get(session, receipt.run, kind=KIND)
        known = journal.of_plan(session, f"restore {undone.id}")
        run = known.id if known else _begin_restore(wb, session, undone)
    return _carry_out(wb, run, progress)


def receipt_of(wb: Workbench, run: RunId) -> Receipt:
    """The receipt of a run that was finished before."""
    with wb.reader as session:
        return _receipt(session, journal.get(session, run, kind=KIND))


def _steps(session: Session, plan: ExclusionPlan) -> list[Step]:
    """The plan as journal steps, after its facts were found still true under lock."""
    now = people.locked(session, [PersonId(action.person) for action in plan.actions])
    moved = [action.username for action in plan.actions if not _is_as_planned(now.get(PersonId(action.person)), action)]
    _refuse_stale(moved)
    return [
        Step(number, {"person": str(action.person), "reason": action.reason}, _state(now[PersonId(action.person)]))
        for number, action in enumerate(plan.actions, start=1)
    ]


def _is_as_planned(person: Person | None, action: Exclusion) -> bool:
    """Whether the plan still speaks of this person: also a plan whose file was edited names who it acts on, and never oneself."""
    return (
        person is not None
        and not person.is_self
        and (person.username, person.excluded_reason) == (action.username, action.reason_before)
    )


def _begin_restore(wb: Workbench, session: Session, undone: Run) -> RunId:
    if undone.state != "done" or undone.restores:
        raise RefusedError("Only a finished run can be undone. Apply its plan again to finish it.", rule="restore")
    steps = journal.steps(session, undone.id, state="done")
    now = people.locked(session, [PersonId(UUID(str(step.action["person"]))) for step in steps])
    moved = [person.username for step in steps if (person := _moved(now, step)) is not None]
    _refuse_stale(moved)
    reverse = [
        Step(
            number,
            {"person": step.action["person"], "reason": step.before["reason"]},
            {"reason": step.action["reason"]},
        )
        for number, step in enumerate(reversed(steps), start=1)
    ]
    return journal.begin_restore(session, undone, reverse, by=wb.user, at=wb.clock.now())


def _carry_out(wb: Workbench, run: RunId, progress: Progress) -> Receipt:
    with wb.reader as session:
        left = journal.steps(session, run, state="intended")
        by = journal.get(session, run, kind=KIND).approved_by
    for count, step in enumerate(left, start=1):
        with wb.transaction() as session:
            journal.done(session, run, step, at=wb.clock.now())
            person, reason = PersonId(UUID(str(step.action["person"]))), step.action["reason"]
            now = people.locked(session, [person])[person]
            if now.excluded_reason != step.before["reason"]:
                _refuse_stale([now.username])
            people.set_exclusion(session, person, reason=str(reason) if reason else None, at=wb.clock.now(), by=by)
        progress(count, len(left), "persons")
    with wb.transaction() as session:
        if journal.get(session, run, kind=KIND).finished_at is None:
            journal.finish(session, run, at=wb.clock.now())
        return _receipt(session, journal.get(session, run, kind=KIND))


def _receipt(session: Session, run: Run) -> Receipt:
    count = len(journal.steps(session, run.id, state="done"))
    verb = "counted as before" if run.restores else "left out of every figure"
    title = f"{display.plural(count, 'person', 'persons')} {verb}"
    return Receipt(run.id, KIND, title, count, run.approved_by, run.finished_at or run.started_at)


def _state(person: Person) -> dict[str, object]:
    return {"reason": person.excluded_reason}


def _moved(now: dict[PersonId, Person], step: Step) -> Person | None:
    """The person of ``step`` when they are not as the step left them."""
    person = now.get(PersonId(UUID(str(step.action["person"]))))
    return person if person is not None and person.excluded_reason != step.action["reason"] else None


def _refuse_stale(moved: list[str]) -> None:
    if moved:
        raise StalePlanError(
            f"Since then somebody changed {', '.join(moved)}: left as they are. Make a new plan and look through it.",
            moved=moved,
        )
