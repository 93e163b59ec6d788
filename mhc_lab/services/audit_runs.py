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
    started_at: datetime
    finished_at: datetime


def add(session: Session, run: AuditRun) -> RunId:
    """Enter ``run`` in the ledger."""
    values = {name: getattr(run, name) for name in AuditRun.__slots__}
    return RunId(session.execute(sa.insert(audit_runs).values(values).returning(audit_runs.c.id)).scalar_one())
