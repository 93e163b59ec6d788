"""Notes about persons: written or pasted text, kept exactly as it was given, with every earlier version.

Nothing is lost here: what an edit replaces is kept by the database, a deleted note is marked and can be restored, and whoever saves an
edit says which version they had before them. Exclusion is about figures: notes about excluded persons read like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import NoteId, PersonId
from mhc_lab.core.names import username as checked_name
from mhc_lab.schema.notes import profile_note_history, profile_notes
from mhc_lab.schema.people import persons
from mhc_lab.services import note_words, people
from mhc_lab.services.note_rules import CATEGORIES, checked, checked_link

PAGE = 20
"""So many notes are one page."""


@dataclass(frozen=True, slots=True)
class NewNote:
    """What to remember about whom."""

    username: str
    content: str
    category: str = "note"
    source_url: str | None = None
    noted_at: datetime | None = None
    """The time it is about; None: the time it is added."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note, as it is now; its text form is what two people compare when both have edited it."""

    id: NoteId
    person: PersonId
    username: str
    """What the person is called today."""
    category: str
    content: str
    author: str
    source_url: str | None
    noted_at: datetime
    version: int
    deleted_at: datetime | None
    deleted_by: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def is_deleted(self) -> bool:
        """Whether it is marked as deleted; it can be restored."""
        return self.deleted_at is not None

    @property
    def in_words(self) -> str:
        """The whole of it as a person reads it."""
        head = [f"{CATEGORIES[self.category].badge} of {display.text(self.noted_at)} UTC"]
        head += [f"Source: {self.source_url}"] if self.source_url else []
        head += [f"Deleted by {self.deleted_by} at {display.text(self.deleted_at)} UTC"] if self.is_deleted else []
        return "\n".join([*head, "", self.content])


@dataclass(frozen=True, slots=True)
class Version:
    """What a note was until it was changed."""

    version: int
    category: str
    content: str
    source_url: str | None
    noted_at: datetime
    deleted_at: datetime | None
    replaced_at: datetime
    replaced_by: str


class NoteConflictError(ConflictError):
    """Somebody else changed the note first: both versions as texts, and the note as it is now."""

    def __init__(self, mine: Note, theirs: Note) -> None:
        super().__init__(
            f"This note about {theirs.username} was changed by somebody else: you had version {mine.version}, it is at "
            f"version {theirs.version} now. Look at both, then save yours over theirs or take theirs.",
            mine=mine.in_words,
            theirs=theirs.in_words,
        )
        self.current = theirs


_KEY = re.compile(r"[0-9a-fA-F-]{8,36}")

_COLUMNS = [
    profile_notes.c.id, profile_notes.c.person_id, persons.c.username,
    *(
        profile_notes.c[name]
        for name in (
            "category", "content", "author", "source_url", "noted_at", "version", "deleted_at", "deleted_by",
            "created_at", "updated_at",
        )
    ),
]  # fmt: skip
_NEWEST_FIRST = (profile_notes.c.noted_at.desc(), profile_notes.c.created_at.desc(), profile_notes.c.id.desc())
"""No two notes are equal in it, so that pages neither repeat nor miss one."""


def add(session: Session, note: NewNote, *, author: str, at: datetime) -> Note:
    """``note`` as it was saved. A name that nobody here has or had yet becomes a new person.

    Raises
    ------
    RefusedError
        The name, category, text, link or time cannot be kept as it is; the message says why.
    """
    values = {
        **checked(category=note.category, content=note.content, noted_at=note.noted_at or at),
        "source_url": checked_link(note.source_url or ""),
    }
    name = checked_name(note.username)
    person = people.find(session, [name]).get(name) or people.find_or_create(session, [name], at=at)[name]
    row = sa.insert(profile_notes).values(**values, person_id=person, author=author, created_at=at, updated_at=at)
    return get(session, NoteId(session.scalars(row.returning(profile_notes.c.id)).one()))


