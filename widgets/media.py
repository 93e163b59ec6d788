"""``ExactDuplicatesView``: files that are there more than once, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from mhc_lab.analytics import media
from mhc_lab.analytics.media import ExactDuplicates
from mhc_lab.workbench import Workbench
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


def savings(result: ExactDuplicates) -> Callable[[], Chart] | None:
    """What one copy each would save, when there are copies."""
    return result.chart if result.groups else None
