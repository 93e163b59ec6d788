"""The names on a follow list that is a CSV file, as people and programs write them.

Comma, semicolon or tab; byte order mark; any line end; any column order. A row whose name breaks the rule is rejected and reported; a file
that is something else is refused whole. Linear in the size of the file, one line of ten million characters included.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import username

SIZE_LIMIT = 64 << 20
"""A larger file is no follow list."""

HEADINGS = ("username", "user", "handle", "name")
"""Headings of the column with the names, in any case; the first of them that is there counts."""

_DELIMITERS = (",", ";", "\t")
_SCHEME = re.compile(r"\Ahttps?://", re.IGNORECASE)
_QUERY = re.compile("[?#]")
_SHOWN = 80
_END: list[str] = []
_AFTER = "\0"  # no text has it

csv.field_size_limit(SIZE_LIMIT)  # the library stops at 128 KiB and gives up the whole file


@dataclass(frozen=True, slots=True)
class ListedNames:
    """The names on a list, lower-cased, in the order in which they first stood there, and what was left out."""

    names: tuple[str, ...]
    rejected_rows: tuple[str, ...]
    duplicate_count: int
    is_torn: bool


def listed_names(content: bytes, *, is_complete: bool) -> ListedNames:
    """The names in a CSV file; the torn last line of a list that is not complete is dropped.

    Raises
    ------
    RefusedError
        The file is empty, no text, a web page, no CSV, or has no column of names; the message is a sentence about it.
    """
    text = _text(content)
    delimiter, width, column = _name_column(next(line for line in io.StringIO(text, newline="") if line.strip()))
    may_be_torn = not is_complete and not text.endswith(("\n", "\r"))
    is_torn, names, rejected, duplicate_count = False, dict[str, None](), [], 0
    for row, after in pairwise(chain(_rows(text, delimiter, may_be_torn=may_be_torn), [_END])):
        if after is _END and may_be_torn and len(row) < width:
            is_torn = True
            break
        cell = row[column].strip() if len(row) > column else ""
        try:
            name = listed_name(cell)
        except RefusedError:
            rejected.append(_shown(cell or delimiter.join(row)))
            continue
        duplicate_count += name in names
        names[name] = None
    return ListedNames(tuple(names), tuple(rejected), duplicate_count, is_torn)


def listed_name(cell: str) -> str:
    """The user name in ``cell``: as it is, after an ``@``, or as the last part of a profile link.

    Raises
    ------
    RefusedError
        There is none.
    """
    return username((_last_segment(cell) if "/" in cell else cell).removeprefix("@"))


def _last_segment(link: str) -> str:
    """The last part of the link's path; ``link`` itself when it only looks like one ("n/a")."""
    host, _, path = _QUERY.split(_SCHEME.sub("", link), maxsplit=1)[0].rstrip("/").partition("/")
    is_link = path and ("." in host or not host)
    return path.rpartition("/")[2] if is_link else link


def _text(content: bytes) -> str:
    if b"\0" in content:
        raise _refused("It is not a text file in UTF-8.")
    text = content.decode("utf-8-sig", errors="replace")  # a name that held other bytes then breaks the rule by itself
    if not text.strip():
        raise _refused("It is empty.")
    if text.lstrip().startswith("<"):
        raise _refused("It is a web page, perhaps a login or an error page.")
    return text


def _name_column(heading: str) -> tuple[str, int, int]:
    """The delimiter, how many columns there are, and which has the names, from the line of headings."""
    found = []
    for delimiter in _DELIMITERS:
        row = next(csv.reader([heading], delimiter=delimiter, skipinitialspace=True), [])
        titles = [cell.strip().lower() for cell in row]
        place = next((titles.index(wanted) for wanted in HEADINGS if wanted in titles), None)
        if place is not None:
            found.append((len(titles), delimiter, place))
    if not found:
        raise _refused(
            f"It has no column {', '.join(HEADINGS[:-1])} or {HEADINGS[-1]}; it begins with {_shown(heading)!r}."
        )
    width, delimiter, place = max(found)
    return delimiter, width, place


def _rows(text: str, delimiter: str, *, may_be_torn: bool) -> Iterator[list[str]]:
    """The rows below the headings, blank ones left out; a last line torn inside a quote is a row without fields."""
    lines = chain(io.StringIO(text, newline=""), [_AFTER])
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    rows = (row for row in reader if any(map(str.strip, row)))
    next(rows)
    begun = reader.line_num
    for row in rows:
        if row[-1].endswith(_AFTER) and row != [_AFTER]:  # an open quote has swallowed everything to the end
            if not may_be_torn or reader.line_num > begun + 2:
                raise _refused(f"A quote that is opened after line {begun} is never closed.")
            yield []
        elif row != [_AFTER]:
            yield row
        begun = reader.line_num


def _refused(why: str) -> RefusedError:
    return RefusedError(why, rule="follow list")


def _shown(text: str) -> str:
    trimmed = text.strip()
    return trimmed if len(trimmed) <= _SHOWN else f"{trimmed[:_SHOWN]}…"