def get(session: Session, note: NoteId) -> Note:
    """The note with that key, deleted or not.

    Raises
    ------
    NotFoundError
        There is none.
    """
    row = session.execute(_notes().where(profile_notes.c.id == note)).one_or_none()
    if row is None:
        raise NotFoundError("note", str(note), hint="List them with `mhc notes list NAME`.")
    return Note(*row)


def find(session: Session, key: str) -> Note:
    """The note whose key is ``key`` or begins with it, deleted or not.

    Raises
    ------
    NotFoundError
        There is none, or several begin like that.
    """
    begins = sa.cast(profile_notes.c.id, sa.Text).startswith(key.strip().lower(), autoescape=True)
    found = session.execute(_notes().where(begins).limit(2)).all() if _KEY.fullmatch(key.strip()) else []
    if len(found) != 1:
        hint = "Several begin like that: give more of it." if found else "List them with `mhc notes list NAME`."
        raise NotFoundError("note", key, hint=hint)
    return Note(*found[0])


def edit(
    session: Session,
    note: NoteId,
    *,
    expected_version: int,
    category: str | None = None,
    content: str | None = None,
    source_url: str | None = None,
    noted_at: datetime | None = None,
) -> Note:
    """The note with these changes; what it was stays among its versions. None leaves a field as it is, an empty link takes it away.

    Raises
    ------
    ConflictError
        It is not at ``expected_version`` any more; carries both as texts, and :attr:`NoteConflictError.current`.
    RefusedError
        A change cannot be kept as it is, or the note is deleted.
    """
    changes = checked(category=category, content=content, noted_at=noted_at)
    if source_url is not None:
        changes["source_url"] = checked_link(source_url)
    now = _locked(session, note)
    if now.version != expected_version:
        raise NoteConflictError(replace(_former(session, now, expected_version), **changes), now)
    if now.is_deleted:
        raise RefusedError("This note is deleted. Restore it first, then edit it.", rule="deleted note")
    if changes:
        session.execute(sa.update(profile_notes).where(profile_notes.c.id == note).values(**changes))
    return get(session, note)


def delete(session: Session, note: NoteId, *, at: datetime) -> Note:
    """The note, marked as deleted; :func:`restore` takes that back. One that is deleted already stays as it is."""
    if not _locked(session, note).is_deleted:
        marked = {"deleted_at": at, "deleted_by": sa.func.mhc_actor()}
        session.execute(sa.update(profile_notes).where(profile_notes.c.id == note).values(marked))
    return get(session, note)


def restore(session: Session, note: NoteId) -> Note:
    """The note, no longer deleted."""
    unmarked = {"deleted_at": None, "deleted_by": None}
    session.execute(sa.update(profile_notes).where(profile_notes.c.id == note).values(unmarked))
    return get(session, note)


def about(
    session: Session,
    person: PersonId,
    *,
    category: str | None = None,
    words: str = "",
    with_deleted: bool = False,
    limit: int = PAGE,
    offset: int = 0,
) -> list[Note]:
    """The notes about ``person``, newest first, by the time they are about; ``words`` as in :func:`search`."""
    found = _chosen(_notes(), words=words, with_deleted=with_deleted).where(profile_notes.c.person_id == person)
    if category is not None:
        found = found.where(profile_notes.c.category == category)
    return [Note(*row) for row in session.execute(found.order_by(*_NEWEST_FIRST).limit(limit).offset(offset))]


def counts(session: Session, person: PersonId, *, words: str = "", with_deleted: bool = False) -> dict[str, int]:
    """How many notes about ``person`` there are in each category, in the order of :data:`CATEGORIES`; none is 0."""
    counted = sa.select(profile_notes.c.category, sa.func.count()).group_by(profile_notes.c.category)
    counted = _chosen(counted, words=words, with_deleted=with_deleted).where(profile_notes.c.person_id == person)
    return dict.fromkeys(CATEGORIES, 0) | dict(session.execute(counted).all())


