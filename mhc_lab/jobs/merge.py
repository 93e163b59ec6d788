"""Make several persons one: accounts that turned out to be the same person under another name.

All that is known about the others becomes the one's; their names stay known as former names of that person. What both have, where there
can be one only, is set aside in the journal. A restore brings every person back with their rows.
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
from mhc_lab.services import audit_log, merging, people
from mhc_lab.services.merging import Share
from mhc_lab.services.people import Person
from mhc_lab.services.references import Two
from mhc_lab.workbench import Workbench

KIND = "merge"


@dataclass(frozen=True, slots=True)
class Absorption:
    """One person who becomes part of another, and what is known about them now."""

    person: UUID
    username: str
    shares: tuple[Share, ...]

    @property
    def name(self) -> str:
        """The user name."""
        return self.username

    @property
    def reason(self) -> str:
        """What will be done with what is known about them."""
        listed = ", ".join(f"{share.table} {share.moved_count:,}" for share in self.shares if share.moved_count)
        aside = ", ".join(f"{share.table} {share.set_aside_count:,}" for share in self.shares if share.set_aside_count)
        return f"{listed or 'nothing'} moved" + (f"; set aside: {aside}" if aside else "")


@dataclass(frozen=True, slots=True)
class MergePlan(Plan):
    """Who becomes part of whom."""

    kind: ClassVar[str] = KIND
    actions: tuple[Absorption, ...]
    keep: UUID
    username: str
    why: str

    def __str__(self) -> str:
        return f"Make {display.plural(len(self.actions), 'person', 'persons')} part of {self.username}: {self.why}"

    def _repr_html_(self) -> str:
        import polars as pl

        rows = [
            (action.username, share.table, share.moved_count, share.set_aside_count)
            for action in self.actions
            for share in action.shares
        ]
        frame = pl.DataFrame(rows, schema=["person", "table", "moved", "set aside"], orient="row")
        return display.table(frame, caption=str(self))


def plan_merge(wb: Workbench, keep: str, others: Iterable[str], *, why: str) -> MergePlan:
    """A plan that makes ``others`` part of ``keep``; nothing is changed.

    Raises
    ------
    RefusedError
        No reason, nobody named, the person themselves, the broadcaster, or accounts that the platform itself tells apart.
    NotFoundError
        A name nobody has.
    """
    if not why.strip():
        raise RefusedError("Say why: whoever looks at this person later will ask.", rule="merge needs a reason")
    with wb.reader as session:
        stays = people.get(session, keep)
        going = {person.id: person for person in (people.get(session, name) for name in others)}
        if not going:
            raise RefusedError("Nobody else is named. Give the names that are the same person.", rule="merge needs two")
        for person in going.values():
            _refuse_twins(session, stays, person)
        actions = tuple(
            Absorption(person.id, person.username, merging.shares(session, Two(stays.id, person.id)))
            for person in sorted(going.values(), key=lambda person: person.username)
        )
    return MergePlan(wb.clock.now(), actions, stays.id, stays.username, why.strip())


def apply_merge(wb: Workbench, plan: Approved[MergePlan], *, progress: Progress = SILENT) -> Receipt:
    """Make them one, a transaction for each; see :func:`mhc_lab.jobs.stepwise.apply`."""
    return stepwise.apply(wb, MERGE, plan, progress=progress)


def restore(wb: Workbench, receipt: Receipt, *, progress: Progress = SILENT) -> Receipt:
    """Bring everybody back with all that was theirs; see :func:`mhc_lab.jobs.stepwise.restore`."""
    return stepwise.restore(wb, MERGE, receipt, progress=progress)


def _refuse_twins(session: Session, stays: Person, goes: Person) -> None:
    if stays.id == goes.id:
        raise RefusedError(f'"{goes.username}" is that person already.', rule="merge needs two")
    if goes.is_self:
        raise RefusedError(f'"{goes.username}" is you: let the other one become part of you.', rule="merge of oneself")
    numbers = people.numeric_ids(session, [stays.id, goes.id])
    if len(numbers) > 1:
        raise RefusedError(
            f'The platform tells "{stays.username}" and "{goes.username}" apart by number, so they are two accounts. '
            "Note them as alternate accounts instead.",
            rule="two accounts are not one",
        )


def _steps(session: Session, plan: MergePlan) -> list[Step]:
    """The plan as journal steps, after its facts were found still true under lock."""
    now = people.locked(session, [PersonId(plan.keep), *(PersonId(action.person) for action in plan.actions)])
    stays = now.get(PersonId(plan.keep))
    if stays is None or stays.username != plan.username:
        stepwise.refuse_stale([plan.username])
    stepwise.refuse_stale(
        [action.username for action in plan.actions if not _is_as_planned(session, plan, action, now)]
    )
    return [
        Step(
            number,
            {"keep": str(plan.keep), "person": str(action.person), "username": action.username, "why": plan.why},
            {},
        )
        for number, action in enumerate(plan.actions, start=1)
    ]


def _is_as_planned(session: Session, plan: MergePlan, action: Absorption, now: dict[PersonId, Person]) -> bool:
    person = now.get(PersonId(action.person))
    if person is None or person.is_self or person.username != action.username:
        return False
    return merging.shares(session, Two(PersonId(plan.keep), person.id)) == action.shares


def _reverse(session: Session, steps: Iterable[Step]) -> list[Step]:
    """The last one first. Stale when somebody carries one of the names again, or the person is gone."""
    done = list(steps)
    names = [str(step.action["username"]) for step in done]
    carried = [name for name, person in people.carriers(session, names).items() if person]
    keeps = people.locked(session, [PersonId(UUID(str(step.action["keep"]))) for step in done])
    lost = [] if len(keeps) == len({step.action["keep"] for step in done}) else names
    stepwise.refuse_stale([*carried, *lost])
    return [Step(number, {**step.action, "taken": step.before}, {}) for number, step in enumerate(done, start=1)]


def _do(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    action = step.action
    details = {"keep": action["keep"], "username": action["username"], "why": action["why"]}
    taken = action.get("taken")
    if isinstance(taken, dict):
        merging.release(session, taken, at=signed.at)
        audit_log.append(
            session, actor=signed.by, action="person.unmerge", subject=str(action["person"]), details=details
        )
        return {}
    two = Two(PersonId(UUID(str(action["keep"]))), PersonId(UUID(str(action["person"]))))
    if len(people.locked(session, [two.keep, two.gone])) < 2:
        stepwise.refuse_stale([str(action["username"])])
    before = merging.absorb(session, two, at=signed.at)
    audit_log.append(session, actor=signed.by, action="person.merge", subject=str(action["person"]), details=details)
    return before


def _title(count: int, is_restore: bool) -> str:  # noqa: FBT001 - called by position
    persons = display.plural(count, "person", "persons")
    return f"{persons} brought back" if is_restore else f"{persons} made part of another"


MERGE = Job(KIND, "persons", _steps, _reverse, _do, _title)
