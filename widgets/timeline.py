"""``Timeline``: everything there is to tell of a person, each thing once, newest first, day by day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from itertools import groupby
from typing import Any

import ipywidgets as ipw

from mhc_lab.core import display
from mhc_lab.services import people, timeline
from mhc_lab.services.timeline import Moment, Page, Place
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker, first_instant
from widgets._view import View, told

PAGE = 50
ALL = "all"
COLORS = {
    "note": "yellow", "attribute": "amber", "relationship": "pink", "collaboration": "purple", "account": "indigo", "rename": "orange",
    "follow": "green", "chat": "gray", "message": "blue", "tip": "emerald", "purchase": "teal", "visit": "gray", "room": "gray",
}  # fmt: skip


class Timeline(View):
    """The timeline of the person who is picked: by kind, between two days, page by page."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        self.wb = wb
        self.shown: Page | None = None
        self.places: list[Place | None] = [None]
        self.total, self._quiet = 0, False
        self.person = PersonPicker(wb, value=person)
        self.kind = ipw.Dropdown(description="Kind", options=[(ALL, ALL)])
        self.since, self.until = ipw.DatePicker(description="From"), ipw.DatePicker(description="To")
        self.body, self.where, self.problem = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.newer, self.older = ipw.Button(description="Newer"), ipw.Button(description="Older")
        wrap = {"flex_flow": "row wrap"}
        controls = ipw.HBox([self.person, self.kind, self.since, self.until], layout=wrap)
        super().__init__(
            [controls, self.problem, self.body, ipw.HBox([self.newer, self.older, self.where], layout=wrap)]
        )
        for field in (self.person, self.kind, self.since, self.until):
            field.observe(lambda _: self._from_the_start(), "value")
        self.newer.on_click(lambda _: self._turn(back=True))
        self.older.on_click(lambda _: self._turn(back=False))
        self.renew()

    def renew(self) -> None:
        """Read again what there is to tell on this page."""
        self.shown, self.total, self.problem.value = None, 0, ""
        if self.person.value.strip():
            with told(self.problem):
                self.shown = self._ask()
        else:
            self.problem.value = display.note("Choose a person.")
        self._show()

    def still(self) -> str:
        """The page that is shown, as safe HTML that needs nothing else."""
        return "".join([self.problem.value, self.body.value, self.where.value])

    def _ask(self) -> Page:
        asked: dict[str, Any] = {
            "since": first_instant(self.since.value),
            "until": first_instant(self.until.value, after=1),
        }
        with self.wb.reader as session:
            person = people.get(session, self.person.value).id
            counts = timeline.counts(session, person, **asked)
            self._offer(counts)
            kinds = () if self.kind.value == ALL else (self.kind.value,)
            self.total = sum(counts.values()) if not kinds else counts.get(kinds[0], 0)
            return timeline.page(session, person, kinds=kinds, before=self.places[-1], limit=PAGE, **asked)

    def _offer(self, counts: dict[str, int]) -> None:
        """The kinds there are with how many of each; the chosen one stays, also when there is none left of it."""
        chosen = self.kind.value
        offered = counts if chosen in {ALL, *counts} else {**counts, chosen: 0}
        everything = (f"{ALL} ({sum(counts.values()):,})", ALL)
        self._quiet = True
        self.kind.options = [everything, *((f"{kind} ({count:,})", kind) for kind, count in offered.items())]
        self.kind.value = chosen
        self._quiet = False

    def _from_the_start(self) -> None:
        if not self._quiet:
            self.places = [None]
            self.renew()

    def _turn(self, *, back: bool) -> None:
        if back and len(self.places) > 1:
            self.places.pop()
        elif not back and self.shown and self.shown.older:
            self.places.append(self.shown.older)
        self.renew()

    def _show(self) -> None:
        moments = self.shown.moments if self.shown else ()
        self.newer.disabled = len(self.places) == 1
        self.older.disabled = self.shown is None or self.shown.older is None
        self.body.value = _days(moments)
        begin = (len(self.places) - 1) * PAGE
        counted = (
            f"{begin + 1:,}–{begin + len(moments):,} of {self.total:,}" if moments else "There is nothing to tell."
        )
        self.where.value = display.note(counted) if self.shown else ""


def _days(moments: Iterable[Moment]) -> str:
    """The moments under the day on which they were."""
    days = groupby(moments, key=lambda one: one.at.astimezone(UTC).date())
    return "".join(display.section(f"{day:%A, %Y-%m-%d}", "".join(map(_entry, some))) for day, some in days)


def _entry(one: Moment) -> str:
    tokens = "" if one.tokens is None else f" · {display.plural(one.tokens, 'token')}"
    return display.entry(
        f"{one.at.astimezone(UTC):%H:%M}", one.kind, f"{one.title}{tokens}",
        color=COLORS[one.kind], content=one.text, source=one.source,
    )  # fmt: skip
