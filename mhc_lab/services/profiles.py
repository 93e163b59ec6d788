"""What is kept of a person's profile, where each value came from, and who may replace it.

A value entered by hand stays until it is given back: services fill only what they may. Where a value came from is in the newest row of its
history, which the database writes; the follow columns of a profile belong to the follow history and are never touched here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.schema.people import profile_field_history, profiles
from mhc_lab.services.people import PLATFORM
from mhc_lab.services.profile_values import FIELDS, blank, checked, written

MANUAL = "manual"
"""The source of what is entered by hand."""
GIVEN_BACK = "given back"
"""The source of a value that nobody stands for any more."""

_YIELDS = {"cbhours": (MANUAL, "affiliate_api")}
"""Whose values a service leaves alone; every other one those entered by hand."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a profile: its value, who said so, since when, and who wrote it down."""

    name: str
    value: Any
    source: str | None = None
    since: datetime | None = None
    by: str | None = None

    @property
    def is_by_hand(self) -> bool:
        """Whether no service may replace it."""
        return self.source == MANUAL


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that is kept of the profile of a person; a person without one has empty fields."""

    person: PersonId
    fields: Mapping[str, Field]

    def __getitem__(self, field: str) -> Any:
        """The value of ``field``."""
        return self.fields[field].value


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one field, as the history has it."""

    id: int
    person: PersonId
    field: str
    old: Any
    new: Any
    source: str
    changed_at: datetime
    changed_by: str

    def __str__(self) -> str:
        what = f"{_short(self.old)} → {_short(self.new)}" if self.old != self.new else f"{_short(self.new)} stays"
        return f"{self.field.replace('_', ' ')}: {what}, {self.source}, {display.text(self.changed_at)} UTC by {self.changed_by}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of what a service said."""

    changes: tuple[Change, ...]
    kept: tuple[str, ...]
    """Fields that somebody else stands for, and that it would have changed."""
    refused: tuple[str, ...]
    """What was not accepted, a sentence each."""


def get(session: Session, person: PersonId) -> Profile:
    """The profile of ``person``, field by field."""
    return _profile(session, person, sa.select(*_columns()).where(profiles.c.person_id == person))


def edit(
    session: Session, person: PersonId, changes: Mapping[str, object], *, seen: Mapping[str, object] | None = None
) -> tuple[Change, ...]:
    """Enter ``changes`` by hand; what changed by that. A person without a profile gets one.

    Parameters
    ----------
    seen
        What the fields held for the one who edits: another value there now is a conflict.

    Raises
    ------
    ConflictError
        Somebody changed one of these fields meanwhile.
    RefusedError
        A value is not accepted; nothing is changed.
    """
    wanted = {field: checked(field, value) for field, value in changes.items()}
    now = _locked(session, person)
    for field, value in (seen or {}).items():
        if field in wanted and now[field] not in (value, wanted[field]):
            raise ConflictError(
                f"Somebody changed {field.replace('_', ' ')} meanwhile. Save again to put yours in its place.",
                mine=written(wanted[field]), theirs=written(now[field]),
            )  # fmt: skip
    return _write(session, now, wanted, source=MANUAL)


def take(session: Session, person: PersonId, values: Mapping[str, object], *, source: str) -> Taken:
    """Take in what a service says about ``person``.

    An empty value keeps what is known. So does a field that was edited by hand, until it is given back, and what the affiliate feed said
    when it is CBHours that says otherwise. What is not accepted is left out and reported: it must not cost the rest.
    """
    if source in ("", MANUAL, GIVEN_BACK):
        raise RefusedError(f'"{source}" is no service. Name the one that says so.', rule="source of a profile field")
    accepted, refused = _acceptable(values)
    now = _locked(session, person)
    news = {field: value for field, value in accepted.items() if value not in (blank(field), now[field])}
    above = _YIELDS.get(source, (MANUAL,))
    kept = tuple(field for field in news if now.fields[field].source in above)
    changes = _write(session, now, {field: news[field] for field in news if field not in kept}, source=source)
    return Taken(changes, kept, refused)


def give_back(session: Session, person: PersonId, field: str) -> Change:
    """Let services fill ``field`` again; it holds what the last of them said before it was edited, or nothing.

    Raises
    ------
    RefusedError
        It was not entered by hand.
    """
    checked(field, None)
    now = _locked(session, person)
    if not now.fields[field].is_by_hand:
        raise RefusedError(f"{field.replace('_', ' ')} was not entered by hand.", rule="nothing to give back")
    by_service = profile_field_history.c.source.not_in([MANUAL, GIVEN_BACK])
    value, source = _before(session, person, field, by_service)
    return _put(session, now, field, value, source=source)


def undo(session: Session, changes: Iterable[Change]) -> tuple[Change, ...]:
    """Set back what ``changes`` changed, all or none, and with each value who stood for it; the changes this makes.

    Raises
    ------
    ConflictError
        A field is not as the change left it: somebody changed it again.
    """
    done = []
    for change in changes:
        now = _locked(session, change.person)
        if now[change.field] != change.new:
            raise ConflictError(
                f"{change.field.replace('_', ' ')} was changed again since {display.text(change.changed_at)} UTC. Edit it as it "
                "should be.",
                mine=written(change.old), theirs=written(now[change.field]),
            )  # fmt: skip
        _, source = _before(session, change.person, change.field, profile_field_history.c.id < change.id)
        done.append(_put(session, now, change.field, change.old, source=source))
    return tuple(done)


