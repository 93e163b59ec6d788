"""Pairs of persons from one person's side: who they are, one more, a whole group, and one taken away with an undo.

:mod:`widgets.collaborations` and :mod:`widgets.alternates` are this over one kind of pair each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time

import ipywidgets as ipw
import polars as pl
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.services import people
from mhc_lab.services.pairs import AddedGroup, Pair, Pairs, RemovedPair
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker
from widgets._form import Form
from widgets._view import View, told

_BETWEEN_NAMES = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class NewPair:
    """Two names, and what is known about the two together."""

    username: str
    other: str
    notes: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class NewGroup:
    """The names of everybody in a group, and what is known about all of them together."""

    usernames: tuple[str, ...]
    notes: str


class AddPair(Form[NewPair, Pair]):
    """Pair the person of a panel with another one."""

    def __init__(self, panel: PairsPanel, *, subject: str) -> None:
        self.panel = panel
        self.other = PersonPicker(panel.wb, description="With")
        self.first_seen = ipw.DatePicker(description="First seen")
        self.notes = ipw.Textarea(description="Notes", placeholder="Optional: where, when, how you know")
        self.notes.add_class("mhc-wide")
        super().__init__(panel.wb, self.other, self.first_seen, self.notes, verb="Add", subject=subject)

    @property
    def value(self) -> NewPair:
        """What the fields say; without a day they were first seen now."""
        day = self.first_seen.value
        seen_at = datetime.combine(day, time(tzinfo=UTC)) if day else self.wb.clock.now()
        return NewPair(self.panel.person.value, self.other.value, self.notes.value, seen_at)

    def submit(self, session: Session) -> Pair:
        """Add the pair, or the new notes to one that is here."""
        said = self.value
        one, other = (people.get(session, name).id for name in (said.username, said.other))
        return self.panel.pairs.add(session, one, other, notes=said.notes, first_seen_at=said.first_seen_at)

    def shown(self, result: Pair) -> str:
        """The pair as it stands now."""
        self.panel.renew()
        return display.note(f"Saved: {result}", kind="good")


class AddGroup(Form[NewGroup, AddedGroup]):
    """Pair everybody in a group with everybody else in it."""

    def __init__(self, panel: PairsPanel, *, subject: str, person: str) -> None:
        self.panel = panel
        placeholder = "All of them, one name per line or separated by commas"
        self.group = ipw.Textarea(description="Group", value=f"{person}\n" if person else "", placeholder=placeholder)
        self.notes = ipw.Textarea(description="Group notes", placeholder="Optional: for every pair of the group")
        for field in (self.group, self.notes):
            field.add_class("mhc-wide")
        super().__init__(panel.wb, self.group, self.notes, verb="Add group", subject=subject)

    @property
    def value(self) -> NewGroup:
        """What the fields say; an @ before a name is left out."""
        names = (name.removeprefix("@") for name in _BETWEEN_NAMES.split(self.group.value))
        return NewGroup(tuple(name for name in names if name), self.notes.value)

    def submit(self, session: Session) -> AddedGroup:
        """Add all pairs at once; nothing, when a single name is nobody's."""
        said = self.value
        found = people.known(session, said.usernames)
        return self.panel.pairs.add_group(session, found.values(), notes=said.notes, first_seen_at=self.wb.clock.now())

    def shown(self, result: AddedGroup) -> str:
        """How many pairs are new."""
        self.panel.renew()
        return display.note(str(result), kind="good")


class RemovePair(ipw.VBox):
    """Take away one of the pairs that a panel shows, and put it back."""

    def __init__(self, panel: PairsPanel) -> None:
        self.panel = panel
        self.removed: RemovedPair | None = None
        self.which = ipw.Dropdown(description="Remove", options=[])
        self.remove = ipw.Button(description="Remove", tooltip="Undo stands beside it")
        self.undo = ipw.Button(description="Undo", disabled=True, tooltip="Put it back exactly as it was")
        self.outcome = ipw.HTML()
        self.remove.on_click(lambda _: self._remove())
        self.undo.on_click(lambda _: self._undo())
        super().__init__([ipw.HBox([self.which, self.remove, self.undo]), self.outcome])

    def offer(self, pairs: list[Pair]) -> None:
        """Let one of these be chosen."""
        self.which.options = [(pair.username, pair.other) for pair in pairs]
        self.which.value = pairs[0].other if pairs else None
        self.remove.disabled = not pairs

    def _remove(self) -> None:
        wb, other = self.panel.wb, self.which.value
        with told(self.outcome):
            with wb.transaction() as session:
                whose = people.get(session, self.panel.person.value)
                self.removed = self.panel.pairs.remove(session, whose.id, other, by=wb.user)
            self.outcome.value = display.note(f"{whose.username} and {self.which.label}: removed.", kind="good")
            self.undo.disabled = False
        self.panel.renew()

    def _undo(self) -> None:
        if self.removed is None:
            return
        with told(self.outcome):
            with self.panel.wb.transaction() as session:
                self.panel.pairs.put_back(session, self.removed, by=self.panel.wb.user)
            self.outcome.value = display.note("Put back exactly as it was.", kind="good")
            self.undo.disabled = True
        self.panel.renew()


class PairsPanel(View):
    """The pairs of one person: a list, a form for one more, a form for a group, and one to take away.

    A kind of pair is a subclass that says which.
    """

    pairs: Pairs
    heading: str
    """What stands over the list, before the name."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        self.wb = wb
        self.person = PersonPicker(wb, value=person)
        self.listing = ipw.HTML()
        subject = f"{self.pairs.noun} {person}".strip()
        self.one, self.group = AddPair(self, subject=subject), AddGroup(self, subject=subject, person=person)
        self.removal = RemovePair(self)
        self.person.observe(lambda _: self.renew(), "value")
        super().__init__([self.person, self.listing, self.removal, self.one, self.group])
        self.renew()

    def renew(self) -> None:
        """Read the pairs again and show them."""
        found = self._read()
        self.listing.value = self._table(found)
        self.removal.offer(found or [])

    def still(self) -> str:
        """The list, as safe HTML that needs nothing else."""
        return self._table(self._read())

    def _read(self) -> list[Pair] | None:
        with self.wb.reader as session:
            whose = self.person.meant(session)
            return None if whose is None else self.pairs.of(session, whose)

    def _table(self, found: list[Pair] | None) -> str:
        if found is None:
            return display.note("Name a person to see theirs.")
        if not found:
            return display.note(f"{self.heading} {self.person.value}: nobody that we know of.")
        columns = {
            "with": [pair.username for pair in found],
            "first seen": [pair.first_seen_at.date() for pair in found],
            "notes": [pair.notes or "" for pair in found],
        }
        return display.table(pl.DataFrame(columns), caption=f"{self.heading} {self.person.value}")
