"""``WhatChanged``: who came, came back, left since last time. ``CountedBy``: how many followers, according to whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw

from mhc_lab.analytics import changes, follower_count
from mhc_lab.analytics.changes import Changes
from mhc_lab.analytics.choices import Direction
from mhc_lab.analytics.follower_count import FollowerCount
from mhc_lab.analytics.window import Window
from mhc_lab.workbench import Workbench
from widgets._fields import WindowPicker
from widgets._view import Drawing, Freshness, View, as_of, figure, told
from widgets.followers import looked

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

LAST_LIST, OWN_DAY = "last list", "own day"


class WhatChanged(View):
    """What is new since the list before the newest one, since so many days, or since a day of one's own."""

    def __init__(self, wb: Workbench, *, since: datetime | None = None, direction: Direction = "followers") -> None:
        self.wb, self.direction, self.given = wb, direction, since
        self.result: Changes | None = None
        options: list[tuple[str, object]] = [("the list before", LAST_LIST)]
        options += [(f"last {days} days", days) for days in (7, 30, 90)] + [("own day", OWN_DAY)]
        self.since = ipw.Dropdown(description="Since", options=options, value=OWN_DAY if since else LAST_LIST)
        self.day = ipw.DatePicker(description="From", value=since.date() if since else None)
        self.since.observe(lambda _: self.show(), "value")
        self.day.observe(lambda _: self._typed(), "value")
        self.answer = ipw.HTML()
        self.freshness = Freshness(wb, on_refresh=self.show)
        controls = ipw.HBox([self.since, self.day], layout={"flex_flow": "row wrap"})
        super().__init__([controls, self.freshness, self.answer])
        self.show()

    def show(self) -> None:
        """Ask again, and show the answer, or why there is none."""
        self.result = None
        with told(self.answer):
            self.result = self._ask()
            self.answer.value = self.result._repr_html_()

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        return self._ask()._repr_html_() + as_of(self.wb)

    def _ask(self) -> Changes:
        return changes.since_last(self.wb.mirror, direction=self.direction, since=self._instant())

    def _instant(self) -> datetime | None:
        if self.since.value == LAST_LIST:
            return None
        if self.since.value == OWN_DAY:
            return self._own()
        return looked(self.wb, self.direction)[1] - timedelta(days=self.since.value)

    def _own(self) -> datetime | None:
        """The day as typed, from its first instant on; the instant given at first as long as its day stands there."""
        day: date | None = self.day.value
        if day is None or (self.given and self.given.date() == day):
            return self.given
        return datetime.combine(day, time(tzinfo=UTC))

    def _typed(self) -> None:
        if self.since.value == OWN_DAY:
            self.show()
        else:
            self.since.value = OWN_DAY


class CountedBy(View):
    """The number of followers from every source; a stretch of time marked in the chart is shown larger below it."""

    def __init__(self, wb: Workbench, *, window: Window | None = None) -> None:
        self.wb = wb
        self.result: FollowerCount | None = None
        oldest, newest = looked(wb, "followers")
        self.window = WindowPicker(oldest=oldest, newest=newest, value=window, on_change=self.show)
        self.headline, self.table, self.detail = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.sources, self.used = Brushed(wb, on_brush=self.look_closer), Drawing(wb)
        self.freshness = Freshness(wb, on_refresh=self._refreshed)
        super().__init__([self.window, self.freshness, self.headline, self.sources, self.detail, self.used, self.table])
        self.show()

    def _refreshed(self) -> None:
        self.window.oldest, self.window.newest = looked(self.wb, "followers")
        self.window.renew()
        self.show()

    def show(self) -> None:
        """Ask again, and show the answer, or why there is none."""
        self.result = None
        with told(self.headline):
            self.result = self._ask()
            self.headline.value = self.result.headline()
        self.table.value = self.result.table() if self.result else ""
        self.sources.draw(sources(self.result))
        self.look_closer(None)

    def look_closer(self, marked: Window | None) -> None:
        """Show the number that is used within ``marked``, or within the whole window."""
        part = self.result.within(marked) if self.result and marked else self.result
        self.detail.value = part.headline() if part and marked and part.count is not None else ""
        self.used.draw(used(part))

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        result = self._ask()
        return result.headline() + figure(sources(result)) + figure(used(result)) + result.table() + as_of(self.wb)

    def _ask(self) -> FollowerCount:
        return follower_count.follower_count(self.wb.mirror, window=self.window.value)


class Brushed(Drawing):
    """A drawing whose marked stretch of time is told to ``on_brush``; None when the mark is taken away."""

    def __init__(self, wb: Workbench, *, on_brush: Callable[[Window | None], None]) -> None:
        super().__init__(wb)
        self.on_brush = on_brush

    def _draw(self) -> None:
        super()._draw()
        if self.make is not None and self.chart is not None:
            from mhc_lab.analytics.follower_count_charts import BRUSH

            self.chart.selections.observe(lambda change: self.on_brush(_marked(change.new.value)), BRUSH)


def sources(result: FollowerCount | None) -> Callable[[], Chart] | None:
    """What every source told, when any did."""
    return result.chart if result and result.told.height else None


def used(result: FollowerCount | None) -> Callable[[], Chart] | None:
    """The number that is used, when there is one."""
    return result.used_chart if result and result.count is not None else None


def _marked(value: dict[str, Any]) -> Window | None:
    """The stretch between two ends in milliseconds, whatever the axis is called; None when it is empty."""
    ends = next(iter(value.values()), None)
    if not ends or ends[0] >= ends[1]:
        return None
    start, end = (datetime.fromtimestamp(end / 1000, UTC) for end in ends)
    return Window(start, end)
