"""Which attributes there are: the eight that came with the workbench, and those that were made here.

What an attribute is called, its colour and its place can always be edited; its key and kind are fixed. One that was made here can be
deleted with everybody's values, and put back with them. All of it is in the audit log.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.schema.attributes import COLORS, attribute_definitions, attribute_lookup
from mhc_lab.schema.people import persons
from mhc_lab.services import audit_log

__all__ = [
    "COLORS",
    "Definition",
    "Removed",
    "Wording",
    "create",
    "delete",
    "edit",
    "get",
    "key_of",
    "listed",
    "restore",
]

_KEY = re.compile(r"[a-z][a-z0-9_]{0,49}")
_LABEL_LENGTH, _ICON_LENGTH = 100, 8


class Wording(TypedDict, total=False):
    """What can be edited; what is left out stays as it is."""

    label: str
    description: str
    color: str
    icon: str
    show_as_badge: bool
    place: int
    """1 is the first."""


@dataclass(frozen=True, slots=True)
class Definition:
    """An attribute that a person may have."""

    key: str
    label: str
    description: str
    color: str
    icon: str
    is_system: bool
    is_auto_derived: bool
    show_as_badge: bool
    place: int
    created_at: datetime

    @property
    def wording(self) -> Wording:
        """Everything about it that can be edited."""
        return Wording(
            label=self.label, description=self.description, color=self.color, icon=self.icon,
            show_as_badge=self.show_as_badge, place=self.place,
        )  # fmt: skip

    def __str__(self) -> str:
        badge = ", a badge" if self.show_as_badge else ""
        return f"{self.label} ({self.key}), {self.color}{badge}, place {self.place}"


@dataclass(frozen=True, slots=True)
class Removed:
    """A definition that was deleted, with the values that went with it: what :func:`restore` takes."""

    definition: Definition
    values: tuple[tuple[PersonId, bool, datetime], ...]
    """Person, value, and since when."""


def listed(session: Session) -> list[Definition]:
    """Every attribute there is, in its order."""
    of = attribute_definitions.c
    place = sa.func.row_number().over(order_by=(of.sort_order, of.key)).label("place")
    statement = sa.select(
        of.key, of.label, of.description, of.color, of.icon, of.is_system, of.is_auto_derived, of.show_as_badge, place,
        of.created_at,
    )  # fmt: skip
    return [Definition(**row) for row in session.execute(statement.order_by(place)).mappings()]


def get(session: Session, key: str) -> Definition:
    """The attribute with that key.

    Raises
    ------
    NotFoundError
        There is none; near keys are suggested.
    """
    known = {one.key: one for one in listed(session)}
    if key not in known:
        raise NotFoundError("attribute", key, known=known)
    return known[key]


def create(session: Session, wording: Wording, *, key: str = "", by: str) -> Definition:
    """A new attribute; its key is made from the label when none is given, its place is the last one.

    Raises
    ------
    RefusedError
        It has no label, or something about it is not accepted.
    ConflictError
        Its key or label is in use.
    """
    values = _checked({"label": ""} | wording)
    key = key.strip() or key_of(values["label"])
    if not _KEY.fullmatch(key):
        raise RefusedError(
            f'"{key}" is no key: a letter a-z first, then up to 49 of a-z, 0-9 and _.', rule="attribute key"
        )
    known = _locked(session)
    _refuse_taken(known, key, values["label"])
    last = sa.select(sa.func.coalesce(sa.func.max(attribute_definitions.c.sort_order), 0) + 1).scalar_subquery()
    row = insert(attribute_definitions).values(key=key, **values, sort_order=last)
    if session.scalar(row.on_conflict_do_nothing().returning(attribute_definitions.c.key)) is None:
        raise _taken(key, key)
    return _recorded(session, "create", key, wording, by=by)


def edit(session: Session, key: str, wording: Wording, *, by: str, seen: Definition | None = None) -> Definition:
    """The attribute as it is now that what ``wording`` names was changed.

    Parameters
    ----------
    seen
        What the one who edits had before them: if somebody changed it meanwhile, that is a conflict.

    Raises
    ------
    ConflictError
        Another attribute has that label, or somebody changed this one meanwhile.
    """
    values = _checked(wording)
    known = _locked(session)
    before = get(session, key)
    if seen is not None and {**seen.wording, "place": 0} != {**before.wording, "place": 0}:
        mine = ", ".join(f"{name}: {value}" for name, value in wording.items())
        raise ConflictError(f'Somebody changed "{key}" meanwhile.', mine=mine, theirs=before)
    if "label" in values:
        _refuse_taken({other: one for other, one in known.items() if other != key}, key, values["label"])
    if values:
        session.execute(sa.update(attribute_definitions).where(attribute_definitions.c.key == key).values(**values))
    return _recorded(session, "edit", key, wording, by=by)


def delete(session: Session, key: str, *, by: str) -> Removed:
    """Take away an attribute that was made here, with everybody's values; their histories stay.

    Raises
    ------
    RefusedError
        It came with the workbench.
    """
    _locked(session)
    definition = get(session, key)
    if definition.is_system:
        raise RefusedError(
            f'"{definition.label}" came with the workbench and stays. Give it another label or place instead.',
            rule="system attributes stay",
        )
    value = attribute_lookup.c
    gone = sa.delete(attribute_lookup).where(value.attribute_key == key)
    rows = session.execute(gone.returning(value.person_id, value.value, value.set_at)).all()
    session.execute(sa.delete(attribute_definitions).where(attribute_definitions.c.key == key))
    details = {**definition.wording, "value_count": len(rows)}
    audit_log.append(session, actor=by, action="attribute.delete", subject=key, details=details)
    return Removed(definition, tuple((PersonId(person), value, at) for person, value, at in rows))


def restore(session: Session, removed: Removed, *, by: str) -> Definition:
    """Put back what :func:`delete` took away: the attribute at its place, and the values of everybody who is still here.

    Raises
    ------
    ConflictError
        Its key or label is in use again.
    """
    was = removed.definition
    _refuse_taken(_locked(session), was.key, was.label)
    session.execute(
        sa.insert(attribute_definitions).values(
            key=was.key, **_checked(was.wording), is_auto_derived=was.is_auto_derived, created_at=was.created_at,
            sort_order=was.place,
        )
    )  # fmt: skip
    columns = (
        sa.func.unnest(
            sa.literal([person for person, _, _ in removed.values], sa.ARRAY(sa.Uuid)),
            sa.literal([value for _, value, _ in removed.values], sa.ARRAY(sa.Boolean)),
            sa.literal([at for _, _, at in removed.values], sa.ARRAY(attribute_lookup.c.set_at.type)),
        )
        .table_valued("person_id", "value", "set_at")
        .render_derived()
    )
    rows = sa.select(columns.c.person_id, sa.literal(was.key), columns.c.value, columns.c.set_at)
    here = rows.join_from(columns, persons, persons.c.id == columns.c.person_id)
    names = ["person_id", "attribute_key", "value", "set_at"]
    session.execute(sa.insert(attribute_lookup).from_select(names, here))
    return _recorded(session, "restore", was.key, was.wording, by=by)


def key_of(label: str) -> str:
    """The key that ``label`` makes: its letters without accents, and digits, joined by ``_``; begins with a letter.

    Raises
    ------
    RefusedError
        Nothing of it can stand in a key.
    """
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "_", plain).lstrip("_0123456789")[:50].rstrip("_")
    if not key:
        raise RefusedError(f'No key can be made from "{label}". Give one, of a-z, 0-9 and _.', rule="attribute key")
    return key


def _locked(session: Session) -> dict[str, str]:
    """Key and label of every attribute, kept from changing until the transaction ends."""
    of = attribute_definitions.c
    rows = session.execute(sa.select(of.key, of.label).order_by(of.key).with_for_update())
    return {key: label for key, label in rows}  # noqa: C416 - a row is no pair to dict()


def _checked(wording: Wording) -> Wording:
    """``wording`` trimmed and without its place, when the database can hold it."""
    values = wording.copy()
    values.pop("place", None)
    if "label" in values:
        values["label"] = " ".join(values["label"].split())
        if not 1 <= len(values["label"]) <= _LABEL_LENGTH:
            raise RefusedError(f"A label has 1 to {_LABEL_LENGTH} characters. Write one.", rule="attribute label")
    if "icon" in values:
        values["icon"] = values["icon"].strip()
        if len(values["icon"]) > _ICON_LENGTH:
            raise RefusedError(f'"{values["icon"]}" is no icon: a character or two are.', rule="attribute icon")
    if "description" in values:
        values["description"] = values["description"].strip()
    if values.get("color", COLORS[0]) not in COLORS:
        raise RefusedError(f'"{values["color"]}" is no colour. Choose one of: {", ".join(COLORS)}.', rule="colour")
    if any("\x00" in value for value in values.values() if isinstance(value, str)):
        raise RefusedError("There is a character in it that no text can hold. Type it instead of pasting.", rule="text")
    return values


def _refuse_taken(known: dict[str, str], key: str, label: str) -> None:
    if key in known:
        raise _taken(key, known[key])
    if same := [one for one in known.values() if one.casefold() == label.casefold()]:
        raise _taken(label, same[0])


def _taken(mine: str, theirs: str) -> ConflictError:
    return ConflictError(f'There is an attribute "{mine}" already. Choose another name.', mine=mine, theirs=theirs)


def _recorded(session: Session, verb: str, key: str, wording: Wording, *, by: str) -> Definition:
    """The attribute at the place that was wanted for it, with a line in the audit log."""
    if "place" in wording:
        _move(session, key, wording["place"])
    audit_log.append(session, actor=by, action=f"attribute.{verb}", subject=key, details=dict(wording))
    return get(session, key)


def _move(session: Session, key: str, place: int) -> None:
    """Number all attributes anew, with ``key`` at ``place`` or, beyond the last one, at the end."""
    keys = [one.key for one in listed(session) if one.key != key]
    keys.insert(max(place, 1) - 1, key)
    placed = (
        sa.func.unnest(sa.literal(keys, sa.ARRAY(sa.Text)))
        .table_valued("key", with_ordinality="place")
        .render_derived()
    )
    session.execute(
        sa.update(attribute_definitions)
        .where(attribute_definitions.c.key == placed.c.key)
        .values(sort_order=placed.c.place)
    )
