"""``ListReview``: look at the follow lists that wait for a decision, decide, and take a decision back."""

from __future__ import annotations

from dataclasses import dataclass

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import UserError
from mhc_lab.core.ids import ScrapeId
from mhc_lab.services import following
from mhc_lab.services.following import Decided, TakenList
from mhc_lab.workbench import Workbench
from widgets._form import Form
from widgets._view import Freshness

WAITING, DECIDED, ALL = "waiting", "decided", "all"
CHOICES = [
    ("complete: who is missing has left", "complete"),
    ("partial: it adds, and ends nobody's spell", "partial"),
    ("refused: it does not count at all", "refused"),
    ("automatic: as the rules say", "automatic"),
]
SHOWN_NAMES = 20


@dataclass(frozen=True, slots=True)
class NewDecision:
    """What to make of which list, and why."""

    scrape: ScrapeId
    choice: str
    reason: str


class ListReview(Form[NewDecision, Decided]):
    """Decide about a list that the rules would not believe; the history is computed again, and a later decision overrules."""

    def __init__(self, wb: Workbench) -> None:
        self.choice = ipw.Dropdown(description="Decision", options=CHOICES, value="partial")
        self.reason = ipw.Textarea(description="Reason", placeholder="What do you know about this list?")
        self.which = ipw.Dropdown(description="Lists", options=[WAITING, DECIDED, ALL])
        self.one = ipw.Dropdown(description="List", options=[])
        self.detail = ipw.HTML()
        for field in (self.choice, self.reason, self.one):
            field.add_class("mhc-wide")
        super().__init__(wb, self.reason, verb="Record decision")
        self.freshness = Freshness(wb, on_refresh=lambda: None)
        chosen = ipw.HBox([self.which, self.one], layout={"flex_flow": "row wrap"})
        self.children = [
            chosen,
            self.detail,
            self.choice,
            self.reason,
            self.save,
            self.outcome,
            self.draft,
            self.freshness,
        ]
        self.which.observe(lambda _: self.renew(), "value")
        self.one.observe(lambda _: self._show(), "value")
        self.renew()

    @property
    def value(self) -> NewDecision:
        """What the fields say."""
        if self.one.value is None:
            raise UserError("No list is chosen.")
        return NewDecision(self.one.value, self.choice.value, self.reason.value.strip())

    def submit(self, session: Session) -> Decided:
        """Record the decision and compute the history with it."""
        said, at = self.value, self.wb.clock.now()
        return following.decide(session, said.scrape, said.choice, reason=said.reason, by=self.wb.user, at=at)

    def shown(self, result: Decided) -> str:
        """What the list is now, and when it will be seen in the figures."""
        self.renew()
        return display.note(str(result), kind="good") + display.note("Figures change with the next refresh.")

    def renew(self) -> None:
        """Read again which lists there are."""
        with self.wb.reader as session:
            verdict = "held" if self.which.value == WAITING else None
            found = following.taken_lists(session, verdict=verdict, decided=self.which.value == DECIDED)
        self.one.options = [(_title(one), one.scrape) for one in found]
        self.one.value = found[0].scrape if found else None
        self.save.disabled = not found
        self._show()

    def _show(self) -> None:
        if self.one.value is None:
            self.detail.value = display.note(
                "No list waits for a decision." if self.which.value == WAITING else "None."
            )
            return
        with self.wb.reader as session:
            taken = following.taken_list(session, self.one.value)
            missing = following.missing_names(session, taken, limit=SHOWN_NAMES + 1)
        more = " …" if len(missing) > SHOWN_NAMES else ""
        self.detail.value = display.facts(
            _title(taken),
            [
                ("verdict", taken.verdict),
                ("names", taken.listed_count),
                ("followed just before", taken.at_risk_count),
                ("of them missing", taken.missing_count),
                ("expected to be missing", taken.expected_missing),
            ],
        ) + display.note(taken.why)
        if missing:
            names = ", ".join(missing[:SHOWN_NAMES])
            self.detail.value += display.note(f"Followed just before and not on it: {names}{more}")


def _title(taken: TakenList) -> str:
    return f"{taken.file_name} · {taken.direction} · {taken.observed_at:%Y-%m-%d %H:%M} · {taken.verdict}"
