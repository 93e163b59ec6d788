"""What a note says, as it is read best: a log with one colour per name, a menu as a table, everything else as it was written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mhc_lab.core import display
from mhc_lab.transcripts import render
from mhc_lab.transcripts.chat_log import parse_chat
from mhc_lab.transcripts.lines import lines_of
from mhc_lab.transcripts.tip_menu import parse_menu
from mhc_lab.transcripts.transcript import Transcript

LOGS = ("public_chat", "pm", "dm", "tips")
SHOWN_CHARACTERS = 1_200
"""So much of a text stands open; the rest is folded."""

READ_CHARACTERS = 500_000
"""So much of a note is read in a list, so that a page of the longest notes still comes at once."""

LISTED_LINES = 100
"""Of lines that were left out, so many are listed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, read: safe HTML of it, and the log behind that when it is one."""

    html: str
    log: Transcript | None = None

    @property
    def page_count(self) -> int:
        """Over how many pages the log goes."""
        return 1 if self.log is None else max(1, -(-len(self.log.events) // render.PAGE_EVENTS))


def read(content: str, category: str, *, names: Iterable[str]) -> Reading:
    """A note as it is shown in a list. ``names`` may speak in it."""
    begins = content[:READ_CHARACTERS]
    log = parse_chat(begins, names=names) if category in LOGS else None
    if log is not None and log.events:
        said = display.note(f"{log!r}.") + log.page(1)
    elif category == "tip_menu" and (menu := parse_menu(begins)).items:
        said = f"{render.menu(menu.items)}{display.note(f'{menu!r}.')}"
    else:
        return Reading(_written(content))
    return Reading(said + display.folded("As it was pasted", _written(content)), log)


def preview_log(log: Transcript, text: str) -> str:
    """What was read in a pasted log, and every line that was left out, by kind."""
    kinds = [
        ("left out: the room itself spoke", log.dropped.notices),
        ("left out: messages without text", log.dropped.empty),
        ("not read: no message, and none above it", log.dropped.unread),
    ]
    return display.note(f"{log!r}.") + _left_out(kinds, text) + log.page(1)


def preview_menu(text: str) -> str:
    """What was read in a pasted menu, and the lines in which no price was found."""
    menu = parse_menu(text)
    kinds = [("left out: no price that can be relied on", menu.ignored)]
    return display.note(f"{menu!r}.") + _left_out(kinds, text) + render.menu(menu.items)


def _left_out(kinds: Iterable[tuple[str, tuple[int, ...]]], text: str) -> str:
    lines = lines_of(text)
    return "".join(
        display.folded(f"{display.plural(len(numbers), 'line')} {why}", _numbered(lines, numbers))
        for why, numbers in kinds
        if numbers
    )


def _numbered(lines: list[str], numbers: tuple[int, ...]) -> str:
    listed = [f"{number}: {lines[number - 1][:200]}" for number in numbers[:LISTED_LINES]]
    more = [f"and {len(numbers) - LISTED_LINES:,} more"] if len(numbers) > LISTED_LINES else []
    return display.prose(render.readable("\n".join([*listed, *more])))


def _written(content: str) -> str:
    """The text itself, as far as it is read here."""
    shown = display.prose(render.readable(_plain_ends(content[:READ_CHARACTERS])), shown=SHOWN_CHARACTERS)
    if len(content) <= READ_CHARACTERS:
        return shown
    return shown + display.note(f"These are the first {READ_CHARACTERS:,} of {len(content):,} characters.")


def _plain_ends(content: str) -> str:
    """``content`` with line ends as pages show them."""
    return content.replace("\r\n", "\n").replace("\r", "\n")
