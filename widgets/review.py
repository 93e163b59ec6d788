"""``PlanReview``: look through a plan, untick what should not be done, approve the rest."""

from __future__ import annotations

from typing import Generic, TypeVar

import ipywidgets as ipw

from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError
from mhc_lab.jobs.plan import Approved, Plan
from widgets._view import told

P = TypeVar("P", bound=Plan)


class PlanReview(ipw.VBox, Generic[P]):
    """Every action of a plan with its reason and a tick; the approval is bound to exactly what is ticked.

    :attr:`plan` is the plan as ticked, :attr:`approved` what the button made of it; a tick changed afterwards takes that back.
    """

    def __init__(self, plan: P, *, by: str) -> None:
        self.whole: P = plan
        self.by = by
        self.approved: Approved[P] | None = None
        self.ticks = [
            ipw.Checkbox(value=True, indent=False, description=f"{action.name}: {action.reason}")
            for action in plan.actions
        ]
        for tick in self.ticks:
            tick.observe(lambda _: self._changed(), "value")
        self.title, self.outcome = ipw.HTML(), ipw.HTML()
        self.approve = ipw.Button(description="Approve", button_style="primary")
        self.approve.on_click(lambda _: self._approve())
        super().__init__([self.title, *self.ticks, self.approve, self.outcome])
        self._changed()

    @property
    def plan(self) -> P:
        """The plan without what is not ticked."""
        pairs = zip(self.ticks, self.whole.actions, strict=True)
        return self.whole.without(*(action.name for tick, action in pairs if not tick.value))

    def _changed(self) -> None:
        self.approved = None
        self.title.value = display.note(f"{self.plan} (of {len(self.ticks):,} planned).")
        self.outcome.value = ""

    def _approve(self) -> None:
        with told(self.outcome):
            if not self.plan.actions:
                raise RefusedError("Nothing is ticked, so there is nothing to approve.", rule="approval")
            self.approved = self.plan.approve(by=self.by)
            self.outcome.value = display.note(f"Approved by {self.approved.by}. Nothing is done yet.", kind="good")
