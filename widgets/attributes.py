"""``Attributes``: what holds for a person and since when, set with check boxes and set back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.services import attributes
from mhc_lab.services.attributes import Attribute, Change
from mhc_lab.services.people import Person
from mhc_lab.workbench import Workbench
from widgets._form import Form
from widgets._history import History
from widgets._person import AboutPerson
from widgets._view import told

HINTED = 5
"""So many of the newest changes stand with an attribute."""


class Attributes(AboutPerson):
    """The attributes of a person."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        super().__init__(wb, lambda found: AttributeForm(wb, found), person=person)


class AttributeForm(Form[dict[str, bool], tuple[Change, ...]]):
    """Badges of one person, a check box for every attribute with its last changes, and the whole history below."""

    def __init__(self, wb: Workbench, person: Person) -> None:
        self.person = person
        self.badges = ipw.HTML()
        self.boxes: dict[str, ipw.Checkbox] = {}
        self.hints: dict[str, ipw.HTML] = {}
        self.undo = ipw.Button(description="Undo", disabled=True, tooltip="Set back what was saved last")
        self.undo.on_click(lambda _: self._undo())
        self.history = History(wb, attributes.undo, on_undone=lambda: self.renew())
        with wb.reader as session:
            self.held = attributes.of(session, person.id)
        shared = _shared(one.definition.label for one in self.held)
        for one in self.held:
            self._add(one, is_shared=one.definition.label in shared)
        settable = [self.boxes[one.definition.key] for one in self.held if not one.definition.is_auto_derived]
        super().__init__(wb, *settable, verb="Save attributes", subject=str(person.id))
        self.children = [
            self.badges,
            *self._rows(attributes.check_boxes(self.held)),
            ipw.HTML(display.note("Shown as a badge when they hold:")),
            *self._rows(attributes.badges(self.held)),
            ipw.HBox([self.save, self.undo]),
            self.outcome,
            self.draft,
            self.history,
        ]
        self._show()

    @property
    def value(self) -> dict[str, bool]:
        """What is ticked otherwise than it is."""
        return {
            one.definition.key: self.boxes[one.definition.key].value
            for one in self.held
            if self.boxes[one.definition.key].value != one.value
        }

    def submit(self, session: Session) -> tuple[Change, ...]:
        """Set all that is ticked otherwise, or none of it."""
        return attributes.set_many(session, self.person.id, self.value)

    def shown(self, result: tuple[Change, ...]) -> str:
        """What changed."""
        self.renew()
        self.undo.disabled = not result
        if not result:
            return display.note("It is so already: nothing changed.")
        return "".join(display.note(str(change), kind="good") for change in result)

    def renew(self) -> None:
        """Read again what holds; boxes that were ticked and not saved stay."""
        with self.wb.reader as session:
            now = {one.definition.key: one for one in attributes.of(session, self.person.id)}
        self.held = [now.get(one.definition.key, one) for one in self.held]
        self.draft.rest_on([one.value for one in self.held if not one.definition.is_auto_derived])
        for one in self.held:
            if one.definition.is_auto_derived:
                self.boxes[one.definition.key].value = one.value
        self._show()

    def _add(self, one: Attribute, *, is_shared: bool) -> None:
        what = one.definition
        label = f"{what.label} ({what.key})" if is_shared else what.label
        if what.is_auto_derived:
            label += " (derived from the profile)"
        box = ipw.Checkbox(description=label, value=one.value, disabled=what.is_auto_derived, indent=False)
        self.boxes[what.key], self.hints[what.key] = box, ipw.HTML()

    def _rows(self, some: list[Attribute]) -> list[Any]:
        keys = [one.definition.key for one in some]
        return [ipw.HBox([self.boxes[key], self.hints[key]]) for key in keys]

    def _show(self) -> None:
        with self.wb.reader as session:
            changes = attributes.history(session, self.person.id)
        self.history.show(changes)
        shown = []
        for one in self.held:
            last = [str(change) for change in changes if change.key == one.definition.key][:HINTED]
            hint = "\n".join([one.definition.description, *last]).strip()
            self.boxes[one.definition.key].tooltip = hint or one.definition.label
            self.hints[one.definition.key].value = _said(one, last)
            if one.value and one.definition.show_as_badge:
                shown.append(_badge(one, hint))
        self.badges.value = display.badges(shown, label=f"Badges of {self.person.username}") if shown else ""

    def _undo(self) -> None:
        with told(self.outcome):
            with self.wb.transaction() as session:
                done = attributes.undo(session, self.result or ())
            self.undo.disabled = True
            self.renew()
            self.outcome.value = "".join(display.note(str(change), kind="good") for change in done)


def _shared(labels: Iterable[str]) -> set[str]:
    """Labels that more than one attribute has."""
    every = list(labels)
    return {one for one in every if every.count(one) > 1}


def _said(one: Attribute, last: list[str]) -> str:
    """What an attribute is and since when, and its last changes when that is opened."""
    if one.since is None:
        return display.note("yes" if one.value else "never said")
    state = f"{display.text(one.value)} since {display.text(one.since)} UTC, by {one.by or 'nobody known'}"
    return (_badge(one, "") if one.value else "") + display.more(state, last, hint="\n".join(last))


def _badge(one: Attribute, hint: str) -> str:
    what = one.definition
    return display.badge(what.label, color=what.color, icon=what.icon, hint=hint)
