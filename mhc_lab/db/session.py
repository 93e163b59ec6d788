"""Transactions: read-write as app, read-only as analyst; and what is done again when two of them waited for each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role

T = TypeVar("T")
_TRIES = 5


def undisturbed(do: Callable[[], T]) -> T:
    """What ``do``, a whole transaction, gives; done again when the server stopped it because it and another waited for each other."""
    for _ in range(_TRIES - 1):
        try:
            return do()
        except OperationalError as failure:
            if not isinstance(failure.orig, psycopg.errors.DeadlockDetected):
                raise
    return do()


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
