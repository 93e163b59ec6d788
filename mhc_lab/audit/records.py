"""How a notebook hands numbers and findings to whoever runs it: outputs of two private MIME types.

No page shows them. The notebook side makes the bundles, the runner reads them back from the executed notebook.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mhc_lab.audit import confidential
from mhc_lab.core.errors import RefusedError

RECORD = "application/vnd.mhc.record+json"
FINDING = "application/vnd.mhc.finding+json"

Recordable = bool | int | float | str | datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something an audit wants a person to look at, and how many of it there are."""

    message: str
    count: int


def record_bundle(name: str, value: Recordable) -> dict[str, Any]:
    """The output that carries ``value``; a time becomes ISO text.

    Raises
    ------
    RefusedError
        It cannot be stored as JSON, is not finite, or looks confidential.
    """
    if not name.isidentifier():
        raise RefusedError(
            f'"{name}" is no name for a recorded value. Use letters, digits and _.', rule="recorded name"
        )
    if not isinstance(value, bool | int | float | str | datetime | None):
        raise RefusedError(
            f"{name} is a {type(value).__name__}; numbers, texts and times can be recorded.", rule="recorded type"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise RefusedError(f"{name} is {value}; only finite numbers can be recorded.", rule="finite numbers")
    looks_like = confidential.why_confidential(value) if isinstance(value, str) else None
    if looks_like or confidential.name_is_confidential(name):
        raise RefusedError(
            f"{name} looks like {looks_like or 'a secret'}; reports are read by many.", rule="no secrets"
        )
    return {RECORD: {"name": name, "value": value.isoformat() if isinstance(value, datetime) else value}}


def finding_bundle(message: str, *, count: int) -> dict[str, Any]:
    """The output that carries a finding."""
    return {FINDING: {"message": message, "count": count}}


def recorded(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """The values that an executed notebook recorded, by name; the last of a name counts."""
    return {each["name"]: each["value"] for each in _payloads(notebook, RECORD)}


def findings(notebook: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The findings of an executed notebook, in its order."""
    return tuple(Finding(each["message"], each["count"]) for each in _payloads(notebook, FINDING))


def _payloads(notebook: Mapping[str, Any], mime: str) -> Iterator[Mapping[str, Any]]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if mime in output.get("data", {}):
                yield output["data"][mime]
