"""What every notebook begins and ends with: ``open_workbench()``, ``record()``, ``finding()``; and ``asked()``, what its address asks for.

Opening sets how results are drawn from then on. The same cell is alive in JupyterLab and in a dashboard, and still in a report, where
no kernel stands behind the page any more.
"""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import ipywidgets as ipw
from IPython.core.getipython import get_ipython
from IPython.display import HTML, display

from mhc_lab.audit import records
from mhc_lab.core import display as drawn
from mhc_lab.core.progress import LogProgress
from mhc_lab.core.surface import Surface, surface
from mhc_lab.workbench import Workbench

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mhc_lab.analytics.charts import Chart

log = logging.getLogger(__name__)

_IN_VOILA = "VOILA_BASE_URL"


def open_workbench() -> Workbench:
    """The workbench of this environment, with results drawn as they should be where the notebook is shown.

    The embedded database is started if need be. What the workbench logs goes to ``MHC_HOME/logs/notebooks.log``, never onto the page.
    """
    live = surface() is Surface.LIVE
    wb = Workbench.open(progress=BarProgress() if live else LogProgress(log))
    atexit.register(wb.close)
    _log_to_file(wb)
    shell = get_ipython()
    if shell is not None:
        _draw_results(shell, wb)
    if live and _IN_VOILA not in os.environ:  # a dashboard's template and a report bring the style themselves
        display(HTML(drawn.style()))
    return wb


def asked(name: str) -> str:
    """What the address of a dashboard asks for under ``name`` (``…?person=ann``); empty when it does not, or when there is none."""
    said = parse_qs(os.environ.get("QUERY_STRING", "")).get(name, [""])
    return said[0]


def record(name: str, value: records.Recordable) -> None:
    """Hand ``value`` to whoever runs this notebook as an audit; a reader of the page sees nothing of it.

    Raises
    ------
    RefusedError
        The value cannot be stored, is not finite, or looks confidential.
    """
    bundle = records.record_bundle(name, value)
    if surface() is Surface.REPORT:
        display(bundle, raw=True)


def record_all(values: Mapping[str, records.Recordable]) -> None:
    """:func:`record` each of ``values`` by its name."""
    for name, value in values.items():
        record(name, value)


def finding(message: str, *, count: int = 1) -> None:
    """Tell the reader, and the audit, which then ends with exit code 1, that a person should look at ``count`` of something."""
    shown = {"text/html": drawn.note(f"{message} ({count:,})", kind="bad"), "text/plain": message}
    display({**shown, **records.finding_bundle(message, count=count)}, raw=True)


class BarProgress:
    """A bar under the running cell for each kind of work; it goes when the work is done."""

    def __init__(self) -> None:
        self._bars: dict[str, Any] = {}

    def __call__(self, done: int, total: int | None, doing: str) -> None:
        """Move the bar of ``doing``."""
        if doing not in self._bars:
            self._bars[doing] = ipw.IntProgress(description=doing, style={"description_width": "initial"})
            display(self._bars[doing])
        bar = self._bars[doing]
        bar.max, bar.value = total or 1, done
        if total is not None and done >= total:
            self._bars.pop(doing).close()


def _log_to_file(wb: Workbench) -> None:
    ours = logging.getLogger("mhc_lab")
    if not ours.handlers:
        ours.addHandler(logging.FileHandler(wb.folder("logs") / "notebooks.log", delay=True))
        ours.handlers[0].setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        ours.setLevel(logging.INFO)
        ours.propagate = False


def _draw_results(shell: InteractiveShell, wb: Workbench) -> None:
    """Tables as ours, charts alive or still; by name, so that a notebook without either waits for neither library."""
    formatters = shell.display_formatter.formatters
    formatters["text/html"].for_type_by_name("polars.dataframe.frame", "DataFrame", drawn.table)
    bundles = shell.display_formatter.mimebundle_formatter
    bundles.for_type_by_name("altair.vegalite.v6.api", "TopLevelMixin", lambda chart: _chart_bundle(chart, wb))


def _chart_bundle(chart: Chart, wb: Workbench) -> object:
    from mhc_lab.analytics import charts

    if surface() is Surface.REPORT:
        return {"text/html": f"<figure class='mhc-chart'>{charts.still(chart)}</figure>"}
    return charts.live(chart, cache=wb.folder("cache"))._repr_mimebundle_()
