"""Notes that are there already, and pasted texts."""

from __future__ import annotations

from typing import Any

from mhc_lab.services import notes
from mhc_lab.services.notes import NewNote, Note
from mhc_lab.workbench import Workbench

CHAT = """alice: hello <b>you</b>
bob_99 has joined the room
bob_99tipped in: hi alice
bob_99 tipped 1,000 tokens -- for the song
alice: thanks
  a second line
unknownguyHi there
"""
MENU = "Song - 50\nDance: 1,200\nsomething without a price\n"


def noted(wb: Workbench, content: str = "likes tea", /, **more: Any) -> Note:
    given = {"username": "alice", **more}
    with wb.transaction() as session:
        return notes.add(session, NewNote(content=content, **given), author="ada", at=wb.clock.now())


def read(wb: Workbench, note: Note | None) -> Note:
    assert note is not None
    with wb.reader as session:
        return notes.get(session, note.id)