def history(
    session: Session, person: PersonId, *, field: str | None = None, limit: int | None = None
) -> tuple[Change, ...]:
    """What changed in the profile of ``person``, newest first: of all fields, or of one."""
    log = profile_field_history.c
    statement = _changes(person).order_by(log.id.desc()).limit(limit)
    if field is not None:
        statement = statement.where(log.field == field)
    return tuple(Change(*row) for row in session.execute(statement))


def _columns() -> list[sa.Column[Any]]:
    return [profiles.c[field] for field in FIELDS]


def _changes(person: PersonId) -> sa.Select[Any]:
    log = profile_field_history.c
    return sa.select(
        log.id, log.person_id, log.field, log.old_value, log.new_value, log.source, log.changed_at, log.changed_by
    ).where(log.person_id == person)


def _newest(session: Session, person: PersonId, fields: Iterable[str]) -> dict[str, Change]:
    log = profile_field_history.c
    statement = _changes(person).where(log.field == sa.any_(sa.literal(list(fields), sa.ARRAY(sa.Text))))
    newest = statement.ext(distinct_on(log.field)).order_by(log.field, log.id.desc())
    return {row.field: Change(*row) for row in session.execute(newest)}


def _profile(session: Session, person: PersonId, statement: sa.Select[Any]) -> Profile:
    row = session.execute(statement).mappings().one_or_none()
    said = _newest(session, person, FIELDS)
    return Profile(person, {name: _field(name, row[name] if row else blank(name), said.get(name)) for name in FIELDS})


def _field(name: str, value: Any, said: Change | None) -> Field:
    return Field(name, value, said.source, said.changed_at, said.changed_by) if said else Field(name, value)


def _locked(session: Session, person: PersonId) -> Profile:
    """The profile, made when there is none, kept from changing until the transaction ends."""
    session.execute(insert(profiles).values(person_id=person).on_conflict_do_nothing(index_elements=["person_id"]))
    return _profile(session, person, sa.select(*_columns()).where(profiles.c.person_id == person).with_for_update())


def _acceptable(values: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    """The values that can be kept, and a sentence about each that cannot; of links, one by one."""
    accepted: dict[str, object] = {}
    refused: list[str] = []
    for field, given in values.items():
        if not given:
            checked(field, None)
            continue
        parts = [{name: url} for name, url in given.items()] if isinstance(given, Mapping) else [given]
        for part in parts:
            try:
                value = checked(field, part)
                if isinstance(value, dict):
                    value = {**(accepted.get(field) or {}), **_foreign(value)}  # type: ignore[dict-item]
                accepted[field] = value
            except RefusedError as refusal:
                refused.append(str(refusal))
    return accepted, tuple(refused)


def _foreign(links: dict[str, str]) -> dict[str, str]:
    """``links`` without the platform's own accounts, which every page shows."""
    own = [url for url in links.values() if url.rstrip("/").lower().rpartition("/")[2].lstrip("@") == PLATFORM]
    if own:
        raise RefusedError(f"{own[0]} is the platform's own account.", rule="links of the person")
    return links


def _before(session: Session, person: PersonId, field: str, when: sa.ColumnElement[bool]) -> tuple[Any, str]:
    """The newest value of ``field`` in the part of its history where ``when`` holds, and who stood for it."""
    log = profile_field_history.c
    found = _changes(person).where(log.field == field, when).order_by(log.id.desc()).limit(1)
    row = session.execute(found).one_or_none()
    return (row.new_value, row.source) if row else (blank(field), GIVEN_BACK)


def _put(session: Session, now: Profile, field: str, value: object, *, source: str) -> Change:
    """Make ``field`` what it was once; noted also when only who stands for it changes."""
    with _said_by(session, source, noted=field):
        _update(session, now.person, {field: blank(field) if value is None else value})
    return _newest(session, now.person, [field])[field]


def _write(session: Session, now: Profile, wanted: Mapping[str, object], *, source: str) -> tuple[Change, ...]:
    """Make the fields what ``wanted`` says; the changes, in the order of the fields."""
    news = {field: wanted[field] for field in FIELDS if field in wanted and wanted[field] != now[field]}
    if not news:
        return ()
    with _said_by(session, source):
        _update(session, now.person, news)
    found = _newest(session, now.person, news)
    return tuple(found[field] for field in news)


def _update(session: Session, person: PersonId, values: Mapping[str, object]) -> None:
    kept = {field: sa.null() if value is None else value for field, value in values.items()}
    changed = sa.update(profiles).where(profiles.c.person_id == person)
    session.execute(changed.values(**kept, updated_at=sa.func.now()))


@contextmanager
def _said_by(session: Session, source: str, *, noted: str = "") -> Iterator[None]:
    """Tell the database who says what is written in the block; afterwards nobody does."""

    def tell(source: str, noted: str) -> None:
        setting = sa.func.set_config
        session.execute(sa.select(setting("mhc.source", source, True), setting("mhc.noted", noted, True)))  # noqa: FBT003

    tell(source, noted)
    yield
    tell("", "")


def _short(value: object) -> str:
    said = written(value).replace("\n", " ") or "nothing"
    return said if len(said) <= 60 else f"{said[:60]}…"
