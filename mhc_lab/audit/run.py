"""Runs notebooks by papermill and says what came of it.

Every run leaves the executed notebook, a page to read, and a row in the ledger, also when the notebook broke. They lie in
``MHC_HOME/reports/<UTC date>/``: a second run on the same day replaces the first in one step, a run with parameters set has files of its
own, and the ledger keeps the numbers of all.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import papermill
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

import mhc_lab
from mhc_lab.audit import kernel, parameters, records, report
from mhc_lab.audit.comparison import compare
from mhc_lab.audit.notebooks import Notebook
from mhc_lab.audit.parameters import Value
from mhc_lab.audit.private import Censor
from mhc_lab.audit.results import AuditResult, AuditSummary, Outcome
from mhc_lab.core import home
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.mirror.manifest import status
from mhc_lab.services import audit_runs
from mhc_lab.services.audit_runs import AuditRun
from mhc_lab.workbench import Workbench

CELL_SECONDS = 600
"""A cell that takes longer breaks its notebook."""
AT_ONCE = 2
"""Kernels side by side: most of a short run is waiting for imports."""


def run(
    wb: Workbench, notebook: Notebook, *, values: Mapping[str, Value] | None = None, folder: Path | None = None
) -> AuditResult:
    """Run ``notebook`` with ``values`` for its parameters, on the mirror that is published now.

    Parameters
    ----------
    folder
        Where the files go; default: the day's folder in the home.

    Raises
    ------
    UserError
        A value is refused. Then nothing has run, and nothing is in the ledger.
    """
    chosen = parameters.check(parameters.declared(notebook.path), values or {})
    manifest = status(wb.folder("mirror")) or wb.refresh_mirror()
    started_at = wb.clock.now()
    executed, failure = _execute(wb, notebook, chosen)
    findings = records.findings(executed)
    outcome = Outcome.BROKEN if failure else Outcome.FINDINGS if findings else Outcome.PASSED
    row = AuditRun(
        notebook=notebook.name,
        parameters=chosen,
        outcome=outcome,
        recorded=records.recorded(executed),
        message=failure or "; ".join(finding.message for finding in findings),
        mirror_version=manifest.version,
        code_version=code_version(),
        data_fingerprint=manifest.fingerprint,
        started_at=started_at,
        finished_at=wb.clock.now(),
    )
    stem = _made(folder or wb.folder("reports") / f"{started_at:%Y-%m-%d}") / _file_name(notebook, chosen)
    with wb.reader as session:
        before = audit_runs.latest(session, notebook.name, chosen)
    files = (stem.with_suffix(".ipynb"), stem.with_suffix(".html"))
    result = AuditResult(
        notebook.title, row, findings, *files, compare(row, before) if before and not failure else None
    )
    _keep(wb, executed, result)
    return result


def run_all(
    wb: Workbench, which: Iterable[Notebook], *, folder: Path | None = None, progress: Progress = SILENT
) -> AuditSummary:
    """Run each notebook of ``which`` as it is, two at a time; one that breaks keeps no other from running."""
    notebooks = tuple(which)
    results = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for result in pool.map(functools.partial(run, wb, folder=folder), notebooks):
            results.append(result)
            progress(len(results), len(notebooks), "notebooks")
    return AuditSummary(tuple(results))


@functools.cache
def code_version() -> str:
    """The installed version and, in a checkout, its commit, marked when files were changed since."""
    checkout = Path(mhc_lab.__file__).parent.parent
    if not (checkout / ".git").exists() or shutil.which("git") is None:
        return mhc_lab.__version__
    describe = ["git", "-C", str(checkout), "describe", "--always", "--exclude=*", "--dirty", "--abbrev=12"]
    told = subprocess.run(describe, capture_output=True, text=True, check=False)  # noqa: S603 - nothing in it is from outside
    return f"{mhc_lab.__version__}+{told.stdout.strip()}" if told.returncode == 0 else mhc_lab.__version__


def _execute(wb: Workbench, notebook: Notebook, values: Mapping[str, Value]) -> tuple[NotebookNode, str]:
    """The notebook as far as it came, and why it came no further ("" at its end); nothing private is left in either."""
    failure = ""
    with tempfile.TemporaryDirectory(dir=wb.folder("cache")) as folder, ThreadPoolExecutor(1) as thread:
        output = Path(folder) / notebook.path.name
        try:
            thread.submit(_papermill, wb, notebook, values, output).result()
        except papermill.PapermillExecutionError as broke:
            failure = f"{broke.ename}: {broke.evalue}"
        except CellTimeoutError:
            failure = f"A cell took longer than {CELL_SECONDS} seconds."
        except DeadKernelError:
            failure = "The kernel died, most likely for want of memory."
        except RuntimeError as silent:  # how nbclient says that a kernel never answered
            failure = f"The kernel did not start: {silent}"
        executed = nbformat.read(output if output.exists() else notebook.path, as_version=4)
    executed.metadata.setdefault("papermill", {})
    executed.metadata.papermill.update(input_path=notebook.name, output_path=notebook.path.name)
    censor = Censor.of(wb.settings)
    return nbformat.from_dict(censor(executed)), censor(failure)


def _papermill(wb: Workbench, notebook: Notebook, values: Mapping[str, Value], output: Path) -> None:
    """Run papermill in a thread of its own: it wants an event loop, leaves it open, and must not take the one of a notebook."""
    try:
        papermill.execute_notebook(
            notebook.path,
            output,
            parameters=dict(values),
            progress_bar=False,
            execution_timeout=CELL_SECONDS,
            store_widget_state=False,  # no page revives them
            kernel_manager_class=kernel.ReportKernel,
            config=kernel.config(wb),
            resources={"metadata": {"path": str(notebook.path.parent)}},  # where the kernel works
        )
    finally:
        ensure_event_loop().close()


def _keep(wb: Workbench, executed: NotebookNode, result: AuditResult) -> None:
    home.replace_text(result.executed, nbformat.writes(executed) + "\n")
    home.replace_text(result.report, report.page(executed, result))
    with wb.transaction() as session:
        audit_runs.add(session, result.run)


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _file_name(notebook: Notebook, values: Mapping[str, Value]) -> str:
    """The notebook's own name; with parameters set, a short digest of them behind it."""
    if not values:
        return notebook.short_name
    digest = hashlib.sha256(json.dumps(dict(values), sort_keys=True).encode()).hexdigest()[:8]
    return f"{notebook.short_name}-{digest}"
