"""Both servers over a copy of the demo world, and a real Chromium to look at them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from mhc_lab.core import shipped
from mhc_lab.core.settings import Settings
from mhc_lab.serve import Served, serve
from mhc_lab.workbench import Workbench
from tests.browser.visits import Visits
from tests.conftest import Copies, Seeded

expect.set_options(timeout=120_000)  # the machine may have other things to do; what never comes still fails
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def served_settings(home: Path, seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A home with the demo world, in a database of its own."""
    copies = Copies(home)
    settings = copies.settings(tmp_path_factory.mktemp("served"), template=seeded.database)
    for part in ("mirror", "demo"):
        shutil.copytree(seeded.home / part, settings.home / part, symlinks=True)
    Workbench.open(settings).close()  # makes the roles
    yield settings
    copies.drop()


@pytest.fixture
def served_home(served_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That home, with the environment naming its database."""
    monkeypatch.setenv("MHC_DATABASE_URL", address(served_settings))
    return served_settings.home


@pytest.fixture(scope="session")
def served(served_settings: Settings) -> Iterator[Served]:
    """JupyterLab and the dashboards, answering, over a copy of the notebooks: JupyterLab saves what it has run."""
    notebooks = shutil.copytree(shipped.folder("notebooks"), served_settings.home / "notebooks")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MHC_DATABASE_URL", address(served_settings))
        running = serve(served_settings.home, notebooks=notebooks)
    with running:
        yield running


def address(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.reveal()


@pytest.fixture(scope="module")  # longer, and its event loop would be in the way of notebooks that run in other tests
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Without one these tests are skipped, or fail when MHC_REQUIRE_BROWSER is 1."""
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        message = (
            "There is no Chromium on this machine, so no dashboard was looked at. Install it, then run `make test`."
        )
        if os.environ.get("MHC_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def visits(served: Served, served_settings: Settings, chromium: Browser) -> Iterator[Visits]:
    """The pages, opened as they are needed."""
    context = chromium.new_context(timezone_id="UTC", locale="en-GB")
    yield Visits(served, context, served_settings.home / "reports" / f"{datetime.now(UTC):%Y-%m-%d}" / "screens")
    context.close()
