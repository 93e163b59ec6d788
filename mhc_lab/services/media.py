"""The files of the library: found, marked, taken away and brought back. Their bytes are never touched here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError as Clash
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import ByteId, MediaId, PersonId
from mhc_lab.schema.media import file_storages, media_locator
from mhc_lab.schema.people import persons
from mhc_lab.services import audit_log, quarantine
from mhc_lab.services.quarantine import QuarantinedFile

_TAG = re.compile(r"[^\s,][^,\n]{0,39}")
WAITING = "waiting"
"""In place of a verdict: nobody has looked into the file yet."""
_WHOLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHORTEST = 6
"""Digits by which a file may be named when no other begins with them."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One registered file, as it is now."""

    id: MediaId
    person_id: PersonId | None
    username: str | None
    storage: str
    is_storage_active: bool
    relative_path: str
    original_name: str
    byte_id: ByteId
    content_id: str | None
    size_bytes: int
    verdict: str | None
    format: str | None
    codec: str | None
    width: int | None
    height: int | None
    orientation: int | None
    duration_seconds: float | None
    source: str
    source_url: str | None
    photoset_id: str | None
    at: datetime
    """When it was taken, else last written to, else registered."""
    taken_at: datetime | None
    is_zone_known: bool
    modified_at: datetime | None
    created_at: datetime
    latitude: float | None
    longitude: float | None
    author: str | None
    tags: tuple[str, ...]
    is_primary: bool
    is_favorite: bool
    deleted_at: datetime | None

    @property
    def is_deleted(self) -> bool:
        """Whether it was taken out of the library; it can be brought back."""
        return self.deleted_at is not None

    def __str__(self) -> str:
        marks = ["primary"] * self.is_primary + ["favourite"] * self.is_favorite + ["deleted"] * bool(self.deleted_at)
        size = f"{self.width} × {self.height}" if self.width else self.verdict or "not looked into"
        more = f"  ({', '.join([*marks, *self.tags])})" if marks or self.tags else ""
        whose = self.username or "nobody known"
        return f"{str(self.id)[:8]}  {self.at:%Y-%m-%d}  {whose}  {self.storage}:{self.relative_path}  {size}{more}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files somebody wants to see; what is None or empty does not matter."""

    person: PersonId | None = None
    storage: str = ""
    source: str = ""
    verdict: str = ""
    """One of the verdicts, or :data:`WAITING`."""
    tag: str = ""
    words: str = ""
    """In the name of the file."""
    byte_id: str = ""
    content_id: str = ""
    source_url: str = ""
    is_favorite: bool | None = None
    is_deleted: bool = False
    since: datetime | None = None
    until: datetime | None = None


_AT = sa.func.coalesce(media_locator.c.taken_at, media_locator.c.modified_at, media_locator.c.created_at)
_SPECIAL: dict[str, sa.ColumnElement[Any]] = {
    "username": persons.c.username,
    "storage": file_storages.c.name,
    "is_storage_active": file_storages.c.is_active,
    "at": _AT,
}
_FILE: list[sa.ColumnElement[Any]] = [
    _SPECIAL[one.name] if one.name in _SPECIAL else media_locator.c[one.name] for one in fields(MediaFile)
]
_PLACED = media_locator.join(file_storages, file_storages.c.id == media_locator.c.storage_id).outerjoin(
    persons, persons.c.id == media_locator.c.person_id
)


def found(session: Session, wanted: Wanted, *, limit: int = 60, offset: int = 0) -> list[MediaFile]:
    """The files that are wanted, newest first."""
    statement = sa.select(*_FILE).select_from(_PLACED).where(*_conditions(wanted))
    order = (_AT.desc(), media_locator.c.id)
    return [_file(row) for row in session.execute(statement.order_by(*order).limit(limit).offset(offset))]


def count(session: Session, wanted: Wanted) -> int:
    """How many they are."""
    statement = sa.select(sa.func.count()).select_from(_PLACED).where(*_conditions(wanted))
    return session.scalar(statement) or 0


def counts_by(session: Session, wanted: Wanted, name: Literal["source", "verdict"]) -> dict[str, int]:
    """How many of the wanted files have each source or verdict, whichever of it is wanted; the most first."""
    is_source = name == "source"
    open_ = replace(wanted, source="") if is_source else replace(wanted, verdict="")
    column = media_locator.c.source if is_source else sa.func.coalesce(media_locator.c.verdict, WAITING)
    number = sa.func.count()
    statement = sa.select(column, number).select_from(_PLACED).where(*_conditions(open_)).group_by(column)
    return dict(session.execute(statement.order_by(number.desc(), column)).all())


def size_bytes(session: Session, wanted: Wanted) -> int:
    """How large they are together."""
    total = sa.cast(sa.func.sum(media_locator.c.size_bytes), sa.BigInteger)
    return session.scalar(sa.select(total).select_from(_PLACED).where(*_conditions(wanted))) or 0


