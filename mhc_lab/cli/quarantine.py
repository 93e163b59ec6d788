"""``mhc quarantine list | restore``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mhc_lab.cli.output import Json, answer, opened

if TYPE_CHECKING:
    from mhc_lab.services.quarantine import QuarantinedFile

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="What was set aside: list it, and bring single files back.",
)


@app.command("list")
def list_files(
    every: Annotated[bool, typer.Option("--all", help="Also what came back, and what was purged.")] = False,
    as_json: Json = False,
) -> None:
    """What was set aside, and why. Where it lay, how long ago, how large it is, and what stays for it.

    Example: mhc quarantine list
    """
    from mhc_lab.core import display
    from mhc_lab.services import media, quarantine

    with opened() as wb, wb.reader as session:
        files = (
            quarantine.listed(session) if every else quarantine.in_state(session, "leaving", "aside", "lost", "purging")
        )
        keepers = media.those(session, {file.keeper_id for file in files if file.keeper_id})
        now = wb.clock.now()
    places = {id_: f"{one.storage}:{one.relative_path}" for id_, one in keepers.items()}
    lines = [_line(file, places.get(file.keeper_id) if file.keeper_id else None, now) for file in files]
    total = f"{display.plural(len(files), 'file')}, {display.bytes_text(sum(file.size_bytes for file in files))}"
    answer(files, as_json=as_json, words="\n".join([*lines, total]))


@app.command()
def restore(
    files: Annotated[
        list[str], typer.Argument(help="Ids in quarantine, or at least six digits with which each begins.")
    ],
    as_json: Json = False,
) -> None:
    """Put single files back to where they lay, with their records. Exit code 1 when one has to stay.

    What was said of them and went to the file that stays, remains there; `mhc dedup restore` brings a whole run back with all of it.

    Example: mhc quarantine restore 3f2a9c
    """
    from mhc_lab.jobs import quarantine

    with opened() as wb:
        brought = quarantine.bring_back(wb, files)
    answer(brought, as_json=as_json)
    if brought.refused:
        raise typer.Exit(1)


def _line(file: QuarantinedFile, keeper: str | None, now: datetime) -> str:
    from mhc_lab.core import display

    size, age = display.bytes_text(file.size_bytes), display.age_text(file.set_aside_at, now)
    stays = f"keeper {keeper}" if keeper else "no keeper: cannot be purged"
    return f"{str(file.id)[:8]}  {file.place}  {file.state} {age}  {size}  {file.reason}; {stays}"
