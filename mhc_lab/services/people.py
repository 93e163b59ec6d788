"""Persons: find or create, the names they had, whom to leave out of every figure, and who "me" is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConfigurationError, ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.core.names import username as checked
from mhc_lab.schema.people import person_aliases, persons
from mhc_lab.services import audit_log

PLATFORM = "chaturbate"

SINCE_EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""From when a person's first known name counts: lists older than the first sight of them may still come in."""


@dataclass(frozen=True, slots=True)
class Person:
    """One account on a platform."""

    id: PersonId
    username: str
    role: str
    is_self: bool
    is_excluded: bool
    excluded_reason: str | None
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Completion:
    """A name that completes what was typed, and who carries it."""

    name: str
    username: str
    """What the person is called today."""
    excluded_reason: str | None


@dataclass(frozen=True, slots=True)
class FormerName:
    """A name somebody had: from one instant, up to but not at another; an open end is a name that still leads to them."""

    name: str
    valid_from: datetime
    valid_to: datetime | None


_COLUMNS = [
    persons.c[name]
    for name in (
        "id", "username", "role", "is_self", "is_excluded", "excluded_reason", "first_seen_at", "last_seen_at",
    )
]  # fmt: skip


def find_or_create(
    session: Session, usernames: Iterable[str], *, at: datetime, role: str = "UNKNOWN"
) -> dict[str, PersonId]:
    """The person behind each name as it was at ``at``; names nobody has yet become new persons.

    A name that somebody carried at ``at`` as an alias is that person, whoever carries it today. Two callers at once get the same rows:
    the unique constraint decides, not a look beforehand. ``last_seen_at`` moves forward only, ``first_seen_at`` back only.

    Parameters
    ----------
    usernames
        Accepted names (:func:`mhc_lab.core.names.username`).
    role
        What new persons are; the role of known ones never changes.
    """
    wanted = sorted(
        set(usernames)
    )  # one order for all callers, so that two of them never wait for each other in a circle
    renamed = _by_alias(session, wanted, at)
    others = [name for name in wanted if name not in renamed]
    _upsert(session, dict.fromkeys(others, (at, at)), role=role)
    rows = session.execute(
        sa.select(persons.c.username, persons.c.id).where(
            persons.c.platform == PLATFORM, persons.c.username == sa.any_(sa.literal(others, sa.ARRAY(sa.Text)))
        )
    )
    return renamed | {name: PersonId(person) for name, person in rows}


def find_or_create_seen(
    session: Session, seen: Mapping[str, tuple[datetime, datetime]], *, role: str = "UNKNOWN"
) -> dict[str, PersonId]:
    """The person behind each name that only one person ever had, seen first and last at these times; new names become new persons."""
    _upsert(session, {name: seen[name] for name in sorted(seen)}, role=role)
    return find(session, seen)


def behind(
    session: Session, sightings: Iterable[tuple[str, datetime]], *, role: str = "UNKNOWN"
) -> dict[tuple[str, datetime], PersonId]:
    """The person behind each name as of its time: at once for names that only one person ever had, one by one for the others."""
    times: dict[str, list[datetime]] = {}
    for name, at in sightings:
        times.setdefault(name, []).append(at)
    names = sa.literal(list(times), sa.ARRAY(sa.Text))
    shared = set(session.scalars(sa.select(person_aliases.c.alias).where(person_aliases.c.alias == sa.any_(names))))
    plain = {name: (min(moments), max(moments)) for name, moments in times.items() if name not in shared}
    found = find_or_create_seen(session, plain, role=role)
    return {
        (name, at): found[name] if name in found else find_or_create(session, [name], at=at, role=role)[name]
        for name, moments in times.items()
        for at in moments
    }


def find(session: Session, usernames: Iterable[str]) -> dict[str, PersonId]:
    """The persons that carry these names today or carried them last; names of nobody are left out."""
    wanted = sa.literal(sorted(set(usernames)), sa.ARRAY(sa.Text))
    former = sa.select(person_aliases.c.alias, person_aliases.c.person_id).where(
        person_aliases.c.alias == sa.any_(wanted)
    )
    today = sa.select(persons.c.username, persons.c.id).where(persons.c.username == sa.any_(wanted))
    rows = [*session.execute(former.order_by(person_aliases.c.valid_from)), *session.execute(today)]
    return {name: PersonId(person) for name, person in rows}


def get(session: Session, username: str) -> Person:
    """The person who carries ``username`` today, or carried it last.

    Raises
    ------
    NotFoundError
        Nobody has or had that name; near names are suggested.
    """
    name = checked(username)
    person = find(session, [name]).get(name)
    if person is None:
        known = session.scalars(sa.select(persons.c.username).where(persons.c.username.startswith(name[:2]))).all()
        raise NotFoundError("person", name, known=known)
    return Person(*session.execute(sa.select(*_COLUMNS).where(persons.c.id == person)).one())


