"""A saved web page as a flat row of tags and texts, each with what the tags around it mean.

No tree is built. A tree has to repair what a page got wrong, as browsers do, and a page of forty kilobytes can be written so that the
repair takes gigabytes; a page of ten megabytes so that it takes hours. Here every character is looked at once, and what is kept of the tags
around a place is a set of marks that the caller gives out: hidden, navigation, card. Scripts and styles are left out; nothing is ever run.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from mhc_lab.sources.follow_names import refused

DEEPEST = 10_000
"""Tags that may be open at once; no page that people read comes near."""

_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_NAME = re.compile(r"[a-zA-Z][^\s/>]*+")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+(?P<name>[^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"(?P<double>[^"]*+)(?:"|\Z)|'(?P<single>[^']*+)(?:'|\Z)|(?P<bare>[^\s>"'][^\s>]*+))?+)?+"""
)
_ATTRIBUTES = re.compile(rf"(?:{re.sub(r'[?]P<[a-z]+>', '?:', _ATTRIBUTE.pattern)})*+[\s/]*+")
_COMMENT_END = re.compile(r"--!?>")
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
})  # fmt: skip
_RAW = frozenset({"iframe", "noembed", "noframes", "plaintext", "script", "style", "xmp"})
_PLAIN = frozenset({"textarea", "title"})
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW | _PLAIN}
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "time", "u", "wbr",
})  # fmt: skip
_CLOSED_BY_THE_NEXT = frozenset({"a", "dd", "dt", "li", "option", "p", "tbody", "td", "th", "tr"})
"""Tags whose end may be left out: a second one directly inside the first ends it."""


class Tag(NamedTuple):  # there may be millions, and a tuple is made faster than a dataclass
    """A start tag: its attributes, the marks of all tags around it and its own, and which row of a list or table it stands in."""

    name: str
    attributes: Mapping[str, str]
    marks: frozenset[str]
    row: int
    """Counted through the page; 0 outside of any."""


class Text(NamedTuple):
    """Some text: what stands in one ``block`` is read as one line."""

    text: str
    marks: frozenset[str]
    row: int
    block: int


Marks = Callable[[str, Mapping[str, str], frozenset[str]], frozenset[str]]
"""The marks that a tag adds to those around it: ``(name, attributes, marks_around) -> marks``."""

_NOTHING: frozenset[str] = frozenset()


def walked(text: str, *, marks: Marks, rows: frozenset[str] = _NOTHING) -> Iterator[Tag | Text]:
    """The tags and texts of a page in their order; ``rows`` are the tags that begin a row.

    Raises
    ------
    RefusedError
        More than :data:`DEEPEST` tags are open at once.
    """
    open_tags = _OpenTags(marks, rows)
    place = 0
    while place < len(text):
        markup = _MARKUP.search(text, place)
        start = len(text) if markup is None else markup.start()
        said = text[place:start]
        if said and not said.isspace():
            yield open_tags.text(html.unescape(said))
        place = start + 1
        if (name := _NAME.match(text, place)) is not None:
            end = _end_of_attributes(text, name.end())
            if not text.startswith(">", end):
                return  # the page breaks off inside a tag
            tag = open_tags.begin(name.group().lower(), text[name.end() : end])
            yield tag
            place = end + 1
            if tag.name in _RAW_END:
                place, inside = _raw(text, place, tag.name)
                if inside.strip() and tag.name in _PLAIN:
                    yield open_tags.text(html.unescape(inside))
        elif markup is not None:
            place = _after_what_is_no_start(text, start, open_tags)


def _end_of_attributes(text: str, place: int) -> int:
    match = _ATTRIBUTES.match(text, place)
    return place if match is None else match.end()


def _raw(text: str, place: int, name: str) -> tuple[int, str]:
    """What stands between a tag whose content is no markup and its end, and where that is."""
    end = _RAW_END[name].search(text, place)
    return (len(text), "") if end is None else (end.start(), text[place : end.start()])


def _after_what_is_no_start(text: str, start: int, open_tags: _OpenTags) -> int:
    """Where to go on after an end tag, a comment or a declaration."""
    if text.startswith("<!--", start):
        end = _COMMENT_END.search(text, start + 2)
        return len(text) if end is None else end.end()
    close = text.find(">", start)
    if text.startswith("/", start + 1) and (name := _NAME.match(text, start + 2)) is not None:
        open_tags.end(name.group().lower())
    return len(text) if close < 0 else close + 1


def attributes(written: str) -> dict[str, str]:
    """The attributes written in a tag, the first of each name, their names lower-cased."""
    found: dict[str, str] = {}
    match = _ATTRIBUTE.match(written)
    while match is not None:
        value = match["double"] or match["single"] or match["bare"] or ""
        found.setdefault(match["name"].lower(), html.unescape(value))
        match = _ATTRIBUTE.match(written, match.end())
    return found


class _OpenTags:
    """The tags that are open at a place in the page."""

    def __init__(self, marks: Marks, rows: frozenset[str]) -> None:
        self._marks, self._rows = marks, rows
        self._open: list[tuple[str, frozenset[str], int]] = []
        self._count: Counter[str] = Counter()
        self._row = self._block = 0

    def begin(self, name: str, written: str) -> Tag:
        if self._open and name in _CLOSED_BY_THE_NEXT and self._open[-1][0] == name:
            self._close()
        self._block += name not in _INLINE
        _, around, row = self._open[-1] if self._open else ("", _NOTHING, 0)
        if name in self._rows:
            self._row += 1
            row = self._row
        given = attributes(written) if written.strip() else {}
        own = self._marks(name, given, around)
        tag = Tag(name, given, around | own if own else around, row)
        if name not in _VOID and name not in _RAW:
            self._open.append((name, tag.marks, row))
            self._count[name] += 1
            if len(self._open) > DEEPEST:
                raise refused(f"It is a web page with more than {DEEPEST:,} tags inside each other, which no list has.")
        return tag

    def end(self, name: str) -> None:
        self._block += name not in _INLINE
        if self._count[name]:
            while self._close() != name:
                pass

    def text(self, said: str) -> Text:
        _, marks, row = self._open[-1] if self._open else ("", _NOTHING, 0)
        return Text(said, marks, row, self._block)

    def _close(self) -> str:
        name = self._open.pop()[0]
        self._count[name] -= 1
        return name
