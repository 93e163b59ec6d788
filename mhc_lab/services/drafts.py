"""Forms that are half filled in: kept with every change, there again after a reload, gone when the form is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.schema.operations import form_drafts


@dataclass(frozen=True, slots=True)
class DraftKey:
    """Whose draft of which form, about what; the subject is empty for a form there is only one of."""

    user: str
    form: str
    subject: str = ""

    @property
    def columns(self) -> dict[str, str]:
        """The key as the table has it."""
        return {"user_name": self.user, "form": self.form, "subject": self.subject}


@dataclass(frozen=True, slots=True)
class Draft:
    """What the fields held, by name, and when it was kept."""

    fields: Mapping[str, object]
    saved_at: datetime


def keep(session: Session, key: DraftKey, fields: Mapping[str, object], *, at: datetime) -> None:
    """Keep what the fields hold, in place of what they held before."""
    row = insert(form_drafts).values(**key.columns, fields=dict(fields), saved_at=at)
    newer = {"fields": row.excluded.fields, "saved_at": row.excluded.saved_at}
    session.execute(row.on_conflict_do_update(index_elements=list(key.columns), set_=newer))


def find(session: Session, key: DraftKey) -> Draft | None:
    """The draft, when one is kept."""
    row = session.execute(
        sa.select(form_drafts.c.fields, form_drafts.c.saved_at).filter_by(**key.columns)
    ).one_or_none()
    return None if row is None else Draft(row.fields, row.saved_at)


def discard(session: Session, key: DraftKey) -> None:
    """Let go of the draft, if there is one."""
    session.execute(sa.delete(form_drafts).filter_by(**key.columns))
