"""The names on a follow list that is a CSV file, as people and programs write them.

Comma, semicolon or tab; byte order mark; any line end; any column order. A row whose name breaks the rule is rejected and reported; a file
that is something else is refused whole. Linear in the size of the file, one line of ten million characters included.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain, pairwise

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.follow_names import HEADINGS, SIZE_LIMIT, Gathering, ListedNames, refused, shown

_DELIMITERS = (",", ";", "\t")
_END: list[str] = []
_AFTER = "\0"  # no text has it

csv.field_size_limit(SIZE_LIMIT)  # the library stops at 128 KiB and gives up the whole file


def names_in_csv(text: str, *, is_complete: bool) -> ListedNames:
    """The names in a CSV file; the torn last line of a list that is not complete is dropped.

    Raises
    ------
    RefusedError
        It has no column of names, or is no CSV; the message is a sentence about it.
    """
    delimiter, width, column = _name_column(first_line(text))
    may_be_torn = not is_complete and not text.endswith(("\n", "\r"))
    is_torn, gathering = False, Gathering()
    for row, after in pairwise(chain(_rows(text, delimiter, may_be_torn=may_be_torn), [_END])):
        if after is _END and may_be_torn and len(row) <= max(column + 1, width - 1):
            is_torn = True  # a field is missing, or the name is the last thing there and may go on
            break
        cell = row[column].strip() if len(row) > column else ""
        gathering.add(cell, row=delimiter.join(row))
    return gathering.listed(format="csv", is_torn=is_torn)


def has_heading(line: str) -> bool:
    """Whether ``line`` names a column of names."""
    try:
        _name_column(line)
    except RefusedError:
        return False
    return True


def first_line(text: str) -> str:
    """The first line of ``text`` that is not blank."""
    return next(line for line in io.StringIO(text, newline="") if line.strip())


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
        raise refused(
            f"It has no column {', '.join(HEADINGS[:-1])} or {HEADINGS[-1]}; it begins with {shown(heading)!r}."
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
                raise refused(f"A quote that is opened after line {begun} is never closed.")
            yield []
        elif row != [_AFTER]:
            yield row
        begun = reader.line_num
