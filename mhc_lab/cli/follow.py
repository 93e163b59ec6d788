"""``mhc follow import``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mhc_lab.cli.output import Json, answer, opened
from mhc_lab.core.errors import RefusedError

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Follow lists: take them in.")


@app.callback()
def _group() -> None:
    """Follow lists: take them in."""


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Folders with a manifest.json, or CSV files.")],
    observed_at: Annotated[
        str, typer.Option("--at", help="When a file without manifest was taken: 2026-03-29T10:00+02:00.")
    ] = "",
    direction: Annotated[str, typer.Option(help="followers or following.")] = "followers",
    partial: Annotated[bool, typer.Option("--partial", help="The list is known to be incomplete.")] = False,
    as_json: Json = False,
) -> None:
    """Take in follow lists and compute the history again; the same list twice changes nothing.

    Exit code 1 when a list was refused; the others are taken in all the same.

    Example: mhc follow import lists/   or   mhc follow import followers.csv --at 2026-03-29T10:00+02:00
    """
    from mhc_lab.jobs import take_in

    with opened() as wb:
        imported = take_in.import_lists(
            wb,
            *paths,
            observed_at=_instant(observed_at),
            direction=direction,
            complete=not partial,
            progress=wb.progress,
        )
    odd = [one for one in imported.lists if one.verdict in {"held", "refused"} or one.rejected_rows]
    lines = [f"  {one.file_name}: {one.verdict}. {one.why}{_rejected(one.rejected_rows)}" for one in odd]
    answer(imported, as_json=as_json, words="\n".join([str(imported), *lines]))
    if imported.count("refused"):
        raise typer.Exit(1)


def _instant(text: str) -> datetime | None:
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


def _rejected(rows: tuple[str, ...]) -> str:
    shown = ", ".join(rows[:5]) + (" …" if len(rows) > 5 else "")
    return f" {len(rows)} rows are no user names and were left out: {shown}" if rows else ""
