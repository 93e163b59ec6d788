"""Whom to look at next: names with a level, also such as nobody here has yet.

Level 1 is looked at once and done at the first sight; level 2, the higher one, is looked at again and again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.core.names import username as accepted
from mhc_lab.schema.people import priority_lookups

ONCE, AGAIN = 1, 2
LEVELS = {ONCE: "once", AGAIN: "again and again"}


@dataclass(frozen=True, slots=True)
class Lookup:
    """A name to look at."""

    username: str
    priority_level: int
    status: str
    notes: str
    created_at: datetime
    completed_at: datetime | None
    last_checked_at: datetime | None

    def __str__(self) -> str:
        return f"{self.username}: {LEVELS[self.priority_level]}, {self.status}"


_LOOKUP = [priority_lookups.c[name] for name in Lookup.__dataclass_fields__]


def add(session: Session, username: str, *, level: int, notes: str = "", at: datetime) -> Lookup:
    """Look at ``username`` from now on.

    Of a name that is there already there stays one row: its level only rises, new notes replace old ones, and it is open again.

    Raises
    ------
    RefusedError
        That is no user name, or no level.
    """
    name = accepted(username)
    if level not in LEVELS:
        raise RefusedError(f"{level} is no level: {ONCE} is once, {AGAIN} again and again.", rule="lookup level")
    row = insert(priority_lookups).values(
        username=name, priority_level=level, notes=notes.strip(), created_at=at, status=_open_status(sa.literal(level))
    )
    highest = sa.func.greatest(priority_lookups.c.priority_level, row.excluded.priority_level)
    again = row.on_conflict_do_update(
        index_elements=["username"],
        set_={
            "priority_level": highest,
            "notes": sa.func.coalesce(sa.func.nullif(row.excluded.notes, ""), priority_lookups.c.notes),
            "status": _open_status(highest),
            "completed_at": None,
        },
    )
    return Lookup(*session.execute(again.returning(*_LOOKUP)).one())


def find(session: Session, username: str) -> Lookup | None:
    """The row of ``username``, when there is one."""
    row = session.execute(sa.select(*_LOOKUP).where(priority_lookups.c.username == accepted(username))).one_or_none()
    return Lookup(*row) if row else None


def listed(session: Session, *, completed: bool = False) -> list[Lookup]:
    """Those that are open, in the order of work: the higher level, then who was not looked at for longest; or those completed."""
    of = priority_lookups.c
    work = (of.priority_level.desc(), of.last_checked_at.asc().nulls_first(), of.created_at, of.username)
    order = (of.completed_at.desc(), of.username) if completed else work
    statement = sa.select(*_LOOKUP).where((of.status == "completed") == completed).order_by(*order)
    return [Lookup(*row) for row in session.execute(statement)]


def checked(session: Session, username: str, at: datetime) -> Lookup | None:
    """Note that ``username`` was seen: that completes level 1, level 2 stays active. None when nobody looks for that name."""
    of = priority_lookups.c
    is_once = of.priority_level == ONCE
    return _changed(
        session,
        username,
        of.status != "completed",
        status=sa.case((is_once, "completed"), else_="active"),
        completed_at=sa.case((is_once, sa.literal(at, of.completed_at.type))),
        last_checked_at=sa.func.greatest(of.last_checked_at, sa.literal(at, of.last_checked_at.type)),
    )


def complete(session: Session, username: str, *, at: datetime) -> Lookup:
    """Stop looking at ``username``; one that is completed already stays as it is.

    Raises
    ------
    NotFoundError
        Nobody looks for that name.
    """
    is_open = priority_lookups.c.status != "completed"
    done = _changed(session, username, is_open, status="completed", completed_at=at)
    return done or _known(session, username)


def reopen(session: Session, username: str) -> Lookup:
    """Look at ``username`` again.

    Raises
    ------
    NotFoundError
        Nobody looks for that name.
    """
    status = _open_status(priority_lookups.c.priority_level)
    is_done = priority_lookups.c.status == "completed"
    return _changed(session, username, is_done, status=status, completed_at=None) or _known(session, username)


def remove(session: Session, username: str) -> Lookup:
    """Take ``username`` off the list; what stood there, for :func:`restore`.

    Raises
    ------
    NotFoundError
        Nobody looks for that name.
    """
    gone = _known(session, username)
    session.execute(sa.delete(priority_lookups).where(priority_lookups.c.username == gone.username))
    return gone


def restore(session: Session, lookup: Lookup) -> Lookup:
    """Make the row of that name what it was."""
    row = insert(priority_lookups).values(**asdict(lookup))
    session.execute(row.on_conflict_do_update(index_elements=["username"], set_=asdict(lookup)))
    return lookup


def _open_status(level: sa.ColumnElement[int]) -> sa.Case[str]:
    return sa.case((level == AGAIN, "active"), else_="pending")


def _changed(session: Session, username: str, when: sa.ColumnElement[bool], **values: object) -> Lookup | None:
    of = priority_lookups
    change = sa.update(of).where(of.c.username == accepted(username), when).values(**values)
    row = session.execute(change.returning(*_LOOKUP)).one_or_none()
    return Lookup(*row) if row else None


def _known(session: Session, username: str) -> Lookup:
    found = find(session, username)
    if found is None:
        known = session.scalars(sa.select(priority_lookups.c.username))
        raise NotFoundError("name to look at", accepted(username), known=known)
    return found
