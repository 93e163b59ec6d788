"""Two persons who are one: everything about the one becomes the other's, and can be given back.

:func:`absorb` returns all that it takes to undo it, as JSON, and :func:`release` needs nothing else. Rows that both have, where there can
be one only, are set aside in there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import InternalError
from mhc_lab.core.ids import PersonId
from mhc_lab.schema import metadata
from mhc_lab.schema.base import Json
from mhc_lab.schema.media import media_locator, snapshot_pictures
from mhc_lab.schema.people import person_aliases, persons, profiles
from mhc_lab.schema.sources import affiliate_api_snapshots
from mhc_lab.services import follow_history, references
from mhc_lab.services.people import SINCE_EVER
from mhc_lab.services.references import PAIRS, Two

_NOT_FILLED = {"id", "person_id", "created_at", "updated_at"}
"""Columns of a profile that say nothing about the person; those on following are computed."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Share:
    """How many rows of a table become another person's, and how many are set aside because that person has their like."""

    table: str
    moved_count: int
    set_aside_count: int


def shares(session: Session, two: Two) -> tuple[Share, ...]:
    """What a merge would do, table by table; nothing is changed."""
    found = []
    for table in references.tables():
        aside = sa.func.count().filter(references.clashing(table, two))
        statement = sa.select(sa.func.count(), aside).select_from(table).where(references.about(table, two.gone))
        all_, clashing = session.execute(statement).one()
        if all_:
            found.append(Share(table.name, all_ - clashing, clashing))
    return tuple(found)


def absorb(session: Session, two: Two, *, at: datetime) -> Row:
    """Make everything about the one who goes the other's, and take them away; what it takes to undo that."""
    follow_history.serialise(session)
    person, kept = (_rows(session, persons, persons.c.id == one)[0] for one in (two.gone, two.keep))
    taken: Row = {"keep": str(two.keep), "person": person, "aside": {}, "joined": {}, "moved": {}}
    with _merging(session):
        for table in references.tables():
            if table in PAIRS:
                taken["joined"][table.name] = _join(session, table, two)
            if table is affiliate_api_snapshots:
                taken["pictures"] = _pictures(session, two)
            taken["aside"][table.name] = _set_aside(session, table, two)
        taken["unchosen"] = _unchoose(session, two)
        for table in references.tables():
            taken["moved"][table.name] = _move(session, table, two)
        taken["filled"] = _fill(session, two.keep, taken["aside"][profiles.name])
    follow_history.recompute(session, at=at)
    _refuse_leftovers(session, two.gone)
    session.execute(sa.delete(persons).where(persons.c.id == two.gone))
    taken["widened"] = _widen(session, person, kept)
    taken["alias"] = _remember_name(session, two.keep, person)
    return taken


def release(session: Session, taken: Mapping[str, Any], *, at: datetime) -> None:
    """Put back what :func:`absorb` took: the person, their rows, and what was changed of the other's."""
    follow_history.serialise(session)
    two = Two(PersonId(UUID(taken["keep"])), PersonId(UUID(taken["person"]["id"])))
    session.execute(sa.delete(person_aliases).where(person_aliases.c.id == UUID(taken["alias"])))
    _set_back(session, persons, [taken["widened"]])
    _insert(session, persons, [taken["person"]])
    with _merging(session):
        _set_back(session, profiles, [taken["filled"]] if taken["filled"] else [])
        for table in references.tables():
            _move_back(session, table, two, taken["moved"].get(table.name, {}))
            _set_back(session, table, taken["joined"].get(table.name, []))
            _insert(session, table, taken["aside"].get(table.name, []))
        _set_back(session, media_locator, taken.get("unchosen", []))
        _insert(session, snapshot_pictures, taken.get("pictures", []))
    follow_history.recompute(session, at=at)


# what both have


