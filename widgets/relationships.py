"""``RelationshipForm``: what somebody is to somebody else. ``Relationships``: what others are to me, and how that came about."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import ipywidgets as ipw
import polars as pl
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError
from mhc_lab.services import people, relationships
from mhc_lab.services.relationship_terms import STATUSES, TYPES, Change, Relationship, Seen, Terms, as_words
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker
from widgets._form import Form
from widgets._view import View, told

TIERS = {1: "1 ★★★ closest", 2: "2 ★★☆", 3: "3 ★☆☆"}


@dataclass(frozen=True, slots=True)
class NewTerms:
    """What ``related`` is to ``person``; ``was`` is the entry that this changes, as it was read."""

    related: str
    person: str
    terms: Terms
    was: Seen | None


class RelationshipForm(Form[NewTerms, Change | None]):
    """Say what a person is to me or to somebody else: as a new entry, or in place of what an entry says that is chosen."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        with wb.reader as session:
            me = people.whose(session)
        self.person, self.whose = PersonPicker(wb, value=person), PersonPicker(wb, value=me or "", description="To")
        self.entry = ipw.Dropdown(description="Entry", options=[])
        self.seen = ipw.Text(
            description="As read"
        )  # never shown: the entry and its version, to survive a reload as well
        self.type = ipw.Dropdown(description="Type", options=TYPES)
        self.label = ipw.Text(description="Label", placeholder="what a custom one is called", disabled=True)
        self.tier = ipw.Dropdown(description="Tier", options=[(words, tier) for tier, words in TIERS.items()])
        self.status = ipw.Dropdown(description="Status", options=_worded(STATUSES), value="active")
        self.since, self.until = ipw.DatePicker(description="Since"), ipw.DatePicker(description="Until")
        self.notes = ipw.Textarea(description="Notes")
        self.remove = ipw.Button(description="Remove", disabled=True, tooltip="Take the chosen entry away")
        self.undo = ipw.Button(description="Undo", disabled=True, tooltip="Take back what was done here last")
        self.newest: Change | None = None
        for field in (self.entry, self.notes):
            field.add_class("mhc-wide")
        said = [self.type, self.label, self.tier, self.status, self.since, self.until, self.notes]
        self._listen(wb)
        super().__init__(wb, self.person, self.whose, self.seen, *said, verb="Save", subject=person)
        buttons = ipw.HBox([self.save, self.remove, self.undo])
        self.children = [self.person, self.whose, self.entry, *said, buttons, self.outcome, self.draft]

    @property
    def value(self) -> NewTerms:
        """What the fields say; a label counts for a custom type only."""
        label = self.label.value if self.type.value == "custom" else ""
        days = self.since.value, self.until.value
        terms = Terms(self.type.value, label, self.tier.value, self.status.value, *days, self.notes.value)
        return NewTerms(self.person.value, self.whose.value, terms, self._seen())

    def submit(self, session: Session) -> Change | None:
        """Make it so, unless somebody else has changed the entry since it was read."""
        said = self.value
        related = people.get(session, said.related).id
        whose = people.get(session, said.person).id if said.person else None
        return relationships.set(session, related, said.terms, person=whose, was=said.was)

    def shown(self, result: Change | None) -> str:
        """What is so now, and what was before."""
        if result is None:
            return display.note("It is so already: nothing is changed.")
        self._done(result)
        return _told(result)

    def disputed(self, conflict: ConflictError) -> str:
        """Both versions; from now on the form is about theirs, so that saving again is a decision."""
        self.renew()
        there = conflict.theirs if isinstance(conflict.theirs, Relationship) else None
        self.seen.value = _as_text(there.seen) if there else ""
        return super().disputed(conflict)

    def renew(self) -> None:
        """Read again which entries there are between the two."""
        with self.wb.reader as session:
            whose, related = self.whose.meant(session), self.person.meant(session)
            found = relationships.between(session, whose, related) if whose and related else []
        self._is_following = True
        self.entry.options = [("a new one", None), *((str(one.terms), one) for one in found)]
        self._is_following = False
        self._follow()

    def _listen(self, wb: Workbench) -> None:
        self.wb, self._is_following = wb, False
        self.renew()
        for picker in (self.person, self.whose):
            picker.observe(lambda _: self._turn(), "value")
        self.entry.observe(lambda _: self._chosen(), "value")
        self.seen.observe(lambda _: self._follow(), "value")
        self.type.observe(lambda _: setattr(self.label, "disabled", self.type.value != "custom"), "value")
        self.remove.on_click(lambda _: self._remove())
        self.undo.on_click(lambda _: self._undo())

    def _turn(self) -> None:
        """Other persons: what was read of the former two counts no longer."""
        self.seen.value = ""
        self.renew()

    def _chosen(self) -> None:
        """Fill the fields with what the entry says; for a new one they stay as they are."""
        if self._is_following:
            return
        one: Relationship | None = self.entry.value
        self.seen.value = _as_text(one.seen) if one else ""
        if one:
            terms = one.terms
            self.type.value, self.label.value, self.tier.value = terms.type, terms.custom_label, terms.tier
            self.status.value, self.notes.value = terms.status, terms.notes
            self.since.value, self.until.value = terms.started_on, terms.ended_on

    def _follow(self) -> None:
        """Let the choice of an entry say what the form is about, and leave the fields alone."""
        seen = self._seen()
        self._is_following = True
        self.entry.value = next((one for _, one in self.entry.options if one and seen and one.id == seen.id), None)
        self._is_following = False
        self.remove.disabled = seen is None

    def _seen(self) -> Seen | None:
        key, _, version = self.seen.value.partition(" ")
        return Seen(uuid.UUID(key), int(version)) if key else None

    def _remove(self) -> None:
        seen = self._seen()
        if seen is None:
            return
        with told(self.outcome):
            try:
                with self.wb.transaction() as session:
                    change = relationships.remove(session, seen)
            except ConflictError as conflict:
                self.outcome.value = self.disputed(conflict)
                return
            self._finish(change)

    def _undo(self) -> None:
        if self.newest is None:
            return
        with told(self.outcome):
            with self.wb.transaction() as session:
                change = relationships.undo(session, self.newest)
            self._finish(change)

    def _finish(self, change: Change) -> None:
        seen = self._seen()
        if seen and seen.id == change.relationship:
            self.draft.clear()
        self._done(change)
        self.outcome.value = _told(change)

    def _done(self, change: Change) -> None:
        self.newest, self.undo.disabled = change, False
        self.renew()


