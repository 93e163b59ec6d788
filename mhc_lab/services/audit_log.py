"""The hash-chained log of changes: appended by services, chained and sealed by the database itself."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.schema.operations import audit_log


def append(session: Session, *, actor: str, action: str, subject: str, details: Mapping[str, object]) -> None:
    """Add one line; time, number and hashes are the database's."""
    session.execute(
        sa.insert(audit_log).values(
            actor=actor, action=action, subject=subject, details=dict(details), previous_hash="", hash=""
        )
    )


def broken_at(session: Session) -> int | None:
    """The number of the first line whose hash or link is wrong; None while the chain holds."""
    before = sa.func.lag(audit_log.c.hash, 1, "").over(order_by=audit_log.c.number)
    lines = sa.select(
        audit_log.c.number,
        audit_log.c.hash,
        audit_log.c.previous_hash,
        before.label("before"),
        sa.func.audit_log_hash(sa.text("audit_log")).label("computed"),
    ).subquery()
    wrong = sa.or_(lines.c.hash != lines.c.computed, lines.c.previous_hash != lines.c.before)
    number: int | None = session.scalar(sa.select(sa.func.min(lines.c.number)).where(wrong))
    return number
