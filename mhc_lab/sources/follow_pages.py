"""The names on saved pages of the site: of those who follow, or of the rooms that are followed.

A list may go over several pages; they are read in their order as one. What the pages say about the list counts: whose it is, how many are
on it, whether there are pages that nobody saved. A page that is no list (a login, an error, a puzzle for humans) is refused, never read as
a list without names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import username
from mhc_lab.sources.follow_names import Direction, Gathering, ListedNames, listed_name, refused
from mhc_lab.sources.saved_page import Link, SavedPage, saved_page

SECTIONS = frozenset({
    "2257", "accounts", "affiliates", "api", "app", "apps", "auth", "b", "billing", "blog", "broadcast", "contact", "contest", "discover",
    "external_link", "faq", "feedback", "followed", "followers", "following", "games", "help", "jobs", "law_enforcement", "login", "logout",
    "media", "messages", "my_collection", "notifications", "p", "photo_videos", "privacy", "refunds", "register", "roomlogin", "search",
    "security", "settings", "signup", "sitemap", "static", "supporter", "support", "tags", "terms", "tipping", "tube",
})  # fmt: skip
"""First parts of paths that the site keeps for itself. They obey the rule of user names, and links to them stand outside of navigations,
too; nobody can be called so, because their room would be there."""

_NO_ROWS = frozenset({"furniture", "pager"})
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
_NAME = r"@?(?P<name>[A-Za-z0-9_]{1,25})(?!\w)"
_NUMBER = r"(?P<number>\d{1,3}(?:[,.'\u00a0\u202f ]\d{3})+|\d+)(?![\d.,]*\d)(?!\s*[km]\b)"
_RANGE = r"(?:showing\s+)?\d[\d,.]*\s*(?:-|–|—|to)\s*\d[\d,.]*\s+(?:of|/)\s+"
_WORDS = {
    "followers": r"(?:followers?|people (?:who )?follow(?:ing)? you)",
    "following": r"(?:following|followed(?: (?:rooms?|cams?|broadcasters?))?|(?:rooms?|people) (?:followed|you follow))",
}
_BEFORE = rf"(?:{_RANGE}|(?:you have|there are|in total|(?:a )?total of|@?\w{{1,25}} has)\s+)?"
_AFTER = r"(?:\s+(?:in total|total))?\W*"
_TELLS = re.compile(r"follow|total|\bof\b|/", re.IGNORECASE)
_LINES = {
    direction: (
        rf"{_BEFORE}{_NUMBER}\s+(?:total\s+)?{words}{_AFTER}",
        rf"(?:(?:total|your|my|all)\s+)?{words}(?:\s+of\s+@?\w{{1,25}})?\s*[:–-]?\s*[(\[]?\s*{_NUMBER}\s*[)\]]?\W*",
        rf"{_RANGE}{_NUMBER}\W*",
        rf"(?:in )?total\s*:?\s*{_NUMBER}\W*",
    )
    for direction, words in _WORDS.items()
}
"""Lines that say nothing but how many are on the list."""
_HEADINGS = {
    direction: (rf"(?<![\d.,]){_NUMBER}\s+{words}\b", rf"\b{words}\b[^()\d]*\(\s*{_NUMBER}\s*\)")
    for direction, words in _WORDS.items()
}
"""The same somewhere in a heading."""
_ACCOUNTS = {
    "followers": (rf"\bfollowers of {_NAME}", r"(?<!\w)@?(?P<name>[A-Za-z0-9_]{1,25})['’]s followers\b"),
    "following": (
        rf"\bfollow(?:ed|ing) (?:by|of) {_NAME}",
        r"(?<!\w)@?(?P<name>[A-Za-z0-9_]{1,25})['’]s follow(?:ed|ing)\b",
    ),
}
_NO_ACCOUNT = frozenset(
    {"all", "everyone", "here", "me", "my", "the", "this", "today", "what", "who", "you", "your", "yours"}
)
_ADDRESSES = {"followers": frozenset({"followers"}), "following": frozenset({"followed", "followed-cams", "following"})}
_PARTS = frozenset({"offline", "online"})
_FAILED = re.compile(
    r"\b(?:40[0-9]|50[0-9]|access denied|are you (?:a )?(?:human|robot)|attention required|bad gateway|captcha|checking your browser|"
    r"error|forbidden|just a moment|maintenance|not found|rate limit|too many requests|unauthori[sz]ed|unavailable|verify (?:that )?you)\b",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    r"\b(?:log ?in|log ?on|sign ?in|sign ?up|session (?:has )?(?:ended|expired)|create an account)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _ListPage:
    """A page, and the links on it that may lead to a person."""

    page: SavedPage
    people: list[Link]

    def cells(self, direction: Direction, own: frozenset[str] = frozenset()) -> Iterator[str]:
        """What may be a name, row by row."""
        if direction == "following" and self.page.cards:
            yield from map(_card, self.page.cards)
        elif direction == "following" and self.page.rooms:
            yield from self.page.rooms
        else:
            outside = [link for link in self.people if "card" not in link.marks]  # what a page recommends is on cards
            yield from (link.segments[0] for link in outside or self.people if link.segments[0].lower() not in own)


def names_in_pages(texts: Sequence[str], *, direction: Direction, owner: str | None) -> ListedNames:
    """The names on the pages of one list, in order; ``owner`` is the broadcaster, who is on no list of their own.

    Raises
    ------
    RefusedError
        One of them is no page of such a list; the message is a sentence about it.
    """
    listed = [_list_page(text) for text in texts]
    for number, one in enumerate(listed, start=1):
        _check(one, direction, f"Page {number} of {len(listed)}" if len(listed) > 1 else "It")
    pages = [one.page for one in listed]
    accounts = {name for page in pages if (name := _account(page, direction))}
    if len(accounts) > 1:
        raise refused(f"The pages are of different accounts: {', '.join(sorted(accounts))}.")
    gathering = Gathering()
    for one in listed:
        previous = None
        for cell in one.cells(direction, frozenset({*accounts, owner or ""})):
            if cell != previous:  # the picture and the name beside it are two links, and one row
                gathering.add(cell)
            previous = cell
    return replace(
        gathering.listed(format="html", is_torn=any(page.is_cut_off for page in pages)),
        totals=tuple(sorted({total for one in listed for total in _totals(one, direction)})),
        account=next(iter(accounts), None),
        doubts=(*_doubts(pages), *_missing_parts(pages, direction)),
    )


def _list_page(text: str) -> _ListPage:
    page = saved_page(text)
    return _ListPage(page, [link for link in page.links if _may_be_a_person(page, link)])


def _check(one: _ListPage, direction: Direction, what: str) -> None:
    page = one.page
    address = "/".join(page.address.segments).lower() if page.address else ""
    other: Direction = "following" if direction == "followers" else "followers"
    if page.has_password_field:
        raise refused(
            f"{what} is a web page with a password field: a login page. Save it again while you are signed in."
        )
    if _ADDRESSES[other] & set(address.split("/")) and not _ADDRESSES[direction] & set(address.split("/")):
        raise refused(f"{what} is the page /{address}/, which is a list of direction {other}, not {direction}.")
    is_about_following = any("follow" in line.lower() for line in (*page.headings, address))
    if page.address is not None and not is_about_following:
        raise refused(f"{what} is the page /{address} of the site, which is no list of direction {direction}.")
    has_names = next(one.cells(direction), None) is not None
    if (not has_names or not is_about_following) and any(map(_FAILED.search, page.headings)):
        raise refused(f"{what} is a web page that reports an error: {page.headings[0]!r}.")
    if not has_names and not _is_a_list_without_names(page, is_about_following=is_about_following):
        raise refused(f"{what} is a web page, perhaps a login or an error page.")


def _is_a_list_without_names(page: SavedPage, *, is_about_following: bool) -> bool:
    said = [*page.headings, *(line for line, marks, _ in page.lines if "furniture" not in marks)]
    return (is_about_following or any("follow" in line.lower() for line in said)) and not any(map(_LOGIN.search, said))


def _card(candidates: list[str]) -> str:
    """The first of ``candidates`` that holds a name; the first of all, to be reported, when none does."""
    for cell in candidates:
        try:
            return listed_name(cell)
        except RefusedError:
            continue
    return candidates[0] if candidates else "a room card without a link"


def _may_be_a_person(page: SavedPage, link: Link) -> bool:
    if len(link.segments) != 1 or not link.marks.isdisjoint(_NO_ROWS) or not (link.host or link.path.startswith("/")):
        return False
    segment = link.segments[0].lower()
    return segment not in SECTIONS and not _SLUG.fullmatch(segment) and page.is_of_the_site(link)


def _account(page: SavedPage, direction: Direction) -> str | None:
    """Whose list it is, from its headings or its address."""
    for pattern in _ACCOUNTS[direction]:
        for heading in page.headings:
            match = re.search(pattern, heading, re.IGNORECASE)
            if match and match["name"].lower() not in _NO_ACCOUNT:
                return match["name"].lower()
    segments = [part.lower() for part in page.address.segments] if page.address else []
    others = [part for part in segments if part not in SECTIONS | _ADDRESSES[direction] | _PARTS]
    if _ADDRESSES[direction] & set(segments) and len(others) == 1:
        try:
            return username(others[0])
        except RefusedError:
            return None
    return None


def _totals(one: _ListPage, direction: Direction) -> Iterator[int]:
    """How many the page says are on the list. What stands in the row of a person is about that person."""
    named = {link.row for link in one.people}
    lines = [
        line
        for line, marks, row in one.page.lines
        if not marks & {"card", "furniture", "hidden"} and (not row or row not in named) and _TELLS.search(line)
    ]
    found = [
        match
        for line in lines
        for pattern in _LINES[direction]
        if (match := re.fullmatch(pattern, line, re.IGNORECASE))
    ]
    found += [
        match
        for line in one.page.headings
        for pattern in _HEADINGS[direction]
        if (match := re.search(pattern, line, re.IGNORECASE))
    ]
    for match in found:
        digits = re.sub(r"\D", "", match["number"])
        if len(digits) < 10:
            yield int(digits)


def _doubts(pages: Sequence[SavedPage]) -> Iterator[str]:
    """Why the pages cannot be the whole list."""
    cut = [str(place) for place, page in enumerate(pages, start=1) if page.is_cut_off]
    if cut:
        yield f"The saved page is cut off: number {', '.join(cut)} of {len(pages)}."
    there = {page.number or place for place, page in enumerate(pages, start=1)}
    last = max(there, default=0)
    named = {number for page in pages for number in _pages_named(page) if number > 0}
    missing = sorted(set(range(1, max([last, *named], default=0) + 1)) - there)
    if missing:
        words = ", ".join(map(str, missing[:5])) + (f" and {len(missing) - 5:,} more" if len(missing) > 5 else "")
        yield f"The list has further pages that were not saved: {words}."
    elif any(page.has_next for page in pages if (page.number or len(pages)) == last and page is pages[-1]):
        yield f"The list has a further page after page {last} that was not saved."
    elif pages[0].has_previous and (pages[0].number or 1) == min(there):
        yield "The list has a page before the first one that was saved."


def _missing_parts(pages: Sequence[SavedPage], direction: Direction) -> Iterator[str]:
    """The other half of a list that the site shows in two: who is online now, and who is not."""
    there = {"/".join(page.address.segments).lower() if page.address else "" for page in pages}
    named = {
        "/".join(link.segments).lower()
        for page in pages
        for link in page.links
        if not _PARTS.isdisjoint(link.segments[-1:]) and _ADDRESSES[direction] & set(link.segments)
    }
    if "" not in there and named - there:
        yield f"The list has another part that was not saved: /{'/, /'.join(sorted(named - there))}/."


def _pages_named(page: SavedPage) -> Iterator[int]:
    """The numbers of pages to which the pager of this list leads."""
    own = page.address.path.rstrip("/") if page.address else ""
    for link in page.links:
        path = link.path.rstrip("/")
        is_of_this_list = "pager" in link.marks or not path or "follow" in path.lower() or path == own
        if link.page is not None and is_of_this_list and page.is_of_the_site(link):
            yield link.page
