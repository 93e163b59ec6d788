"""Which tables and columns the analyst may read, as PostgreSQL's catalogue says inside the snapshot.

Ordinary tables of ``public`` count, and partitioned ones as a whole: a partition is not a table of its own. A view counts when it is
named here: its rows become a table, worked out as of the mirror's instant. What the analyst may not select does not exist here, so it
never reaches the mirror.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import psycopg
from psycopg.rows import dict_row

from mhc_lab.core.errors import MirrorError
from mhc_lab.mirror.sql import literal, quoted

VIEWS = {"v_person_current_state": "person_current_state"}
"""Views that are mirrored, and the function that gives the rows of each as of an instant: a view says "now" its own way."""

# A column's type is followed through domains and arrays down to what the values are made of. ONLY keeps the rows of inheriting
# tables, which are mirrored themselves, from being counted twice.
_CATALOGUE = """
WITH RECURSIVE
readable AS (
    SELECT c.oid, c.relname, c.relkind, a.attnum, a.attname, a.atttypid, a.atttypmod
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace
        AND (c.relkind IN ('r', 'p') AND NOT c.relispartition OR c.relkind = 'v' AND c.relname = ANY(%s))
        AND c.relname <> 'alembic_version'
        AND has_column_privilege(c.oid, a.attnum, 'SELECT')
),
unwrapped AS (
    SELECT oid, attnum, atttypid AS type, atttypmod AS modifier, 0 AS arrays FROM readable
    UNION ALL
    SELECT
        u.oid, u.attnum,
        CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.typelem END,
        CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE u.modifier END,
        u.arrays + (t.typtype <> 'd')::int
    FROM unwrapped AS u
    JOIN pg_type AS t ON t.oid = u.type
    WHERE t.typtype = 'd' OR t.typsubscript = 'array_subscript_handler'::regproc
),
base AS (
    SELECT
        u.oid, u.attnum, u.modifier, u.arrays, t.typtype,
        CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN t.typname ELSE t.oid::regtype::text END AS type
    FROM unwrapped AS u
    JOIN pg_type AS t ON t.oid = u.type
    WHERE t.typtype <> 'd' AND t.typsubscript::oid <> 'array_subscript_handler'::regproc
)
SELECT
    r.relname AS table, r.attname AS name, b.type, b.typtype::text AS kind, b.modifier, b.arrays,
    format_type(r.atttypid, r.atttypmod) AS declared,
    coalesce(col_description(r.oid, r.attnum), '') AS comment,
    r.relkind::text AS table_kind, coalesce(obj_description(r.oid, 'pg_class'), '') AS table_comment
FROM readable AS r
JOIN base AS b USING (oid, attnum)
ORDER BY r.relname, r.attnum
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column the analyst may select, and what its values are made of."""

    table: str
    name: str
    type: str
    """The base type's name in ``pg_type``, without domains and array brackets."""
    kind: str = "b"
    """``pg_type.typtype`` of the base type: b base, c composite, e enum, m multirange, r range."""
    modifier: int = -1
    """Length or precision as PostgreSQL packs it; -1 for none."""
    arrays: int = 0
    """How many arrays the values are wrapped in; a dimension is no array of its own."""
    declared: str = ""
    """The type as its owner wrote it."""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and the columns of it that go into the mirror."""

    name: str
    columns: tuple[Column, ...]
    source: str
    """The table as a FROM clause of PostgreSQL names it."""
    comment: str = ""


def readable(connection: psycopg.Connection[Any], *, as_of: datetime) -> tuple[Table, ...]:
    """The tables that ``connection`` may read, by name; views are worked out as of ``as_of``.

    Raises
    ------
    MirrorError
        Two of them, or two columns of one, differ by upper and lower case only: DuckDB takes them for the same.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_CATALOGUE, [list(VIEWS)]).fetchall()
    tables = tuple(_table(list(of_one), as_of) for _, of_one in groupby(rows, key=lambda row: row["table"]))
    _refuse_twins("tables", [table.name for table in tables])
    for table in tables:
        _refuse_twins(f'columns of "{table.name}"', [column.name for column in table.columns])
    return tables


def _table(rows: Sequence[dict[str, Any]], as_of: datetime) -> Table:
    fields = Column.__dataclass_fields__
    columns = tuple(Column(**{name: row[name] for name in fields}) for row in rows)
    first = rows[0]
    return Table(first["table"], columns, _source(first["table"], first["table_kind"], as_of), first["table_comment"])


def _source(name: str, kind: str, as_of: datetime) -> str:
    """``kind`` is ``pg_class.relkind``."""
    if kind == "v":
        return f"public.{quoted(VIEWS[name])}({literal(as_of.isoformat())}::timestamptz)"
    return f"{'' if kind == 'p' else 'ONLY '}public.{quoted(name)}"


def _refuse_twins(what: str, names: Sequence[str]) -> None:
    folded = Counter(name.casefold() for name in names)
    twins = [name for name in names if folded[name.casefold()] > 1]
    if twins:
        listed = " and ".join(f'"{name}"' for name in twins)
        raise MirrorError(f"The {what} {listed} are one and the same name to DuckDB. Rename one of them.")
