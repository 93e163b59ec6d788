"""What an audit recorded this time beside what it recorded the time before: what rose, what fell, what is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mhc_lab.core import display
from mhc_lab.services.audit_runs import AuditRun

Way = Literal["rose", "fell", "changed", "new", "gone"]


@dataclass(frozen=True, slots=True)
class Change:
    """One recorded value that is not what it was; None where it was not recorded."""

    name: str
    before: Any
    now: Any
    way: Way

    @property
    def difference(self) -> int | float | None:
        """By how much a number rose; negative when it fell, None when it is no number."""
        return self.now - self.before if self.way in {"rose", "fell"} else None

    def __str__(self) -> str:
        if self.way in {"new", "gone"}:
            return f"{self.way}, {display.text(self.before if self.way == 'gone' else self.now)}"
        by = "" if self.difference is None else f" by {display.text(abs(self.difference))}"
        return f"{self.way}{by}, from {display.text(self.before)} to {display.text(self.now)}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run beside the one before it, with the same notebook and the same parameters."""

    before: AuditRun
    changes: tuple[Change, ...]
    is_same_data: bool
    is_same_code: bool

    def __str__(self) -> str:
        """What changed since when, and whether it was the data or the code that did."""
        moved = [word for word, same in (("data", self.is_same_data), ("code", self.is_same_code)) if not same]
        made_from = f"other {' and other '.join(moved)}" if moved else "the same data and code"
        count = display.plural(len(self.changes), "value") if self.changes else "nothing"
        return f"{count} changed since {display.text(self.before.started_at)} UTC, on {made_from}"


def compare(run: AuditRun, before: AuditRun) -> Comparison:
    """What ``run`` recorded differently from the run ``before``, in the order of what it recorded."""
    names = dict.fromkeys([*run.recorded, *before.recorded])
    changes = tuple(
        Change(name, before.recorded.get(name), run.recorded.get(name), way)
        for name in names
        if (way := _way(name, before.recorded, run.recorded)) is not None
    )
    is_same_data = bool(run.data_fingerprint) and run.data_fingerprint == before.data_fingerprint
    return Comparison(before, changes, is_same_data, run.code_version == before.code_version)


def _way(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Way | None:
    if name not in before:
        return "new"
    if name not in now:
        return "gone"
    was, is_ = before[name], now[name]
    if was == is_ and isinstance(was, bool) is isinstance(is_, bool):
        return None
    if _is_number(was) and _is_number(is_):
        return "rose" if is_ > was else "fell"
    return "changed"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
