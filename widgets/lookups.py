"""``Lookups``: names to look at next; add one, complete it, open it again, take it off, and take any of that back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets as ipw
import polars as pl
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import UserError
from mhc_lab.services import lookups
from mhc_lab.services.lookups import AGAIN, LEVELS, ONCE, Lookup
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker
from widgets._form import Form
from widgets._view import told


@dataclass(frozen=True, slots=True)
class NewLookup:
    """Whom to look at, how often, and why."""

    username: str
    level: int
    notes: str


class Lookups(Form[NewLookup, Lookup]):
    """Add a name to look at, also one that nobody here has yet; below, the list in the order of work."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        self.person = PersonPicker(wb, value=person, description="Name")
        self.level = ipw.Dropdown(description="Look", options=[(LEVELS[level], level) for level in (ONCE, AGAIN)])
        self.notes = ipw.Text(description="Notes", placeholder="Why?")
        super().__init__(wb, self.person, self.level, self.notes, verb="Look at this name")
        self.undo = ipw.Button(description="Undo", disabled=True, tooltip="Take back what was done last")
        self.undo.on_click(lambda _: self._undo())
        self.which = ipw.Dropdown(description="Names", options=[("open", False), ("completed", True)])
        self.which.observe(lambda _: self.renew(), "value")
        self.one = ipw.Dropdown(description="Chosen", options=[])
        self.complete, self.reopen, self.remove = (
            self._button("Complete", lambda session, name: lookups.complete(session, name, at=self.wb.clock.now())),
            self._button("Open again", lookups.reopen),
            self._button("Take off the list", lookups.remove),
        )
        self.there = ipw.HTML()
        self._before: tuple[str, Lookup | None] = ("", None)
        deeds = [self.one, self.complete, self.reopen, self.remove]
        self.children = [
            self.person, self.level, self.notes, ipw.HBox([self.save, self.undo]), self.outcome, self.draft, self.which,
            self.there, ipw.HBox(deeds),
        ]  # fmt: skip
        self.renew()

    @property
    def value(self) -> NewLookup:
        """What the fields say."""
        return NewLookup(self.person.value, self.level.value, self.notes.value)

    def submit(self, session: Session) -> Lookup:
        """Add it, or raise the level of one that is there."""
        said = self.value
        before = lookups.find(session, said.username)
        added = lookups.add(session, said.username, level=said.level, notes=said.notes, at=self.wb.clock.now())
        self._before = (added.username, before)
        return added

    def shown(self, result: Lookup) -> str:
        """What is on the list now."""
        self.undo.disabled = False
        self.renew()
        return display.note(str(result), kind="good")

    def renew(self) -> None:
        """Read the list again."""
        with self.wb.reader as session:
            found = lookups.listed(session, completed=self.which.value)
        chosen, names = self.one.value, [one.username for one in found]
        self.one.options = [(str(one), one.username) for one in found]
        self.one.value = chosen if chosen in names else names[0] if names else None
        for button, fits in (
            (self.complete, not self.which.value),
            (self.reopen, self.which.value),
            (self.remove, True),
        ):
            button.disabled = not (found and fits)
        state = "completed" if self.which.value else "open"
        self.there.value = _table(found, caption=f"{display.plural(len(found), 'name')} {state}")

    def _button(self, verb: str, deed: Callable[[Session, str], Lookup]) -> ipw.Button:
        button = ipw.Button(description=verb)
        button.on_click(lambda _: self._do(verb, deed))
        return button

    def _do(self, verb: str, deed: Callable[[Session, str], Lookup]) -> None:
        name = self.one.value
        with told(self.outcome):
            if name is None:
                raise UserError("No name is chosen.")
            with self.wb.transaction() as session:
                before = lookups.find(session, name)
                after = deed(session, name)
            self._before, self.undo.disabled = (name, before), False
            self.renew()
            self.outcome.value = display.note(f"Done: {verb.lower()}. {after}", kind="good")

    def _undo(self) -> None:
        name, before = self._before
        with told(self.outcome):
            with self.wb.transaction() as session:
                if before is None:
                    lookups.remove(session, name)
                else:
                    lookups.restore(session, before)
            self.undo.disabled = True
            self.renew()
            self.outcome.value = display.note(
                f"As before: {before}" if before else f"{name} is off the list again.", kind="good"
            )


def _table(found: list[Lookup], *, caption: str) -> str:
    rows = [
        (one.username, LEVELS[one.priority_level], one.status, one.last_checked_at, one.created_at, one.notes)
        for one in found
    ]
    instant = pl.Datetime(time_zone="UTC")
    frame = pl.DataFrame(
        rows,
        schema=[
            ("name", pl.String), ("look", pl.String), ("status", pl.String), ("looked at", instant), ("added", instant),
            ("notes", pl.String),
        ],
        orient="row",
    )  # fmt: skip
    return display.table(frame, caption=caption)
