"""Pictures that stand for no picture: an upload or download is refused by its bytes, because a genuine one may have any size.

Two sizes are known from the site's own; a download of such a size is taken in, with a word of warning. An ingest takes in what lies there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError
from mhc_lab.core.ids import ByteId
from mhc_lab.schema.media import placeholder_pictures

_WORDS = ("no_image", "noimage", "placeholder", "default_avatar")
_SIZES = (range(4945, 5146), range(564, 565))
"""Bytes of those that were seen on the site."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A picture that stands for no picture."""

    byte_id: ByteId
    note: str
    added_by: str
    created_at: datetime

    def __str__(self) -> str:
        return f"{self.byte_id[:12]}  {self.note or 'no note'}"


_PLACEHOLDER = [placeholder_pictures.c[name] for name in Placeholder.__dataclass_fields__]


def add(session: Session, byte_id: ByteId, *, note: str, by: str, at: datetime) -> bool:
    """Refuse these bytes from uploads and downloads from now on; False when they were refused before, whose note stays."""
    row = insert(placeholder_pictures).values(byte_id=byte_id, note=note.strip(), added_by=by, created_at=at)
    added = row.on_conflict_do_nothing().returning(placeholder_pictures.c.byte_id)
    return session.scalar(added) is not None


def remove(session: Session, byte_id: str) -> Placeholder:
    """Let these bytes in again; what is returned can be added again.

    Raises
    ------
    NotFoundError
        They were not refused.
    """
    gone = sa.delete(placeholder_pictures).where(placeholder_pictures.c.byte_id == byte_id).returning(*_PLACEHOLDER)
    row = session.execute(gone).one_or_none()
    if row is None:
        raise NotFoundError("placeholder", byte_id, hint="List them with `mhc media placeholders list`.")
    return Placeholder(*row)


def listed(session: Session) -> list[Placeholder]:
    """All of them, the newest first."""
    order = (placeholder_pictures.c.created_at.desc(), placeholder_pictures.c.byte_id)
    return [Placeholder(*row) for row in session.execute(sa.select(*_PLACEHOLDER).order_by(*order))]


def find(session: Session, byte_id: ByteId) -> Placeholder | None:
    """The placeholder with these bytes, when they are one."""
    statement = sa.select(*_PLACEHOLDER).where(placeholder_pictures.c.byte_id == byte_id)
    row = session.execute(statement).one_or_none()
    return Placeholder(*row) if row else None


def is_named_so(url: str) -> bool:
    """Whether an address says itself that there is no picture."""
    return any(word in url.lower() for word in _WORDS)


def has_suspicious_size(size_bytes: int) -> bool:
    """Whether a picture is as large as placeholders that were seen: no proof of anything."""
    return any(size_bytes in sizes for sizes in _SIZES)
