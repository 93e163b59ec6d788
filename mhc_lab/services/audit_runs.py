"""The ledger of audits: one row per notebook run, whatever came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import RunId
from mhc_lab.schema.operations import audit_runs


@dataclass(frozen=True, slots=True)
class AuditRun:
    """One run of one notebook: what went in, what came out, and what it was made from."""

    notebook: str
    parameters: Mapping[str, object]
    outcome: str
    recorded: Mapping[str, object]
    message: str
    mirror_version: int
    code_version: str
    data_fingerprint: str
    """Equal for two runs only when every table held the same rows."""
    started_at: datetime
    finished_at: datetime


_RUN = [audit_runs.c[name] for name in AuditRun.__slots__]


def latest(session: Session, notebook: str, parameters: Mapping[str, object]) -> AuditRun | None:
    """The last run of ``notebook`` with these ``parameters`` that came to its end; None before the first."""
    this = sa.and_(
        audit_runs.c.notebook == notebook, audit_runs.c.parameters == dict(parameters), audit_runs.c.outcome != "broken"
    )
    row = session.execute(sa.select(*_RUN).where(this).order_by(audit_runs.c.started_at.desc()).limit(1)).one_or_none()
    return AuditRun(*row) if row else None


def add(session: Session, run: AuditRun) -> RunId:
    """Enter ``run`` in the ledger."""
    values = {name: getattr(run, name) for name in AuditRun.__slots__}
    return RunId(session.execute(sa.insert(audit_runs).values(values).returning(audit_runs.c.id)).scalar_one())
