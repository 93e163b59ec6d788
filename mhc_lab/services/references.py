"""Which rows are about a person: read from the tables themselves, so that none is forgotten.

Two persons who become one may have rows of which the database allows one only; these clash. Of an unordered pair the order of the two
does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from mhc_lab.core.ids import PersonId
from mhc_lab.schema import metadata
from mhc_lab.schema.following import follow_history, follow_spells
from mhc_lab.schema.pairs import alternate_accounts, collaborations
from mhc_lab.schema.people import persons

COMPUTED = (follow_history, follow_spells)
"""What follows from lists and observations is computed again."""
PAIRS = (collaborations, alternate_accounts)


@dataclass(frozen=True, slots=True)
class Two:
    """The person who stays and the one who becomes part of them."""

    keep: PersonId
    gone: PersonId

    def turned(self, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """What ``column`` holds when the one has become the other."""
        return sa.case((column == self.gone, sa.literal(self.keep, sa.Uuid)), else_=column)


def tables() -> Iterator[sa.Table]:
    """The tables with rows about persons that are not computed; those that others refer to first."""
    for table in metadata.sorted_tables:
        if table not in COMPUTED and columns(table):
            yield table


def columns(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns of ``table`` that name a person."""
    return [column for column in table.columns if any(key.column is persons.c.id for key in column.foreign_keys)]


def identity(table: sa.Table) -> sa.Column[Any]:
    """What tells the rows about one person apart: the primary key, without the person."""
    (column,) = [column for column in table.primary_key.columns if column not in columns(table)]
    return column


def about(table: sa.Table, person: PersonId) -> sa.ColumnElement[bool]:
    """The rows of ``table`` that name ``person``."""
    return sa.or_(*(column == person for column in columns(table)))


def clashing(table: sa.Table, two: Two) -> sa.ColumnElement[bool]:
    """The rows about the one who goes that cannot become the other's: they have their like, or would be about one person twice."""
    clash = _has_like(table, two)
    if len(columns(table)) > 1:
        clash = sa.or_(clash, sa.and_(*(column.in_([two.keep, two.gone]) for column in columns(table))))
    return sa.and_(about(table, two.gone), clash)


def _has_like(table: sa.Table, two: Two) -> sa.ColumnElement[bool]:
    """Whether a row would be the second of its kind."""
    like = table.alias("its_like")
    if table in PAIRS:
        low, high = turned_pair(table, two)
        return sa.exists().where(like.c.person_a_id == low, like.c.person_b_id == high)
    turned = {column.name: two.turned(column) for column in columns(table)}
    unique = [one for one in _unique(table) if set(one) & turned.keys()]
    alike = (
        sa.exists().where(*(like.c[name] == turned.get(name, table.c[name]) for name in names)) for names in unique
    )
    return sa.or_(sa.false(), *alike)


def turned_pair(table: sa.Table, two: Two) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """The pair in its order when the one has become the other."""
    one, other = (two.turned(column) for column in columns(table))
    return sa.func.least(one, other), sa.func.greatest(one, other)


def _unique(table: sa.Table) -> Iterator[tuple[str, ...]]:
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint | sa.PrimaryKeyConstraint):
            yield tuple(column.name for column in constraint.columns)
