"""``AfterEvents``: whether more leave after a broadcast, a note, a ban than at the same hours without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import ipywidgets as ipw

from mhc_lab.analytics import effects, followers
from mhc_lab.analytics.choices import Direction
from mhc_lab.analytics.effects import Effect
from mhc_lab.analytics.window import Window
from mhc_lab.workbench import Workbench
from widgets._fields import WindowPicker
from widgets._view import Drawing, Freshness, View, as_of, figure, told

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

HOURS = (6, 12, 24, 48, 72)


class AfterEvents(View):
    """Losses in the hours after events: a sentence for each kind, a chart of one kind, tables."""

    def __init__(
        self, wb: Workbench, *, window: Window | None = None, hours: float = 24, direction: Direction = "followers"
    ) -> None:
        self.wb, self.direction = wb, direction
        self.result: Effect | None = None
        self.headline, self.table, self.drawing = ipw.HTML(), ipw.HTML(), Drawing(wb)
        oldest, newest = self._looked()
        self.window = WindowPicker(oldest=oldest, newest=newest, value=window, on_change=self.show)
        self.hours = ipw.Dropdown(
            description="Hours after",
            options=sorted({*HOURS, hours}),
            value=hours,
            tooltip="How long after an event a loss counts",
        )
        self.kind = ipw.Dropdown(description="Event", options=[])
        self.hours.observe(lambda _: self.show(), "value")
        self.kind.observe(lambda _: self.drawing.draw(chart(self.result, self.kind.value)), "value")
        self.freshness = Freshness(wb, on_refresh=self._refreshed)
        controls = ipw.HBox([self.window, self.hours, self.kind], layout={"flex_flow": "row wrap"})
        super().__init__([controls, self.freshness, self.headline, self.drawing, self.table])
        self.show()

    def show(self) -> None:
        """Ask again, and show the answer, or why there is none."""
        self.result = None
        with told(self.headline):
            self.result = self._ask()
            self.headline.value = self.result.headline()
        self.table.value = self.result.table() if self.result else ""
        self._offer(self.result.kinds if self.result else ())
        self.drawing.draw(chart(self.result, self.kind.value))

    def still(self) -> str:
        """Everything the panel shows, and the chart of every kind, as safe HTML that needs nothing else."""
        result = self._ask()
        drawn = "".join(figure(chart(result, kind)) for kind in result.kinds)
        return result.headline() + drawn + result.table() + as_of(self.wb)

    def _offer(self, kinds: tuple[str, ...]) -> None:
        """The kinds to choose from; the chosen one stays when it is still among them."""
        if self.kind.options != kinds:
            chosen = self.kind.value
            self.kind.options = kinds
            self.kind.value = chosen if chosen in kinds else next(iter(kinds), None)
        self.kind.disabled = len(kinds) < 2

    def _looked(self) -> tuple[datetime, datetime]:
        covered = followers.covered(self.wb.mirror, direction=self.direction)
        return covered.start, covered.end

    def _refreshed(self) -> None:
        self.window.oldest, self.window.newest = self._looked()
        self.window.renew()
        self.show()

    def _ask(self) -> Effect:
        mirror = self.wb.mirror
        return effects.effect(
            mirror, effects.events(mirror), window=self.window.value, hours=self.hours.value, direction=self.direction
        )


def chart(result: Effect | None, kind: str | None) -> Callable[[], Chart] | None:
    """The chart of ``kind``, when there is something to draw."""
    if result is None or kind is None or result.of(kind)["why_not"]:
        return None
    return lambda: result.chart(kind)
