"""Runs notebooks by papermill, reads what they recorded, writes a report, and keeps a ledger of every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mhc_lab.core import lean as lean  # before anything that would wait for what it leaves out
from mhc_lab.core.progress import SILENT, Progress

if TYPE_CHECKING:
    from mhc_lab.audit.results import AuditSummary
    from mhc_lab.workbench import Workbench


def run_start_set(wb: Workbench, *, progress: Progress = SILENT) -> AuditSummary:
    """Run the notebooks that a fresh workbench begins with."""
    from mhc_lab.audit import (
        notebooks,
        run,
    )  # a kernel asks this package for its names only, and waits for no papermill

    return run.run_all(wb, notebooks.start_set(), progress=progress)
