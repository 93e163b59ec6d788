"""``ExcludeForm``: leave a person out of every figure with a reason, and take that back beside it."""

from __future__ import annotations

from dataclasses import dataclass

import ipywidgets as ipw

from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError
from mhc_lab.jobs.exclusion import apply_exclusion, plan_exclusion, restore
from mhc_lab.jobs.plan import Receipt
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker
from widgets._form import Form
from widgets._view import Freshness, told


@dataclass(frozen=True, slots=True)
class NewExclusion:
    """Whom to leave out, and why."""

    username: str
    reason: str


class ExcludeForm(Form[NewExclusion, Receipt]):
    """Leave a person out of every figure; nothing about them is deleted."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        self.person = PersonPicker(wb, value=person)
        self.reason = ipw.Textarea(description="Reason", placeholder="Why should no figure count them?")
        super().__init__(wb, self.person, self.reason, verb="Leave out")
        self.undo = ipw.Button(description="Undo", disabled=True, tooltip="Count this person again")
        self.undo.on_click(lambda _: self._undo())
        self.freshness = Freshness(wb, on_refresh=lambda: None)
        self.children = [
            self.person,
            self.reason,
            ipw.HBox([self.save, self.undo]),
            self.outcome,
            self.draft,
            self.freshness,
        ]

    @property
    def value(self) -> NewExclusion:
        """What the fields say."""
        return NewExclusion(self.person.value, self.reason.value.strip())

    def carry_out(self) -> Receipt:
        """Plan, approve and apply: whoever clicks the button has reviewed this one line."""
        asked = self.value
        plan = plan_exclusion(self.wb, [asked.username], reason=asked.reason)
        if not plan.actions:
            raise RefusedError(f'"{asked.username}" is left out already, for this very reason.', rule="nothing to do")
        receipt = apply_exclusion(self.wb, plan.approve(by=self.wb.user))
        self.undo.disabled = False
        return receipt

    def shown(self, result: Receipt) -> str:
        """The receipt, and when it will be seen in the figures."""
        return display.note(str(result), kind="good") + display.note("Figures change with the next refresh.")

    def _undo(self) -> None:
        if self.result is None:
            return
        self.undo.disabled = True
        with told(self.outcome):
            self.outcome.value = self.shown(restore(self.wb, self.result))
