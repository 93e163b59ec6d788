"""Lists of commands, as a terminal of 80 columns shows them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Any

from typer.core import TyperCommand
from typer.main import get_command

from mhc_lab import cli


def limit(names: Iterable[str]) -> int:
    """How much room a summary has beside the longest of these names."""
    return 80 - 6 - max(map(len, names))


def summaries(command: Any) -> Iterator[str]:
    """What is said of each command below ``command``."""
    below = getattr(command, "commands", {})
    for one in below.values():
        yield one.get_short_help_str(limit(below))
        yield from summaries(one)


def test_no_summary_of_a_command_is_cut_off() -> None:
    modules = {"server" if name in cli._SERVER else name for name in cli._COMMANDS}
    shown = [
        line for name in modules for line in summaries(get_command(importlib.import_module(f"mhc_lab.cli.{name}").app))
    ]
    room = limit(cli._COMMANDS)
    shown += [TyperCommand(name, help=text).get_short_help_str(room) for name, text in cli._COMMANDS.items()]

    assert len(shown) > 100
    assert [line for line in shown if line.endswith("...")] == []
