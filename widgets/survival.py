"""``HowLong``: what share of those who came still follows, day by day, and whether groups differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from mhc_lab.analytics import survival
from mhc_lab.analytics.choices import Direction
from mhc_lab.analytics.spell_lengths import By, Provisional
from mhc_lab.analytics.survival import Survival
from mhc_lab.analytics.window import Window
from mhc_lab.workbench import Workbench
from widgets._view import Drawing, Freshness, View, as_of, figure, told

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

ALL = "all"
GROUPS: list[tuple[str, str]] = [
    ("all together", ALL),
    ("when they came", "joined"),
    ("what they are", "role"),
    ("mutual or one-sided", "reciprocity"),
]
DIRECTIONS: list[tuple[str, Direction]] = [("who follows me", "followers"), ("whom I follow", "following")]
READINGS: list[tuple[str, Provisional]] = [("count as unfollows", "ended"), ("do not count yet", "open")]


class HowLong(View):
    """The curves of those who came in a window, with their bands, and a table of the days that are looked at first."""

    def __init__(
        self, wb: Workbench, *, window: Window | None = None, direction: Direction = "followers", by: By | None = None
    ) -> None:
        self.wb, self.window = wb, window
        self.result: Survival | None = None
        self.direction = ipw.Dropdown(description="Of those", options=DIRECTIONS, value=direction)
        self.by = ipw.Dropdown(description="Compare", options=GROUPS, value=by or ALL)
        self.provisional = ipw.Dropdown(description="Provisional", options=READINGS)
        for control in (self.direction, self.by, self.provisional):
            control.observe(lambda _: self.show(), "value")
        self.headline, self.table = ipw.HTML(), ipw.HTML()
        self.curves = Drawing(wb)
        self.freshness = Freshness(wb, on_refresh=self.show)
        controls = ipw.HBox([self.direction, self.by, self.provisional], layout={"flex_flow": "row wrap"})
        super().__init__([controls, self.freshness, self.headline, self.curves, self.table])
        self.show()

    def show(self) -> None:
        """Ask again, and show the answer, or why there is none."""
        self.result = None
        with told(self.headline):
            self.result = self._ask()
            self.headline.value = self.result.headline()
        self.table.value = self.result.table() if self.result else ""
        self.curves.draw(curves(self.result))

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        result = self._ask()
        return result.headline() + figure(curves(result)) + result.table() + as_of(self.wb)

    def _ask(self) -> Survival:
        return survival.survival(
            self.wb.mirror,
            window=self.window,
            direction=self.direction.value,
            by=None if self.by.value == ALL else self.by.value,
            provisional=self.provisional.value,
        )


def curves(result: Survival | None) -> Callable[[], Chart] | None:
    """The curves, when anybody came."""
    return result.chart if result and result.curves else None
