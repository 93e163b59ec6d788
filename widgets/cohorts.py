"""``StayAndReturn``: of those who came together, how many stay; for how long people followed; who comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from mhc_lab.analytics import cohorts, days_followed, refollows
from mhc_lab.analytics.choices import Direction, Every
from mhc_lab.analytics.cohorts import Cohorts
from mhc_lab.analytics.days_followed import DaysFollowed
from mhc_lab.analytics.refollows import Refollows
from mhc_lab.workbench import Workbench
from widgets._view import Drawing, Freshness, View, as_of, figure, told

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

EVERY = [("month", "1mo"), ("week", "1w")]


class StayAndReturn(View):
    """A heat map of cohorts with its table, the lengths of all stays, and the chance to come back."""

    def __init__(self, wb: Workbench, *, every: Every = "1mo", direction: Direction = "followers") -> None:
        self.wb, self.direction = wb, direction
        self.result: Cohorts | None = None
        self.every = ipw.Dropdown(description="Came in a", options=EVERY, value=every)
        self.every.observe(lambda _: self.show(), "value")
        self.headline, self.table, self.lengths, self.returns = (ipw.HTML() for _ in range(4))
        self.heat_map, self.stays, self.back = (Drawing(wb) for _ in range(3))
        self.freshness = Freshness(wb, on_refresh=self.renew)
        below = [self.headline, self.heat_map, self.table, self.lengths, self.stays, self.returns, self.back]
        super().__init__([self.every, self.freshness, *below])
        self.renew()

    def renew(self) -> None:
        """Ask everything again."""
        self.show()
        with told(self.returns):
            stays, back = self._stays(), self._refollows()
            self.lengths.value, self.returns.value = stays.headline(), back._repr_html_()
            self.stays.draw(lengths(stays))
            self.back.draw(returns(back))

    def show(self) -> None:
        """Ask for the cohorts again, and show the answer, or why there is none."""
        self.result = None
        with told(self.headline):
            self.result = self._ask()
            self.headline.value = self.result.headline()
        self.table.value = self.result.table() if self.result else ""
        self.heat_map.draw(heat_map(self.result))

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        result, stays, back = self._ask(), self._stays(), self._refollows()
        above = (
            result.headline() + figure(heat_map(result)) + result.table() + stays.headline() + figure(lengths(stays))
        )
        return above + back._repr_html_() + figure(returns(back)) + as_of(self.wb)

    def _ask(self) -> Cohorts:
        return cohorts.cohorts(self.wb.mirror, every=self.every.value, direction=self.direction)

    def _stays(self) -> DaysFollowed:
        return days_followed.days_followed(self.wb.mirror, direction=self.direction)

    def _refollows(self) -> Refollows:
        return refollows.refollows(self.wb.mirror, direction=self.direction)


def heat_map(result: Cohorts | None) -> Callable[[], Chart] | None:
    """The cohorts, when one of them is a week old."""
    return result.chart if result and result.shown.height else None


def lengths(result: DaysFollowed) -> Callable[[], Chart] | None:
    """The lengths of the stays, when there are any."""
    return result.chart if result.completed or result.still_here else None


def returns(result: Refollows) -> Callable[[], Chart] | None:
    """The chance to be back, when anybody left."""
    return result.chart if result.frame.height else None
