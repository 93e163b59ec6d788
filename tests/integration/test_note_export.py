"""Notes as files: whole, harmless in a spreadsheet and in a browser, and read back as they were."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from mhc_lab.core.cells import unguarded
from mhc_lab.core.errors import RefusedError
from mhc_lab.services import note_export, notes
from mhc_lab.services.notes import NewNote, Note
from mhc_lab.workbench import Workbench

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONTENTS = [
    "=HYPERLINK(\"http://a\",\"b\")", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'quoted", "''", "a,b;c\t\"d\"",
    "<script>alert(1)</script><img src=x onerror=alert(2)>", "</div></section></body>", "&lt;b&gt; &amp;",
    "\u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627", "line\r\nline\rline\n", "\ufeffbom \x85 \u2028 \x1b[31m",
    "e\u0301 \U0001f600",
]  # fmt: skip


@pytest.fixture
def hostile(passing: Session) -> list[Note]:
    """A note with each content, the first ones oldest, and a link that the service would refuse."""
    kept = [
        notes.add(
            passing, NewNote("alice", content, "dm", noted_at=NOON + timedelta(days=number)), author="=ada", at=NOON
        )
        for number, content in enumerate(CONTENTS)
    ]
    return [replace(note, source_url="https://a/'onclick='x\"><b>") for note in kept]


def test_no_cell_is_a_formula_and_every_text_is_read_back(hostile: list[Note]) -> None:
    file = io.StringIO(newline="")

    note_export.write_csv(hostile, file)

    rows = list(csv.reader(io.StringIO(file.getvalue(), newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    read = [dict(zip(rows[0], map(unguarded, row), strict=True)) for row in rows[1:]]
    assert [row["content"] for row in read] == CONTENTS
    assert {row["author"] for row in read} == {"=ada"}


def test_json_holds_every_note_as_it_is(hostile: list[Note]) -> None:
    file = io.StringIO(newline="")

    note_export.write_json(hostile, file)

    read = json.loads(file.getvalue())
    assert [one["content"] for one in read] == CONTENTS
    assert tuple(read[0]) == note_export.COLUMNS
    assert read[0]["noted_at"] == "2026-03-01T12:00:00+00:00"


def test_no_notes_are_an_empty_list() -> None:
    file = io.StringIO()

    note_export.write_json([], file)

    assert json.loads(file.getvalue()) == []


def test_the_page_shows_every_text_and_nothing_of_it_is_markup(hostile: list[Note]) -> None:
    file = io.StringIO(newline="")

    note_export.write_page(hostile, file)

    page = file.getvalue()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;" in page
    assert "&amp;lt;b&amp;gt; &amp;amp;" in page
    for tag in ("<script", "<img", "<b>", "'onclick='"):
        assert tag not in page
    assert page.count("dir='auto'") == page.count("<section") == page.count("</section>") == len(CONTENTS)


def test_notes_are_written_oldest_first_without_the_deleted_ones(
    passing: Session, tmp_path: Path, hostile: list[Note]
) -> None:
    notes.delete(passing, hostile[3].id, at=NOON)
    other = notes.add(passing, NewNote("bob", "tea"), author="ada", at=NOON)
    path = tmp_path / "notes.json"

    count = note_export.write(notes.every(passing, person=hostile[0].person), path)

    written = [one["id"] for one in json.loads(path.read_text())]
    assert written == [str(note.id) for note in hostile if note != hostile[3]]
    assert count == len(written)
    assert other.id in {note.id for note in notes.every(passing)}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("notes.xlsx", "does not say what it is to be. End it in .csv, .json, .html"),
        ("there.csv", "is there already, and stays"),
        ("no/folder.csv", "cannot be written: No such file"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is_overwritten(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "there.csv").write_text("mine")

    with pytest.raises(RefusedError, match=why):
        note_export.write([], tmp_path / name)

    assert (tmp_path / "there.csv").read_text() == "mine"


def test_an_export_that_breaks_off_leaves_no_half_file(tmp_path: Path, hostile: list[Note]) -> None:
    def breaking() -> Iterator[Note]:
        yield hostile[0]
        raise RuntimeError("torn")

    with pytest.raises(RuntimeError, match="torn"):
        note_export.write(breaking(), tmp_path / "notes.csv")

    assert list(tmp_path.iterdir()) == []


# the same as somebody types it


def mhc(wb: Workbench, *words: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    assert wb.settings.database_url is not None
    environment = {
        **os.environ,
        "MHC_HOME": str(wb.settings.home),
        "MHC_DATABASE_URL": wb.settings.database_url.reveal(),
    }
    command = [Path(sys.executable).with_name("mhc"), "notes", *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False, env=environment, timeout=120, input=given)


def answer(wb: Workbench, *words: object, given: bytes = b"") -> Any:
    done = mhc(wb, *words, "--json", given=given)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_note_is_added_listed_found_exported_deleted_and_restored(empty_wb: Workbench, tmp_path: Path) -> None:
    text = "hello \u05e9\u05dc\u05d5\u05dd\r\n  tea\n"
    added = answer(
        empty_wb, "add", "Alice", "-", "--category", "public_chat", "--at", "2026-03-01T10:00Z", given=text.encode()
    )

    assert (added["content"], added["username"], added["author"]) == (text, "alice", "tester")
    assert answer(empty_wb, "list", "alice") == answer(empty_wb, "search", "TEA") == [added]
    assert answer(empty_wb, "export", tmp_path / "a.html", "--about", "alice")["notes"] == 1
    assert "hello" in (tmp_path / "a.html").read_text()
    assert answer(empty_wb, "delete", added["id"][:8])["deleted_by"] == "tester"
    assert answer(empty_wb, "list", "alice") == []
    assert answer(empty_wb, "restore", added["id"])["content"] == text


@pytest.mark.parametrize(
    ("words", "given", "why"),
    [
        (["add", "alice", ""], b"", b"The note is empty"),
        (["add", "alice", "-"], b"caf\xe9", b"not text in UTF-8, from byte 4 on"),
        (["add", "alice", "x", "--category", "gossip"], b"", b"is no kind of note"),
        (["list", "nobody"], b"", b"No person named"),
        (["delete", "%"], b"", b"No note named"),
    ],
)
def test_what_does_not_work_ends_in_one_sentence(
    empty_wb: Workbench, words: list[str], given: bytes, why: bytes
) -> None:
    done = mhc(empty_wb, *words, given=given)

    assert done.returncode == 1
    assert why in done.stderr
    assert b"Traceback" not in done.stderr


def test_in_words_a_note_is_one_line_that_a_terminal_does_not_obey(empty_wb: Workbench) -> None:
    done = mhc(empty_wb, "add", "alice", "\x1b[31mred\nsecond line")

    assert b"note  \\x1b[31mred second line\n" in done.stdout
