"""Yes-or-no facts about any person: what holds and since when, who has it, and every change, each of which can be set back.

No row means no. The history is written by the database; it names who changed what also where nobody went through this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.schema.attributes import attribute_definitions, attribute_history, attribute_lookup
from mhc_lab.schema.people import persons
from mhc_lab.services import attribute_definitions as definitions
from mhc_lab.services.attribute_definitions import Definition


@dataclass(frozen=True, slots=True)
class Attribute:
    """What is known about one attribute of a person."""

    definition: Definition
    value: bool
    since: datetime | None
    """Since when it is so; None when it was never said."""
    by: str | None
    """Who said so last."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one attribute of a person, as the history has it."""

    id: int
    person: PersonId
    key: str
    label: str
    """The key, when the attribute is gone."""
    old: bool | None
    new: bool
    changed_at: datetime
    changed_by: str

    def __str__(self) -> str:
        was = "not set" if self.old is None else display.text(self.old)
        return (
            f"{self.label}: {was} → {display.text(self.new)}, {display.text(self.changed_at)} UTC by {self.changed_by}"
        )


@dataclass(frozen=True, slots=True)
class Holder:
    """A person who has an attribute."""

    person: PersonId
    username: str
    is_excluded: bool
    since: datetime


def of(session: Session, person: PersonId) -> list[Attribute]:
    """Every attribute there is, in order, with what it is for ``person``."""
    log, held = attribute_history.c, attribute_lookup.c
    newest = (
        sa.select(log.attribute_key, log.changed_at, log.changed_by)
        .where(log.person_id == person)
        .ext(distinct_on(log.attribute_key))
        .order_by(log.attribute_key, log.id.desc())
        .subquery()
    )
    key = attribute_definitions.c.key
    statement = (
        sa.select(key, held.value, held.set_at, newest.c.changed_at, newest.c.changed_by)
        .outerjoin(attribute_lookup, sa.and_(held.attribute_key == key, held.person_id == person))
        .outerjoin(newest, newest.c.attribute_key == key)
    )
    rows = {row.key: row for row in session.execute(statement)}
    known = [(one, rows[one.key]) for one in definitions.listed(session) if one.key in rows]
    return [
        Attribute(one, bool(row.value), row.set_at if row.value else row.changed_at, row.changed_by)
        for one, row in known
    ]


def badges(attributes: Iterable[Attribute]) -> list[Attribute]:
    """Those that are shown as a badge when they hold."""
    return [one for one in attributes if one.definition.show_as_badge]


def check_boxes(attributes: Iterable[Attribute]) -> list[Attribute]:
    """Those that are not shown as a badge."""
    return [one for one in attributes if not one.definition.show_as_badge]


def get(session: Session, person: PersonId, key: str) -> bool:
    """Whether ``person`` has the attribute ``key``.

    Raises
    ------
    NotFoundError
        There is no such attribute.
    """
    definitions.get(session, key)
    held = attribute_lookup.c
    return bool(session.scalar(sa.select(held.value).where(held.person_id == person, held.attribute_key == key)))


def set_many(session: Session, person: PersonId, wanted: Mapping[str, bool]) -> tuple[Change, ...]:
    """Make every attribute in ``wanted`` what it says; what changed by that, in the order of the keys.

    What is so already changes nothing and leaves no trace.

    Raises
    ------
    NotFoundError
        There is no attribute with one of the keys; nothing is set.
    RefusedError
        One of them is derived; nothing is set.
    """
    _refuse_unknown_and_derived(session, wanted)
    yes = sorted(key for key, value in wanted.items() if value)
    no = sorted(key for key, value in wanted.items() if not value)
    changed = [*_set(session, person, yes), *_unset(session, person, no)]
    return _newest(session, person, changed)


