"""Relationships: what one person is to another, how close and since when, with every change of it.

A relationship goes one way: that bob is my dom is from me to bob. From one person to another there may be one of each type. The database
writes down every change; each can be read and the newest one undone, a removal too.
"""

from __future__ import annotations

import uuid
from dataclasses import fields, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.schema.people import person_aliases, persons
from mhc_lab.schema.relationships import STATUSES, TYPES
from mhc_lab.schema.relationships import profile_relationship_history as history_table
from mhc_lab.schema.relationships import profile_relationships as table
from mhc_lab.services import people
from mhc_lab.services.refusals import refused
from mhc_lab.services.relationship_terms import Change, Relationship, Seen, Terms, Ties


def of(session: Session, person: PersonId) -> Ties:
    """What others are to ``person``, and what ``person`` is to others."""
    return Ties(
        tuple(_read(session, table.c.person_id == person)), tuple(_read(session, table.c.related_person_id == person))
    )


def between(session: Session, person: PersonId, related: PersonId) -> list[Relationship]:
    """What ``related`` is to ``person``: one of each type at most."""
    return _read(session, table.c.person_id == person, table.c.related_person_id == related)


def mine(
    session: Session,
    *,
    type: str | None = None,  # noqa: A002 - as the field is called
    status: str | None = None,
    tier: int | None = None,
    words: str = "",
) -> list[Relationship]:
    """What others are to me: all, or those of a type, a status, a tier, and with all these words in names, label or notes.

    Raises
    ------
    ConfigurationError
        It is not known who "me" is.
    """
    wanted = {"type": type, "status": status, "tier": tier}
    conditions = [table.c[name] == value for name, value in wanted.items() if value is not None]
    about_me = table.c.person_id == people.me(session).id
    return _read(session, about_me, *conditions, *(_mentions(word) for word in words.split()))


def set(  # noqa: A001 - called as relationships.set
    session: Session, related: PersonId, terms: Terms, *, person: PersonId | None = None, was: Seen | None = None
) -> Change | None:
    """Make ``related`` to ``person`` (to me, unless said otherwise) what ``terms`` say; the change, or None when all was so already.

    Parameters
    ----------
    was
        The relationship to change, as it was read; None makes a new one.

    Raises
    ------
    ConflictError
        Somebody else changed, removed or made it meanwhile, and not to the same; carries both versions.
    RefusedError
        The terms do not go together, or there is one of that type already.
    """
    terms = replace(terms, custom_label=" ".join(terms.custom_label.split()), notes=terms.notes.strip())
    whose = person or people.me(session).id
    with refused(session, _sentences(terms)):
        relationship = (
            _create(session, (whose, related), terms) if was is None else _change(session, (whose, related), was, terms)
        )
    return None if relationship is None else _newest(session, relationship)


def remove(session: Session, was: Seen) -> Change:
    """Take a relationship away; its history stays, and :func:`put_back` or :func:`undo` bring it back.

    Raises
    ------
    ConflictError
        Somebody else changed or removed it meanwhile.
    """
    present = _locked(session, was.id)
    if present is None or present.seen != was:
        raise _conflict("removed", present, verb="removing")
    session.execute(sa.delete(table).where(table.c.id == was.id))
    return _newest(session, was.id)


def put_back(session: Session, relationship: uuid.UUID) -> Change:
    """Bring a removed relationship back as it was last, under the same id.

    Raises
    ------
    NotFoundError
        There never was such a relationship, or it went with one of its persons.
    RefusedError
        It is there, or one of the same type is.
    """
    newest = _newest(session, relationship)
    if newest.after is not None:
        raise RefusedError(f"{newest.related} is {newest.after.name} to {newest.person} still.", rule="removed")
    return undo(session, newest)


def history(
    session: Session, *, relationship: uuid.UUID | None = None, person: PersonId | None = None, limit: int = 200
) -> list[Change]:
    """Changes, newest first: of one relationship, of all that ``person`` has from either side, or of all there are."""
    log = history_table.c
    statement = _changes().limit(limit)
    if relationship is not None:
        statement = statement.where(log.relationship_id == relationship)
    if person is not None:
        statement = statement.where(sa.or_(log.person_id == person, log.related_person_id == person))
    return [_as_change(row) for row in session.execute(statement)]


