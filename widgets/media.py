"""``ExactDuplicatesView``: files that are there more than once, byte for byte. ``RedundantCopies``: which of them can go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from mhc_lab.analytics import media
from mhc_lab.analytics.media import ExactDuplicates
from mhc_lab.jobs.dedup import DEDUP, plan_dedup
from mhc_lab.workbench import Workbench
from widgets._audit import Audit, Found, reviewed
from widgets._view import Drawing, Freshness, View, as_of, figure, told

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart


class ExactDuplicatesView(View):
    """Which files have copies, and what one copy of each would save."""

    def __init__(self, wb: Workbench) -> None:
        self.wb = wb
        self.answer, self.drawing = ipw.HTML(), Drawing(wb)
        self.freshness = Freshness(wb, on_refresh=self.show)
        super().__init__([self.freshness, self.drawing, self.answer])
        self.show()

    @property
    def result(self) -> ExactDuplicates:
        """The duplicates that the mirror knows."""
        return media.exact_duplicates(self.wb.mirror)

    def show(self) -> None:
        """Ask again, and show the answer, or why there is none."""
        with told(self.answer):
            result = self.result
            self.answer.value = result._repr_html_()
            self.drawing.draw(savings(result))

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        result = self.result
        return result._repr_html_() + figure(savings(result)) + as_of(self.wb)


class RedundantCopies(Audit):
    """Which copies can go, which one stays, and why: looked through, set aside, brought back."""

    def __init__(self, wb: Workbench, *, across_persons: bool = False) -> None:
        self.across = ipw.Checkbox(description="Across persons", value=across_persons, indent=False)
        super().__init__(wb, self.across, verb="Plan what can go")

    def look(self) -> Found:
        """A plan of what can go; nothing is changed."""
        plan = plan_dedup(self.wb, across_persons=self.across.value, progress=self._progress)
        review = reviewed(self.wb, DEDUP, plan, verb="Set aside", undo="Bring back")
        return Found([review], {"planned_copies": len(plan.actions), "planned_bytes": plan.reclaimable_bytes})


def savings(result: ExactDuplicates) -> Callable[[], Chart] | None:
    """What one copy each would save, when there are copies."""
    return result.chart if result.groups else None
