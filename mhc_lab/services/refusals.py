"""Rules that the database keeps, said in a sentence when it refuses a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import RefusedError


@contextmanager
def refused(session: Session, sentences: Mapping[str, str]) -> Iterator[None]:
    """Raise a ``RefusedError`` when a constraint refuses what the block does; the transaction stands as it did before the block.

    Parameters
    ----------
    sentences
        What to say, by the name of the constraint; what another one refuses is a bug and goes on as it is.
    """
    try:
        with session.begin_nested():
            yield
    except IntegrityError as refusal:
        constraint = refusal.orig.diag.constraint_name if isinstance(refusal.orig, psycopg.Error) else None
        if constraint is None or constraint not in sentences:
            raise
        raise RefusedError(sentences[constraint], rule=constraint) from refusal
