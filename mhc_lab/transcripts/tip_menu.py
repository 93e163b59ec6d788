"""A pasted tip menu, read into items and prices.

People write ``Item - 100 tokens``, ``100 - Item``, ``Item: 100`` and ``Item (100)``, with dashes, dots, bars and brackets of every kind.
The price is the number with a unit, or the one in the place where these forms have it; it is never just the first number of a line. A line
that can be read in no way, or in two, is ignored and counted: a menu with a gap is better than one with a wrong price.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from mhc_lab.core import display
from mhc_lab.core.garbage import uncollected
from mhc_lab.transcripts import render
from mhc_lab.transcripts.decoration import LETTERS, barred, undecorated
from mhc_lab.transcripts.events import MenuItem
from mhc_lab.transcripts.lines import as_seen, lines_of
from mhc_lab.transcripts.tokens import tokens


@dataclass(frozen=True, slots=True, repr=False)
class TipMenu:
    """The items of a menu in the order of its text, the same one at the same price once, and the numbers of the lines ignored."""

    items: tuple[MenuItem, ...]
    ignored: tuple[int, ...]

    def __repr__(self) -> str:
        return f"{display.plural(len(self.items), 'item')}; {display.plural(len(self.ignored), 'line')} ignored"

    def _repr_html_(self) -> str:
        return f"{render.menu(self.items)}{display.note(repr(self))}"


def parse_menu(text: str) -> TipMenu:
    """The items of a pasted menu; blank lines are neither items nor ignored."""
    items: dict[tuple[str, int], MenuItem] = {}
    ignored: list[int] = []
    read = _Offers()
    with uncollected():
        for number, raw in enumerate(lines_of(text), 1):
            line = as_seen(raw)
            if not line:
                continue
            offers = _offers(line, read) if _HAS_DIGIT.search(line) else []
            for offer in offers:
                items.setdefault((offer.item, offer.price), MenuItem(offer.item, offer.price, number))
            if not offers:
                ignored.append(number)
    return TipMenu(tuple(items.values()), tuple(ignored))


class _Offer(NamedTuple):
    """One way to read a line."""

    item: str
    price: int
    has_unit: bool


_UNIT = r"(?:tokens?|tks?)(?![a-z0-9])"
_NUMBER = r"([0-9][0-9,]*+)"
_PRICE = rf"(?:(?:tokens?|tks?):?\s{{0,3}})?{_NUMBER}\s{{0,8}}({_UNIT})?+"
_SEPARATOR = r"[-–—=|:\uff1a….·](?:(?<=[-–—])[-–—]*+|(?<==)=*+|(?<=[|:\uff1a])|(?<=…)…*+|(?<=[.·])\s?(?:[.·]\s?)++)"
"""A run of dashes, dots or equals signs, or one other sign."""
_DONE = r"\s{0,8}[!.,;]{0,3}\Z"
_FLAGS = re.IGNORECASE  # and not ASCII: pages copy blanks that do not break

_LABEL = re.compile(r"\Anotice\s?[:\uff1a]\s*+", _FLAGS)
_LAST = re.compile(rf"({_SEPARATOR})\s{{0,8}}{_PRICE}{_DONE}", _FLAGS)
_BRACKETED = re.compile(rf"[(\[]\s{{0,4}}{_PRICE}\s{{0,4}}[)\]]{_DONE}", _FLAGS)
_UNSEPARATED = re.compile(rf"(?<=\s){_NUMBER}\s{{0,8}}({_UNIT}){_DONE}", _FLAGS)
_FIRST = re.compile(rf"{_PRICE}\s{{0,8}}({_SEPARATOR})(\s*+)", _FLAGS)
_FIRST_BRACKETED = re.compile(rf"[(\[]\s{{0,4}}{_PRICE}\s{{0,4}}[)\]]\s{{0,8}}({_SEPARATOR}\s*+)?+", _FLAGS)
_LEADER, _ARROW = " .·…", " ->→»~=_,;"
_SEPARATORS = f"{_LEADER}-–—=|:\uff1a"
_STOPS, _BRACKETS, _UNIT_ENDS = "!.,; \t", frozenset(")]"), frozenset("nskNSK")
"""With which a price ends when not with a digit: stops, behind a bracket or the last letter of a unit."""
_END = 48
"""A price with everything around it is not longer, so only so much of the end of a line is searched for it."""

_WITH_UNIT = re.compile(rf"[0-9](?<![0-9.,].)[0-9.,]*+\s{{0,8}}{_UNIT}", _FLAGS)
_SIGNS = frozenset("-–—=|:\uff1a…")
"""Directly before a separator, they make it something else: a minus."""
_ENDS_IN_NUMBER = re.compile(r"(?<![^\s])[0-9][0-9.,/]*\Z")
_INNER_NUMBER = re.compile(r"(?<=\s)[0-9][0-9,]*+\s++[^\W\d]")
"""Where nothing parts items, two of them are prices: "Kiss 10 Flash 50 Dance 100 tokens" is three items, "Flash 5 seconds 50 tk" is one."""
_ENDS_IN_LINK = re.compile(r"://\S*+\Z")
"""Then a number behind it belongs to the link."""
_LONGEST_LINK = 300
_ANOTHER_PRICE = re.compile(
    r"[-–—=|:\uff1a….(\[0-9](?:"
    r"(?<=[=|…])\s{0,8}[0-9¼-¾⅐-⅞]|(?<=\.)\.\s{0,8}[0-9¼-¾⅐-⅞]"  # "| 50", ".. 50"
    r"|(?<=[-–—:\uff1a])(?:(?<![0-9].)\s{0,8}|\s{1,8})[0-9¼-¾⅐-⅞]"  # "- 50", "-50"; not "2-3", not "12:30"
    r"|(?<=[0-9])(?:\s{0,8}(?:[=|…]|\.\.)|\s{1,8}[-–—:\uff1a]|[-–—:\uff1a]\s|\s{0,3}[,;/•·&+]\s)"  # "50 |", "50 -", "50- ", "50, "
    r"|(?<=[(\[])\s{0,4}[0-9][0-9,.]*+[^()\[\]]{0,10}[)\]]\s*+\S)",  # "(50) Dance"
    re.ASCII,
)
"""What an item may not hold, lest two become one. It begins with one set of characters, and so do all patterns that are searched for here:
then most of a line is passed over at the speed of C."""
_ANOTHER_OFFER = re.compile(r"[0-9][-–—](?![0-9])", re.ASCII)
_DIVIDER = re.compile(r"[|;/•·\t]|,(?=\s)")
_HAS_DIGIT = re.compile("[0-9]")
_HAS_LETTER = re.compile(LETTERS)


class _Offers(dict[str, "_Offer | None"]):
    """What parts of lines offer, each read once: a room shows its menu again and again."""

    def __missing__(self, part: str) -> _Offer | None:
        self[part] = offer = _offer(part)
        return offer


def _offers(line: str, read: _Offers) -> list[_Offer]:
    """What ``line`` offers: several items only when each part of it is one by itself."""
    line = undecorated(_LABEL.sub("", line, count=1) if line[0] in "nN" else line)
    with_bars = barred(line)
    if _DIVIDER.search(with_bars):
        parts = [part for part in map(undecorated, _DIVIDER.split(with_bars)) if part]
        offers = [*takewhile(bool, map(read.__getitem__, parts))]
        if len(offers) == len(parts) > 1:
            return [offer for offer in offers if offer]
    single = read[line]
    return [single] if single else []


def _offer(line: str) -> _Offer | None:
    """The single item in ``line``; None when there is none, or more than one."""
    marked = len(_WITH_UNIT.findall(line)) if "k" in line or "K" in line else 0  # every unit has one
    if marked > 1:
        return None
    for read in (_price_last, _price_first):
        offer = read(line)
        if offer is None or offer.has_unit < marked or not offer.item or _ANOTHER_PRICE.search(offer.item):
            continue
        if offer.has_unit or _HAS_LETTER.search(offer.item):
            return offer
    return None


def _price_last(line: str) -> _Offer | None:
    last = line.rstrip(_STOPS)[-1:]
    start = max(0, len(line) - _END)
    if last in _BRACKETS:
        match = _BRACKETED.search(line, start)
        return _priced(line[: match.start()].rstrip(_SEPARATORS), match[1], match[2]) if match else None
    if not last.isdecimal() and last not in _UNIT_ENDS:
        return None
    if match := _LAST.search(line, start):
        item = line[: match.start()].rstrip()
        if match[1][0] in ".·…":
            item = item.rstrip(_LEADER)
        elif len(match[1]) > 1:  # the run may be longer than what was searched
            item = line[: match.start()].rstrip(match[1][0]).rstrip()
        if "://" in line and _ENDS_IN_LINK.search(line, max(0, match.start() - _LONGEST_LINK), match.start()):
            return None
        is_sure = item[-1:] not in _SIGNS and not _is_tight(line, match.start(1), match.end(1))
        return _priced(item, match[2], match[3]) if is_sure else None
    if last in _UNIT_ENDS and (match := _UNSEPARATED.search(line, start)):
        item = line[: match.start()].rstrip(_ARROW)
        is_sure = not _ENDS_IN_NUMBER.search(item, max(0, len(item) - _END)) and len(_INNER_NUMBER.findall(item)) < 2
        return _priced(item, match[1], match[2]) if is_sure else None
    return None


def _price_first(line: str) -> _Offer | None:
    if match := _FIRST.match(line):
        item, is_clock = line[match.end() :], match[3] in ":\uff1a" and not match[4]
        if is_clock or _is_tight(line, match.start(3), match.end(3)) or _ANOTHER_OFFER.search(item):
            return None
        return _priced(item, match[1], match[2])
    if (match := _FIRST_BRACKETED.match(line)) and (match[2] or match[3]):
        return _priced(line[match.end() :], match[1], match[2])
    return None


def _priced(item: str, number: str, unit: str | None) -> _Offer | None:
    price = tokens(number)
    return None if price is None else _Offer(item.strip(), price, unit is not None)


def _is_tight(line: str, start: int, end: int) -> bool:
    """Whether a sign stands between two digits, as in 2-3 and 12:30, and so separates nothing."""
    return (
        line[start] in "-–—:\uff1a" and line[max(0, start - 1) : start].isdecimal() and line[end : end + 1].isdecimal()
    )
