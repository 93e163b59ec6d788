"""``mhc audit run | all | list``.

Exit code 0: passed; 1: an audit has findings; 2: one broke, or what was asked for cannot be run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mhc_lab.cli.output import Json, answer, opened
from mhc_lab.core.errors import MirrorError, UserError

if TYPE_CHECKING:
    from mhc_lab.audit.results import AuditResult

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Run notebooks as audits and keep their reports.",
)

Folder = Annotated[Path | None, typer.Option(help="Where the reports go; default: the day's folder in the home.")]
StaleOk = Annotated[bool, typer.Option("--stale-ok", help="Read the mirror as it is, without refreshing it first.")]


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="The notebook, with or without its folder.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter: NAME=value. Repeat for more.")
    ] = None,
    folder: Folder = None,
    stale_ok: StaleOk = False,
    as_json: Json = False,
) -> None:
    """Run one notebook and keep its report: 0 passed, 1 findings, 2 broken.

    Example: mhc audit run who_left_and_when --set SINCE=2026-03-01 --set UNTIL=2026-04-01
    """
    from mhc_lab.audit import notebooks, parameters
    from mhc_lab.audit.run import run as run_

    with _two_when_refused():
        notebook = notebooks.find(name)
        values = parameters.parse(parameters.declared(notebook.path), settings or ())
        with opened() as wb:
            if not stale_ok:
                wb.refresh_mirror()
            result = run_(wb, notebook, values=values, folder=folder)
    answer(
        _plain(result),
        as_json=as_json,
        words="\n".join([str(result), *_recorded(result), *_compared(result), f"  {result.report}"]),
    )
    raise typer.Exit(result.exit_code)


@app.command("all")
def all_(folder: Folder = None, stale_ok: StaleOk = False, as_json: Json = False) -> None:
    """Run every notebook and keep the reports. The exit code is the worst of theirs.

    Example: mhc audit all --json
    """
    from mhc_lab.audit import notebooks
    from mhc_lab.audit.run import run_all

    with _two_when_refused(), opened() as wb:
        if not stale_ok:
            wb.refresh_mirror()
        summary = run_all(wb, notebooks.catalogue(), folder=folder, progress=wb.progress)
    answer([_plain(result) for result in summary.results], as_json=as_json, words=str(summary))
    raise typer.Exit(summary.exit_code)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every notebook, its question, and what may be set in it.

    Example: mhc audit list
    """
    from mhc_lab.audit import notebooks, parameters

    known = [(notebook, parameters.declared(notebook.path)) for notebook in notebooks.catalogue()]
    plain = [
        {"name": notebook.name, "title": notebook.title, "parameters": list(may_set)} for notebook, may_set in known
    ]
    lines = [
        line
        for notebook, may_set in known
        for line in (
            f"{notebook.name}  {notebook.title}",
            *(f"    {one.name}={one.default}  {one.comment}" for one in may_set),
        )
    ]
    answer(plain, as_json=as_json, words="\n".join(lines))


@contextmanager
def _two_when_refused() -> Iterator[None]:
    try:
        yield
    except (UserError, MirrorError) as refused:
        typer.secho(f"mhc: {refused}", err=True, fg="red")
        raise typer.Exit(2) from None


def _recorded(result: AuditResult) -> list[str]:
    return [f"  {name}: {value}" for name, value in result.recorded.items()]


def _compared(result: AuditResult) -> list[str]:
    if result.comparison is None:
        return []
    return [f"  {result.comparison}", *(f"    {change.name}: {change}" for change in result.comparison.changes)]


def _plain(result: AuditResult) -> dict[str, object]:
    return {
        "notebook": result.run.notebook,
        "outcome": result.outcome,
        "exit_code": result.exit_code,
        "message": result.message,
        "recorded": dict(result.recorded),
        "parameters": dict(result.run.parameters),
        "findings": list(result.findings),
        "seconds": result.seconds,
        "code_version": result.run.code_version,
        "data_fingerprint": result.run.data_fingerprint,
        "since_before": _since(result),
        "executed": result.executed,
        "report": result.report,
    }


def _since(result: AuditResult) -> dict[str, object] | None:
    """What changed since the run before, for programs; None when there was none."""
    compared = result.comparison
    if compared is None:
        return None
    changes = [
        {"name": one.name, "way": one.way, "before": one.before, "now": one.now, "difference": one.difference}
        for one in compared.changes
    ]
    return {
        "started_at": compared.before.started_at,
        "same_data": compared.is_same_data,
        "same_code": compared.is_same_code,
        "changes": changes,
    }