def known(session: Session, usernames: Iterable[str]) -> dict[str, PersonId]:
    """The person behind each of these names, as somebody typed them; a name twice is one.

    Raises
    ------
    NotFoundError
        Some of them nobody has or had; it names every one.
    """
    names = list(dict.fromkeys(checked(name) for name in usernames))
    found = find(session, names)
    strangers = [name for name in names if name not in found]
    if strangers:
        hint = "Correct what is misspelt: only who is here already can be meant."
        raise NotFoundError("person", '" or "'.join(strangers), hint=hint)
    return {name: found[name] for name in names}


def search(session: Session, prefix: str, *, limit: int = 20) -> list[Person]:
    """Persons whose name begins with ``prefix``, in order of name; nothing for a prefix no name can have."""
    statement = (
        sa.select(*_COLUMNS)
        .where(_begins(persons.c.username, prefix))
        .order_by(_by_bytes(persons.c.username))
        .limit(limit)
    )
    return [Person(*row) for row in session.execute(statement)]


def complete(session: Session, prefix: str, *, limit: int = 20) -> list[Completion]:
    """Names that begin with ``prefix``, those of today and those of before, in order of name.

    A name that somebody gave up and somebody else carries now is listed once, as the name of today. Each side reads no more than
    ``limit`` names: the first ones of both together are among the first ones of each.
    """
    today = (
        sa.select(persons.c.username.label("name"), persons.c.id.label("person_id"), sa.literal(0).label("is_former"))
        .where(_begins(persons.c.username, prefix))
        .order_by(_by_bytes(persons.c.username))
        .limit(limit)
        .subquery()
    )
    former = (
        sa.select(person_aliases.c.alias, person_aliases.c.person_id, sa.literal(1))
        .where(_begins(person_aliases.c.alias, prefix))
        .ext(distinct_on(person_aliases.c.alias))
        .order_by(_by_bytes(person_aliases.c.alias), person_aliases.c.valid_from.desc())
        .limit(limit)
        .subquery()
    )
    names = sa.union_all(sa.select(today), sa.select(former)).subquery("names")
    rows = session.execute(
        sa.select(names.c.name, persons.c.username, persons.c.excluded_reason)
        .join(persons, persons.c.id == names.c.person_id)
        .ext(distinct_on(names.c.name))
        .order_by(_by_bytes(names.c.name), names.c.is_former)
        .limit(limit)
    )
    return [Completion(*row) for row in rows]


def _begins(column: sa.ColumnElement[str], prefix: str) -> sa.ColumnElement[bool]:
    """Whether ``column`` begins with ``prefix``, as a stretch of the index, which is in order of bytes.

    A pattern would do only as long as the server plans anew for every prefix, and it stops that after a few.
    """
    begin = prefix.strip()
    if not begin.isascii() or "\x00" in begin:  # the latter no statement can carry
        return sa.false()
    return sa.and_(
        column.op("~>=~")(begin.lower()), column.op("~<~")(f"{begin.lower()}~")
    )  # ~ comes after all that a name is made of


def _by_bytes(column: sa.ColumnElement[str]) -> sa.TextClause:
    """In the order of the index, whatever the order of the database is."""
    return sa.text(f"{column} USING ~<~")


def rename(session: Session, person: PersonId, *, to: str, at: datetime, by: str = "workbench") -> None:
    """Give ``person`` the name ``to`` from ``at`` on; the old one stays theirs for the time before; logged.

    Raises
    ------
    ConflictError
        Somebody else carries that name today.
    """
    new = checked(to)
    old = session.scalar(sa.select(persons.c.username).where(persons.c.id == person).with_for_update())
    if old == new:
        return
    _refuse_carried(session, new, person)
    since = session.scalar(  # nobody carries a name while somebody else still did
        sa.select(sa.func.max(person_aliases.c.valid_to)).where(
            sa.or_(person_aliases.c.person_id == person, person_aliases.c.alias == old)
        )
    )
    session.execute(
        sa.insert(person_aliases).values(person_id=person, alias=old, valid_from=since or SINCE_EVER, valid_to=at)
    )
    session.execute(sa.update(persons).where(persons.c.id == person).values(username=new, updated_at=at))
    details = {"from": old, "to": new, "at": at.isoformat()}
    audit_log.append(session, actor=by, action="person.rename", subject=str(person), details=details)


