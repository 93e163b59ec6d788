"""``mhc run``: from nothing to dashboards, every step shown and checked."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from mhc_lab.cli.output import Json, answer, progress
from mhc_lab.core import display, home
from mhc_lab.core.settings import Settings, read_settings

if TYPE_CHECKING:
    from mhc_lab.workbench import Workbench

app = typer.Typer(add_completion=False, rich_markup_mode=None)

SEED = 1


@app.command()
def run(
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve JupyterLab and the dashboards at the end.")
    ] = True,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Fill an empty database with the demo world.")] = True,
    as_json: Json = False,
) -> None:
    """Set everything up, check it, and serve the dashboards.

    Exit code 0 when everything held, 1 when an audit has findings, 2 when one is broken.

    Example: mhc run --no-serve
    """
    from mhc_lab.audit import run_start_set
    from mhc_lab.workbench import Workbench

    settings = read_settings()
    home.prepare(settings.home)
    steps = _Steps(is_shown=not as_json)
    _schema(settings, steps)
    with progress() as shown, Workbench.open(settings, progress=shown) as wb:
        if demo and wb.database.embedded and _demo_is_wanted(wb):  # never into a database that somebody brought along
            _demo_world(wb, steps)
        with steps.step("mirror") as say:
            say(str(wb.refresh_mirror()))
        summary = run_start_set(wb, progress=shown)
    audits = [{"notebook": one.run.notebook, "outcome": one.outcome, "report": one.report} for one in summary.results]
    answer({**steps.said, "audits": audits}, as_json=as_json, words=f"\n{summary}\n")
    if serve:
        _serve(settings)
    elif not as_json:
        typer.echo("`mhc run` serves the dashboards; `mhc status` says what runs, `mhc down` stops the database.")
    raise typer.Exit(summary.exit_code)


def _schema(settings: Settings, steps: _Steps) -> None:
    from mhc_lab.db import migrate
    from mhc_lab.db.engine import Database

    with steps.step("database") as say:
        database = Database.open(settings)
        revision = migrate.upgrade(database)
        kind = "embedded PostgreSQL" if database.embedded else "your PostgreSQL"
        say(f"{kind} {database.server_version}, schema {revision}, roles {database.separation}")
        database.close()


def _demo_is_wanted(wb: Workbench) -> bool:
    from mhc_lab import demo

    return demo.is_wanted(wb)


def _demo_world(wb: Workbench, steps: _Steps) -> None:
    from mhc_lab import demo

    with steps.step("demo world") as say:
        say(str(demo.build(wb, seed=SEED, progress=wb.progress)))


def _serve(settings: Settings) -> None:
    from mhc_lab import serve

    with serve.serve(settings.home) as served:
        typer.echo(f"Dashboards  {served.dashboards_link}\nJupyterLab  {served.lab_link}\n")
        typer.echo("Ctrl-C stops both; `mhc down` stops the database.")
        served.wait()


class _Steps:
    """A line on the terminal for each step: its name, what came of it, how long it took."""

    def __init__(self, *, is_shown: bool) -> None:
        self.said: dict[str, str] = {}
        self._is_shown = is_shown

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Time a ``with`` block that says what came of it."""
        began = time.monotonic()
        yield functools.partial(self.said.__setitem__, name)
        if self._is_shown:
            typer.echo(f"{name:<12}{self.said[name]}  ({display.text(time.monotonic() - began)} s)")
