"""``Definitions``: which attributes there are; make one, edit it, delete it with everybody's values, and take that back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import UserError
from mhc_lab.services import attribute_definitions as definitions
from mhc_lab.services import attributes
from mhc_lab.services.attribute_definitions import COLORS, Definition, Wording
from mhc_lab.workbench import Workbench
from widgets._form import Form
from widgets._view import told


class Definitions(ipw.VBox):
    """Which attributes there are: look through them, make one, edit one, delete one that was made here."""

    children: Any

    def __init__(self, wb: Workbench) -> None:
        self.wb = wb
        self.which = ipw.Dropdown(description="Attribute", options=[("a new one", "")])
        self.there = ipw.HTML()
        self.delete = ipw.Button(description="Delete …", tooltip="Take this attribute away from everybody")
        self.confirm = ipw.Button(description="Delete it for everybody", button_style="danger")
        self.keep = ipw.Button(description="Keep it")
        self.undo = ipw.Button(description="Undo", disabled=True, tooltip="Take back what was done last")
        self.outcome = ipw.HTML()
        self.form: DefinitionForm | None = None
        self._take_back: Callable[[Session], str] | None = None
        self._quiet = False
        for button, deed in (
            (self.delete, self._ask), (self.confirm, self._delete), (self.keep, self._keep), (self.undo, self._undo),
        ):  # fmt: skip
            button.on_click(lambda _, deed=deed: deed())
        super().__init__([])
        self.which.observe(lambda _: self._choose(), "value")
        self.renew()
        self._choose()

    def renew(self) -> None:
        """Read again which attributes there are; the one that is chosen stays chosen."""
        with self.wb.reader as session:
            self.all = definitions.listed(session)
        options = [("a new one", ""), *((f"{one.label} ({one.key})", one.key) for one in self.all)]
        chosen, self._quiet = self.which.value, True
        self.which.options = options
        self.which.value = chosen if chosen in dict(options).values() else ""
        self._quiet = False
        badges = [display.badge(one.label, color=one.color, icon=one.icon, hint=one.description) for one in self.all]
        self.there.value = display.badges(badges, label="Attributes in their order")

    def _choose(self) -> None:
        if self._quiet:
            return
        chosen = next((one for one in self.all if one.key == self.which.value), None)
        if self.form is None or self.form.seen != chosen or chosen is None:
            self.form = DefinitionForm(self.wb, chosen, on_saved=self._saved)
        can_go = [self.delete] if chosen and not chosen.is_system else []
        self._lay(can_go)

    def _lay(self, buttons: list[Any]) -> None:
        self.children = [self.there, self.which, self.form, ipw.HBox([*buttons, self.undo]), self.outcome]

    def _saved(self, before: Definition | None, after: Definition) -> None:
        by = self.wb.user

        def take_back(session: Session) -> str:
            if before is None:
                return f"{definitions.delete(session, after.key, by=by).definition.label} is gone again."
            return f"As before: {definitions.edit(session, before.key, before.wording, by=by, seen=after)}"

        self._offer(take_back)
        self.renew()

    def _offer(self, take_back: Callable[[Session], str] | None) -> None:
        self._take_back, self.undo.disabled = take_back, take_back is None

    def _ask(self) -> None:
        key = self.which.value
        with told(self.outcome):
            with self.wb.reader as session:
                label, count = definitions.get(session, key).label, len(attributes.holders(session, key))
            self.outcome.value = display.note(
                f'"{label}" goes, and with it that {display.plural(count, "person has", "persons have")} it. What changed when '
                "stays in their history."
            )
            self._lay([self.confirm, self.keep])

    def _keep(self) -> None:
        self.outcome.value = ""
        self._choose()

    def _delete(self) -> None:
        with told(self.outcome):
            with self.wb.transaction() as session:
                removed = definitions.delete(session, self.which.value, by=self.wb.user)
            self.which.value = ""
            self.renew()
            self._offer(lambda session: f"Here again: {definitions.restore(session, removed, by=self.wb.user)}")
            count = display.plural(len(removed.values), "value")
            self.outcome.value = display.note(f"{removed.definition.label} is deleted, with {count}.", kind="good")

    def _undo(self) -> None:
        if self._take_back is None:
            return
        with told(self.outcome):
            with self.wb.transaction() as session:
                said = self._take_back(session)
            self._offer(None)
            self.renew()
            self._choose()
            self.outcome.value = display.note(said, kind="good")


class DefinitionForm(Form[Wording, Definition]):
    """Make an attribute, or edit the one that was ``seen``; ``on_saved`` is told what it was and what it is."""

    def __init__(
        self, wb: Workbench, seen: Definition | None, *, on_saved: Callable[[Definition | None, Definition], None]
    ) -> None:
        self.seen, self.on_saved = seen, on_saved
        self.label = ipw.Text(description="Label")
        self.key = ipw.Text(description="Key", placeholder="empty: made from the label")
        self.about = ipw.Text(description="Description")
        self.color = ipw.Dropdown(description="Colour", options=COLORS, value=COLORS[0])
        self.icon = ipw.Text(description="Icon", placeholder="a character or two")
        self.badge = ipw.Checkbox(description="Show as a badge when it holds", value=False, indent=False)
        self.place = ipw.Text(description="Place", placeholder="1 is first; empty: last")
        self._fill(seen)
        self.key.disabled = seen is not None
        fields = (self.label, self.key, self.about, self.color, self.icon, self.badge, self.place)
        super().__init__(wb, *fields, verb="Save attribute", subject=seen.key if seen else "")

    @property
    def value(self) -> Wording:
        """What the fields say; a ``UserError`` when the place is none."""
        said = Wording(
            label=self.label.value, description=self.about.value, color=self.color.value, icon=self.icon.value,
            show_as_badge=self.badge.value,
        )  # fmt: skip
        place = self.place.value.strip()
        if place and not (place.isascii() and place.isdigit() and 1 <= int(place) <= 10_000):
            raise UserError(f'"{place}" is no place. Write a number, 1 for the first.')
        if place and (self.seen is None or int(place) != self.seen.place):
            said["place"] = int(place)
        return said

    def submit(self, session: Session) -> Definition:
        """Make it, or make it what the fields say."""
        if self.seen is None:
            return definitions.create(session, self.value, key=self.key.value, by=self.wb.user)
        return definitions.edit(session, self.seen.key, self.value, by=self.wb.user, seen=self.seen)

    def shown(self, result: Definition) -> str:
        """What it is now."""
        before = self.seen
        if before is not None:
            self.seen = result
            self.draft.rest_on(_fields_of(result))
        self.on_saved(before, result)
        return display.note(f"Saved: {result}", kind="good")

    def _fill(self, seen: Definition | None) -> None:
        fields = (self.label, self.key, self.about, self.color, self.icon, self.badge, self.place)
        if seen is not None:
            for field, value in zip(fields, _fields_of(seen), strict=True):
                field.value = value


def _fields_of(one: Definition) -> list[object]:
    """What the fields of the form hold for ``one``, in their order."""
    return [one.label, one.key, one.description, one.color, one.icon, one.show_as_badge, str(one.place)]
