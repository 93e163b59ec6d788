"""``ActionLine``: one action of a plan: its tick, its name and reason, and the pictures it is about, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from mhc_lab.core import display
from mhc_lab.jobs.plan import Action
from mhc_lab.jobs.previews import Preview
from mhc_lab.services.media import MediaFile
from widgets._file_tile import pictured, told_apart


class ActionLine(ipw.VBox):
    """A line that any action can be put on; ``on_tick`` is called when a person changes its tick."""

    place: int
    action: Action
    children: Any

    def __init__(self, *, on_tick: Callable[[ActionLine], None]) -> None:
        self._on_tick, self._quiet = on_tick, False
        self.tick = ipw.Checkbox(indent=False)
        self.pictures = ipw.HTML()
        self._seen: list[tuple[str, str]] = []
        self.tick.observe(lambda _: self._ticked(), "value")
        super().__init__([self.tick])
        self.add_class("mhc-action")

    def show(self, place: int, action: Action, *, ticked: bool) -> None:
        """Show ``action``, which stands at ``place`` in its plan, without its pictures."""
        self.place, self.action = place, action
        self.tick.description = f"{action.name}: {action.reason}"
        self.set_tick(value=ticked)
        self._seen = []
        self.children = [self.tick]

    def set_tick(self, *, value: bool) -> None:
        """Set the tick; nobody is told."""
        self._quiet = True
        self.tick.value = value
        self._quiet = False

    def see(self, file: MediaFile, preview: Preview) -> None:
        """Show one more picture beside those that are there."""
        self._seen.append((told_apart(file), pictured(file, preview)))
        self.pictures.value = display.pictures(self._seen)
        self.children = [self.tick, self.pictures]

    def _ticked(self) -> None:
        if not self._quiet:
            self._on_tick(self)
