"""``History``: every change, newest first, in a part that opens, and a way to set one of them back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import UserError
from mhc_lab.workbench import Workbench
from widgets._view import told

OFFERED = 50
"""So many of the newest changes can be chosen from."""


class Change(Protocol):
    """What a history is made of: numbered, and readable as a sentence."""

    @property
    def id(self) -> int:
        """Its number."""


One = TypeVar("One", bound=Change)


class History(ipw.VBox, Generic[One]):
    """What changed, and a button that sets the chosen change back with ``undo``; ``on_undone`` is called when it did."""

    def __init__(
        self, wb: Workbench, undo: Callable[[Session, Sequence[One]], object], *, on_undone: Callable[[], None]
    ) -> None:
        self.wb, self.undo, self.on_undone = wb, undo, on_undone
        self.all = ipw.HTML()
        self.change = ipw.Dropdown(description="Change", options=[])
        self.change.add_class("mhc-wide")
        self.back = ipw.Button(description="Set back", tooltip="Make it what it was before the chosen change")
        self.outcome = ipw.HTML()
        self.back.on_click(lambda _: self._set_back())
        self.changes: Sequence[One] = ()
        super().__init__([self.all, ipw.HBox([self.change, self.back]), self.outcome])

    def show(self, changes: Sequence[One]) -> None:
        """Show ``changes``, the newest first."""
        self.changes = changes
        self.all.value = display.more(f"History: {display.plural(len(changes), 'change')}", map(str, changes))
        self.change.options = [(str(one), one.id) for one in changes[:OFFERED]]
        self.change.value = changes[0].id if changes else None
        self.back.disabled = self.change.disabled = not changes

    def _set_back(self) -> None:
        with told(self.outcome):
            chosen = [one for one in self.changes if one.id == self.change.value]
            if not chosen:
                raise UserError("No change is chosen.")
            with self.wb.transaction() as session:
                self.undo(session, chosen)
            self.on_undone()
            self.outcome.value = display.note(f"Set back: {chosen[0]}", kind="good")
