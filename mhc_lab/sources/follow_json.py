"""The names on a follow list that is JSON: a list of names, or of objects with one each and perhaps the platform's number.

What one entry has wrong is said about that entry: a name that breaks the rule, a key written twice, a number without end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from mhc_lab.sources.follow_names import HEADINGS, Gathering, ListedNames, numeric_id, refused

NUMBERS = ("rid", "user_id", "uid", "id")
"""What the platform's number of a person is called; the first of them that is there counts, ``id`` last because rows have one, too."""

_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """An object that says something twice, so that nobody knows which was meant."""

    keys: tuple[str, ...]


def loaded(text: str) -> object:
    """The value that ``text`` is, objects with a repeated key as :class:`Ambiguous` and numbers beyond 64 bits as None.

    Raises
    ------
    RefusedError
        It is no JSON, or is nested so deeply that it cannot be a list.
    """
    try:
        return json.loads(text, object_pairs_hook=_checked, parse_int=_number, parse_constant=lambda _: None)
    except RecursionError as failure:
        raise refused("It is JSON that is nested too deeply for a list.") from failure
    except ValueError as failure:
        raise refused(f"It is no valid JSON, perhaps cut off: {failure}.") from failure


def names_in_json(value: object) -> ListedNames:
    """The names in a JSON value.

    Raises
    ------
    RefusedError
        It is no list, or has entries of which none has a name.
    """
    if not isinstance(value, list):
        raise refused("It is JSON, but not a list of names.")
    if value and not any(isinstance(entry, str) or _key(entry, HEADINGS) for entry in value):
        raise refused(f"It is a JSON list without names: no entry is one, or has {', '.join(HEADINGS)}.")
    gathering = Gathering()
    for entry in value:
        _add(gathering, entry)
    return gathering.listed(format="json")


def _add(gathering: Gathering, entry: object) -> None:
    key = _key(entry, HEADINGS)
    cell = entry[key] if isinstance(entry, dict) and key else entry
    if not isinstance(cell, str):
        gathering.reject(_words(entry))
        return
    number = _key(entry, NUMBERS)
    given = numeric_id(entry[number]) if isinstance(entry, dict) and number else None
    gathering.add(cell.strip(), row=_words(entry), numeric_id=given)


def _key(entry: object, wanted: tuple[str, ...]) -> str | None:
    if not isinstance(entry, dict):
        return None
    known = {key.lower(): key for key in reversed(entry)}
    return next((known[name] for name in wanted if name in known), None)


def _words(entry: object) -> str:
    if isinstance(entry, Ambiguous):
        return f"an object with {', '.join(entry.keys)} twice"
    if isinstance(entry, Mapping):
        return f"an object with {', '.join(entry) or 'nothing in it'}"
    return f"a JSON {'list' if isinstance(entry, list) else type(entry).__name__}"


def _checked(pairs: list[tuple[str, object]]) -> dict[str, object] | Ambiguous:
    entry = dict(pairs)
    if len(entry) == len(pairs):
        return entry
    counted = Counter(key for key, _ in pairs)
    return Ambiguous(tuple(key for key, count in counted.items() if count > 1))


def _number(digits: str) -> int | None:
    return int(digits) if len(digits.lstrip("-")) <= _DIGITS else None