def search(
    session: Session,
    words: str,
    *,
    category: str | None = None,
    with_deleted: bool = False,
    limit: int = PAGE,
    offset: int = 0,
) -> list[Note]:
    """The notes about anybody that hold ``words``, newest first; any text is a question, and one without words finds nothing.

    Words are whole and their case does not matter. ``"two words"`` stand next to each other, ``or`` is either, ``-word`` is without.
    In a note of more than 100,000 characters, words in quotation marks may stand anywhere.
    """
    if not words.strip():
        return []
    found = _chosen(_notes(), words=words, with_deleted=with_deleted)
    if category is not None:
        found = found.where(profile_notes.c.category == category)
    return [Note(*row) for row in session.execute(found.order_by(*_NEWEST_FIRST).limit(limit).offset(offset))]


def every(session: Session, *, person: PersonId | None = None, with_deleted: bool = False) -> Iterator[Note]:
    """All notes, or all about ``person``, oldest first and one by one: they may be larger than the memory."""
    chosen = _chosen(_notes(), words="", with_deleted=with_deleted)
    if person is not None:
        chosen = chosen.where(profile_notes.c.person_id == person)
    oldest_first = chosen.order_by(profile_notes.c.noted_at, profile_notes.c.created_at, profile_notes.c.id)
    for row in session.execute(oldest_first.execution_options(yield_per=PAGE)):
        yield Note(*row)


def latest_menu(session: Session, person: PersonId) -> Note | None:
    """The newest tip menu of ``person``."""
    return next(iter(about(session, person, category="tip_menu", limit=1)), None)


def versions(session: Session, note: NoteId) -> list[Version]:
    """What the note was before, the latest first; the version it is at now is not among them."""
    kept = profile_note_history.c
    rows = session.execute(
        sa.select(kept.version, kept.before, kept.changed_at, kept.changed_by)
        .where(kept.note_id == note)
        .order_by(kept.version.desc())
    )
    return [_version(*row) for row in rows]


def as_it_was(now: Note, former: Version) -> Note:
    """The note with everything that its version ``former`` had."""
    return replace(
        now, version=former.version, category=former.category, content=former.content, source_url=former.source_url,
        noted_at=former.noted_at, deleted_at=former.deleted_at,
    )  # fmt: skip


def bring_back(session: Session, note: NoteId, version: int) -> Note:
    """The note with category, text, link and time as in an earlier version; what it was until now becomes one of them.

    Raises
    ------
    NotFoundError
        It never was at that version, or is at it now.
    RefusedError
        It is deleted.
    """
    now = _locked(session, note)
    former = _former(session, now, version)
    if former is now:
        raise NotFoundError("earlier version", str(version), hint=f"The note is at version {now.version}.")
    return edit(
        session, note, expected_version=now.version, category=former.category, content=former.content,
        source_url=former.source_url or "", noted_at=former.noted_at,
    )  # fmt: skip


def _notes() -> sa.Select[Any]:
    return sa.select(*_COLUMNS).join(persons, persons.c.id == profile_notes.c.person_id)


def _chosen(statement: sa.Select[Any], *, words: str, with_deleted: bool) -> sa.Select[Any]:
    if words.strip():
        statement = statement.where(note_words.hold(profile_notes.c.content, words))
    return statement if with_deleted else statement.where(profile_notes.c.deleted_at.is_(None))


def _locked(session: Session, note: NoteId) -> Note:
    """The note as it is now, kept from changing until the transaction ends."""
    session.execute(sa.select(profile_notes.c.id).where(profile_notes.c.id == note).with_for_update())
    return get(session, note)


def _former(session: Session, now: Note, version: int) -> Note:
    """The note at an earlier ``version``; ``now`` itself when it never was at that."""
    former = next((one for one in versions(session, now.id) if one.version == version), None)
    return now if former is None else as_it_was(now, former)


def _version(version: int, before: dict[str, Any], replaced_at: datetime, replaced_by: str) -> Version:
    deleted = before["deleted_at"]
    return Version(
        version,
        before["category"],
        before["content"],
        before["source_url"],
        datetime.fromisoformat(before["noted_at"]),
        deleted and datetime.fromisoformat(deleted),
        replaced_at,
        replaced_by,
    )
