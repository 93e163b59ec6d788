"""Rows that mean a file: read from the tables themselves, so that none is forgotten, and moved from one record of it to another.

The row of a file that was set aside names the record it had, and goes on doing so. Everything else that refers to a record refers to the
one that stays for it, also the files that were set aside before with this one as their keeper.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import MediaId
from mhc_lab.schema import metadata
from mhc_lab.schema.media import media_locator, quarantined_files

Keys = dict[str, list[list[str]]]
"""Primary keys as text, by the column that meant the record."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What meant one record and means another now."""

    removed: MediaId
    keeper: MediaId
    keys: Keys = field(default_factory=dict)


def columns() -> list[sa.Column[Any]]:
    """Every column that means a file's record and follows it."""
    own = quarantined_files.c.media_id
    found = (column for table in metadata.sorted_tables for column in table.columns if column is not own)
    return [column for column in found if any(key.column is media_locator.c.id for key in column.foreign_keys)]


def counts() -> sa.Subquery:
    """How many rows mean each record, as ``media`` and ``number``; a record nobody means has no row."""
    meant = sa.union_all(*(sa.select(column.label("media")).where(column.is_not(None)) for column in columns()))
    each = meant.subquery("meant")
    return sa.select(each.c.media, sa.func.count().label("number")).group_by(each.c.media).subquery("counted")


def move(session: Session, keepers: Mapping[MediaId, MediaId]) -> dict[MediaId, Moved]:
    """Let what means a record mean its keeper; what that was, for :func:`move_back`."""
    moved = {removed: Moved(removed, keeper) for removed, keeper in keepers.items()}
    turned = _given(removed=list(keepers), keeper=list(keepers.values()))
    for column in columns():
        change = sa.update(column.table).where(column == turned.c.removed).values({column: turned.c.keeper})
        for removed, *key in session.execute(change.returning(turned.c.removed, *_key(column))):
            moved[removed].keys.setdefault(str(column), []).append(key)
    return moved


def changed(session: Session, moved: Iterable[Moved]) -> set[MediaId]:
    """Of which records something that was moved means a third one by now; what is gone altogether means nothing."""
    return {
        MediaId(removed)
        for column, given in _by_column(moved)
        for removed in session.scalars(
            sa.select(given.c.removed).where(_is_it(column, given), column != given.c.keeper)
        )
    }


def move_back(session: Session, moved: Iterable[Moved]) -> None:
    """Let what was moved mean the removed record again."""
    for column, given in _by_column(moved):
        back = sa.update(column.table).where(_is_it(column, given), column == given.c.keeper)
        session.execute(back.values({column: given.c.removed}))


def _by_column(moved: Iterable[Moved]) -> Iterator[tuple[sa.Column[Any], sa.FromClause]]:
    """Each column with what was moved of it, as rows of removed, keeper and the parts of the key."""
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for one in moved:
        for name, keys in one.keys.items():
            rows[name] += [(one.removed, one.keeper, *key) for key in keys]
    for column in columns():
        if listed := rows.get(str(column)):
            removed, keeper, *parts = map(list, zip(*listed, strict=True))
            yield column, _given(removed=removed, keeper=keeper, **{f"key{n}": part for n, part in enumerate(parts)})


def _is_it(column: sa.Column[Any], given: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(*(part == given.c[f"key{number}"] for number, part in enumerate(_key(column))))


def _key(column: sa.Column[Any]) -> list[sa.ColumnElement[str]]:
    return [sa.cast(part, sa.Text) for part in column.table.primary_key.columns]


def _given(**lists: list[Any]) -> sa.FromClause:
    """Lists side by side, as a table."""
    arrays = (sa.literal(one, sa.ARRAY(sa.Uuid if isinstance(one[0], UUID) else sa.Text)) for one in lists.values())
    typed = (sa.column(name, sa.Uuid if isinstance(one[0], UUID) else sa.Text) for name, one in lists.items())
    return sa.func.unnest(*arrays).table_valued(*typed, name="given").render_derived()