def _join(session: Session, table: sa.Table, two: Two) -> list[Row]:
    """Where both are a pair with a third, the notes of both go on and the earlier date counts; what stood there before."""
    stays = table.alias("stays")
    low, high = references.turned_pair(table, two)
    turned = sa.select(table.c.notes, table.c.first_seen_at, low.label("low"), high.label("high"))
    goes_as = turned.where(references.clashing(table, two)).subquery("goes")
    both = sa.and_(stays.c.person_a_id == goes_as.c.low, stays.c.person_b_id == goes_as.c.high)
    before = _rows(session, stays, sa.exists().where(both), names=("id", "notes", "first_seen_at"))
    notes = sa.case(
        (sa.or_(table.c.notes.is_(None), table.c.notes == goes_as.c.notes), goes_as.c.notes),
        else_=sa.func.concat_ws("; ", table.c.notes, goes_as.c.notes),
    )
    session.execute(
        sa.update(table)
        .where(table.c.person_a_id == goes_as.c.low, table.c.person_b_id == goes_as.c.high)
        .values(notes=notes, first_seen_at=sa.func.least(table.c.first_seen_at, goes_as.c.first_seen_at))
    )
    return before


def _set_aside(session: Session, table: sa.Table, two: Two) -> list[Row]:
    rows = _rows(session, table, references.clashing(table, two))
    key = references.identity(table)
    named = sa.and_(references.about(table, two.gone), _text(key).in_([str(row[key.name]) for row in rows]))
    session.execute(sa.delete(table).where(named))
    return rows


def _pictures(session: Session, two: Two) -> list[Row]:
    """Which files the snapshots mean that are set aside: these rows go with them."""
    snapshots = affiliate_api_snapshots
    aside = sa.select(snapshots.c.id).where(references.clashing(snapshots, two))
    return _rows(session, snapshot_pictures, snapshot_pictures.c.snapshot_id.in_(aside))


def _fill(session: Session, keep: PersonId, aside: list[Row]) -> Row | None:
    """What the other's profile says and this one does not is taken over; what stood there before."""
    if not aside:
        return None
    before = _rows(session, profiles, profiles.c.person_id == keep)[0]
    missing = {
        name: value
        for name, value in aside[0].items()
        if value not in (None, 0) and before[name] in (None, 0) and name not in _NOT_FILLED and "follow" not in name
    }
    _set_back(session, profiles, [{"id": before["id"], **missing}])
    return {name: before[name] for name in ("id", *missing)}


def _unchoose(session: Session, two: Two) -> list[Row]:
    """Where both have a picture that was chosen to stand for them, that of the one who stays does; what was said of the other."""
    other = media_locator.alias("other")
    chosen = sa.and_(
        media_locator.c.person_id == two.gone,
        media_locator.c.is_primary,
        sa.exists().where(other.c.person_id == two.keep, other.c.is_primary),
    )
    before = _rows(session, media_locator, chosen, names=("id", "is_primary"))
    _set_back(session, media_locator, [{**row, "is_primary": False} for row in before])
    return before


# what moves


def _move(session: Session, table: sa.Table, two: Two) -> dict[str, list[str]]:
    """Let the rows about the one be about the other; which they were, column by column."""
    key = _text(references.identity(table))
    if table in PAIRS:
        moved = {"": list(session.scalars(sa.select(key).where(references.about(table, two.gone))))}
        low, high = references.turned_pair(table, two)
        values = {"person_a_id": low, "person_b_id": high}
        session.execute(sa.update(table).where(references.about(table, two.gone)).values(values))
        return moved
    moved = {}
    for column in references.columns(table):
        moved[column.name] = list(session.scalars(sa.select(key).where(column == two.gone)))
        session.execute(sa.update(table).where(column == two.gone).values({column: two.keep}))
    return moved


