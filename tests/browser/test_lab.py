"""The notebooks as an author meets them: run in JupyterLab, in a real Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from mhc_lab.serve import Served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PATIENCE = 120_000


def test_a_notebook_runs_in_jupyterlab_with_its_controls_and_charts(served: Served, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(PATIENCE)
    page.goto(served.lab_link.replace("/lab?", "/lab/tree/20_followers/who_left_and_when.ipynb?"))
    expect(page.get_by_role("heading", name="Who left, and when?")).to_be_visible()
    kernel = page.get_by_role("button", name="Python 3 (ipykernel) | Idle")
    expect(kernel).to_be_visible()  # before that, JupyterLab forgets what it is asked to run

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    expect(page.get_by_label("Window", exact=True)).to_be_visible()
    expect(page.locator(".vega-embed svg").first).to_be_visible()
    page.wait_for_function("document.querySelector('.vega-embed svg').getBoundingClientRect().width > 400")
    expect(page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
    page.close()
