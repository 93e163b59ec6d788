"""What all commands share: opening the workbench, showing progress, and answering in words or JSON."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.progress import LogProgress, Progress

if TYPE_CHECKING:
    from mhc_lab.analytics.window import Window
    from mhc_lab.workbench import Workbench

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]

Since = Annotated[str, typer.Option(help="After this instant: a day (its start, UTC) or a time with its zone.")]
Until = Annotated[str, typer.Option(help="Up to and with this instant.")]


@contextmanager
def opened() -> Iterator[Workbench]:
    """The workbench of this environment, with progress shown on the terminal."""
    from mhc_lab.workbench import Workbench

    logging.basicConfig(level=logging.WARNING, format="mhc: %(message)s")
    with progress() as shown, Workbench.open(progress=shown) as wb:
        yield wb


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on a terminal, log lines in a pipe that is read later, nothing when nobody looks."""
    if not sys.stderr.isatty():
        yield LogProgress(logging.getLogger("mhc_lab.progress"))
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, object] = {}

        def show(done: int, total: int | None, doing: str) -> None:
            if doing not in tasks:
                tasks[doing] = bar.add_task(doing, total=total)
            bar.update(tasks[doing], completed=done, total=total)  # type: ignore[arg-type]

        yield show


def instant(text: str) -> datetime | None:
    """The time that ``text`` says, with its zone; None when it is empty."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise RefusedError(
            f'"{text}" is not a time with its zone. Write it like 2026-03-29T10:00+02:00 or 2026-03-29T08:00Z.',
            rule="instant",
        )
    return instant


def window(since: str, until: str) -> Window:
    """The window between two times as they were typed; an empty one leaves its side open."""
    from mhc_lab.analytics.follow_log import EVER
    from mhc_lab.analytics.window import Window

    return Window.parse(since or EVER.start.isoformat(), until or EVER.end.isoformat())


def answer(value: object, *, as_json: bool, words: str | None = None) -> None:
    """Print ``value`` for a program, or ``words`` (by default its own text) for a person."""
    if as_json:
        typer.echo(json.dumps(value, default=_plain, ensure_ascii=False))
    else:
        typer.echo(_printable(words if words is not None else str(value)))


def _printable(text: str) -> str:
    """``text`` without what a terminal would obey: names of files and rows of lists come from outside."""
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
