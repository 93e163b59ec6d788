"""``mhc``: one module per command group, imported when it is called.

``mhc --help`` must not wait for DuckDB, so the groups and their one-line helps stand here and nothing else is imported.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

_COMMANDS = {
    "run": "Set everything up, check it, and serve the dashboards.",
    "status": "Where database, mirror and stores are, and how they are.",
    "up": "Start the embedded database.",
    "down": "Stop the embedded database.",
    "demo": "Fill an empty workbench with an invented world.",
    "people": "What happened with a person, in one timeline.",
    "follow": "Who follows and who left: lists, decisions, events, figures.",
    "notes": "Notes about people: add, list, search, export, delete, restore.",
    "parse": "Pasted chat logs and tip menus: what they say.",
    "media": "Pictures and videos: take in, find, mark, delete, export, audit.",
    "storage": "Places where files lie: add, list, check, deactivate.",
    "dedup": "Keep one copy of each file, and set the others aside.",
    "quarantine": "What was set aside: list it, and bring single files back.",
    "purge": "Remove for good what was set aside long ago and is elsewhere.",
    "exclude": "Leave persons out of every figure, and count them again.",
    "merge": "Make persons one who are the same, and part them again.",
    "mirror": "The DuckDB mirror: refresh, verify, status.",
    "audit": "Run notebooks as audits and keep their reports.",
    "db": "The schema: upgrade, downgrade, current, check.",
}
_SERVER = {"up", "down", "status"}


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # typer brings its own click or finds one, by version
        """The commands in the order a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, imported now; for the list of commands only its name and help."""
        if cmd_name not in _COMMANDS:
            return None
        if ctx.resilient_parsing or _asks_for_help():
            return typer.core.TyperCommand(cmd_name, help=_COMMANDS[cmd_name])
        module = importlib.import_module(f"mhc_lab.cli.{'server' if cmd_name in _SERVER else cmd_name}")
        command = get_command(module.app)
        return command.get_command(ctx, cmd_name) if cmd_name in _SERVER else command  # type: ignore[attr-defined]


def _asks_for_help() -> bool:
    """Whether no command is named, so that nothing but the list of them is wanted."""
    return not [word for word in sys.argv[1:] if not word.startswith("-")]


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="The workbench over your people, media and database.",
)


@app.callback()
def _options() -> None:
    """The workbench over your people, media and database."""


def main() -> None:
    """Run ``mhc``; what a person can act on, also damaged files and a damaged mirror, ends in one sentence and exit code 1."""
    from mhc_lab.core.errors import IntegrityError, MirrorError, UserError

    try:
        app()
    except (UserError, IntegrityError, MirrorError) as wrong:
        _give_up(str(wrong))
    except OSError as failure:
        from mhc_lab.core import home
        from mhc_lab.core.settings import read_settings

        reason = home.why(failure)
        if reason is None:
            raise
        place = failure.filename or f"The home folder {read_settings().home}, or the one for temporary files,"
        _give_up(f"{place} {reason}. Free it, or set MHC_HOME to another folder; then run the same command again.")


def _give_up(why: str) -> NoReturn:
    typer.secho(f"mhc: {why}", err=True, fg="red")
    sys.exit(1)
