"""Answers that a mirror keeps beside its tables: of questions that look at every row, and are asked of every mirror in the same words.

A mirror never changes, so such an answer is as true as its rows. It lies in a table that is named like the query, with a column for each
parameter. The same question in other words is worked out as ever, by the same query: what was kept can be told from what was not by
nothing but the time it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import duckdb
import polars as pl

from mhc_lab.core.errors import MirrorError
from mhc_lab.mirror.frames import registered
from mhc_lab.mirror.sql import quoted

MOST_ROWS = 1_000_000
"""An answer with more rows than this saves nobody any work, and is not kept."""
_UNANSWERED = (MirrorError, duckdb.Error)


@dataclass(frozen=True, slots=True)
class Question:
    """A query's name and the words it is asked with."""

    name: str
    params: Mapping[str, object]
    """One at least; none is named like a column of the answer."""


def keep(
    connection: duckdb.DuckDBPyConnection, ask: Callable[..., pl.DataFrame], questions: Iterable[Question]
) -> dict[str, int]:
    """Ask ``questions`` and write the answers down in ``connection``; the rows of each table that there is then.

    What cannot be answered, as when the analyst may not read what it needs, is left to fail for those who ask it.
    """
    rows: dict[str, int] = {}
    with suppress(*_UNANSWERED):  # what there is to ask may itself be a question
        for question in questions:
            with suppress(*_UNANSWERED):
                answer = ask(question.name, **question.params)
                if 0 < answer.height <= MOST_ROWS:
                    _write(connection, question, answer, is_first=question.name not in rows)
                    rows[question.name] = rows.get(question.name, 0) + answer.height
    return rows


def kept(connection: duckdb.DuckDBPyConnection, name: str, params: Mapping[str, object]) -> pl.DataFrame | None:
    """The answer of the query ``name``, of which some are kept, in its order; None when this one is not, or has no rows."""
    told = ", ".join(map(quoted, params))
    asked = " AND ".join(f"{quoted(param)} = ${param}" for param in params)
    found = f"SELECT * EXCLUDE ({told}) FROM {quoted(name)} WHERE {asked}"  # noqa: S608 - quoted names of ours
    answer = pl.DataFrame(connection.sql(found, params=dict(params)))
    return None if answer.is_empty() else answer


def _write(connection: duckdb.DuckDBPyConnection, question: Question, answer: pl.DataFrame, *, is_first: bool) -> None:
    table = quoted(question.name)
    words = [pl.lit(value).alias(param) for param, value in question.params.items()]
    with registered(connection, {"answer": answer.select(*words, pl.all())}):
        connection.execute(f"CREATE TABLE {table} AS FROM answer" if is_first else f"INSERT INTO {table} FROM answer")
