"""Makes a page to read from an executed notebook: one file, complete by itself, in the look of the dashboards.

It asks no other host for anything and runs no script; its content security policy says so to the browser, too. Code stays in the
notebook beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode

from mhc_lab.audit.results import AuditResult
from mhc_lab.core import display

_BEST_FIRST = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/plain")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_ALIVE = display.note("Here stands a form. It is alive in JupyterLab and in the dashboards.")


def page(executed: NotebookNode, result: AuditResult) -> str:
    """The HTML page of ``result``."""
    exporter = TemplateExporter(
        template_name="report",
        template_file="page.html.j2",
        extra_template_basedirs=[str(Path(__file__).parent / "templates")],
        filters={"text": display.text, "best": _best},
    )
    body, _ = exporter.from_notebook_node(executed, resources={"mhc": {"result": result, "style": display.style()}})
    return str(body)


def _best(bundle: Mapping[str, str]) -> tuple[str, str]:
    """The most telling form of an output and its MIME type; two empty texts when a page shows none of them."""
    if _WIDGET in bundle and "text/html" not in bundle:
        return "text/html", _ALIVE
    return next(((mime, bundle[mime]) for mime in _BEST_FIRST if mime in bundle), ("", ""))
