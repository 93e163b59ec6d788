"""Notes as a file to hand on: CSV for spreadsheets, JSON for programs, and a page to read that needs nothing else.

All three hold the whole texts as they were given, in UTF-8, and are written note by note. In the CSV a text that a spreadsheet would take
for a formula has an apostrophe in front (:mod:`mhc_lab.core.cells` says how to read it back); on the page everything is escaped.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from mhc_lab.core import cells, display
from mhc_lab.core.errors import RefusedError
from mhc_lab.services.note_rules import CATEGORIES
from mhc_lab.services.notes import Note

COLUMNS = (
    "id", "username", "category", "noted_at", "author", "source_url", "content", "version", "created_at", "updated_at",
    "deleted_at", "deleted_by",
)  # fmt: skip
"""What a note is in a file; the person's name is that of today."""


def write(notes: Iterable[Note], path: Path) -> int:
    """How many ``notes`` went into a new file at ``path``, in the form that its ending says.

    Raises
    ------
    RefusedError
        The ending is none of ``.csv``, ``.json`` and ``.html``, or there is a file already: nothing is overwritten.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise RefusedError(f'"{path.name}" does not say what it is to be. End it in {", ".join(FORMS)}.', rule="export")
    counted = _Counted(notes)
    with _new_file(path) as file:
        form(counted, file)
    return counted.count


def write_csv(notes: Iterable[Note], file: TextIO) -> None:
    """A row per note under a line of headings; opened with ``newline=""``, the file keeps the line ends inside texts."""
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    for note in notes:
        rows.writerow([cells.guarded(_plain(value)) for value in record(note).values()])


def write_json(notes: Iterable[Note], file: TextIO) -> None:
    """A list of objects, one per line."""
    begin = "["
    for note in notes:
        file.write(f"{begin}\n{json.dumps(record(note), ensure_ascii=False)}")
        begin = ","
    file.write("\n]\n" if begin == "," else "[]\n")


def write_page(notes: Iterable[Note], file: TextIO) -> None:
    """A page for reading and printing."""
    file.writelines(display.page("Notes", map(_section, notes)))


def record(note: Note) -> dict[str, object]:
    """``note`` as JSON holds it, by the names of :data:`COLUMNS`."""
    values = (
        str(note.id), note.username, note.category, note.noted_at.isoformat(), note.author, note.source_url, note.content,
        note.version, note.created_at.isoformat(), note.updated_at.isoformat(),
        note.deleted_at and note.deleted_at.isoformat(), note.deleted_by,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def headline(note: Note) -> str:
    """Category, time, author, source and state of ``note`` in one line of safe HTML."""
    category = CATEGORIES[note.category]
    deleted = f"deleted by {note.deleted_by} at {display.text(note.deleted_at)}" if note.is_deleted else ""
    return display.beside(
        display.badge(category.badge, color=category.color),
        display.quiet(f"{display.text(note.noted_at)} UTC"),
        display.quiet(f"by {note.author}"),
        display.quiet(f"changed {display.text(note.updated_at)} UTC") if note.version > 1 else "",
        display.link(note.source_url) if note.source_url else "",
        display.quiet(deleted) if deleted else "",
    )


FORMS: Mapping[str, Callable[[Iterable[Note], TextIO], None]] = MappingProxyType({
    ".csv": write_csv, ".json": write_json, ".html": write_page,
})  # fmt: skip
"""How notes are written, by the ending of the file."""


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    """A file for nobody else's eyes, which is gone again when it could not be finished."""
    try:
        number = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise RefusedError(f"{path} is there already, and stays. Choose another name.", rule="export") from None
    except OSError as failure:
        raise RefusedError(f"{path} cannot be written: {failure.strerror}.", rule="export") from None
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException:
        path.unlink()
        raise


class _Counted:
    """Counts what goes by."""

    def __init__(self, notes: Iterable[Note]) -> None:
        self.notes, self.count = notes, 0

    def __iter__(self) -> Iterator[Note]:
        for note in self.notes:
            self.count += 1
            yield note


def _section(note: Note) -> str:
    return display.section(note.username, headline(note) + display.prose(note.content))


def _plain(value: object) -> str:
    return "" if value is None else str(value)
