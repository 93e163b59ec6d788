"""``mhc notes add | list | search | export | delete | restore``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mhc_lab.cli.output import Json, answer, instant, opened
from mhc_lab.core.errors import RefusedError

if TYPE_CHECKING:
    from mhc_lab.services.notes import Note

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Notes about people: add, list, search, export, delete, restore.",
)

Category = Annotated[str, typer.Option(help="note, pm, dm, public_chat, tip_menu or tips.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]
Offset = Annotated[int, typer.Option(min=0, help="Leave out so many of the newest.")]
WithDeleted = Annotated[bool, typer.Option("--with-deleted", help="Those too that are deleted.")]
Key = Annotated[str, typer.Argument(help="The note's key, as `list` shows it.")]

_SHOWN = 100


@app.command()
def add(
    username: Annotated[str, typer.Argument(help="About whom; a name nobody has yet becomes a new person.")],
    text: Annotated[str, typer.Argument(help="What to remember; - reads it from the standard input.")],
    category: Category = "note",
    source: Annotated[str, typer.Option(help="A link to where it comes from.")] = "",
    noted_at: Annotated[str, typer.Option("--at", help="The time it is about, with its zone; by default now.")] = "",
    as_json: Json = False,
) -> None:
    """Keep a note exactly as it is given.

    Example: mhc notes add alice "Prefers short shows"   or   mhc notes add alice - --category public_chat < chat.txt
    """
    from mhc_lab.services import notes

    content = _standard_input() if text == "-" else text
    new = notes.NewNote(username, content, category, source, instant(noted_at))
    with opened() as wb, wb.transaction() as session:
        saved = notes.add(session, new, author=wb.user, at=wb.clock.now())
    answer(saved, as_json=as_json, words=f"Saved.\n{_in_short(saved)}")


@app.command("list")
def list_(
    username: Annotated[str, typer.Argument(help="About whom.")],
    category: Category = "",
    words: Annotated[str, typer.Option(help="Only those that hold these words.")] = "",
    with_deleted: WithDeleted = False,
    limit: Limit = 20,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """The notes about a person, newest first.

    Example: mhc notes list alice --category tip_menu
    """
    from mhc_lab.services import notes, people
    from mhc_lab.services.note_rules import checked_category

    kind = checked_category(category) if category else None
    with opened() as wb, wb.reader as session:
        person = people.get(session, username).id
        found = notes.about(
            session, person, category=kind, words=words, with_deleted=with_deleted, limit=limit, offset=offset
        )
    answer(found, as_json=as_json, words="\n".join(map(_in_short, found)) or "No notes.")


@app.command()
def search(
    words: Annotated[str, typer.Argument(help='Whole words; "in quotes": next to each other; or; -without.')],
    category: Category = "",
    with_deleted: WithDeleted = False,
    limit: Limit = 20,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """The notes about anybody that hold some words, newest first.

    Example: mhc notes search 'birthday -party'
    """
    from mhc_lab.services import notes
    from mhc_lab.services.note_rules import checked_category

    kind = checked_category(category) if category else None
    with opened() as wb, wb.reader as session:
        found = notes.search(session, words, category=kind, with_deleted=with_deleted, limit=limit, offset=offset)
    answer(found, as_json=as_json, words="\n".join(map(_in_short, found)) or "No notes.")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A new file that ends in .csv, .json or .html.")],
    username: Annotated[str, typer.Option("--about", help="Only the notes about this person.")] = "",
    with_deleted: WithDeleted = False,
    as_json: Json = False,
) -> None:
    """Write notes into a file, oldest first. For spreadsheets, programs, or readers.

    In CSV, a cell that a spreadsheet would take for a formula, or that begins with an apostrophe, gets an apostrophe in front.

    Example: mhc notes export alice.html --about alice
    """
    from mhc_lab.services import note_export, notes, people

    with opened() as wb, wb.reader as session:
        person = people.get(session, username).id if username else None
        count = note_export.write(notes.every(session, person=person, with_deleted=with_deleted), file)
    answer({"file": file, "notes": count}, as_json=as_json, words=f"{count:,} notes are in {file}.")


@app.command()
def delete(note: Key, as_json: Json = False) -> None:
    """Mark a note as deleted; it can be restored.

    Example: mhc notes delete 0c9f3f4e
    """
    from mhc_lab.services import notes

    with opened() as wb, wb.transaction() as session:
        deleted = notes.delete(session, notes.find(session, note).id, at=wb.clock.now())
    words = f"Deleted.\n{_in_short(deleted)}\nUndo: mhc notes restore {deleted.id}"
    answer(deleted, as_json=as_json, words=words)


@app.command()
def restore(note: Key, as_json: Json = False) -> None:
    """Take back that a note was deleted.

    Example: mhc notes restore 0c9f3f4e
    """
    from mhc_lab.services import notes

    with opened() as wb, wb.transaction() as session:
        restored = notes.restore(session, notes.find(session, note).id)
    answer(restored, as_json=as_json, words=f"Restored.\n{_in_short(restored)}")


def _standard_input() -> str:
    """Every character as it was given, line ends included."""
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as failure:
        raise RefusedError(
            f"What was given is not text in UTF-8, from byte {failure.start + 1:,} on. Save it as UTF-8 and try again.",
            rule="content",
        ) from None


def _in_short(note: Note) -> str:
    """The note in one line: key, time, about whom, category, and how it begins."""
    begins = " ".join(note.content[: 2 * _SHOWN].split())
    shown = begins if len(begins) <= _SHOWN else f"{begins[:_SHOWN]}…"
    state = "  (deleted)" if note.is_deleted else ""
    return f"{str(note.id)[:8]}  {note.noted_at:%Y-%m-%d %H:%M}  {note.username}  {note.category}{state}  {shown}"
