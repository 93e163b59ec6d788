"""What can be said of a relationship, as it stands and as it was: values that read themselves out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self

from mhc_lab.core.ids import PersonId
from mhc_lab.schema.relationships import STATUSES as STATUSES
from mhc_lab.schema.relationships import TYPES as TYPES


@dataclass(frozen=True, slots=True)
class Terms:
    """What can be said of a relationship."""

    type: str
    custom_label: str = ""
    """What a relationship of type custom is called; empty for every other type."""
    tier: int = 1
    """1 is the closest."""
    status: str = "active"
    started_on: date | None = None
    ended_on: date | None = None
    notes: str = ""

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Terms as the history keeps them."""
        days = {name: date.fromisoformat(kept[name]) for name in ("started_on", "ended_on") if kept[name]}
        return cls(**{**kept, **days})

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Every field by its name, as a person reads it."""
        said = {one.name: getattr(self, one.name) for one in fields(self)} | {"status": as_words(self.status)}
        return [(as_words(name), "–" if value in (None, "") else str(value)) for name, value in said.items()]

    @property
    def name(self) -> str:
        """What the related person is called in one word or a few: the type, or the label of a custom one."""
        return self.custom_label or self.type

    def __str__(self) -> str:
        since = f" · since {self.started_on}" if self.started_on else ""
        until = f" · until {self.ended_on}" if self.ended_on else ""
        notes = f" · {self.notes}" if self.notes else ""
        return f"{self.name} · tier {self.tier} · {as_words(self.status)}{since}{until}{notes}"


@dataclass(frozen=True, slots=True)
class Seen:
    """Which relationship somebody has looked at, and at which change of it."""

    id: uuid.UUID
    version: int
    """The number of its newest change."""


@dataclass(frozen=True, slots=True)
class Relationship:
    """What ``related`` is to ``person``; both by the name of today."""

    id: uuid.UUID
    person_id: PersonId
    person: str
    related_person_id: PersonId
    related: str
    updated_at: datetime
    version: int
    terms: Terms

    @property
    def seen(self) -> Seen:
        """What to hand back with a change, so that nobody else's is overwritten unseen."""
        return Seen(self.id, self.version)

    def __str__(self) -> str:
        return f"{self.related} to {self.person}: {self.terms}"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a relationship: added, changed or removed."""

    id: int
    relationship: uuid.UUID
    person_id: PersonId
    person: str
    related_person_id: PersonId
    related: str
    changed_at: datetime
    changed_by: str
    before: Terms | None
    after: Terms | None

    @property
    def changed_fields(self) -> list[tuple[str, str, str]]:
        """Name, text before, text after of every field that became another; none when it was added or removed."""
        if self.before is None or self.after is None:
            return []
        pairs = zip(self.before.texts, self.after.texts, strict=True)
        return [(name, was, becomes) for (name, was), (_, becomes) in pairs if was != becomes]

    def __str__(self) -> str:
        if self.before is None:
            return f"added: {self.after}"
        if self.after is None:
            return f"removed: {self.before}"
        return " · ".join(f"{name}: {was} → {becomes}" for name, was, becomes in self.changed_fields)


@dataclass(frozen=True, slots=True)
class Ties:
    """The relationships of one person, both ways."""

    to_them: tuple[Relationship, ...]
    """What others are to this person."""
    to_others: tuple[Relationship, ...]
    """What this person is to others."""


def as_words(name: str) -> str:
    """A status or a field as a person reads it: "on hold" for on_hold."""
    return name.replace("_", " ")