def removed(session: Session, person: PersonId) -> list[Change]:
    """What others were to ``person`` and are no more: the removal of each, newest first."""
    log, later = history_table.c, history_table.alias("later").c
    newest = sa.select(sa.func.max(later.id)).where(later.relationship_id == log.relationship_id).scalar_subquery()
    statement = _changes().where(log.person_id == person, log.after.is_(None), log.id == newest)
    return [_as_change(row) for row in session.execute(statement)]


def undo(session: Session, change: Change) -> Change:
    """Make a relationship what it was before ``change``, its newest one. That is a change too: undone in turn, it is redone.

    Raises
    ------
    ConflictError
        It was changed again since.
    RefusedError
        There is one of the same type again.
    """
    _locked(session, change.relationship)
    newest = _newest(session, change.relationship)
    if newest.id != change.id:
        raise ConflictError(
            f"It was changed again since, by {newest.changed_by}. Undo that first.", mine=change, theirs=newest
        )
    key = table.c.id == change.relationship
    if change.before is None:
        session.execute(sa.delete(table).where(key))
        return _newest(session, change.relationship)
    with refused(session, _sentences(change.before)):
        if change.after is None:
            session.execute(_again(change, change.before))
        else:
            session.execute(sa.update(table).where(key).values(**_columns(change.before), updated_at=sa.func.now()))
    return _newest(session, change.relationship)


def _create(session: Session, ends: tuple[PersonId, PersonId], terms: Terms) -> uuid.UUID | None:
    """The id of the new row; None when just that is there."""
    new = insert(table).values(person_id=ends[0], related_person_id=ends[1], **_columns(terms))
    unique = ["person_id", "related_person_id", "type", "custom_label"]
    created: uuid.UUID | None = session.scalar(new.on_conflict_do_nothing(index_elements=unique).returning(table.c.id))
    if created is None:
        kind = terms.type, terms.custom_label
        there = next((one for one in between(session, *ends) if (one.terms.type, one.terms.custom_label) == kind), None)
        if there is None or there.terms != terms:
            raise _conflict(terms, there)
    return created


def _change(session: Session, ends: tuple[PersonId, PersonId], was: Seen, terms: Terms) -> uuid.UUID | None:
    """The id of the changed row; None when it is so already, whoever made it so."""
    present = _locked(session, was.id)
    if present is not None and (present.person_id, present.related_person_id) != ends:
        raise RefusedError(f"That is what {present.related} is to {present.person}. Look it up again.", rule="ends")
    if present is not None and present.terms == terms:
        return None
    if present is None or present.seen != was:
        raise _conflict(terms, present)
    session.execute(sa.update(table).where(table.c.id == was.id).values(**_columns(terms), updated_at=sa.func.now()))
    return was.id


def _again(change: Change, terms: Terms) -> sa.Executable:
    """The row of a removed relationship, made when the first one was."""
    log = history_table.c
    created = sa.select(sa.func.min(log.changed_at)).where(log.relationship_id == change.relationship)
    ends = {"person_id": change.person_id, "related_person_id": change.related_person_id}
    return sa.insert(table).values(
        id=change.relationship, **ends, **_columns(terms), created_at=created.scalar_subquery()
    )


def _columns(terms: Terms) -> dict[str, Any]:
    return {one.name: getattr(terms, one.name) for one in fields(Terms)}


def _locked(session: Session, relationship: uuid.UUID) -> Relationship | None:
    """The relationship as it is now, kept from changing until the transaction ends; None when it is gone.

    Two statements: one that waits for somebody else sees their row, but everything else as it was before.
    """
    session.execute(sa.select(table.c.id).where(table.c.id == relationship).with_for_update())
    return next(iter(_read(session, table.c.id == relationship)), None)


