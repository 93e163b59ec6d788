"""Cells of a CSV file that no spreadsheet takes for a formula, and back.

A cell that begins with ``=``, ``+``, ``-``, ``@``, tab, carriage return or line feed gets an apostrophe in front, and so does one that
begins with an apostrophe. So whoever reads the file takes one apostrophe off every cell that begins with one, and has every text as it was.
"""

from __future__ import annotations

_GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def guarded(text: str) -> str:
    """``text`` as a cell that stays a text."""
    return f"'{text}" if text.startswith(_GUARDED) else text


def unguarded(cell: str) -> str:
    """The text that became ``cell``."""
    return cell.removeprefix("'")
