"""``ProfileForm``: what is kept of a person's profile, edited by hand, with where each value came from and a way to give it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError
from mhc_lab.services import profiles
from mhc_lab.services.people import Person
from mhc_lab.services.profile_values import FIELDS, read, written
from mhc_lab.services.profiles import Change, Field
from mhc_lab.workbench import Workbench
from widgets._form import Form
from widgets._history import History
from widgets._person import AboutPerson
from widgets._view import told

LABELS = {
    "irl_name": "Name outside the platform", "birthday_public": "Birthday as they say it", "smoke_drink": "Smoke / drink",
    "address_as": "Address as (with commas)", "spoken_languages": "Languages (with commas)", "tags": "Tags (with commas)",
    "social_links": "Social links (a line each, Name: https://…)",
}  # fmt: skip
RATINGS = [("none", "0"), *((f"{'★' * stars} ({stars} of 5)", str(stars)) for stars in range(1, 6))]


class ProfileForm(AboutPerson):
    """The profile fields of a person."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        super().__init__(wb, lambda found: ProfileFields(wb, found), person=person)


class ProfileFields(Form[dict[str, object], tuple[Change, ...]]):
    """A field for everything that is kept of one profile; beside each who says so, and since when."""

    def __init__(self, wb: Workbench, person: Person) -> None:
        self.person = person
        with wb.reader as session:
            self.profile = profiles.get(session, person.id)
        self.inputs = {field: _input(field, written(self.profile[field])) for field in FIELDS}
        self.origins = {field: ipw.HTML() for field in FIELDS}
        self.returns = {field: self._give_back_button(field) for field in FIELDS}
        self.rows = {field: ipw.HBox([self.inputs[field], self.origins[field]]) for field in FIELDS}
        self.undo = ipw.Button(description="Undo", disabled=True, tooltip="Set back what was saved last")
        self.undo.on_click(lambda _: self._carry_back())
        self.history = History(wb, profiles.undo, on_undone=lambda: self.renew())
        self._undoable: tuple[Change, ...] = ()
        super().__init__(wb, *self.inputs.values(), verb="Save profile", subject=str(person.id))
        self.children = [
            *self.rows.values(), ipw.HBox([self.save, self.undo]), self.outcome, self.draft, self.history,
        ]  # fmt: skip
        self.renew()

    @property
    def value(self) -> dict[str, object]:
        """The fields whose text is not what was read; a ``UserError`` when one cannot hold what was typed."""
        return {
            field: read(field, shown.value)
            for field, shown in self.inputs.items()
            if shown.value != written(self.profile[field])
        }

    def submit(self, session: Session) -> tuple[Change, ...]:
        """Enter them by hand, unless somebody changed one of them meanwhile."""
        said = self.value
        return profiles.edit(session, self.person.id, said, seen={field: self.profile[field] for field in said})

    def shown(self, result: tuple[Change, ...]) -> str:
        """What changed."""
        self._changed(result)
        return _told(result)

    def disputed(self, conflict: ConflictError) -> str:
        """Both versions; what was typed stays, and is saved in place of theirs the next time."""
        self.renew()
        return super().disputed(conflict)

    def renew(self) -> None:
        """Read the profile again; what was typed and not saved stays."""
        with self.wb.reader as session:
            self.profile = profiles.get(session, self.person.id)
            self.history.show(profiles.history(session, self.person.id))
        self.draft.rest_on([written(self.profile[field]) for field in FIELDS])
        for field, row in self.rows.items():
            kept = self.profile.fields[field]
            self.origins[field].value = _origin(kept)
            row.children = [
                self.inputs[field],
                self.origins[field],
                *([self.returns[field]] if kept.is_by_hand else []),
            ]

    def _changed(self, changes: tuple[Change, ...]) -> None:
        self._undoable, self.undo.disabled = changes, not changes
        self.renew()

    def _give_back_button(self, field: str) -> Any:
        button = ipw.Button(description=f"Give back {_name(field)}", tooltip="Let services fill this field again")
        button.on_click(lambda _: self._do(lambda session: (profiles.give_back(session, self.person.id, field),)))
        return button

    def _carry_back(self) -> None:
        self._do(lambda session: profiles.undo(session, self._undoable))
        self.undo.disabled = True

    def _do(self, deed: Callable[[Session], tuple[Change, ...]]) -> None:
        with told(self.outcome):
            with self.wb.transaction() as session:
                done = deed(session)
            self._changed(done)
            self.outcome.value = _told(done)


def _name(field: str) -> str:
    return field.replace("_", " ")


def _input(field: str, value: str) -> Any:
    label = LABELS.get(field, _name(field).capitalize())
    if field == "rating":
        return ipw.Dropdown(description=label, options=RATINGS, value=value)
    kind = ipw.Textarea if field in ("bio", "social_links") else ipw.Text
    made = kind(description=label, value=value)
    if field in LABELS or field == "bio":
        made.add_class("mhc-wide")
    return made


def _origin(kept: Field) -> str:
    """Who says so, and since when."""
    if kept.since is None:
        return display.note("" if not kept.value else "nobody knows who said so")
    source = "by hand" if kept.is_by_hand else kept.source
    return display.note(f"{source}, {display.text(kept.since)} UTC, {kept.by}")


def _told(changes: tuple[Change, ...]) -> str:
    if not changes:
        return display.note("It is so already: nothing changed.")
    return "".join(display.note(str(change), kind="good") for change in changes)