def _read(session: Session, *conditions: sa.ColumnElement[bool]) -> list[Relationship]:
    """Relationships with the names of today, the closest first."""
    log, whose, related = history_table.c, persons.alias("whose"), persons.alias("related")
    version = sa.select(sa.func.max(log.id)).where(log.relationship_id == table.c.id).scalar_subquery()
    terms = [table.c[one.name] for one in fields(Terms)]
    statement: sa.Select[*tuple[Any, ...]] = (
        sa.select(table.c.id, table.c.person_id, whose.c.username, table.c.related_person_id, related.c.username)
        .add_columns(table.c.updated_at, version, *terms)
        .join_from(table, whose, whose.c.id == table.c.person_id)
        .join(related, related.c.id == table.c.related_person_id)
        .where(*conditions)
        .order_by(table.c.tier, related.c.username, whose.c.username, table.c.type, table.c.custom_label)
    )
    return [Relationship(*[*row[:7], Terms(*row[7:])]) for row in session.execute(statement)]


def _mentions(word: str) -> sa.ColumnElement[bool]:
    """Whether ``word`` is in a name that the related person has or had, in the label or in the notes."""
    named = sa.exists().where(
        persons.c.id == table.c.related_person_id, persons.c.username.icontains(word, autoescape=True)
    )
    former = person_aliases.c.alias.icontains(word, autoescape=True)
    once_named = sa.exists().where(person_aliases.c.person_id == table.c.related_person_id, former)
    texts = (table.c[name].icontains(word, autoescape=True) for name in ("custom_label", "notes"))
    return sa.or_(named, once_named, *texts)


def _newest(session: Session, relationship: uuid.UUID) -> Change:
    row = session.execute(_changes().where(history_table.c.relationship_id == relationship).limit(1)).one_or_none()
    if row is None:
        raise NotFoundError("relationship", str(relationship))
    return _as_change(row)


def _changes() -> sa.Select[*tuple[Any, ...]]:
    log, whose, related = history_table.c, persons.alias("whose"), persons.alias("related")
    return (
        sa.select(log.id, log.relationship_id, log.person_id, whose.c.username, log.related_person_id)
        .add_columns(related.c.username, log.changed_at, log.changed_by, log.before, log.after)
        .join_from(history_table, whose, whose.c.id == log.person_id)
        .join(related, related.c.id == log.related_person_id)
        .order_by(log.id.desc())
    )


def _as_change(row: sa.Row[*tuple[Any, ...]]) -> Change:
    *plain, was, becomes = row
    return Change(*[*plain, was and Terms.read(was), becomes and Terms.read(becomes)])


def _conflict(mine: Terms | str, theirs: Relationship | None, *, verb: str = "saving") -> ConflictError:
    did = "changed or made it" if theirs else "removed it"
    message = f"Somebody else {did} meanwhile. Compare the two: {verb} again puts yours in the place of theirs."
    return ConflictError(message, mine=mine, theirs=theirs or "removed")


def _sentences(terms: Terms) -> dict[str, str]:
    """What is said when the database refuses these terms, by the rule."""
    name = "profile_relationships"
    gone = "One of the two is no longer here. Look them up again."
    return {
        f"{name}_self_check": "Nobody has a relationship with themselves: name two different persons.",
        f"{name}_type_check": f'"{terms.type}" is no type. Choose one of: {", ".join(TYPES)}.',
        f"{name}_status_check": f'"{terms.status}" is no status. Choose one of: {", ".join(STATUSES)}.',
        f"{name}_tier_check": f"There is no tier {terms.tier}: 1 is the closest, 3 the farthest.",
        f"{name}_custom_label_check": f'A custom relationship has a label, and no other has: this one is "{terms.type}", '
        f'its label "{terms.custom_label}". Correct one of them.',
        f"{name}_dates_check": f"It cannot end on {terms.ended_on}, before it starts on {terms.started_on}.",
        f"{name}_kind_key": f"They are {terms.name} already, in another entry. Change that one, or choose another type.",
        f"{name}_pkey": "It has been put back already.",
        f"{name}_person_id_fkey": gone,
        f"{name}_related_person_id_fkey": gone,
    }