def those(session: Session, ids: Iterable[MediaId]) -> dict[MediaId, MediaFile]:
    """The files with these ids, deleted or not; what is none is left out."""
    wanted = media_locator.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))
    rows = session.execute(sa.select(*_FILE).select_from(_PLACED).where(wanted))
    return {file.id: file for file in map(_file, rows)}


def storages_of(session: Session, ids: Iterable[MediaId]) -> set[str]:
    """The names of the storages in which these files lie, or lay."""
    wanted = media_locator.c.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.Uuid)))
    return set(session.scalars(sa.select(file_storages.c.name).distinct().join(media_locator).where(wanted)))


def get(session: Session, name: str | MediaId) -> MediaFile:
    """The file with that id, or the one whose id begins so.

    Raises
    ------
    NotFoundError
        There is none.
    RefusedError
        There are several, or the beginning is too short to mean one.
    """
    text = str(name).strip().lower()
    is_hex = re.fullmatch(r"[0-9a-f-]+", text) is not None
    if is_hex and len(text) < _SHORTEST:
        raise RefusedError(
            f'"{text}" is too short: give at least {_SHORTEST} digits of the file\'s id.', rule="file id"
        )
    matching = sa.cast(media_locator.c.id, sa.Text).startswith(text) if is_hex else sa.false()
    if _WHOLE.fullmatch(text):
        matching = media_locator.c.id == UUID(text)
    rows = session.execute(sa.select(*_FILE).select_from(_PLACED).where(matching).limit(2)).all()
    if not rows:
        raise NotFoundError("file", text, hint="Find it with `mhc media find`.")
    if len(rows) > 1:
        raise RefusedError(f'Several files have an id that begins with "{text}". Give more of it.', rule="file id")
    return _file(rows[0])