def take_rename_back(session: Session, person: PersonId, *, at: datetime, by: str = "workbench") -> str:
    """Let the newest rename of ``person`` not have happened: the name they carry again; logged.

    Raises
    ------
    ConflictError
        Somebody else carries the former name by now.
    NotFoundError
        They were never renamed, or the name they had last became theirs by a merge, which has an undo of its own.
    """
    newest = (
        sa.select(person_aliases)
        .where(person_aliases.c.person_id == person, person_aliases.c.valid_to.is_not(None))
        .order_by(person_aliases.c.valid_to.desc())
        .limit(1)
    )
    former = session.execute(newest).one_or_none()
    name = session.scalar(sa.select(persons.c.username).where(persons.c.id == person).with_for_update())
    if former is None:
        raise NotFoundError("former name of", str(name), hint="There is no rename to take back.")
    _refuse_carried(session, former.alias, person)
    session.execute(sa.delete(person_aliases).where(person_aliases.c.id == former.id))
    session.execute(sa.update(persons).where(persons.c.id == person).values(username=former.alias, updated_at=at))
    details = {"from": name, "to": former.alias, "back": True}
    audit_log.append(session, actor=by, action="person.rename", subject=str(person), details=details)
    return str(former.alias)


def names(session: Session, person: PersonId) -> list[FormerName]:
    """The names ``person`` had before, the latest first."""
    had = person_aliases.c
    statement = sa.select(had.alias, had.valid_from, had.valid_to).where(had.person_id == person)
    rows = session.execute(statement.order_by(had.valid_to.desc().nulls_first(), had.alias))
    return [FormerName(*row) for row in rows]


def _refuse_carried(session: Session, name: str, person: PersonId) -> None:
    holder = session.scalar(sa.select(persons.c.id).where(persons.c.username == name))
    if holder is not None:
        raise ConflictError(
            f'"{name}" is the name of another person already. Merge the two, or rename the other one first.',
            mine=person, theirs=holder,
        )  # fmt: skip


def by_numeric_id(session: Session, ids: Mapping[str, int], *, at: datetime) -> dict[str, PersonId]:
    """The persons behind names whose platform id is known: an id survives a rename, so another name at a later time is one.

    Parameters
    ----------
    ids
        Accepted name → the platform's numeric id; names whose id nobody has are left out of the answer.
    """
    wanted = {number: name for name, number in ids.items()}
    rows = session.execute(
        sa.select(persons.c.id, persons.c.username, persons.c.rid, persons.c.last_seen_at).where(
            persons.c.platform == PLATFORM, persons.c.rid == sa.any_(sa.literal(list(wanted), sa.ARRAY(sa.BigInteger)))
        )
    ).all()
    former = _by_alias(session, list(ids), at)
    found = sa.literal([row.id for row in rows], sa.ARRAY(sa.Uuid))
    until = sa.select(person_aliases.c.person_id, sa.func.max(person_aliases.c.valid_to)).group_by(
        person_aliases.c.person_id
    )
    renamed = dict(session.execute(until.where(person_aliases.c.person_id == sa.any_(found))).all())
    for row in rows:
        name = wanted[row.rid]
        is_later = at > max(row.last_seen_at, renamed.get(row.id) or SINCE_EVER)
        if row.username == name or not is_later or name in former:
            continue
        if not session.scalar(sa.select(sa.exists().where(persons.c.username == name))):
            rename(session, PersonId(row.id), to=name, at=at, by="import")
    session.execute(
        sa.update(persons)
        .where(persons.c.id == sa.any_(found))
        .values(last_seen_at=sa.func.greatest(persons.c.last_seen_at, sa.literal(at, persons.c.last_seen_at.type)))
    )
    return {wanted[row.rid]: PersonId(row.id) for row in rows}


def remember_ids(session: Session, ids: Mapping[str, int], found: Mapping[str, PersonId]) -> None:
    """Note the platform's numeric id of each person who has none yet."""
    numbered = (
        sa.func.unnest(
            sa.literal([found[name] for name in ids], sa.ARRAY(sa.Uuid)),
            sa.literal(list(ids.values()), sa.ARRAY(sa.BigInteger)),
        )
        .table_valued("person_id", "number")
        .render_derived()
    )
    session.execute(
        sa.update(persons)
        .where(persons.c.id == numbered.c.person_id, persons.c.rid.is_(None))
        .values(rid=numbered.c.number)
    )


def set_exclusion(session: Session, person: PersonId, *, reason: str | None, at: datetime, by: str) -> None:
    """Leave ``person`` out of every figure for ``reason``, or, with None, count them again; logged."""
    values = {"is_excluded": reason is not None, "excluded_reason": reason, "excluded_at": at if reason else None}
    session.execute(sa.update(persons).where(persons.c.id == person).values(**values, updated_at=at))
    action = "person.exclude" if reason else "person.include"
    audit_log.append(session, actor=by, action=action, subject=str(person), details={"reason": reason})


