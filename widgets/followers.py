"""``WhoLeft``: who unfollowed, when, and how sure that is. ``HowMany``: coming and leaving by period, and by hour of the week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as ipw
import polars as pl

from mhc_lab.analytics import churn, effects, followers, rhythm
from mhc_lab.analytics.choices import SOURCE_WORDS, Every, Filter
from mhc_lab.analytics.churn import Churn
from mhc_lab.analytics.followers import Direction, Unfollows
from mhc_lab.analytics.rhythm import Rhythm
from mhc_lab.analytics.window import Window
from mhc_lab.core.errors import UserError
from mhc_lab.workbench import Workbench
from widgets._fields import WindowPicker
from widgets._view import Drawing, Freshness, View, as_of, figure, told

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

ALL = "all"
EVERY = [("month", "1mo"), ("week", "1w"), ("day", "1d")]


class WhoLeft(View):
    """Unfollows of a window: a headline, the days, a line for each person, a table."""

    def __init__(self, wb: Workbench, *, window: Window | None = None, direction: Direction = "followers") -> None:
        self.wb, self.direction = wb, direction
        self.result: Unfollows | None = None
        oldest, newest = looked(wb, direction)
        self.window = WindowPicker(oldest=oldest, newest=newest, value=window, on_change=self.show)
        self.status = ipw.Dropdown(description="Status", options=[ALL, "confirmed", "provisional"])
        self.status.observe(lambda _: self.show(), "value")
        self.filters = Filters(on_change=self.show)
        self.headline, self.table = ipw.HTML(), ipw.HTML()
        self.daily, self.timeline = Drawing(wb), Drawing(wb)
        self.freshness = Freshness(wb, on_refresh=self._refreshed)
        controls = ipw.HBox([self.window, self.status], layout={"flex_flow": "row wrap"})
        super().__init__([controls, self.filters, self.freshness, self.headline, self.daily, self.timeline, self.table])
        self.show()

    def _refreshed(self) -> None:
        """New figures may come with new lists: what "last 30 days" and "everything" mean moves with them."""
        self.window.oldest, self.window.newest = looked(self.wb, self.direction)
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
        self.timeline.draw(timeline(self.result, self._events()))

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        result = self._ask()
        drawn = figure(daily(result)) + figure(timeline(result, self._events()))
        return result.headline() + drawn + result.table() + as_of(self.wb)

    def _ask(self) -> Unfollows:
        status = None if self.status.value == ALL else self.status.value
        return followers.unfollows(
            self.wb.mirror, window=self.window.value, direction=self.direction, status=status, only=self.filters.value
        )

    def _events(self) -> pl.DataFrame:
        return effects.events(self.wb.mirror)


class Filters(ipw.HBox):
    """What narrows the list of those who left; ``on_change`` is called for every choice."""

    def __init__(self, *, on_change: Callable[[], None]) -> None:
        sources = [(ALL, ALL), *((word, source) for source, word in SOURCE_WORDS.items())]
        self.role = ipw.Dropdown(description="Role", options=[(ALL, ALL), ("models", "MODEL"), ("viewers", "VIEWER")])
        self.source = ipw.Dropdown(description="Known from", options=sources)
        self.returned = ipw.Dropdown(description="Came back", options=[(ALL, ALL), ("yes", True), ("no", False)])
        self.least, self.most = (
            ipw.Text(description=words, placeholder="any", continuous_update=False)
            for words in ("Days from", "Days to")
        )
        self.name = ipw.Text(description="Name", placeholder="begins with", continuous_update=False)
        fields = [self.role, self.source, self.returned, self.least, self.most, self.name]
        for field in fields:
            field.observe(lambda _: on_change(), "value")
        super().__init__(fields, layout={"flex_flow": "row wrap"})

    @property
    def value(self) -> Filter:
        """What is asked for; a ``UserError`` when a number of days is none."""
        return Filter(
            role=_unless_all(self.role),
            source=_unless_all(self.source),
            least_days=_days(self.least.value),
            most_days=_days(self.most.value),
            name_prefix=self.name.value,
            has_returned=_unless_all(self.returned),
        )


def _unless_all(field: Any) -> Any:
    """What is chosen; None when nothing is to be narrowed."""
    return None if field.value == ALL else field.value


class HowMany(View):
    """Coming and leaving by month, week or day, as shares and rates; and at which hour of the week people leave."""

    def __init__(
        self, wb: Workbench, *, window: Window | None = None, every: Every = "1mo", direction: Direction = "followers"
    ) -> None:
        self.wb, self.direction = wb, direction
        self.result: Churn | None = None
        self.hours: Rhythm | None = None
        oldest, newest = looked(wb, direction)
        self.window = WindowPicker(oldest=oldest, newest=newest, value=window, on_change=self.show)
        self.every = ipw.Dropdown(description="By", options=EVERY, value=every)
        self.every.observe(lambda _: self.show(), "value")
        self.headline, self.table, self.caveat = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.balance, self.rates, self.rhythm, self.exposure = (Drawing(wb) for _ in range(4))
        self.freshness = Freshness(wb, on_refresh=self._refreshed)
        controls = ipw.HBox([self.window, self.every], layout={"flex_flow": "row wrap"})
        below = [self.balance, self.rates, self.table, self.caveat, self.rhythm, self.exposure]
        super().__init__([controls, self.freshness, self.headline, *below])
        self.show()

    def _refreshed(self) -> None:
        self.window.oldest, self.window.newest = looked(self.wb, self.direction)
        self.window.renew()
        self.show()

    def show(self) -> None:
        """Ask again, and show the answer, or why there is none."""
        self.result = self.hours = None
        with told(self.headline):
            self.result, self.hours = self._ask()
            self.headline.value = self.result.headline()
        self.table.value = self.result.table() if self.result else ""
        self.caveat.value = self.hours.headline() if self.hours else ""
        for drawing, make in zip((self.balance, self.rates, self.rhythm, self.exposure), self._charts(), strict=True):
            drawing.draw(make)

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        self.result, self.hours = self._ask()
        balance, rates, hours, exposure = map(figure, self._charts())
        above = self.result.headline() + balance + rates + self.result.table()
        return above + self.hours.headline() + hours + exposure + as_of(self.wb)

    def _ask(self) -> tuple[Churn, Rhythm]:
        asked: dict[str, Any] = {"window": self.window.value, "direction": self.direction}
        return churn.churn(self.wb.mirror, every=self.every.value, **asked), rhythm.rhythm(self.wb.mirror, **asked)

    def _charts(self) -> tuple[Callable[[], Chart] | None, ...]:
        """Balance, rates, hours and exposure, where there is something to draw."""
        result, hours = self.result, self.hours
        moved = result if result and (result.gains or result.losses) else None
        left = hours if hours and hours.unfollows else None
        return (
            moved.chart if moved else None,
            moved.rate_chart if moved and moved.person_days else None,
            left.chart if left else None,
            left.exposure_chart if left else None,
        )


def looked(wb: Workbench, direction: Direction) -> tuple[datetime, datetime]:
    """When the first and the newest list were taken."""
    taken = followers.counts(wb.mirror, direction=direction).frame["observed_at"].to_list()
    return (taken[0], taken[-1]) if taken else (wb.mirror.made_at, wb.mirror.made_at)


def daily(result: Unfollows | None) -> Callable[[], Chart] | None:
    """Who came and left day by day, when anybody did."""
    return result.daily_chart if result and result.daily.height else None


def timeline(result: Unfollows | None, events: pl.DataFrame) -> Callable[[], Chart] | None:
    """A line for each person who left, when anybody did, and one across for each event."""
    return partial(result.chart, events=events if events.height else None) if result and result.count else None


def _days(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text.strip() else None
    except ValueError:
        raise UserError(f'"{text}" is no number of days. Write one like 30, or nothing for any.') from None