def primary(session: Session, person: PersonId) -> MediaFile | None:
    """The picture that stands for a person: the one that was chosen, else the newest that can be shown."""
    can_show = sa.and_(media_locator.c.verdict == "readable", media_locator.c.deleted_at.is_(None))
    statement = (
        sa.select(*_FILE)
        .select_from(_PLACED)
        .where(media_locator.c.person_id == person, can_show)
        .order_by(media_locator.c.is_primary.desc(), _AT.desc(), media_locator.c.id)
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    return _file(row) if row else None


def set_primary(session: Session, file: MediaFile) -> MediaFile | None:
    """Let ``file`` stand for its person; the one that did before, when somebody had chosen it.

    Raises
    ------
    RefusedError
        It is nobody's, or was deleted.
    """
    if file.person_id is None:
        raise RefusedError(
            f"{file.relative_path} belongs to nobody, so it can stand for nobody.", rule="primary picture"
        )
    _refuse_deleted(file)
    before = session.scalar(
        sa.update(media_locator)
        .where(media_locator.c.person_id == file.person_id, media_locator.c.is_primary, media_locator.c.id != file.id)
        .values(is_primary=False)
        .returning(media_locator.c.id)
    )
    _update(session, [file.id], is_primary=True)
    return get(session, MediaId(before)) if before else None


def unset_primary(session: Session, file: MediaFile) -> None:
    """Let nothing be chosen for its person: the newest picture stands for them again."""
    _update(session, [file.id], is_primary=False)


def set_favorite(session: Session, files: Iterable[MediaFile], *, favorite: bool) -> int:
    """Mark files as favourites, or not any more; how many changed."""
    return _update(session, [one.id for one in files if one.is_favorite != favorite], is_favorite=favorite)


def tag(session: Session, files: Iterable[MediaFile], tags: Iterable[str]) -> int:
    """Put tags on files; how many did not have all of them.

    Raises
    ------
    RefusedError
        One of them is no tag.
    """
    new = sorted({checked_tag(one) for one in tags})
    having = [one.id for one in files if not set(new) <= set(one.tags)]
    both = media_locator.c.tags.op("||")(sa.literal(new, sa.ARRAY(sa.Text)))
    return _update(session, having, tags=_tidy(both))


def untag(session: Session, files: Iterable[MediaFile], tags: Iterable[str]) -> int:
    """Take tags off files; how many had one of them."""
    gone = {checked_tag(one) for one in tags}
    changed = 0
    for one in files:
        if gone & set(one.tags):
            changed += _update(session, [one.id], tags=[kept for kept in one.tags if kept not in gone])
    return changed


def set_tags(session: Session, file: MediaFile, tags: Iterable[str]) -> bool:
    """Let ``file`` have these tags and no others; whether that changed anything."""
    wanted = sorted({checked_tag(one) for one in tags})
    return wanted != sorted(file.tags) and bool(_update(session, [file.id], tags=wanted))


def checked_tag(text: str) -> str:
    """``text`` trimmed and in small letters, when it is a tag: 1 to 40 characters without a comma."""
    trimmed = " ".join(text.split()).lower()
    if not _TAG.fullmatch(trimmed) or not trimmed.isprintable():
        raise RefusedError(f'"{text[:40]}" is no tag: 1 to 40 characters without a comma.', rule="tag")
    return trimmed


def tags(session: Session) -> dict[str, int]:
    """Every tag on live files with how many have it, the most used first."""
    live = (media_locator.c.deleted_at.is_(None), media_locator.c.tags != sa.text("'{}'"))
    one = sa.select(sa.func.unnest(media_locator.c.tags).label("name")).where(*live).subquery().c.name
    statement = sa.select(one, sa.func.count()).group_by(one).order_by(sa.func.count().desc(), one)
    return dict(session.execute(statement).all())


def delete(session: Session, file: MediaFile, *, by: str, at: datetime) -> None:
    """Take a file out of the library: its row says so, and its bytes stay where they are.

    The set it belongs to is not fetched again. A picture that stood for its person does so no more; the database sees to both.
    """
    _refuse_deleted(file)
    _update(session, [file.id], deleted_at=at)
    _log(session, "media.delete", file, by)


def restore(session: Session, file: MediaFile, *, by: str) -> None:
    """Bring a file back; it stands for its person again when it did before and no other was chosen meanwhile.

    Raises
    ------
    ConflictError
        Another file is registered in its place by now.
    RefusedError
        It was set aside: its bytes come back together with its row, or not at all.
    """
    storage = session.scalars(sa.select(media_locator.c.storage_id).where(media_locator.c.id == file.id)).one()
    quarantine.hold_files(session, storage)
    if away := quarantine.of_row(session, file.id):
        raise RefusedError(_why_away(away), rule="rows with files")
    try:
        with session.begin_nested():
            _update(session, [file.id], deleted_at=None)
    except Clash as clash:
        there = found(session, Wanted(storage=file.storage, words=file.original_name))
        other = next((one for one in there if one.relative_path == file.relative_path), None)
        raise ConflictError(
            f"Another file is registered at {file.storage}:{file.relative_path} by now. Delete that one first, or leave this one away.",
            mine=file,
            theirs=other,
        ) from clash
    _log(session, "media.restore", file, by)


def _why_away(file: QuarantinedFile) -> str:
    if file.state in {"purging", "purged"}:
        return f"{file.relative_path} was removed for good: {file.reason}. There is nothing to bring back."
    return f"{file.relative_path} was set aside. Bring it back with `mhc quarantine restore {str(file.id)[:8]}`."


def from_source(session: Session, person: PersonId, url: str) -> MediaFile | None:
    """The live file of a person that was fetched from this address."""
    return next(iter(found(session, Wanted(person=person, source_url=url), limit=1)), None)


def with_bytes(session: Session, person: PersonId, byte_id: ByteId) -> MediaFile | None:
    """The live file of a person that has these bytes, the oldest when there are several."""
    return next(reversed(found(session, Wanted(person=person, byte_id=byte_id), limit=1000)), None)


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    file = media_locator.c
    conditions: list[sa.ColumnElement[bool]] = [
        file.deleted_at.is_not(None) if wanted.is_deleted else file.deleted_at.is_(None)
    ]
    exact = {
        file.person_id: wanted.person,
        file_storages.c.name: wanted.storage,
        file.source: wanted.source,
        file.byte_id: wanted.byte_id,
        file.content_id: wanted.content_id,
        file.source_url: wanted.source_url,
    }
    conditions += [column == value for column, value in exact.items() if value]
    if wanted.verdict:
        conditions.append(file.verdict.is_(None) if wanted.verdict == WAITING else file.verdict == wanted.verdict)
    if wanted.tag:
        conditions += [file.tags.contains([checked_tag(wanted.tag)]), file.tags != sa.text("'{}'")]
    if wanted.words:
        conditions.append(file.original_name.icontains(wanted.words.strip(), autoescape=True))
    if wanted.is_favorite is not None:
        conditions.append(file.is_favorite == wanted.is_favorite)
    if wanted.since:
        conditions.append(wanted.since <= _AT)
    if wanted.until:
        conditions.append(wanted.until > _AT)
    return conditions


def _file(row: Sequence[Any]) -> MediaFile:
    said = dict(zip(MediaFile.__dataclass_fields__, row, strict=True))
    return MediaFile(**{**said, "tags": tuple(said["tags"])})


def _update(session: Session, ids: list[MediaId], **values: object) -> int:
    if not ids:
        return 0
    changed = sa.update(media_locator).where(media_locator.c.id.in_(ids)).values(**values)
    return len(session.scalars(changed.returning(media_locator.c.id)).all())


def _log(session: Session, action: str, file: MediaFile, by: str) -> None:
    place = f"{file.storage}:{file.relative_path}"
    audit_log.append(session, actor=by, action=action, subject=place, details={"files": [str(file.id)]})


def _tidy(tags_: sa.ColumnElement[object]) -> sa.ScalarSelect[object]:
    """Each tag once, in order."""
    one = sa.func.unnest(tags_).column_valued("one")
    return sa.select(sa.func.array_agg(sa.distinct(one))).scalar_subquery()


def _refuse_deleted(file: MediaFile) -> None:
    if file.deleted_at is not None:
        raise RefusedError(
            f"{file.relative_path} was deleted. Bring it back with `mhc media restore {str(file.id)[:8]}`.",
            rule="live files",
        )
