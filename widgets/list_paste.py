"""``PasteList``: take in a follow list that was copied from the site or a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import ipywidgets as ipw

from mhc_lab.analytics.followers import Direction
from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError, UserError
from mhc_lab.jobs import take_in
from mhc_lab.jobs.take_in import Imported
from mhc_lab.workbench import Workbench
from widgets._form import Form

DIRECTIONS = [("followers: who follows me", "followers"), ("following: whom I follow", "following")]


@dataclass(frozen=True, slots=True)
class PastedList:
    """What was pasted, and what is known about it."""

    text: str
    direction: Direction
    taken_at: datetime
    is_complete: bool


class PasteList(Form[PastedList, Imported]):
    """Take in a pasted list: names, one per line, a table, JSON, or the text of a saved page."""

    def __init__(self, wb: Workbench) -> None:
        self.text = ipw.Textarea(description="List", placeholder="Paste names, a table, JSON, or a saved page.")
        self.text.add_class("mhc-wide")
        self.direction = ipw.Dropdown(description="Direction", options=DIRECTIONS)
        self.taken_at = ipw.Text(description="Taken at", placeholder="2026-03-29T08:00Z; empty: now")
        self.is_complete = ipw.Checkbox(description="It is the whole list", value=False, indent=True)
        super().__init__(wb, self.text, self.direction, self.taken_at, self.is_complete, verb="Take in")

    @property
    def value(self) -> PastedList:
        """What the fields say; a ``UserError`` when the time is none or nothing was pasted."""
        if not self.text.value.strip():
            raise UserError("Nothing is pasted.")
        said = self.taken_at.value.strip()
        try:
            taken_at = datetime.fromisoformat(said) if said else self.wb.clock.now()
        except ValueError:
            taken_at = None
        if taken_at is None or taken_at.tzinfo is None:
            raise UserError(f'"{said}" is not a time with its zone. Write it like 2026-03-29T08:00Z.')
        return PastedList(self.text.value, self.direction.value, taken_at, self.is_complete.value)

    def carry_out(self) -> Imported:
        """Read it and take it in; the job has a transaction of its own."""
        said = self.value
        imported = take_in.import_pasted(
            self.wb, said.text, observed_at=said.taken_at, direction=said.direction, complete=said.is_complete
        )
        if imported.count("refused"):
            raise RefusedError(imported.lists[0].why, rule="follow list")  # what was pasted stays, to be mended
        return imported

    def shown(self, result: Imported) -> str:
        """What became of the list, and of rows that hold no name."""
        (taken,) = result.lists
        kind = "bad" if taken.verdict == "held" else "good"
        said = display.note(f"{taken.verdict}: {taken.name_count:,} names. {taken.why}", kind=kind)
        if taken.rejected_rows:
            said += display.note(f"No user names, left out: {', '.join(taken.rejected_rows[:10])}")
        return said + display.note("Figures change with the next refresh.")
