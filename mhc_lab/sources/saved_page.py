"""What a saved page of the site says, without deciding what it means: its headings, its links, its pager, its own address.

The site has changed its markup before and will again, so the rules are few and about what a reader sees: what stands in a navigation, a
header or a footer is about the site; a room card is a list item of the class ``room_list_room``; a row is a list item or a table row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from mhc_lab.sources.markup import Tag, Text, walked

ROWS = frozenset({"article", "li", "tr"})
CALLED = ("class", "id", "data-testid", "name")
CARD = "room_list_room"

_SITE = "chaturbate.com"
_FURNITURE_TAGS = frozenset({"aside", "footer", "header", "nav"})
_FURNITURE_ROLES = frozenset({"banner", "contentinfo", "navigation", "search"})
_FURNITURE_NAMES = frozenset({
    "breadcrumb", "breadcrumbs", "footer", "footer-holder", "header", "header-section", "menu", "nav", "nav-bar", "navbar", "navigation",
    "sidebar", "sub-nav", "top-nav", "topbar",
})  # fmt: skip
_HIDDEN_NAMES = frozenset({"d-none", "display-none", "hidden", "hide", "invisible", "is-hidden"})
_PAGERS = ("pager", "paging", "paginat")
_CURRENT_NAMES = frozenset({"active", "current", "selected"})
_HIDDEN_STYLE = re.compile(r"(?:\A|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b", re.IGNORECASE)
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(\S+)")
_LINK = re.compile(r"\A(?:https?:)?(?://(?P<host>[^/?#]*))?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?", re.IGNORECASE)
_CURRENT_PAGE = frozenset({"current", "pager"})
_NUMBER = re.compile(r"\s*[0-9]{1,6}\s*")
_DIGIT = re.compile(r"\d")
_PROGRAM = re.compile(r"[a-z][a-z0-9+.-]*:(?!/)", re.IGNORECASE)
_PAGE = re.compile(r"(?:\A|[&;])page=(\d{1,6})(?=\Z|[&;])")
_LONGEST_LINE = 200
"""Longer texts are prose, which says nothing about the list."""
_HEAD = 4096
_TELLING = ("aria-current", "aria-label", "class", "hidden", "id", "role", "style")
"""Attributes that give a tag its marks."""
_LONGEST_VALUE = 500
_NONE: frozenset[str] = frozenset()


class Link(NamedTuple):
    """A link as it is written, in its parts; a host of "" is the page's own."""

    host: str
    path: str
    query: str
    marks: frozenset[str]
    row: int
    segments: tuple[str, ...]
    """The parts of its path."""

    @property
    def page(self) -> int | None:
        """Which page of a list it leads to."""
        match = _PAGE.search(self.query)
        return int(match[1]) if match else None


@dataclass(slots=True)
class SavedPage:
    """What stands on a page, in its order."""

    address: Link | None = None
    """Where it was saved from, when it says so."""
    headings: list[str] = field(default_factory=list)
    """Its title and headings of the first three levels."""
    lines: list[tuple[str, frozenset[str], int]] = field(default_factory=list)
    """Short texts with their marks and rows, less the headings, and in rows only those with a number."""
    links: list[Link] = field(default_factory=list)
    cards: list[list[str]] = field(default_factory=list)
    """For each room card what may say whose it is, the most likely first."""
    rooms: list[str] = field(default_factory=list)
    """The ``data-room`` of tags outside of cards."""
    called_follow: list[Tag] = field(default_factory=list)
    """Tags whose name, class or id has to do with following."""
    has_password_field: bool = False
    has_next: bool = False
    has_previous: bool = False
    number: int | None = None
    """Which page of the list it is, when it says so."""
    is_cut_off: bool = False

    def is_of_the_site(self, link: Link) -> bool:
        """Whether ``link`` stays on the site the page is of."""
        if not link.host:
            return True
        homes = {_SITE, self.address.host if self.address else ""} - {""}
        return any(link.host == home or link.host.endswith(f".{_domain(home)}") for home in homes)


def saved_page(text: str) -> SavedPage:
    """What the page in ``text`` says.

    Raises
    ------
    RefusedError
        It is no page, but an attempt to exhaust who reads it.
    """
    page = SavedPage()
    if (saved := _SAVED_FROM.search(text[:_HEAD])) is not None:
        page.address = _link(saved[1], _NONE, 0)
    said: list[Text] = []
    for one in walked(text, marks=_marks, rows=ROWS):
        if isinstance(one, Tag):
            _take(page, one)
        else:
            if said and said[-1].block != one.block:
                _say(page, said)
                said.clear()
            said.append(one)
            if one.marks and one.marks >= _CURRENT_PAGE and _NUMBER.fullmatch(one.text):
                page.number = int(one.text)
    _say(page, said)
    end = text[-_HEAD:].lower()
    page.is_cut_off = "<html" in text[:_HEAD].lower() and "</html" not in end and "</body" not in end
    return page


