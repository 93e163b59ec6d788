"""``WhoLeft``: who unfollowed, when, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import ipywidgets as ipw

from mhc_lab.analytics import followers
from mhc_lab.analytics.followers import Direction, Unfollows
from mhc_lab.analytics.window import Window
from mhc_lab.workbench import Workbench
from widgets._fields import WindowPicker
from widgets._view import Drawing, Freshness, View, as_of, figure, told

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

ALL = "all"


class WhoLeft(View):
    """Unfollows of a window: a headline, the days, a line for each person, a table."""

    def __init__(self, wb: Workbench, *, window: Window | None = None, direction: Direction = "followers") -> None:
        self.wb, self.direction = wb, direction
        self.result: Unfollows | None = None
        oldest, newest = self._looked()
        self.window = WindowPicker(oldest=oldest, newest=newest, value=window, on_change=self.show)
        self.status = ipw.Dropdown(description="Status", options=[ALL, "confirmed", "provisional"])
        self.status.observe(lambda _: self.show(), "value")
        self.headline, self.table = ipw.HTML(), ipw.HTML()
        self.daily, self.timeline = Drawing(wb), Drawing(wb)
        self.freshness = Freshness(wb, on_refresh=self._refreshed)
        controls = ipw.HBox([self.window, self.status], layout={"flex_flow": "row wrap"})
        super().__init__([controls, self.freshness, self.headline, self.daily, self.timeline, self.table])
        self.show()

    def _looked(self) -> tuple[datetime, datetime]:
        """When the first and the newest list were taken."""
        taken = followers.counts(self.wb.mirror, direction=self.direction).frame["observed_at"].to_list()
        return (taken[0], taken[-1]) if taken else (self.wb.mirror.made_at, self.wb.mirror.made_at)

    def _refreshed(self) -> None:
        """New figures may come with new lists: what "last 30 days" and "everything" mean moves with them."""
        self.window.oldest, self.window.newest = self._looked()
        self.window.renew()
        self.show()

    def show(self) -> None:
        """Ask again, and show the answer, or why there is none."""
        self.result = None
        with told(self.headline):
            self.result = self._ask()
            self.headline.value = self.result.headline()
        self.table.value = self.result.table() if self.result else ""
        self.daily.draw(daily(self.result))
        self.timeline.draw(timeline(self.result))

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        result = self._ask()
        return result.headline() + figure(daily(result)) + figure(timeline(result)) + result.table() + as_of(self.wb)

    def _ask(self) -> Unfollows:
        status = None if self.status.value == ALL else self.status.value
        return followers.unfollows(self.wb.mirror, window=self.window.value, direction=self.direction, status=status)


def daily(result: Unfollows | None) -> Callable[[], Chart] | None:
    """Who came and left day by day, when anybody did."""
    return result.daily_chart if result and result.daily.height else None


def timeline(result: Unfollows | None) -> Callable[[], Chart] | None:
    """A line for each person who left, when anybody did."""
    return result.chart if result and result.count else None
