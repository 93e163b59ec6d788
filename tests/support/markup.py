"""What a page made of text from outside could do."""

from __future__ import annotations

from html.parser import HTMLParser

HOSTILE = "<img src=x onerror=alert(1)>'\"</div><script>alert(2)</script>&amp;\u202e"


class Markup(HTMLParser):
    """Gathers the tags and attributes of a page, and whether any could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.dangerous: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "img", "iframe", "b", "style", "svg", "form", "object"}:
            self.dangerous.append(tag)
        self.dangerous += [
            f"{name}={value}"
            for name, value in attrs
            if name.startswith("on") or (name == "href" and not str(value).startswith("http"))
        ]


def dangers(*pages: str) -> list[str]:
    """The tags and attributes in ``pages`` that do something; links to the web are fine."""
    markup = Markup()
    for page in pages:
        markup.feed(page)
    return markup.dangerous
