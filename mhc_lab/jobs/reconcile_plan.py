"""What a reconciliation says: how many of what there are, what would be done, and what somebody should look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from typing import ClassVar

from mhc_lab.core import display
from mhc_lab.jobs.mending import Mending
from mhc_lab.jobs.plan import Plan
from mhc_lab.reconciliation.classes import CLASSES, KINDS, Kind

KIND = "media reconcile"
_SHOWN_IN_FULL, _SHOWN = 50, 20
"""So many of a class are shown one by one; of more, so many."""
_BELIEVED = "What {} lists is believed, however few files are left there."


@dataclass(frozen=True, slots=True)
class Total:
    """How many things of a kind are in a class."""

    kind: Kind
    found: str
    count: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a storage was not looked through."""

    storage: str
    what: str

    def __str__(self) -> str:
        return f"{self.storage}: {self.what}"


@dataclass(frozen=True, slots=True)
class Listed:
    """One thing that somebody should look at, or that waits; nothing is done about it."""

    kind: Kind
    found: str
    what: str
    """Which: the storage and path, or the snapshot and what it says."""

    @property
    def name(self) -> str:
        """As it is named to have it set aside."""
        return f"{self.kind} {self.what}"


@dataclass(frozen=True, slots=True)
class ReconcilePlan(Plan):
    """Rows, files and paths of snapshots set right."""

    kind: ClassVar[str] = KIND
    actions: tuple[Mending, ...]
    storages: tuple[str, ...]
    """That were looked through."""
    totals: tuple[Total, ...]
    listed: tuple[Listed, ...]
    findings: tuple[Finding, ...]
    believed: tuple[str, ...] = ()
    """Storages whose listing was to be believed however few of their files are there."""

    def count(self, kind: Kind, found: str) -> int:
        """How many things of ``kind`` are in that class."""
        return next((one.count for one in self.totals if (one.kind, one.found) == (kind, found)), 0)

    def __str__(self) -> str:
        looked = display.plural(len(self.storages), "storage")
        return f"{looked} looked through: {display.plural(len(self.actions), 'thing')} to set right, {len(self.listed):,} to look at"

    def words(self) -> str:
        """The totals of every class, then what was found and is to be done; of many of a class the first."""
        return "\n".join([str(self), *self._told_totals(), *self._told_findings(), *self._told_actions()])

    def _told_totals(self) -> Iterator[str]:
        for kind, title in KINDS.items():
            own = [one for one in self.totals if one.kind == kind]
            yield f"\n{title}: {sum(one.count for one in own):,}"
            yield from (f"  {one.count:>9,}  {one.found}: {CLASSES[kind, one.found].meaning}" for one in own)

    def _told_findings(self) -> Iterator[str]:
        yield from (f"\nNot checked: {one}" for one in self.findings)
        yield from (f"\n{_BELIEVED.format(name)}" for name in self.believed)

    def _told_actions(self) -> Iterator[str]:
        for (kind, found), group in groupby(self.actions, key=lambda one: (one.kind, one.found)):
            yield f"\n{kind} {found}"
            yield from _first(f"{one.name}: {one.reason}" for one in group)
        for (kind, found), seen in groupby(self.listed, key=lambda one: (one.kind, one.found)):
            waits = ": waits for the migration" if CLASSES[kind, found].waits else ": left as they are, look at them"
            yield f"\n{kind} {found}{waits}"
            yield from _first(one.what for one in seen)

    def overview(self) -> str:
        """How many of what there are, what was not looked through, and what somebody should look at, as safe HTML."""
        import polars as pl

        totals = [(one.kind, one.found, one.count, CLASSES[one.kind, one.found].meaning) for one in self.totals]
        headings = ["of", "class", "count", "what that means"]
        frame = pl.DataFrame(totals, schema=headings, orient="row")
        notes = "".join(display.note(str(one), kind="bad") for one in self.findings)
        notes += "".join(display.note(_BELIEVED.format(name)) for name in self.believed)
        return (
            display.table(frame, caption="Every row, file and path in its class") + notes + "".join(self._to_look_at())
        )

    def _to_look_at(self) -> Iterator[str]:
        for (kind, found), group in groupby(self.listed, key=lambda one: (one.kind, one.found)):
            lines = [one.what for one in group]
            waits = "wait for the migration" if CLASSES[kind, found].waits else "to look at"
            shown = f", the first {display.SHOWN_ROWS}" if len(lines) > display.SHOWN_ROWS else ""
            yield display.more(f"{kind} {found}: {len(lines):,} {waits}{shown}", lines[: display.SHOWN_ROWS])

    def _repr_html_(self) -> str:
        import polars as pl

        first = [(one.name, one.reason) for one in self.actions[: display.SHOWN_ROWS]]
        actions = display.table(pl.DataFrame(first, schema=["what", "why"], orient="row"), caption="The first actions")
        return display.facts(str(self), []) + self.overview() + actions


def _first(lines: Iterator[str]) -> list[str]:
    first = list(islice(lines, _SHOWN_IN_FULL))
    rest = sum(1 for _ in lines)
    shown = first[:_SHOWN] if rest else first
    more = [f"  … and {len(first) - len(shown) + rest:,} more: the plan's file has all"] if rest else []
    return [*(f"  {line}" for line in shown), *more]