class Relationships(View):
    """What others are to me: filtered by type, status, tier and words; the history of one, and its newest change undone."""

    def __init__(self, wb: Workbench) -> None:
        self.wb = wb
        self.type = ipw.Dropdown(
            description="Show",
            options=[
                ("everybody", None),
                *((f"my {one}s", one) for one in TYPES[:5]),
                ("whom I blocked", "blocked"),
                ("custom ones", "custom"),
            ],
        )
        self.status = ipw.Dropdown(description="Status", options=[("any", None), *_worded(STATUSES)])
        self.tier = ipw.Dropdown(
            description="Tier", options=[("any", None), *((words, tier) for tier, words in TIERS.items())]
        )
        self.words = ipw.Text(description="Words", placeholder="in names, labels, notes")
        self.listing, self.history, self.outcome = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.one = ipw.Dropdown(description="History of", options=[])
        self.undo = ipw.Button(description="Undo newest change", disabled=True, tooltip="A removed one is put back")
        self.newest: Change | None = None
        for field in (self.type, self.status, self.tier, self.words):
            field.observe(lambda _: self.renew(), "value")
        self.one.observe(lambda _: self._show_history(), "value")
        self.undo.on_click(lambda _: self._undo())
        filters = ipw.HBox([self.type, self.status, self.tier, self.words], layout={"flex_flow": "row wrap"})
        chosen = ipw.HBox([self.one, self.undo], layout={"flex_flow": "row wrap"})
        super().__init__([filters, self.listing, chosen, self.outcome, self.history])
        self.renew()

    def renew(self) -> None:
        """Read the relationships again and show them."""
        with told(self.listing), self.wb.reader as session:
            found, gone = self._read(session), relationships.removed(session, people.me(session).id)
            self.listing.value = _table(found)
            there = [(f"{one.related}: {one.terms.name}", one.id) for one in found]
            before, offered = self.one.value, there + [(f"{one.related}: {one}", one.relationship) for one in gone]
            self.one.options = offered
            self.one.value = (
                before if before in [key for _, key in offered] else next((key for _, key in offered), None)
            )
        self._show_history()

    def still(self) -> str:
        """The table as it is shown, as safe HTML that needs nothing else."""
        return str(self.listing.value)

    def _read(self, session: Session) -> list[Relationship]:
        chosen = {"type": self.type.value, "status": self.status.value, "tier": self.tier.value}
        return relationships.mine(session, **chosen, words=self.words.value)

    def _show_history(self) -> None:
        changes: list[Change] = []
        if self.one.value is not None:
            with self.wb.reader as session:
                changes = relationships.history(session, relationship=self.one.value)
        self.newest = next(iter(changes), None)
        self.undo.disabled = not changes
        self.history.value = _history(changes) if changes else ""

    def _undo(self) -> None:
        if self.newest is None:
            return
        with told(self.outcome):
            with self.wb.transaction() as session:
                change = relationships.undo(session, self.newest)
            self.outcome.value = _told(change)
        self.renew()


def _worded(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(as_words(name), name) for name in names]


def _as_text(seen: Seen) -> str:
    return f"{seen.id} {seen.version}"


def _told(change: Change) -> str:
    """What a relationship is now, and what made it so."""
    ends = f"{change.related} to {change.person}"
    if change.before is None or change.after is None:
        return display.note(f"{ends}, {change}", kind="good")
    return display.note(f"{ends}: {change.after}", kind="good") + display.note(f"Changed: {change}")


def _table(found: list[Relationship]) -> str:
    if not found:
        return display.note("Nobody, as far as it is written down.")
    columns = {
        "person": [one.related for one in found],
        "type": [one.terms.name for one in found],
        "tier": [TIERS[one.terms.tier] for one in found],
        "status": [as_words(one.terms.status) for one in found],
        "since": pl.Series([one.terms.started_on for one in found], dtype=pl.Date),
        "until": pl.Series([one.terms.ended_on for one in found], dtype=pl.Date),
        "notes": [one.terms.notes for one in found],
    }
    return display.table(pl.DataFrame(columns), caption=f"To me: {display.plural(len(found), 'relationship')}")


def _history(changes: list[Change]) -> str:
    columns = {
        "at": [change.changed_at for change in changes],
        "by": [change.changed_by for change in changes],
        "change": [str(change) for change in changes],
    }
    newest = changes[0]
    return display.table(pl.DataFrame(columns), caption=f"{newest.related} to {newest.person}, newest change first")