def _marks(name: str, attributes: Mapping[str, str], around: frozenset[str]) -> frozenset[str]:
    if name not in _NAMED and attributes.keys().isdisjoint(_TELLING):
        return _NONE
    told = tuple([(key, attributes[key][:_LONGEST_VALUE]) for key in _TELLING if key in attributes])
    return _told_marks(name, told, is_in_content="content" in around)


@lru_cache(maxsize=1024)  # a list repeats the same few tags a hundred thousand times
def _told_marks(name: str, told: tuple[tuple[str, str], ...], *, is_in_content: bool) -> frozenset[str]:
    attributes = dict(told)
    names = frozenset(f"{attributes.get('class', '')} {attributes.get('id', '')}".lower().split())
    own = {_NAMED[name]} if name in _NAMED else set()
    if "furniture" in own and name != "nav" and is_in_content:
        own.clear()  # the header of an entry is no header of the page
    if attributes.get("role") in _FURNITURE_ROLES or (names & _FURNITURE_NAMES and not is_in_content):
        own.add("furniture")
    if "hidden" in attributes or names & _HIDDEN_NAMES or _HIDDEN_STYLE.search(attributes.get("style", "")):
        own.add("hidden")
    if name == "li" and CARD in names:
        own.add("card")
    if any(one.startswith(_PAGERS) for one in (*names, attributes.get("aria-label", "").lower())):
        own.add("pager")
    if names & _CURRENT_NAMES or attributes.get("aria-current", "false") != "false":
        own.add("current")
    return frozenset(own)


_NAMED = (
    dict.fromkeys(_FURNITURE_TAGS, "furniture")
    | dict.fromkeys(ROWS | {"main"}, "content")
    | dict.fromkeys(("title", "h1", "h2", "h3"), "heading")
    | {"template": "inert"}
)


def _take(page: SavedPage, tag: Tag) -> None:
    given = tag.attributes
    if "inert" in tag.marks or not given:
        return
    if tag.name == "li" and "card" in tag.marks and CARD in given.get("class", "").split():
        page.cards.append([given["data-room"]] if given.get("data-room") else [])
    elif "data-room" in given and "card" not in tag.marks and "furniture" not in tag.marks:
        page.rooms.append(given["data-room"])
    if tag.name == "a" and given.get("href"):
        _take_link(page, tag)
    elif tag.name in {"link", "base", "meta"}:
        _take_address(page, tag)
    elif tag.name == "input" and given.get("type", "").lower() == "password":
        page.has_password_field |= "hidden" not in tag.marks
    if any("follow" in given[key].lower() for key in CALLED if key in given):
        page.called_follow.append(tag)


def _take_link(page: SavedPage, tag: Tag) -> None:
    href = tag.attributes["href"].strip()
    _take_relation(page, tag)
    link = _link(href, tag.marks, tag.row)
    if link is None:
        return
    page.links.append(link)
    if "card" in tag.marks and page.cards:
        page.cards[-1] += [href, *filter(None, [tag.attributes.get("data-room")])]
    if link.page is not None and "current" in tag.marks:
        page.number = link.page


def _take_relation(page: SavedPage, tag: Tag) -> None:
    relations = tag.attributes.get("rel", "").lower().split()
    page.has_next |= "next" in relations
    page.has_previous |= "prev" in relations


def _take_address(page: SavedPage, tag: Tag) -> None:
    _take_relation(page, tag)
    given = tag.attributes
    is_own = given.get("rel", "").lower() == "canonical" or given.get("property", "").lower() == "og:url"
    written = given.get("href") or given.get("content") or ""
    if is_own and (page.address is None or not page.address.path):
        page.address = _link(written.strip(), _NONE, 0)


def _say(page: SavedPage, said: list[Text]) -> None:
    """Take one line of text, in as many pieces as there are tags in it."""
    if not said or "inert" in said[0].marks or sum([len(one.text) for one in said]) > 8 * _LONGEST_LINE:
        return
    marks, row = said[0].marks, said[0].row
    line = " ".join(" ".join([one.text for one in said]).split())
    if "heading" in marks and "furniture" not in marks:
        page.headings.append(line[:_LONGEST_LINE])
    elif len(line) <= _LONGEST_LINE and (not row or _DIGIT.search(line)):
        page.lines.append((line, marks, row))


def _link(href: str, marks: frozenset[str], row: int) -> Link | None:
    """The link in its parts; None when it leads nowhere but into a program."""
    parts = _LINK.match(href)
    if parts is None or _PROGRAM.match(parts["path"]):
        return None
    host = (parts["host"] or "").lower().rpartition("@")[2].partition(":")[0]
    path = parts["path"]
    return Link(host, path, parts["query"] or "", marks, row, tuple([part for part in path.split("/") if part]))


def _domain(host: str) -> str:
    return ".".join(host.split(".")[-2:])
