"""``Lists``: how good the follow lists are, and which of them somebody should look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from mhc_lab.analytics import list_quality
from mhc_lab.analytics.choices import Direction
from mhc_lab.analytics.list_quality import ListQuality
from mhc_lab.workbench import Workbench
from widgets._view import Drawing, Freshness, View, as_of, figure, told

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

ODD, EVERY_ONE = "to look at", "all"


class Lists(View):
    """The lists of one direction: a headline, a mark for each, a table of the odd ones or of all."""

    def __init__(self, wb: Workbench, *, direction: Direction = "followers") -> None:
        self.wb = wb
        self.result: ListQuality | None = None
        self.direction = ipw.Dropdown(description="Lists of", options=["followers", "following"], value=direction)
        self.which = ipw.Dropdown(description="Show", options=[ODD, EVERY_ONE])
        for field in (self.direction, self.which):
            field.observe(lambda _: self.show(), "value")
        self.headline, self.table, self.drawing = ipw.HTML(), ipw.HTML(), Drawing(wb)
        self.freshness = Freshness(wb, on_refresh=self.show)
        controls = ipw.HBox([self.direction, self.which], layout={"flex_flow": "row wrap"})
        super().__init__([controls, self.freshness, self.headline, self.drawing, self.table])
        self.show()

    def show(self) -> None:
        """Ask again, and show the answer, or why there is none."""
        self.result = None
        with told(self.headline):
            self.result = self._ask()
            self.headline.value = self.result.headline()
        self.table.value = self.result.table(odd_only=self.which.value == ODD) if self.result else ""
        self.drawing.draw(quality(self.result))

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        result = self._ask()
        return result.headline() + figure(quality(result)) + result.table(odd_only=True) + as_of(self.wb)

    def _ask(self) -> ListQuality:
        return list_quality.list_quality(self.wb.mirror, direction=self.direction.value)


def quality(result: ListQuality | None) -> Callable[[], Chart] | None:
    """A mark for each list, when there are any."""
    return result.chart if result and result.count else None
