"""What an audit of the library reads, all of it at once, and what it sets right, each thing under lock and only if it is as it was planned.

What is changed here is handed back as it was before, so that it can be put back; what was changed again since is left alone.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError as Clash
from sqlalchemy.orm import Session

from mhc_lab.core.ids import ByteId, MediaId, PersonId, StorageId
from mhc_lab.reconciliation.classify import PATHS, ROWS
from mhc_lab.schema.media import media_locator, quarantined_files, snapshot_pictures
from mhc_lab.schema.people import persons
from mhc_lab.schema.sources import affiliate_api_snapshots
from mhc_lab.services import media_references
from mhc_lab.storage.layout import owner_and_source
from mhc_lab.storage.store import FoundFile

_ROWS = """
    SELECT id, array_position(%s::uuid[], storage_id) - 1, relative_path, size_bytes, byte_id, person_id,
           (extract(epoch FROM coalesce(deleted_at, created_at)) * 1000000)::bigint, deleted_at IS NOT NULL, problem
    FROM media_locator
"""
_PATHS = """
    SELECT snapshot.id, named.which, named.path, snapshot.person_id, meant.media_id
    FROM affiliate_api_snapshots AS snapshot
    CROSS JOIN LATERAL (
        VALUES ('image', snapshot.image_path), ('image_360x270', snapshot.image_path_360x270)
    ) AS named (which, path)
    LEFT JOIN snapshot_pictures AS meant ON meant.snapshot_id = snapshot.id AND meant.which = named.which
    WHERE named.path IS NOT NULL
"""


def rows(session: Session, storages: Sequence[StorageId]) -> pl.DataFrame:
    """Every row, deleted ones too; a storage is told by its place in ``storages``."""
    return _copied(session, _ROWS, [list(storages)], ROWS)


def paths(session: Session) -> pl.DataFrame:
    """Every path a snapshot names, and which file is meant, where that is known."""
    return _copied(session, _PATHS, [], PATHS)


def _copied(
    session: Session, query: str, values: Sequence[object], schema: Mapping[str, type[pl.DataType]]
) -> pl.DataFrame:
    """What a query gives, by COPY: no object is made for a row."""
    connection: Any = session.connection().connection.driver_connection
    text = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", values) as reader:
        for block in reader:
            text.write(block)
    flags = [name for name, type_ in schema.items() if type_ is pl.Boolean]
    said: dict[str, type[pl.DataType]] = {**schema, **dict.fromkeys(flags, pl.String)}
    if not text.tell():
        return pl.DataFrame(schema=schema)
    text.seek(0)
    frame = pl.read_csv(text, has_header=False, schema=said)
    return frame.with_columns(pl.col(flags) == "t")


# what is set right


@dataclass(frozen=True, slots=True)
class Row:
    """What the library says of a file, as far as an audit changes it."""

    id: MediaId
    person_id: PersonId | None
    storage_id: StorageId
    relative_path: str
    byte_id: ByteId
    size_bytes: int
    deleted_at: datetime | None
    problem: str | None
    problem_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewRow:
    """A file that gets a row, and whose it is."""

    found: FoundFile
    byte_id: ByteId
    person: PersonId


@dataclass(frozen=True, slots=True)
class Made:
    """A row that was made for a file, as it was made."""

    id: MediaId
    storage: StorageId
    relative_path: str
    byte_id: ByteId


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a snapshot names, and where it lies."""

    snapshot: int
    which: str
    storage: StorageId
    relative_path: str


_ROW = [media_locator.c[name] for name in Row.__dataclass_fields__]


def locked(session: Session, ids: Iterable[MediaId]) -> dict[MediaId, Row]:
    """The rows with these ids, kept from others until the transaction ends."""
    return {row.id: row for row in _locked(session, media_locator.c.id == _any(sorted(set(ids)), sa.Uuid()))}


def at(session: Session, storage: StorageId, paths: Iterable[str]) -> dict[str, Row]:
    """The live rows of these places, kept from others until the transaction ends."""
    here = media_locator.c.relative_path == _any(sorted(set(paths)), sa.Text())
    live = (media_locator.c.storage_id == storage, media_locator.c.deleted_at.is_(None))
    return {row.relative_path: row for row in _locked(session, here, *live)}


