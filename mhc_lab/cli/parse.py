"""``mhc parse chat | menu``."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mhc_lab.cli.output import Json, answer
from mhc_lab.core.display import plural
from mhc_lab.core.errors import NotFoundError, RefusedError

if TYPE_CHECKING:
    from mhc_lab.transcripts.events import ChatEvent

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Pasted chat logs and tip menus: what they say.",
)

File = Annotated[
    Path, typer.Argument(help="A text file in UTF-8, or in UTF-16 with a byte order mark; - reads what is piped in.")
]


@app.command()
def chat(
    file: File,
    names: Annotated[
        Path | None, typer.Option(help="A file with a name on each line: who may speak in the log.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a chat log: who said and tipped what, in order. What the room itself said is left out and counted.

    Example: mhc parse chat room.txt --names regulars.txt   or   xclip -o | mhc parse chat - --json
    """
    from mhc_lab.transcripts.chat_log import parse_chat

    roster = [] if names is None else [line.strip() for line in _text(names).splitlines() if line.strip()]
    transcript = parse_chat(_text(file), names=roster)
    said = {
        "events": [_event(event) for event in transcript.events],
        "dropped_notices": len(transcript.dropped.notices),
        "users": len(transcript.users),
        "tips": len(transcript.tips),
        "total_tokens": transcript.total_tokens,
    }
    answer(said, as_json=as_json, words="\n".join([*map(_event_line, transcript.events), repr(transcript)]))


@app.command()
def menu(file: File, as_json: Json = False) -> None:
    """Read a tip menu: items and prices, and which lines were ignored.

    Example: mhc parse menu menu.txt
    """
    from mhc_lab.transcripts.tip_menu import parse_menu

    parsed = parse_menu(_text(file))
    said = {
        "items": [{"item": one.item, "tokens": one.tokens} for one in parsed.items],
        "ignored_lines": len(parsed.ignored),
        "ignored": parsed.ignored,
    }
    lines = [f"{one.tokens:>7,}  {one.item}" for one in parsed.items]
    if parsed.ignored:
        shown = ", ".join(map(str, parsed.ignored[:20])) + (" …" if len(parsed.ignored) > 20 else "")
        lines.append(f"Ignored, as no price can be told: line {shown}")
    answer(said, as_json=as_json, words="\n".join([*lines, repr(parsed)]))


def _event(event: ChatEvent) -> dict[str, object]:
    """An event as the documented answer has it: only a tip has tokens."""
    amount = {"tokens": event.tokens} if event.kind == "tip" else {}
    who = {"type": event.kind, "user": event.name, "text": event.text}
    return {**who, **amount, "line": event.line, "guessed": event.is_guessed}


def _event_line(event: ChatEvent) -> str:
    guessed = " (guessed)" if event.is_guessed else ""
    if event.kind == "tip":
        note = f": {event.text}" if event.text else ""
        return f"{event.name} tipped {plural(event.tokens or 0, 'token')}{note}"
    return f"{event.name}{guessed}: {event.text}"


def _text(path: Path) -> str:
    """What is written in a file, or piped in."""
    if str(path) == "-":
        return _decoded(sys.stdin.buffer.read(), "what was piped in")
    try:
        return _decoded(path.read_bytes(), str(path))
    except FileNotFoundError as missing:
        raise NotFoundError("file", str(path)) from missing
    except OSError as wrong:
        raise RefusedError(
            f"{path} cannot be read: {wrong.strerror}. Name a text file.", rule="readable file"
        ) from wrong


def _decoded(content: bytes, name: str) -> str:
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if is_wide else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as wrong:
        raise RefusedError(
            f"{name} is no text in {'UTF-16' if is_wide else 'UTF-8'}: byte {wrong.start:,} does not fit. "
            "Save it as UTF-8, or as UTF-16 with a byte order mark, and try again.",
            rule="text encoding",
        ) from wrong