def _move_back(session: Session, table: sa.Table, two: Two, moved: Mapping[str, list[str]]) -> None:
    back = Two(keep=two.gone, gone=two.keep)
    for name, keys in moved.items():
        rows = _text(references.identity(table)).in_(keys)
        if name:
            session.execute(sa.update(table).where(table.c[name] == two.keep, rows).values({name: two.gone}))
            continue
        low, high = references.turned_pair(table, back)
        session.execute(sa.update(table).where(rows).values(person_a_id=low, person_b_id=high))


def _widen(session: Session, person: Row, kept: Row) -> Row:
    """What the one row of a person can hold of two; what stood there before."""
    values = {
        "first_seen_at": min(person["first_seen_at"], kept["first_seen_at"], key=datetime.fromisoformat),
        "last_seen_at": max(person["last_seen_at"], kept["last_seen_at"], key=datetime.fromisoformat),
        "rid": kept["rid"] or person["rid"],
        "did": kept["did"] or person["did"],
    }
    _set_back(session, persons, [{"id": kept["id"], **values}])
    return {name: kept[name] for name in ("id", *values)}


def _remember_name(session: Session, keep: PersonId, person: Row) -> str:
    """The name that was given up stays the other's, until further notice."""
    former = sa.select(sa.func.max(person_aliases.c.valid_to)).where(person_aliases.c.alias == person["username"])
    row = sa.insert(person_aliases).values(
        person_id=keep,
        alias=person["username"],
        platform=person["platform"],
        valid_from=session.scalar(former) or SINCE_EVER,
    )
    return str(session.execute(row.returning(person_aliases.c.id)).scalar_one())


def _refuse_leftovers(session: Session, gone: PersonId) -> None:
    """A row that was forgotten would go with the person."""
    for table in metadata.sorted_tables:
        if references.columns(table) and session.scalar(sa.select(sa.exists().where(references.about(table, gone)))):
            raise InternalError(f"Rows of {table.name} would have gone with the person. Nothing was changed.")


# rows as JSON


def _text(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    return sa.cast(column, sa.Text)


def _rows(
    session: Session, table: sa.FromClause, condition: sa.ColumnElement[bool], *, names: Iterable[str] = ()
) -> list[Row]:
    """Rows as PostgreSQL writes them, exactly as it reads them back; of each, the columns ``names``, or all."""
    whole = sa.func.to_jsonb(sa.literal_column(str(table.name)))  # type: ignore[attr-defined]
    found = session.scalars(sa.select(whole).select_from(table).where(condition)).all()
    wanted = tuple(names)
    return [{name: row[name] for name in wanted or row} for row in found]


def _insert(session: Session, table: sa.Table, rows: list[Row]) -> None:
    names = ", ".join(column.name for column in table.columns if column.computed is None)
    statement = (
        f"INSERT INTO {table.name} ({names}) OVERRIDING SYSTEM VALUE "  # noqa: S608 - names of ours
        f"SELECT {names} FROM jsonb_populate_recordset(NULL::{table.name}, :rows)"
    )
    session.execute(sa.text(statement).bindparams(sa.bindparam("rows", rows, Json)))


def _set_back(session: Session, table: sa.Table, rows: Iterable[Row]) -> None:
    """Let columns hold what each of ``rows`` says, of the row with its ``id``."""
    for row in rows:
        names = [name for name in row if name != "id"]
        statement = (
            f"UPDATE {table.name} SET ({', '.join(names)}) = "  # noqa: S608 - names of ours
            f"(SELECT {', '.join(names)} FROM jsonb_populate_record(NULL::{table.name}, :row)) WHERE id::text = :id"
        )
        bound = sa.text(statement).bindparams(sa.bindparam("row", row, Json), id=str(row["id"]))
        if names:
            session.execute(bound)


@contextmanager
def _merging(session: Session) -> Iterator[None]:
    """Rows that are never changed may change their person within, and no trigger writes a history or derives anything from it."""
    say = sa.select(sa.func.set_config("mhc.job", sa.bindparam("job"), sa.true()))
    session.execute(say, {"job": "merge"})
    yield
    session.execute(say, {"job": ""})