def locked(session: Session, people: Iterable[PersonId]) -> dict[PersonId, Person]:
    """The persons as they are now, kept from changing until the transaction ends."""
    wanted = sa.literal(sorted(people), sa.ARRAY(sa.Uuid))
    statement = sa.select(*_COLUMNS).where(persons.c.id == sa.any_(wanted)).order_by(persons.c.id).with_for_update()
    return {PersonId(row.id): Person(*row) for row in session.execute(statement)}


def numeric_ids(session: Session, people: Iterable[PersonId]) -> set[int]:
    """The platform's numbers of these persons, as far as they are known."""
    return set(
        session.scalars(sa.select(persons.c.rid).where(persons.c.id.in_(list(people)), persons.c.rid.is_not(None)))
    )


def carriers(session: Session, usernames: Iterable[str]) -> dict[str, PersonId | None]:
    """Who carries each of these names today."""
    wanted = sorted(set(usernames))
    rows = session.execute(sa.select(persons.c.username, persons.c.id).where(persons.c.username.in_(wanted)))
    return dict.fromkeys(wanted) | {name: PersonId(person) for name, person in rows}


def me(session: Session) -> Person:
    """The broadcaster this workbench belongs to.

    Raises
    ------
    ConfigurationError
        Nobody is marked yet.
    """
    row = session.execute(sa.select(*_COLUMNS).where(persons.c.is_self)).one_or_none()
    if row is None:
        raise ConfigurationError(
            "It is not known which account is yours. Set MHC_BROADCASTER to your account name and open the workbench again.",
            setting="MHC_BROADCASTER",
        )
    return Person(*row)


def whose(session: Session) -> str | None:
    """The name of the broadcaster this workbench belongs to; None when nobody is marked yet."""
    return session.scalar(sa.select(persons.c.username).where(persons.c.is_self))


def mark_self(session: Session, username: str, *, at: datetime) -> PersonId:
    """Mark ``username`` as the broadcaster this workbench belongs to, unless they are already.

    Raises
    ------
    RefusedError
        The workbench belongs to somebody else.
    """
    name = checked(username)
    owner = session.execute(sa.select(*_COLUMNS).where(persons.c.is_self)).one_or_none()
    if owner is None:
        person = find_or_create(session, [name], at=at, role="MODEL")[name]
        session.execute(sa.update(persons).where(persons.c.id == person).values(is_self=True))
        audit_log.append(
            session, actor="workbench", action="person.mark_self", subject=str(person), details={"name": name}
        )
        return person
    former = session.scalars(sa.select(person_aliases.c.alias).where(person_aliases.c.person_id == owner.id)).all()
    if name != owner.username and name not in former:
        raise RefusedError(
            f'This workbench belongs to "{owner.username}", but MHC_BROADCASTER says "{name}". Correct the setting, '
            "or give the other account a home of its own with MHC_HOME.",
            rule="one broadcaster per workbench",
        )
    return PersonId(owner.id)


def _upsert(session: Session, seen: Mapping[str, tuple[datetime, datetime]], *, role: str) -> None:
    """One statement for all names, in their order, with when each was seen first and last."""
    columns = ["username", "platform", "role", "first_seen_at", "last_seen_at"]
    instants = sa.ARRAY(persons.c.first_seen_at.type)
    named = (
        sa.func.unnest(
            sa.literal(list(seen), sa.ARRAY(sa.Text)),
            sa.literal([first for first, _ in seen.values()], instants),
            sa.literal([last for _, last in seen.values()], instants),
        )
        .table_valued("name", "first", "last")
        .render_derived()
    )
    rows = sa.select(named.c.name, sa.literal(PLATFORM), sa.literal(role), named.c.first, named.c.last)
    new = insert(persons).from_select(columns, rows)
    values = {
        "first_seen_at": sa.func.least(persons.c.first_seen_at, new.excluded.first_seen_at),
        "last_seen_at": sa.func.greatest(persons.c.last_seen_at, new.excluded.last_seen_at),
    }
    is_news = sa.or_(
        persons.c.first_seen_at > new.excluded.first_seen_at, persons.c.last_seen_at < new.excluded.last_seen_at
    )
    session.execute(new.on_conflict_do_update(index_elements=["username", "platform"], set_=values, where=is_news))


def _by_alias(session: Session, names: list[str], at: datetime) -> dict[str, PersonId]:
    rows = session.execute(
        sa.select(person_aliases.c.alias, person_aliases.c.person_id).where(
            person_aliases.c.alias == sa.any_(sa.literal(names, sa.ARRAY(sa.Text))),
            person_aliases.c.valid_from <= at,
            sa.or_(person_aliases.c.valid_to.is_(None), person_aliases.c.valid_to > at),
        )
    )
    return {alias: PersonId(person) for alias, person in rows}
