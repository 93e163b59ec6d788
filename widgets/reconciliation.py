"""``Reconciliation``: whether rows, files and snapshots agree, and what would set them right."""

from __future__ import annotations

import ipywidgets as ipw

from mhc_lab.jobs.reconcile import RECONCILE, plan_reconcile
from mhc_lab.workbench import Workbench
from widgets._audit import Audit, Found, reviewed, storage_choice


class Reconciliation(Audit):
    """Whether rows, files and snapshots agree, each thing in one class; and what would set them right."""

    def __init__(self, wb: Workbench, *, storage: str = "", aside: str = "", believe: str = "") -> None:
        self.storage = storage_choice(wb, storage)
        self.believe = storage_choice(wb, believe, description="Gone indeed", without_one="nowhere")
        self.believe.tooltip = "Most files of this storage are gone, and that is true"
        self.aside = ipw.Textarea(
            description="Set aside, too", value=aside, placeholder="litter, or as listed, one a line"
        )
        super().__init__(wb, self.storage, self.believe, self.aside, verb="Look through everything")

    def look(self) -> Found:
        """A plan of what would set everything right; nothing is changed."""
        chosen = [self.storage.value] if self.storage.value else []
        aside = [line.strip() for line in self.aside.value.splitlines() if line.strip()]
        believe = [self.believe.value] if self.believe.value else []
        plan = plan_reconcile(self.wb, storages=chosen, quarantine=aside, believe=believe, progress=self._progress)
        review = reviewed(self.wb, RECONCILE, plan, verb="Set right", undo="Put back")
        numbers = {f"{one.kind}_{one.found}": one.count for one in plan.totals}
        numbers |= {
            "to_set_right": len(plan.actions),
            "to_look_at": len(plan.listed),
            "not_checked": len(plan.findings),
        }
        return Found([ipw.HTML(plan.overview()), review], numbers, len(plan.actions) + len(plan.findings))
