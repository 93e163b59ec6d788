"""How long a visitor waits for the first control of a dashboard, against a page with one widget and nothing else.

Both start a kernel of their own, as every visit does. The figure is a ratio, because what a kernel and Voila themselves cost is not ours.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.figures import Figure, medians
from mhc_lab import demo
from mhc_lab.core import shipped
from mhc_lab.core.home import prepare
from mhc_lab.core.settings import Settings
from mhc_lab.db import embedded, migrate
from mhc_lab.db.engine import Database
from mhc_lab.serve import Served, serve
from mhc_lab.workbench import Workbench

ROUNDS = 5
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
ONE_WIDGET = "one_widget.ipynb"
DASHBOARD = "20_followers/who_left_and_when.ipynb"


def measure() -> list[Figure]:
    """The wait for the first control of "Who left", as a multiple of that for one text field."""
    with _home() as home, serve(home, notebooks=_notebooks(home)) as served, _chromium() as browser:
        alone, dashboard = medians(
            [_visit(browser, served, path) for path in (ONE_WIDGET, DASHBOARD)],
            rounds=ROUNDS,
        )
    detail = f"{dashboard:.1f} s against {alone:.1f} s"
    return [Figure("first control of a dashboard", dashboard / alone, 2.0, "× one widget", detail)]


def _visit(browser: Browser, served: Served, path: str) -> Callable[[], float]:
    def visited() -> float:
        page = browser.new_page()
        began = time.perf_counter()
        page.goto(served.page(path), timeout=120_000)
        page.locator("#rendered_cells :is(input, select)").first.wait_for(timeout=120_000)
        took = time.perf_counter() - began
        page.close()
        return took

    return visited


def _notebooks(home: Path) -> Path:
    """The shipped notebooks and, beside them, the one with a single widget."""
    folder = shutil.copytree(shipped.folder("notebooks"), home / "notebooks")
    source = "import ipywidgets as ipw\n\nipw.Text(description='Name')"
    cell = {"cell_type": "code", "execution_count": None, "id": "only", "metadata": {}, "outputs": [], "source": source}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (folder / ONE_WIDGET).write_text(json.dumps(content), encoding="utf-8")
    return folder


@contextmanager
def _home() -> Iterator[Path]:
    """A home with the demo world, removed afterwards."""
    home = prepare(Path(tempfile.mkdtemp(prefix="mhc-bench-")))
    settings = Settings(home=home, database_url=None, media_root=None, broadcaster=None)
    try:
        database = Database.open(settings)
        migrate.upgrade(database)
        database.close()
        with Workbench.open(settings) as wb:
            demo.build(wb, seed=1)
            wb.refresh_mirror()
        yield home
    finally:
        server = embedded.locate(home)
        embedded.stop(home)
        for folder in (home, server.cluster.parent, server.socket):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        raise SystemExit(
            "There is no Chromium on this machine to measure with. Install it with the system's package manager."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