def live(session: Session, places: Collection[tuple[StorageId, str]]) -> dict[tuple[StorageId, str], Row]:
    """The live rows of these places as they are now, whoever may change them."""
    wanted = _unnested(list(places), ("storage", sa.Uuid()), ("path", sa.Text()))
    here = sa.and_(media_locator.c.storage_id == wanted.c.storage, media_locator.c.relative_path == wanted.c.path)
    rows = session.execute(sa.select(*_ROW).join(wanted, here).where(media_locator.c.deleted_at.is_(None)))
    return {(row.storage_id, row.relative_path): Row(*row) for row in rows}


def with_bytes(session: Session, byte_ids: Iterable[ByteId]) -> dict[ByteId, list[Row]]:
    """The live rows that say these bytes, the oldest first."""
    same = media_locator.c.byte_id == _any(sorted(set(byte_ids)), sa.Text())
    rows = session.execute(
        sa.select(*_ROW).where(same, media_locator.c.deleted_at.is_(None)).order_by(media_locator.c.created_at, _ROW[0])
    )
    found: dict[ByteId, list[Row]] = {}
    for row in rows:
        found.setdefault(row.byte_id, []).append(Row(*row))
    return found


def lost(session: Session, byte_ids: Iterable[ByteId]) -> dict[tuple[ByteId, PersonId | None], list[Row]]:
    """Live rows that are said to have lost files with these bytes, by bytes and person; kept from others until the transaction ends."""
    same = media_locator.c.byte_id == _any(sorted(set(byte_ids)), sa.Text())
    missing = (media_locator.c.problem == "missing", media_locator.c.deleted_at.is_(None))
    found: dict[tuple[ByteId, PersonId | None], list[Row]] = {}
    for row in _locked(session, same, *missing):
        found.setdefault((row.byte_id, row.person_id), []).append(row)
    return found


def point(session: Session, row: MediaId, storage: StorageId, relative_path: str) -> bool:
    """Let a row say that its file lies there and nothing is wrong with it; False when another row is about that place already."""
    values = {"storage_id": storage, "relative_path": relative_path, "problem": None, "problem_at": None}
    try:
        with session.begin_nested():
            _change(session, row, **values)
    except Clash:
        return False
    return True


def flag(session: Session, row: MediaId, problem: str | None, *, at: datetime | None) -> None:
    """Let a row say what is wrong with its file; None: nothing."""
    _change(session, row, problem=problem, problem_at=at if problem else None)


def those_there(session: Session, ids: Iterable[PersonId]) -> set[PersonId]:
    """Which of these persons are there; they stay until the transaction ends."""
    there = sa.select(persons.c.id).where(persons.c.id == _any(sorted(set(ids)), sa.Uuid()))
    return set(session.scalars(there.order_by(persons.c.id).with_for_update(key_share=True)))


def register(session: Session, storage: StorageId, files: Sequence[NewRow], *, at: datetime) -> dict[str, MediaId]:
    """Rows for files of :func:`those_there` that have none; the id of each by its path. A place that got a row meanwhile is left out."""
    values = [
        {
            "person_id": file.person,
            "storage_id": storage,
            "relative_path": file.found.relative_path,
            "byte_id": file.byte_id,
            "size_bytes": file.found.size_bytes,
            "source": owner_and_source(file.found.relative_path)[1],
            "original_name": file.found.relative_path.rpartition("/")[2],
            "modified_at": file.found.modified_at,
            "created_at": at,
        }
        for file in files
    ]
    if not values:
        return {}
    new = insert(media_locator).on_conflict_do_nothing(
        index_elements=["storage_id", "relative_path"], index_where=media_locator.c.deleted_at.is_(None)
    )
    added = session.execute(new.returning(media_locator.c.relative_path, media_locator.c.id), values)
    return {path: MediaId(media) for path, media in added}


