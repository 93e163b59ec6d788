"""``View``: a panel that is alive where a kernel stands behind the page, and still and complete where none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets as ipw

from mhc_lab.core import display
from mhc_lab.core.errors import UserError
from mhc_lab.core.surface import Surface, surface
from mhc_lab.workbench import Workbench

if TYPE_CHECKING:
    from mhc_lab.analytics import charts


class View(ipw.VBox):
    """A panel of controls and answers; in a report, :meth:`still` takes its place."""

    def still(self) -> str:
        """Everything the panel shows, as safe HTML that needs nothing else; of a panel that only does things, where to find it."""
        return display.note("This panel is for use: open the page as a dashboard.")

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if surface() is Surface.REPORT:
            return {"text/html": self.still(), "text/plain": type(self).__name__}
        return super()._repr_mimebundle_(**options)


class Sight(anywidget.AnyWidget):
    """Shows nothing, and says when it is on somebody's screen."""

    _esm = "export default { render({ model }) { model.send({ seen: true }); } }"


class Drawing(ipw.VBox):
    """The place of one chart: drawn when somebody has the page before them, and anew whenever there is a new answer.

    The library that draws takes a second to load. Controls, numbers and tables do not wait for it.
    """

    def __init__(self, wb: Workbench) -> None:
        self.wb = wb
        self.chart: Any = None
        self.make: Callable[[], charts.Chart] | None = None
        self.is_seen = False
        self.sight, self.problem = Sight(), ipw.HTML()
        self.sight.on_msg(lambda *_: self.seen())
        super().__init__([self.sight])

    def draw(self, make: Callable[[], charts.Chart] | None) -> None:
        """Show the chart that ``make`` makes, or nothing."""
        self.make = make
        self.layout.display = None if make else "none"
        if self.is_seen:
            self._draw()

    def seen(self) -> None:
        """Somebody has the page before them: draw what there is to draw."""
        self.is_seen = True
        self._draw()

    def _draw(self) -> None:
        if self.make is None:
            return
        from mhc_lab.analytics import charts

        with told(self.problem):
            chart = self.make()
            if self.chart is None:
                self.chart = charts.live(chart, cache=self.wb.folder("cache"))
                self.children = [self.sight, self.chart, self.problem]
            else:
                self.chart.chart = chart


class Freshness(ipw.HBox):
    """From when the figures are, and a button that reads them again; ``on_refresh`` is called when they are new."""

    def __init__(self, wb: Workbench, *, on_refresh: Callable[[], None]) -> None:
        self.wb, self.on_refresh = wb, on_refresh
        self.text = ipw.HTML(as_of(wb))
        self.refresh = ipw.Button(
            description="Refresh figures", tooltip="Copy the database into a new mirror and read that"
        )
        self.refresh.on_click(lambda _: self._refresh())
        super().__init__([self.text, self.refresh])

    def _refresh(self) -> None:
        self.refresh.disabled = True
        try:
            with told(self.text):
                self.wb.refresh_mirror()
                self.text.value = as_of(self.wb)
                self.on_refresh()
        finally:
            self.refresh.disabled = False


class Gauge:
    """Progress that says in ``place`` how far work is, at every new hundredth of it."""

    def __init__(self, place: ipw.HTML) -> None:
        self.place = place
        self._seen: tuple[str, int] | None = None

    def __call__(self, done: int, total: int | None, doing: str) -> None:
        """Say it when it is worth saying."""
        seen = (doing, 100 * done // total if total else done)
        if seen != self._seen:
            self._seen = seen
            self.place.value = display.note(f"{done:,} of {total:,} {doing}" if total else f"{done:,} {doing}")


@contextmanager
def held(button: ipw.Button) -> Iterator[None]:
    """Let nobody press ``button`` a second time in a ``with`` block."""
    button.disabled = True
    try:
        yield
    finally:
        button.disabled = False


@contextmanager
def told(place: ipw.HTML) -> Iterator[None]:
    """Say in ``place`` what goes wrong in a ``with`` block.

    A refusal is said in its own words, and the code after the block runs. Anything else is announced and raised: nobody would see
    it otherwise, because what a button or a field raises goes to the log of the kernel only.
    """
    try:
        yield
    except UserError as refused:
        place.value = display.note(str(refused), kind="bad")
    except BaseException:
        place.value = display.note("That did not work: something is broken inside. The log says what.", kind="bad")
        raise


def as_of(wb: Workbench) -> str:
    """From when the figures of ``wb`` are, as safe HTML."""
    made_at = wb.mirror.made_at
    return display.note(f"Figures as of {display.text(made_at)} UTC, {display.age_text(made_at, wb.clock.now())}.")


def figure(make: Callable[[], charts.Chart] | None) -> str:
    """The chart that ``make`` makes, standing still, as part of a page."""
    from mhc_lab.analytics import charts

    return f"<figure class='mhc-chart'>{charts.still(make())}</figure>" if make else ""
