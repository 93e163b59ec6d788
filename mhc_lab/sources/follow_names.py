"""The user names on a follow list, whatever its format: gathered one by one, with what had to be left out.

Every format reads its rows in its own way and hands them to a :class:`Gathering`, so that the rule about names, repeated names and rejected
rows is the same for all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import username

Direction = Literal["followers", "following"]

SIZE_LIMIT = 64 << 20
"""A larger file is no follow list."""

HEADINGS = ("username", "user", "handle", "name")
"""What the names are called in a file that says so, in any case; the first of them that is there counts."""

_LARGEST_ID = 2**63 - 1
_SCHEME = re.compile(r"\Ahttps?://", re.IGNORECASE)
_QUERY = re.compile("[?#]")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class ListedNames:
    """The names on a list, lower-cased, in the order in which they first stood there, and what was left out."""

    names: tuple[str, ...]
    rejected_rows: tuple[str, ...]
    duplicate_count: int
    is_torn: bool
    format: str = "csv"
    numeric_ids: Mapping[str, int] = field(default_factory=dict)
    """The platform's number of a name, where the list gives one."""
    totals: tuple[int, ...] = ()
    """How many people the list itself says are on it: nothing, one number, or several that contradict each other."""
    account: str | None = None
    """Whose list it is, when the list itself says so."""
    doubts: tuple[str, ...] = ()
    """Why it cannot be the whole list, a sentence each."""


class Gathering:
    """Takes rows one after the other; what came of them is :meth:`listed`."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._rejected: list[str] = []
        self._duplicate_count = 0
        self._ids: dict[str, set[int]] = {}

    def add(self, cell: str, *, row: str | None = None, numeric_id: int | None = None) -> None:
        """Take the name in ``cell``; when there is none, ``row`` is what the report shows."""
        try:
            name = listed_name(cell)
        except RefusedError:
            self.reject(cell or row or "")
            return
        self._duplicate_count += name in self._names
        self._names[name] = None
        if numeric_id is not None:
            self._ids.setdefault(name, set()).add(numeric_id)

    def reject(self, row: str) -> None:
        """Leave out a row in which nobody can be found."""
        self._rejected.append(shown(row))

    def listed(self, *, format: str, is_torn: bool = False) -> ListedNames:  # noqa: A002 - as the field is called
        """What was gathered so far."""
        return ListedNames(
            tuple(self._names),
            tuple(self._rejected),
            self._duplicate_count,
            is_torn=is_torn,
            format=format,
            numeric_ids=self._certain_ids(),
        )

    def _certain_ids(self) -> dict[str, int]:
        """The numbers that say who somebody is.

        None of a name that has two, none that two names share, and none at all when they do not go beyond the count of rows: those are
        places in the list, which mean somebody else the next day.
        """
        sharing = Counter(number for numbers in self._ids.values() for number in numbers)
        rows = len(self._names) + len(self._rejected) + self._duplicate_count
        if not sharing or max(sharing) <= rows:
            return {}
        single = {name: next(iter(numbers)) for name, numbers in self._ids.items() if len(numbers) == 1}
        return {name: number for name, number in single.items() if sharing[number] == 1}


def listed_name(cell: str) -> str:
    """The user name in ``cell``: as it is, after an ``@``, or as the last part of a profile link.

    Raises
    ------
    RefusedError
        There is none.
    """
    return username((_last_segment(cell) if "/" in cell else cell).removeprefix("@"))


def numeric_id(value: object) -> int | None:
    """The platform's number in ``value``, which may be written as text; None when it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if type(value) is int and 0 < value <= _LARGEST_ID else None


def refused(why: str) -> RefusedError:
    """The error that says why something is no follow list."""
    return RefusedError(why, rule="follow list")


def shown(text: str) -> str:
    """The beginning of ``text`` for a report; what no database keeps is replaced."""
    trimmed = text[: 4 * _SHOWN].strip() if len(text) > 8 * _SHOWN else text.strip()
    short = trimmed if len(trimmed) <= _SHOWN else f"{trimmed[:_SHOWN]}…"
    return short.replace("\0", "\ufffd").encode("utf-8", errors="replace").decode("utf-8")


def text_of(content: bytes) -> str:
    """The text in a file.

    Raises
    ------
    RefusedError
        It is empty, or no text in UTF-8. Single bytes that are none spoil the name in which they stand, and nothing else.
    """
    if b"\0" in content:
        raise refused("It is not a text file in UTF-8.")
    text = content.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise refused("It is empty.")
    return text


def _last_segment(link: str) -> str:
    """The last part of the link's path; ``link`` itself when it only looks like one ("n/a")."""
    host, _, path = _QUERY.split(_SCHEME.sub("", link), maxsplit=1)[0].rstrip("/").partition("/")
    is_link = path and ("." in host or not host)
    return path.rpartition("/")[2] if is_link else link