def forget(session: Session, made: Sequence[Made]) -> set[MediaId]:
    """Delete rows that :func:`register` made and that nobody has used or changed since; those that were.

    What was set aside for one of them and is back needs no keeper any more.
    """
    row, aside = media_locator.c, quarantined_files.c
    returned = sa.update(quarantined_files).where(
        aside.keeper_id == _any([one.id for one in made], sa.Uuid()), aside.state == "back"
    )
    session.execute(returned.values(keeper_id=None))
    meant = (*media_references.columns(), aside.media_id)
    used = [sa.exists().where(column == row.id) for column in meant]
    then = _unnested(
        [(one.id, one.storage, one.relative_path, one.byte_id) for one in made],
        ("id", sa.Uuid()), ("storage_id", sa.Uuid()), ("relative_path", sa.Text()), ("byte_id", sa.Text()),
    )  # fmt: skip
    untouched = (
        *(row[column.name] == column for column in then.c),
        row.deleted_at.is_(None),
        ~row.is_primary,
        ~row.is_favorite,
        row.tags == sa.text("'{}'"),
        row.problem.is_(None),
    )
    gone = sa.delete(media_locator).where(*untouched, *map(sa.not_, used))
    return set(session.scalars(gone.returning(row.id)))


def refer(session: Session, pictures: Sequence[Picture]) -> dict[tuple[int, str], MediaId]:
    """Note which files snapshots mean; those that were noted now. A place without a live row, or one that is known, is left out."""
    places: dict[StorageId, set[str]] = {}
    for one in pictures:
        places.setdefault(one.storage, set()).add(one.relative_path)
    rows = {
        (storage, path): row.id for storage, here in places.items() for path, row in at(session, storage, here).items()
    }
    meant = [(one.snapshot, one.which, rows.get((one.storage, one.relative_path))) for one in pictures]
    wanted = _unnested(
        [one for one in meant if one[2]], ("snapshot", sa.BigInteger()), ("which", sa.Text()), ("media", sa.Uuid())
    )
    known = wanted.join(affiliate_api_snapshots, affiliate_api_snapshots.c.id == wanted.c.snapshot)
    said = sa.select(wanted.c.snapshot, wanted.c.which, wanted.c.media).select_from(known)
    new = insert(snapshot_pictures).from_select(["snapshot_id", "which", "media_id"], said).on_conflict_do_nothing()
    return {(row.snapshot_id, row.which): row.media_id for row in session.execute(new.returning(snapshot_pictures))}


def unrefer(session: Session, meant: Mapping[tuple[int, str], MediaId]) -> set[tuple[int, str]]:
    """Take back which files snapshots mean, where that is still what was noted; those that were."""
    rows = [(*key, media) for key, media in meant.items()]
    noted = _unnested(rows, ("snapshot", sa.BigInteger()), ("which", sa.Text()), ("media", sa.Uuid()))
    picture = snapshot_pictures.c
    same = sa.and_(
        picture.snapshot_id == noted.c.snapshot, picture.which == noted.c.which, picture.media_id == noted.c.media
    )
    gone = sa.delete(snapshot_pictures).where(same).returning(picture.snapshot_id, picture.which)
    return {(snapshot, which) for snapshot, which in session.execute(gone)}


def _locked(session: Session, *conditions: sa.ColumnElement[bool]) -> list[Row]:
    statement = sa.select(*_ROW).where(*conditions).order_by(media_locator.c.id).with_for_update()
    return [Row(*row) for row in session.execute(statement)]


def _change(session: Session, row: MediaId, **values: object) -> None:
    session.execute(sa.update(media_locator).where(media_locator.c.id == row).values(**values))


def _any(values: Sequence[object], type_: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    return sa.any_(sa.literal(list(values), sa.ARRAY(type_)))


def _unnested(
    rows: Sequence[tuple[object, ...]], *columns: tuple[str, sa.types.TypeEngine[Any]]
) -> sa.TableValuedAlias:
    """``rows`` as a table, whatever their number in one statement."""
    arrays = [sa.literal([row[place] for row in rows], sa.ARRAY(type_)) for place, (_, type_) in enumerate(columns)]
    return sa.func.unnest(*arrays).table_valued(*(name for name, _ in columns)).render_derived()
