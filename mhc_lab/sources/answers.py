"""What the answers of all services have in common: JSON that nobody vouches for, read entry by entry and field by field.

Every field may be missing. A field that is not what it should be is left out and named, an entry without its name or time is rejected and
named, and the rest is kept; only an answer that is no answer at all is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import username

SIZE_LIMIT = 64 << 20
"""A larger answer is none."""

_INTEGER = re.compile(r"-?\d{1,18}")

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Read(Generic[E]):
    """The entries of an answer that could be read, and what was left out of it: a sentence for each."""

    entries: tuple[E, ...]
    rejected: tuple[str, ...]
    """Whole entries."""
    faults: tuple[str, ...]
    """Single fields of entries that were kept."""


def loaded(content: bytes, *, what: str) -> dict[str, object]:
    """The JSON object that ``content`` is, without anything PostgreSQL cannot keep: NUL, half characters, numbers without end.

    Raises
    ------
    RefusedError
        It is none; ``what`` begins the sentence that says so.
    """
    if len(content) > SIZE_LIMIT:
        raise RefusedError(f"{what} is larger than {SIZE_LIMIT >> 20} MiB. Ask for less at a time.", rule="answer")
    try:
        answer = _storable(json.loads(content.decode("utf-8-sig")))
    except (ValueError, RecursionError) as failure:
        raise RefusedError(f"{what} is no JSON: {failure}. Ask again later.", rule="answer") from failure
    if not isinstance(answer, dict):
        raise RefusedError(f"{what} is JSON, but no object. Ask again later.", rule="answer")
    return answer


def _storable(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read(form: TypeAdapter[E], entries: Iterable[tuple[str, object]], *, context: object = None) -> Read[E]:
    """Each of ``entries`` in its ``form``; the text that stands before an entry is what it is called when something is wrong with it."""
    kept, rejected, faults = [], list[str](), list[str]()
    for called, entry in entries:
        if not isinstance(entry, Mapping):
            rejected.append(f"{called}: is no object.")
            continue
        try:
            one, left_out = _without_faults(form, entry, context)
        except ValidationError as invalid:
            rejected.append(f"{called}: {'; '.join(_faults(invalid).values())}.")
            continue
        kept.append(one)
        faults += [f"{called}: {fault}." for fault in left_out]
    return Read(tuple(kept), tuple(rejected), tuple(faults))


def _without_faults(form: TypeAdapter[E], entry: Mapping[str, object], context: object) -> tuple[E, Iterable[str]]:
    try:
        return form.validate_python(dict(entry), context=context), ()
    except ValidationError as invalid:
        faults = _faults(invalid)
        sound = {name: value for name, value in entry.items() if name not in faults}
        try:
            return form.validate_python(sound, context=context), faults.values()
        except ValidationError:  # what is wrong is its very name or time
            raise invalid from None


def _faults(invalid: ValidationError) -> dict[str, str]:
    errors = invalid.errors(include_url=False, include_input=False)
    return {str(one["loc"][0]): f"{one['loc'][0]} {one['msg'].removeprefix('Value error, ')}" for one in errors}


def _name(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("is no text")  # noqa: TRY004 - pydantic collects ValueError
    try:
        return username(value)
    except RefusedError as refused:
        raise ValueError(str(refused).partition(":")[0]) from refused


def said(value: object) -> str | None:
    """A trimmed text; None when it is empty."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("is no text")  # noqa: TRY004
    return value.strip() or None


def _texts(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("is no list of texts")
    trimmed = (one.strip().removeprefix("#") for one in value)
    return tuple(dict.fromkeys(one for one in trimmed if one))


def _split(value: object) -> tuple[str, ...] | None:
    listed = said(value)
    return None if listed is None else _texts(listed.split(","))


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise ValueError("is neither true nor false")


def whole(value: object) -> int | None:
    """A whole number from 0 on, also when it comes as text."""
    if isinstance(value, str):
        value = value.strip() or None
        if value is not None and _INTEGER.fullmatch(value):
            value = int(value)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError("is no whole number from 0 on")
    return value


Username = Annotated[str, BeforeValidator(_name)]
"""A name in lower case that follows the rule; an entry without one is rejected."""
Text = Annotated[str | None, BeforeValidator(said)]
"""Trimmed; an empty text says nothing."""
Texts = Annotated[tuple[str, ...] | None, BeforeValidator(_texts)]
"""Without ``#`` and repetitions; an empty list was said."""
Split = Annotated[tuple[str, ...] | None, BeforeValidator(_split)]
"""A text with commas between; an empty one says nothing."""
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Count = Annotated[int | None, BeforeValidator(whole)]
Known = Annotated[int | None, BeforeValidator(lambda value: whole(value) or None)]
"""A count of which 0 means that it is not known."""
