"""``NoteForm`` and ``PasteForm``: write a note about a person, or paste a log or a tip menu and see first what is read in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.names import username
from mhc_lab.core.texts import storable
from mhc_lab.services import notes, people
from mhc_lab.services.note_export import headline
from mhc_lab.services.note_rules import CATEGORIES, checked_content
from mhc_lab.services.notes import NewNote, Note
from mhc_lab.transcripts.chat_log import parse_chat
from mhc_lab.workbench import Workbench
from widgets import _note_text
from widgets._fields import PersonPicker
from widgets._form import Form
from widgets._view import told

CHOICES = [(f"{kind.badge}: {kind.meaning}", key) for key, kind in CATEGORIES.items()]
CHAT, MENU = "chat", "menu"


class _AddForm(Form[NewNote, Note]):
    """What both forms share: about whom, from where, about which day, and what was saved."""

    def __init__(self, wb: Workbench, *fields: ipw.DOMWidget, person: str, on_saved: Callable[[Note], None]) -> None:
        self.person = PersonPicker(wb, value=person)
        self.source = ipw.Text(description="Source", placeholder="https://… (where it comes from, if anywhere)")
        self.day = ipw.DatePicker(description="Date", tooltip="The day it is about; empty: now")
        self.on_saved = on_saved
        self.is_new_person = False
        super().__init__(wb, self.person, *fields, self.source, self.day, verb="Save note", subject=storable(person))

    def submit(self, session: Session) -> Note:
        """Keep the note as it is."""
        said = self.value
        self.is_new_person = not people.find(session, [username(said.username)])
        return notes.add(session, said, author=self.wb.user, at=self.wb.clock.now())

    def shown(self, result: Note) -> str:
        """The note as it was saved."""
        self.on_saved(result)
        new = f" {result.username} is new here." if self.is_new_person else ""
        saved = display.note(f"Saved about {result.username}.{new}", kind="good")
        return saved + headline(result) + display.prose(result.content[: _note_text.SHOWN_CHARACTERS])

    def _noted_at(self) -> datetime | None:
        day: date | None = self.day.value
        return None if day is None else datetime.combine(day, time(tzinfo=UTC))


class NoteForm(_AddForm):
    """Write a note about a person; ``on_saved`` is called with it."""

    def __init__(
        self, wb: Workbench, *, person: str = "", on_saved: Callable[[Note], None] = lambda saved: None
    ) -> None:
        self.category = ipw.Dropdown(description="Category", options=CHOICES)
        self.text = ipw.Textarea(description="Note", placeholder="What should we remember?")
        self.text.add_class("mhc-wide")
        super().__init__(wb, self.category, self.text, person=person, on_saved=on_saved)

    @property
    def value(self) -> NewNote:
        """What the fields say."""
        return NewNote(
            self.person.value, self.text.value, self.category.value, self.source.value, noted_at=self._noted_at()
        )


class PasteForm(_AddForm):
    """Paste a chat log, messages or a tip menu, look at what is read in it, and keep the text exactly as it was pasted."""

    def __init__(
        self, wb: Workbench, *, person: str = "", on_saved: Callable[[Note], None] = lambda saved: None
    ) -> None:
        kinds = [("a chat log or messages", CHAT), ("a tip menu", MENU)]
        self.kind = ipw.Dropdown(description="What it is", options=kinds)
        self.text = ipw.Textarea(description="Text", placeholder="Paste it here.", continuous_update=False)
        self.text.add_class("mhc-wide")
        self.category = ipw.Dropdown(description="Category", options=[("as the text suggests", ""), *CHOICES])
        super().__init__(wb, self.kind, self.text, self.category, person=person, on_saved=on_saved)
        self.look = ipw.Button(description="Preview", tooltip="Show what is read in the text; nothing is saved")
        self.preview = ipw.HTML()
        self.look.on_click(lambda _: self._look())
        for field in (self.kind, self.text, self.person):
            field.observe(lambda _: self._forget_preview(), "value")
        buttons = ipw.HBox([self.look, self.save])
        self.children = [*self.fields, buttons, self.outcome, self.draft, self.preview]

    @property
    def value(self) -> NewNote:
        """What the fields say; the category, unless somebody chose one, as the text suggests."""
        category = self.category.value or self.suggestion
        return NewNote(self.person.value, self.text.value, category, self.source.value, noted_at=self._noted_at())

    @property
    def suggestion(self) -> str:
        """The category that the text suggests."""
        return "tip_menu" if self.kind.value == MENU else parse_chat(self.text.value).category

    def _look(self) -> None:
        with told(self.preview):
            text = checked_content(self.text.value)
            if self.kind.value == MENU:
                said = _note_text.preview_menu(text)
            else:
                with self.wb.reader as session:
                    names = speakers(session, self.person.value)
                said = _note_text.preview_log(parse_chat(text, names=names), text)
            suggested = display.beside(
                display.quiet("Suggested category:"), _badge(self.suggestion), display.quiet("Nothing is saved yet.")
            )
            self.preview.value = suggested + said

    def _forget_preview(self) -> None:
        self.preview.value = ""


def speakers(session: Session, about: str) -> list[str]:
    """Who is known to speak in a log about the person called ``about``: they and the broadcaster."""
    name = storable(about).strip().lower()
    known = [name] if people.find(session, [name]) else []
    mine = people.whose(session)
    return [*known, mine] if mine else known


def _badge(category: str) -> str:
    kind = CATEGORIES[category]
    return display.badge(kind.badge, color=kind.color)
