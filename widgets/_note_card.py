"""``NoteCard``: one note in a list, with what can be done about it: edit in place, delete and undo that, bring an earlier version back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError
from mhc_lab.services import notes
from mhc_lab.services.note_export import headline
from mhc_lab.services.notes import Note, NoteConflictError
from mhc_lab.workbench import Workbench
from widgets import _note_text
from widgets._form import Form
from widgets._view import told
from widgets.note_forms import CHOICES


class NoteCard(ipw.VBox):
    """A note and its buttons, which carry its ``number`` on the page; ``on_change`` is called after every change."""

    children: Any
    note: Note
    reading: _note_text.Reading

    def __init__(self, wb: Workbench, *, number: int, on_change: Callable[[], None]) -> None:
        self.wb, self.number, self.on_change = wb, number, on_change
        self.names: Sequence[str] = ()
        self.head, self.body, self.outcome = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.log_page = ipw.BoundedIntText(description=f"Page of log {number}", min=1)
        self.edit = ipw.Button(description=f"Edit {number}")
        self.remove = ipw.Button(description=f"Delete {number}", tooltip="It can be restored")
        self.undo = ipw.Button(description=f"Restore {number}")
        self.earlier = ipw.Button(description=f"Earlier versions {number}")
        self.actions = ipw.HBox(layout={"flex_flow": "row wrap"})
        self.panel = ipw.VBox()
        self.log_page.observe(lambda change: self._turn(change.new), "value")
        self.edit.on_click(lambda _: self._open(self._editor))
        self.earlier.on_click(lambda _: self._open(self._earlier))
        self.remove.on_click(lambda _: self._do(self._delete, "Deleted."))
        self.undo.on_click(lambda _: self._do(self._restore, "Restored."))
        super().__init__([self.head, self.body, self.log_page, self.actions, self.outcome, self.panel])
        self.add_class("mhc-note")

    def show(self, note: Note, names: Sequence[str]) -> None:
        """Show ``note``, in which ``names`` may speak; nothing said about another one before stays."""
        self.names, self.outcome.value = names, ""
        self._renew(note)

    def _renew(self, note: Note) -> None:
        """Show ``note`` as it is now, with the panel closed."""
        self.note, self.panel.children = note, ()
        self.head.value = display.beside(display.quiet(f"{self.number}."), headline(note))
        self.reading = _note_text.read(note.content, note.category, names=self.names)
        self.body.value = self.reading.html
        self.log_page.max, self.log_page.value = self.reading.page_count, 1
        self.log_page.layout.display = None if self.reading.page_count > 1 else "none"
        can = [self.undo] if note.is_deleted else [self.edit, self.remove]
        self.actions.children = [*can, self.earlier] if note.version > 1 else can

    def _turn(self, page: int) -> None:
        if self.reading.log is not None:
            self.body.value = self.reading.log.page(page)

    def _open(self, make: Callable[[], ipw.DOMWidget]) -> None:
        """Open a panel below the note, or close it when it is the one that is open."""
        self.outcome.value = ""
        with told(self.outcome):
            panel = make()
            is_open = bool(self.panel.children) and type(self.panel.children[0]) is type(panel)
            self.panel.children = () if is_open else (panel,)

    def _editor(self) -> ipw.DOMWidget:
        with self.wb.reader as session:
            note = notes.get(session, self.note.id)
        return EditNote(self.wb, note, on_done=self._done)

    def _earlier(self) -> ipw.DOMWidget:
        return EarlierVersions(self.wb, self.note, number=self.number, on_done=self._done)

    def _delete(self, session: Session) -> Note:
        return notes.delete(session, self.note.id, at=self.wb.clock.now())

    def _restore(self, session: Session) -> Note:
        return notes.restore(session, self.note.id)

    def _do(self, change: Callable[[Session], Note], said: str) -> None:
        with told(self.outcome):
            with self.wb.transaction() as session:
                changed = change(session)
            self._done(changed, said)

    def _done(self, note: Note, said: str) -> None:
        self._renew(note)
        self.outcome.value = display.note(said, kind="good")
        self.on_change()


class EditNote(Form[dict[str, Any], Note]):
    """Edit a note where it stands. When somebody else was faster, both versions are shown, and one of them is kept."""

    def __init__(self, wb: Workbench, note: Note, *, on_done: Callable[[Note, str], None]) -> None:
        self.note, self.on_done, self.current = note, on_done, note
        self.category = ipw.Dropdown(description="Category", options=CHOICES, value=note.category)
        self.text = ipw.Textarea(description="Text", value=note.content, continuous_update=len(note.content) < 50_000)
        self.text.add_class("mhc-wide")
        self.source = ipw.Text(description="Source", value=note.source_url or "")
        self.day = ipw.DatePicker(description="Date", value=note.noted_at.date())
        self.base = ipw.IntText(description="Version", layout={"display": "none"})
        fields = (self.category, self.text, self.source, self.day)
        self.before = [field.value for field in fields]
        super().__init__(wb, *fields, self.base, verb="Save changes", subject=str(note.id))
        for field in fields:
            field.observe(lambda _: self._begun(), "value")
        self.keep_mine = ipw.Button(description="Save mine over theirs", tooltip="Theirs stays among the versions")
        self.take_theirs = ipw.Button(description="Take theirs", tooltip="What you typed is given up")
        self.keep_mine.on_click(lambda _: self._keep_mine())
        self.take_theirs.on_click(lambda _: self._take_theirs())
        self.choice = ipw.HBox([self.keep_mine, self.take_theirs], layout={"display": "none"})
        self.children = [*fields, self.save, self.outcome, self.choice, self.draft]

    @property
    def value(self) -> dict[str, Any]:
        """What the fields say and the note did not say when they were shown."""
        names = ("category", "content", "source_url", "noted_at")
        now = (self.category.value, self.text.value, self.source.value, self.day.value)
        changes = {
            name: new for name, new, old in zip(names, now, self.before, strict=True) if new != old and new is not None
        }
        if "noted_at" in changes:
            changes["noted_at"] = _on(changes["noted_at"], self.note.noted_at)
        return changes

    def submit(self, session: Session) -> Note:
        """Save the changes, if nobody changed the note since they were begun."""
        expected = self.base.value or self.note.version
        return notes.edit(session, self.note.id, expected_version=expected, **self.value)

    def shown(self, result: Note) -> str:
        """Hand the note to the card, which shows it in place of this form."""
        self.on_done(result, f"Saved, version {result.version}.")
        return ""

    def disputed(self, conflict: ConflictError) -> str:
        """Both versions, with a button for each."""
        if isinstance(conflict, NoteConflictError):
            self.current = conflict.current
            self.choice.layout.display = None
        return super().disputed(conflict)

    def _begun(self) -> None:
        """Remember, in the draft too, which version the changes are to."""
        if not self.base.value:
            self.base.value = self.note.version

    def _keep_mine(self) -> None:
        self.base.value = self.current.version
        self.choice.layout.display = "none"
        self.save.click()

    def _take_theirs(self) -> None:
        self.draft.clear()
        self.on_done(self.current, "Theirs stays.")


class EarlierVersions(ipw.VBox):
    """What a note was before: look at a version, and bring it back."""

    def __init__(self, wb: Workbench, note: Note, *, number: int, on_done: Callable[[Note, str], None]) -> None:
        self.wb, self.note, self.on_done = wb, note, on_done
        with wb.reader as session:
            self.versions = {one.version: one for one in notes.versions(session, note.id)}
        options = [
            (f"{one.version}, until {display.text(one.replaced_at)} UTC, then changed by {one.replaced_by}", version)
            for version, one in self.versions.items()
        ]
        self.which = ipw.Dropdown(description=f"Earlier version {number}", options=options)
        self.which.add_class("mhc-wide")
        self.text, self.outcome = ipw.HTML(), ipw.HTML()
        self.back = ipw.Button(description=f"Bring back {number}", disabled=note.is_deleted or not options)
        self.which.observe(lambda _: self._show(), "value")
        self.back.on_click(lambda _: self._bring_back())
        super().__init__([self.which, self.text, self.back, self.outcome])
        self._show()

    def _show(self) -> None:
        if self.which.value is not None:
            one = self.versions[self.which.value]
            was = notes.as_it_was(self.note, one)
            self.text.value = display.versions([(f"version {one.version}", was.in_words), ("now", self.note.in_words)])

    def _bring_back(self) -> None:
        with told(self.outcome):
            with self.wb.transaction() as session:
                note = notes.bring_back(session, self.note.id, self.which.value)
            self.on_done(note, f"Version {self.which.value} is back.")


def _on(day: date, before: datetime) -> datetime:
    """``day``, at the time of the day that ``before`` has."""
    return datetime.combine(day, before.timetz())
