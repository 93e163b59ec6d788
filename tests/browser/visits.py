"""Dashboards opened in a real Chromium, and all that they asked for or complained about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from mhc_lab.serve import Dashboard, Served, dashboards

DASHBOARDS = dashboards()
_MEDIA_FORMS = {f"30_media/{name}.ipynb" for name in ("library", "reconcile", "near_duplicates", "verify", "baseline")}
FORMS = [one for one in DASHBOARDS if one.path.startswith("10_people/") or one.path in _MEDIA_FORMS]
WITH_CHARTS = [one for one in DASHBOARDS if one not in FORMS]
PATIENCE = 120_000
"""Milliseconds that a page may take: the machine may have other things to do."""


def called(dashboard: Dashboard) -> str:
    return dashboard.title


@dataclass
class Visits:
    """Pages opened so far, and everything that they asked for or complained about."""

    served: Served
    context: BrowserContext
    screens: Path
    """Where a picture of every page is kept as it was when it opened: light, dark and narrow."""
    pages: dict[str, Page] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def page(self, dashboard: Dashboard) -> Page:
        """The page of ``dashboard``, light and wide, ready to use."""
        if dashboard.title not in self.pages:
            self.pages[dashboard.title] = self.opened(self.served.page(dashboard.path))
            self._picture(self.pages[dashboard.title], dashboard)
        page = self.pages[dashboard.title]
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light")
        page.bring_to_front()  # a page in the background takes no keys
        return page

    def titled(self, title: str) -> Page:
        return self.page(next(one for one in DASHBOARDS if one.title == title))

    def opened(self, link: str) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: self._note(request.url))
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(link)
        expect(page.locator("#rendered_cells")).to_be_visible()
        return page

    def _picture(self, page: Page, dashboard: Dashboard) -> None:
        expect(page.locator("#rendered_cells").locator("table, button").first).to_be_visible()
        if dashboard in WITH_CHARTS:
            expect(page.locator(".vega-embed svg").first).to_be_visible()
        for name, scheme, width in (("light", "light", 1280), ("dark", "dark", 1280), ("narrow", "light", 390)):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.wait_for_timeout(600)  # a chart takes its new width after the page has
            page.screenshot(path=self.screens / f"{Path(dashboard.path).stem}-{name}.png", full_page=True)

    def _note(self, url: str) -> None:
        ours = (f"http://127.0.0.1:{self.served.voila.port}/", f"ws://127.0.0.1:{self.served.voila.port}/")
        if not url.startswith((*ours, "data:", "blob:")):
            self.elsewhere.append(url)
