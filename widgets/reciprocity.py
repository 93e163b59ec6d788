"""``WhoFollowsBack``: mutual, they only, I only; who does not follow back, and how long follow-backs take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from mhc_lab.analytics import reciprocity
from mhc_lab.analytics.reciprocity import FollowBacks, Reciprocity
from mhc_lab.analytics.window import Window
from mhc_lab.workbench import Workbench
from widgets._fields import WindowPicker
from widgets._view import Drawing, Freshness, View, as_of, figure, told

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart


class WhoFollowsBack(View):
    """The three groups week by week, the delays, and who does not follow back."""

    def __init__(self, wb: Workbench, *, window: Window | None = None) -> None:
        self.wb = wb
        self.result: Reciprocity | None = None
        self.backs: FollowBacks | None = None
        covered = reciprocity.covered(wb.mirror)
        self.window = WindowPicker(
            oldest=covered.start, newest=covered.end, value=window or covered, on_change=self.show
        )
        self.headline, self.table, self.delays, self.answers = (ipw.HTML() for _ in range(4))
        self.weekly, self.curve = Drawing(wb), Drawing(wb)
        self.freshness = Freshness(wb, on_refresh=self._refreshed)
        delays, groups = [self.delays, self.curve, self.answers], [self.headline, self.weekly]
        parts = [self.window, self.freshness, *groups, *delays, self.table]
        super().__init__(parts)
        self._show_delays()
        self.show()

    def show(self) -> None:
        """Ask again for the window, and show the answer, or why there is none."""
        self.result = None
        with told(self.headline):
            self.result = self._ask()
            self.headline.value = self.result.headline()
        self.table.value = self.result.table() if self.result else ""
        self.weekly.draw(weekly(self.result))

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else."""
        result, backs = self._ask(), reciprocity.follow_backs(self.wb.mirror)
        delays = backs.headline() + figure(curve(backs)) + backs.table()
        return result.headline() + figure(weekly(result)) + delays + result.table() + as_of(self.wb)

    def _ask(self) -> Reciprocity:
        return reciprocity.reciprocity(self.wb.mirror, window=self.window.value)

    def _show_delays(self) -> None:
        """The delays are over all time: only new figures change them."""
        self.backs = None
        with told(self.delays):
            self.backs = reciprocity.follow_backs(self.wb.mirror)
            self.delays.value = self.backs.headline()
        self.answers.value = self.backs.table() if self.backs else ""
        self.curve.draw(curve(self.backs))

    def _refreshed(self) -> None:
        covered = reciprocity.covered(self.wb.mirror)
        self.window.oldest, self.window.newest = covered.start, covered.end
        self.window.renew()
        self._show_delays()
        self.show()


def weekly(result: Reciprocity | None) -> Callable[[], Chart] | None:
    """The weeks, when anybody follows or is followed."""
    return result.chart if result and result.persons.height else None


def curve(backs: FollowBacks | None) -> Callable[[], Chart] | None:
    """The delays, when there is any."""
    return backs.chart if backs and backs.at_stake else None