def undo(session: Session, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Set back what ``changes`` changed, all or none; the changes this makes.

    Raises
    ------
    ConflictError
        One of them is not as the change left it: somebody changed it again.
    NotFoundError
        The attribute is gone.
    RefusedError
        It is derived.
    """
    back: dict[PersonId, dict[str, bool]] = {}
    for change in changes:
        if get(session, change.person, change.key) != change.new:
            raise ConflictError(
                f'"{change.label}" was changed again since {display.text(change.changed_at)} UTC. Look at its history, '
                "then set it as it should be.",
                mine=display.text(bool(change.old)), theirs=display.text(not change.new),
            )  # fmt: skip
        back.setdefault(change.person, {})[change.key] = bool(change.old)
    return tuple(change for person, wanted in back.items() for change in set_many(session, person, wanted))


def holders(session: Session, key: str) -> list[Holder]:
    """Everybody who has the attribute ``key``, by name; also those whom figures leave out.

    Raises
    ------
    NotFoundError
        There is no such attribute.
    """
    definitions.get(session, key)
    held = attribute_lookup.c
    statement = (
        sa.select(persons.c.id, persons.c.username, persons.c.is_excluded, held.set_at)
        .join(attribute_lookup, held.person_id == persons.c.id)
        .where(held.attribute_key == key, held.value)
        .order_by(persons.c.username)
    )
    return [Holder(*row) for row in session.execute(statement)]


def history(
    session: Session, person: PersonId, *, key: str | None = None, limit: int | None = None
) -> tuple[Change, ...]:
    """What changed about ``person``, newest first: of all attributes, also those that are gone, or of ``key``."""
    statement = _changes().where(attribute_history.c.person_id == person).limit(limit)
    if key is not None:
        statement = statement.where(attribute_history.c.attribute_key == key)
    return tuple(Change(*row) for row in session.execute(statement.order_by(attribute_history.c.id.desc())))


def _changes() -> sa.Select[Any]:
    log, named = attribute_history.c, attribute_definitions.c
    return sa.select(
        log.id, log.person_id, log.attribute_key, sa.func.coalesce(named.label, log.attribute_key), log.old_value,
        log.new_value, log.changed_at, log.changed_by,
    ).outerjoin(attribute_definitions, named.key == log.attribute_key)  # fmt: skip


def _newest(session: Session, person: PersonId, keys: list[str]) -> tuple[Change, ...]:
    """The newest change of each of ``keys``."""
    log = attribute_history.c
    statement = _changes().where(log.person_id == person, log.attribute_key == sa.any_(_texts(keys)))
    newest = statement.ext(distinct_on(log.attribute_key)).order_by(log.attribute_key, log.id.desc())
    return tuple(Change(*row) for row in session.execute(newest)) if keys else ()


def _refuse_unknown_and_derived(session: Session, wanted: Iterable[str]) -> None:
    known = {one.key: one for one in definitions.listed(session)}
    for key in wanted:
        if key not in known:
            raise NotFoundError("attribute", key, known=known)
    if derived := [known[key].label for key in wanted if known[key].is_auto_derived]:
        raise RefusedError(
            f'"{derived[0]}" is derived from the profile: nobody sets it. Change the profile instead.',
            rule="derived attributes",
        )


def _set(session: Session, person: PersonId, keys: list[str]) -> list[str]:
    """Those of ``keys`` that did not hold and do now."""
    if not keys:
        return []
    key = sa.func.unnest(_texts(keys)).table_valued("key").render_derived()
    new = insert(attribute_lookup).from_select(
        ["person_id", "attribute_key"], sa.select(sa.literal(person), key.c.key).order_by(key.c.key)
    )
    changed = new.on_conflict_do_update(
        index_elements=["person_id", "attribute_key"],
        set_={"value": True, "set_at": sa.func.now()},
        where=~attribute_lookup.c.value,
    )
    return list(session.scalars(changed.returning(attribute_lookup.c.attribute_key)))


def _unset(session: Session, person: PersonId, keys: list[str]) -> list[str]:
    """Those of ``keys`` that held and do not any more."""
    if not keys:
        return []
    held = attribute_lookup.c
    gone = sa.delete(attribute_lookup).where(
        held.person_id == person, held.attribute_key == sa.any_(_texts(keys)), held.value
    )
    return list(session.scalars(gone.returning(held.attribute_key)))


def _texts(keys: list[str]) -> sa.BindParameter[list[str]]:
    return sa.literal(keys, sa.ARRAY(sa.Text))
