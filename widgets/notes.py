"""``Notes``: what is known about a person from notes, logs and menus. The forms that add to it are found here, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.ids import PersonId
from mhc_lab.core.texts import storable
from mhc_lab.services import notes, people
from mhc_lab.services.note_export import headline
from mhc_lab.services.note_rules import CATEGORIES
from mhc_lab.services.notes import PAGE, Note
from mhc_lab.workbench import Workbench
from widgets import _note_text
from widgets._fields import PersonPicker
from widgets._note_card import NoteCard
from widgets._view import View, told
from widgets.note_forms import NoteForm, PasteForm, speakers

__all__ = ["NoteForm", "Notes", "PasteForm"]

ALL = ""


class Notes(View):
    """The notes about a person, newest first: by category, by words, page by page; the latest tip menu is one click away."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        self.wb = wb
        self.offset, self.total, self._quiet = 0, 0, False
        self.person = PersonPicker(wb, value=person)
        self.category = ipw.ToggleButtons(description="Show", options=[("All", ALL)])
        self.words = ipw.Text(
            description="Search", placeholder='words; "next to each other"; -without', continuous_update=False
        )
        self.with_deleted = ipw.Checkbox(description="Deleted ones, too", value=False, indent=False)
        self.menu = ipw.Button(description="Latest tip menu")
        self.menu_text, self.where, self.problem = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.newer, self.older = ipw.Button(description="Newer notes"), ipw.Button(description="Older notes")
        self.cards = ipw.VBox()
        self._deck: list[NoteCard] = []
        wrap = {"flex_flow": "row wrap"}
        paging = ipw.HBox([self.newer, self.older, self.where], layout=wrap)
        super().__init__([
            ipw.HBox([self.person, self.words, self.with_deleted, self.menu], layout=wrap),
            self.menu_text, self.category, self.problem, self.cards, paging,
        ])  # fmt: skip
        for field in (self.person, self.category, self.words, self.with_deleted):
            field.observe(lambda _: self._from_the_start(), "value")
        self.newer.on_click(lambda _: self._turn(-PAGE))
        self.older.on_click(lambda _: self._turn(PAGE))
        self.menu.on_click(lambda _: self._show_menu())
        self.renew()

    def renew(self) -> None:
        """Read again what there is."""
        with told(self.problem), self._asking() as (session, person):
            self._count(session, person)
            found = self._found(session, person)
            self._show(found, speakers(session, self.person.value))
            self._say_where(len(found))

    def still(self) -> str:
        """The page of notes that is shown, as safe HTML."""
        shown = [card.head.value + card.reading.html for card in self.cards.children]
        return "".join([self.problem.value, *shown, self.where.value])

    def _show(self, found: list[Note], names: list[str]) -> None:
        """Put the notes on the cards there are; a card is used again, because the page would keep every one it ever had."""
        while len(self._deck) < len(found):
            self._deck.append(NoteCard(self.wb, number=len(self._deck) + 1, on_change=self._changed))
        self.cards.children = self._deck[: len(found)]
        for card, note in zip(self._deck, found, strict=False):
            card.show(note, names)

    @contextmanager
    def _asking(self) -> Iterator[tuple[Session, PersonId | None]]:
        """A session that reads, and who is asked about; nobody when the name is no one's."""
        name = storable(self.person.value).strip().lower()
        with self.wb.reader as session:
            person = people.find(session, [name]).get(name)
            unknown = f'Nobody is called "{name}".' if name else "Choose a person."
            self.problem.value = "" if person else display.note(unknown)
            yield session, person

    def _found(self, session: Session, person: PersonId | None) -> list[Note]:
        if person is None:
            return []
        return notes.about(
            session, person, category=self.category.value or None, words=self.words.value,
            with_deleted=self.with_deleted.value, offset=self.offset,
        )  # fmt: skip

    def _count(self, session: Session, person: PersonId | None) -> None:
        """Show how many there are of each kind, and the way to the latest menu when there is one."""
        counts = dict.fromkeys(CATEGORIES, 0)
        menu = None
        if person is not None:
            counts = notes.counts(session, person, words=self.words.value, with_deleted=self.with_deleted.value)
            menu = notes.latest_menu(session, person)
        chosen = self.category.value
        options = [(f"All {sum(counts.values()):,}", ALL)]
        options += [(f"{CATEGORIES[key].badge} {count:,}", key) for key, count in counts.items()]
        self._quiet = True
        self.category.options = options
        self.category.value = chosen
        self._quiet = False
        self.total = counts[chosen] if chosen else sum(counts.values())
        self.menu.layout.display = None if menu else "none"
        self.menu_text.value = self.menu_text.value if menu else ""

    def _say_where(self, shown: int) -> None:
        words = f"{self.offset + 1:,} to {self.offset + shown:,} of {display.plural(self.total, 'note')}"
        self.where.value = display.note(words if shown else "No notes." if not self.problem.value else "")
        self.newer.disabled = self.offset == 0
        self.older.disabled = self.offset + shown >= self.total

    def _from_the_start(self) -> None:
        if not self._quiet:
            self.offset, self.menu_text.value = 0, ""
            self.renew()

    def _turn(self, by: int) -> None:
        self.offset = max(0, self.offset + by)
        self.renew()

    def _changed(self) -> None:
        """A card has changed its note: count anew, and leave the cards where they are, so that an undo stays at hand."""
        with told(self.problem), self._asking() as (session, person):
            self._count(session, person)

    def _show_menu(self) -> None:
        """Show the latest menu above the list, or fold it away again."""
        if self.menu_text.value:
            self.menu_text.value = ""
            return
        with told(self.problem), self._asking() as (session, person):
            menu: Any = person and notes.latest_menu(session, person)
            if menu:
                said = _note_text.read(menu.content, menu.category, names=()).html
                self.menu_text.value = headline(menu) + said
