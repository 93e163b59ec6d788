"""Runs and their steps in the database: written before they are done, so that a killed run can be resumed and a finished one undone.

Nothing here commits. A job opens one transaction to begin, one per step, and one to finish; a kill between any two of them leaves a run
that the next ``apply`` of the same plan takes up where it stopped. A step may stand for hundreds of actions, and a run for hundreds of
thousands: steps are written and read some at a time, and what is asked about all of them is counted by the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.core.ids import RunId
from mhc_lab.jobs.plan import Approved, Plan
from mhc_lab.schema.base import Json
from mhc_lab.schema.operations import job_runs, job_steps


@dataclass(frozen=True, slots=True)
class Run:
    """One applied plan."""

    id: RunId
    kind: str
    state: str
    plan: dict[str, object]
    approved_by: str
    restores: RunId | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a run, with what a restore puts back."""

    ordinal: int
    action: dict[str, object]
    before: dict[str, object]


_RUN = [job_runs.c[name] for name in Run.__slots__]
_STEP = [job_steps.c[name] for name in Step.__slots__]
_AT_ONCE = 10
"""Steps that are in memory together."""


def lock(session: Session, kind: str) -> None:
    """One run of a kind at a time: wait until the others have committed what they are at."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"job {kind}"))))


def of_plan(session: Session, plan_hash: str) -> Run | None:
    """The run that applied the plan with this hash, in whatever state."""
    row = session.execute(sa.select(*_RUN).where(job_runs.c.plan_hash == plan_hash)).one_or_none()
    return Run(*row) if row else None


def get(session: Session, run: RunId, *, kind: str) -> Run:
    """The run with this id.

    Raises
    ------
    NotFoundError
        There is none of this kind.
    """
    row = session.execute(sa.select(*_RUN).where(job_runs.c.id == run, job_runs.c.kind == kind)).one_or_none()
    if row is None:
        raise NotFoundError(f"{kind} run", str(run), hint=f"List them with `mhc {kind} status`.")
    return Run(*row)


def one(session: Session, run: RunId) -> Run:
    """The run with this id, of whatever kind."""
    return Run(*session.execute(sa.select(*_RUN).where(job_runs.c.id == run)).one())


def recent(session: Session, kind: str, *, limit: int = 20) -> list[Run]:
    """The latest runs of a kind, newest first."""
    newest = sa.select(*_RUN).where(job_runs.c.kind == kind).order_by(job_runs.c.started_at.desc()).limit(limit)
    return [Run(*row) for row in session.execute(newest)]


def begin(session: Session, approved: Approved[Plan], steps: Iterable[Step], *, at: datetime) -> RunId:
    """A running run with all its steps intended; the run keeps what the plan says besides its actions, for these are the steps."""
    plan = approved.plan
    return _insert(session, plan.kind, plan.besides(), approved.plan_hash, approved.by, None, steps, at)


def begin_restore(session: Session, undone: Run, steps: Iterable[Step], *, by: str, at: datetime) -> RunId:
    """A run that undoes ``undone``; the database allows only one of them."""
    content: dict[str, object] = {"kind": undone.kind, "restores": str(undone.id)}
    return _insert(session, undone.kind, content, f"restore {undone.id}", by, undone.id, steps, at)


def ordinals(session: Session, run: RunId, *, state: str) -> list[int]:
    """Which steps of a run are in ``state``: ``intended`` or ``done``."""
    those = sa.select(job_steps.c.ordinal).where(job_steps.c.run_id == run, job_steps.c.state == state)
    return list(session.scalars(those.order_by(job_steps.c.ordinal)))


def step(session: Session, run: RunId, ordinal: int) -> Step:
    """One step of a run, as it is now."""
    this = sa.select(*_STEP).where(job_steps.c.run_id == run, job_steps.c.ordinal == ordinal)
    return Step(*session.execute(this).one())


def latest(session: Session, run: RunId) -> Iterator[Step]:
    """The steps of a run that are done, the last one first; read while they are looked at, within the transaction."""
    those = sa.select(*_STEP).where(job_steps.c.run_id == run, job_steps.c.state == "done")
    rows = session.execute(those.order_by(job_steps.c.ordinal.desc()), execution_options={"yield_per": _AT_ONCE})
    return (Step(*row) for row in rows)


def listed_count(session: Session, run: RunId, name: str) -> int:
    """How much the steps that are done list under ``name`` in their actions; one that lists nothing there counts as one."""
    listed = job_steps.c.action[name]
    count = sa.case((sa.func.jsonb_typeof(listed) == "array", sa.func.jsonb_array_length(listed)), else_=0)
    those = sa.select(sa.func.sum(sa.func.greatest(count, 1)))
    return int(session.scalar(those.where(job_steps.c.run_id == run, job_steps.c.state == "done")) or 0)


def listed_texts(session: Session, run: RunId, name: str, *said: str) -> set[str]:
    """What the actions that the steps that are done list under ``name`` say by the names ``said``: texts, each once."""
    each = sa.func.jsonb_array_elements(job_steps.c.action[name], type_=Json)
    actions = sa.select(each.label("one")).where(job_steps.c.run_id == run, job_steps.c.state == "done").subquery()
    texts = sa.func.unnest(postgresql.array([actions.c.one[which].astext for which in said]))
    return {text for text in session.scalars(sa.select(texts).distinct()) if text}


def left_behind(session: Session, run: RunId, name: str) -> Iterator[object]:
    """What the steps that are done left behind under ``name``, in their order."""
    told = job_steps.c.before[name]
    those = sa.select(told).where(job_steps.c.run_id == run, job_steps.c.state == "done", told.is_not(None))
    return iter(session.scalars(those.order_by(job_steps.c.ordinal)))


def done(session: Session, run: RunId, ordinal: int, *, at: datetime) -> Step:
    """Note in the transaction that does it that a step is done; that step."""
    this = sa.and_(job_steps.c.run_id == run, job_steps.c.ordinal == ordinal, job_steps.c.state == "intended")
    changed = sa.update(job_steps).where(this).values(state="done", done_at=at).returning(*_STEP)
    row = session.execute(changed).one_or_none()
    if row is None:
        raise RefusedError(
            "Another process is applying the same plan. Wait for it, then apply again.", rule="one run at a time"
        )
    return Step(*row)


def remember(session: Session, run: RunId, step: Step, before: Mapping[str, object]) -> None:
    """Keep with ``step`` what a restore puts back, as it was found when the step was done."""
    this = sa.and_(job_steps.c.run_id == run, job_steps.c.ordinal == step.ordinal)
    session.execute(sa.update(job_steps).where(this).values(before=dict(before)))


def finish(session: Session, run: RunId, *, at: datetime) -> None:
    """Every step is done; a run that was undone meanwhile stays so."""
    running = sa.and_(job_runs.c.id == run, job_runs.c.state == "running")
    session.execute(sa.update(job_runs).where(running).values(state="done", finished_at=at))
    undone = sa.select(job_runs.c.restores).where(job_runs.c.id == run).scalar_subquery()
    session.execute(sa.update(job_runs).where(job_runs.c.id == undone).values(state="restored"))


def _insert(
    session: Session, kind: str, content: dict[str, object], plan_hash: str, by: str, restores: RunId | None,
    steps: Iterable[Step], at: datetime,
) -> RunId:  # fmt: skip
    new = sa.insert(job_runs).values(
        kind=kind, state="running", plan=content, plan_hash=plan_hash, approved_by=by, restores=restores, started_at=at
    )
    run = RunId(session.execute(new.returning(job_runs.c.id)).scalar_one())
    rows = (
        {"run_id": run, "ordinal": step.ordinal, "action": step.action, "before": step.before, "state": "intended"}
        for step in steps
    )
    while some := list(islice(rows, _AT_ONCE)):
        session.execute(sa.insert(job_steps), some)
    return run
