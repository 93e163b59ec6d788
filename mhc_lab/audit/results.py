"""What came of audits: outcome, exit code, recorded values, and where the reports are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from mhc_lab.audit.comparison import Comparison
from mhc_lab.audit.records import Finding
from mhc_lab.core import display
from mhc_lab.services.audit_runs import AuditRun


class Outcome(StrEnum):
    """What came of a run, from best to worst."""

    PASSED = "passed"
    FINDINGS = "findings"
    BROKEN = "broken"

    @property
    def exit_code(self) -> int:
        """0 passed, 1 findings, 2 broken."""
        return list(Outcome).index(self)


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What came of one run: its row in the ledger, its findings, and its two files."""

    title: str
    run: AuditRun
    findings: tuple[Finding, ...]
    executed: Path
    report: Path
    comparison: Comparison | None
    """Beside the run before it; None when this is the first with these parameters, or broke."""

    @property
    def outcome(self) -> Outcome:
        """Passed, findings or broken."""
        return Outcome(self.run.outcome)

    @property
    def exit_code(self) -> int:
        """0 passed, 1 findings, 2 broken."""
        return self.outcome.exit_code

    @property
    def recorded(self) -> Mapping[str, Any]:
        """The values the notebook recorded, by name."""
        return self.run.recorded

    @property
    def message(self) -> str:
        """Why it broke, or what it found; "" when it passed."""
        return self.run.message

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.run.finished_at - self.run.started_at).total_seconds()

    def __repr__(self) -> str:
        because = f": {self.message}" if self.message else ""
        return f"{self.run.notebook} {self.outcome} in {self.seconds:.1f} s{because}"

    def _repr_html_(self) -> str:
        return display.facts(str(self), self.recorded.items())


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """What came of several runs; its text is a table."""

    results: tuple[AuditResult, ...]

    @property
    def exit_code(self) -> int:
        """The worst of them."""
        return max((result.exit_code for result in self.results), default=0)

    def __str__(self) -> str:
        """Return a line for each run, in columns, and the sum of them."""
        width = max((len(result.run.notebook) for result in self.results), default=0)
        lines = [
            f"{result.run.notebook:{width}}  {result.outcome:8}  {result.seconds:5.1f} s  {_line(result)}"
            for result in self.results
        ]
        return "\n".join([*lines, repr(self)])

    def __repr__(self) -> str:
        counts = {outcome: sum(result.outcome is outcome for result in self.results) for outcome in Outcome}
        some = [f"{count} {outcome}" for outcome, count in counts.items() if count]
        return f"{display.plural(len(self.results), 'notebook')}: {', '.join(some) or 'none run'}"


def _line(result: AuditResult) -> str:
    """Why it is not well, or where the report is; and what changed since the run before."""
    changed = f" · {result.comparison}" if result.comparison and result.comparison.changes else ""
    return f"{result.message or result.report}{changed}"
