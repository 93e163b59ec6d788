"""Transactions: read-write as app, read-only as analyst."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role


@contextmanager
def transaction(database: Database) -> Iterator[Session]:
    """A session that commits when the block ends well and rolls back when it does not."""
    with Session(database.engine(Role.APP)) as session, session.begin():
        yield session


@contextmanager
def reader(database: Database) -> Iterator[Session]:
    """A session that can only read, as the analyst."""
    with Session(database.engine(Role.ANALYST)) as session:
        yield session
        session.rollback()
