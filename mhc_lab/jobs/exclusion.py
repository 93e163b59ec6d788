"""Leave persons out of every figure, and count them again.

The smallest job there is, and the pattern for all others: a plan that only reads, the steps that it becomes, how one of them is done and
undone. What happens around the steps is :mod:`mhc_lab.jobs.stepwise`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import stepwise
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.plan import Approved, Plan, Receipt
from mhc_lab.jobs.stepwise import Job, Signed
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

    @property
    def name(self) -> str:
        """The user name."""
        return self.username


@dataclass(frozen=True, slots=True)
class ExclusionPlan(Plan):
    """Whom to leave out of every figure, and why."""

    kind: ClassVar[str] = KIND
    actions: tuple[Exclusion, ...]

    def __str__(self) -> str:
        return f"Leave {display.plural(len(self.actions), 'person', 'persons')} out of every figure"

    def words(self) -> str:
        """Whom the plan leaves out and what was true until now, a line each."""
        lines = [f"  {one.name}: {one.reason} (until now: {one.reason_before or 'counted'})" for one in self.actions]
        return "\n".join([str(self), *lines])

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
    """Leave out whom the plan names; see :func:`mhc_lab.jobs.stepwise.apply`."""
    return stepwise.apply(wb, EXCLUSION, plan, progress=progress)


def restore(wb: Workbench, receipt: Receipt, *, progress: Progress = SILENT) -> Receipt:
    """Count everybody, or leave them out, as before; see :func:`mhc_lab.jobs.stepwise.restore`."""
    return stepwise.restore(wb, EXCLUSION, receipt, progress=progress)


def _steps(session: Session, plan: ExclusionPlan) -> list[Step]:
    """The plan as journal steps, after its facts were found still true under lock."""
    now = people.locked(session, [PersonId(action.person) for action in plan.actions])
    stepwise.refuse_stale(
        [action.username for action in plan.actions if not _is_as_planned(now.get(PersonId(action.person)), action)]
    )
    return [
        Step(number, {"person": str(action.person), "reason": action.reason}, {"reason": action.reason_before})
        for number, action in enumerate(plan.actions, start=1)
    ]


def _is_as_planned(person: Person | None, action: Exclusion) -> bool:
    """Whether the plan still speaks of this person: also a plan whose file was edited names who it acts on, and never oneself."""
    return (
        person is not None
        and not person.is_self
        and (person.username, person.excluded_reason) == (action.username, action.reason_before)
    )


def _reverse(session: Session, steps: Iterable[Step]) -> list[Step]:
    done = list(steps)
    now = people.locked(session, map(_person, done))
    left = [(now[_person(step)], step) for step in done if _person(step) in now]
    stepwise.refuse_stale([person.username for person, step in left if person.excluded_reason != step.action["reason"]])
    return [
        Step(
            number,
            {"person": step.action["person"], "reason": step.before["reason"]},
            {"reason": step.action["reason"]},
        )
        for number, step in enumerate(done, start=1)
    ]


def _do(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    person, reason = _person(step), step.action["reason"]
    now = people.locked(session, [person])[person]
    if now.excluded_reason != step.before["reason"]:
        stepwise.refuse_stale([now.username])
    people.set_exclusion(session, person, reason=str(reason) if reason else None, at=signed.at, by=signed.by)
    return step.before


def _title(count: int, is_restore: bool) -> str:  # noqa: FBT001 - called by position
    verb = "counted as before" if is_restore else "left out of every figure"
    return f"{display.plural(count, 'person', 'persons')} {verb}"


def _person(step: Step) -> PersonId:
    return PersonId(UUID(str(step.action["person"])))


EXCLUSION = Job(KIND, "persons", _steps, _reverse, _do, _title)
