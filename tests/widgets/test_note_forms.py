"""Notes written, and logs and menus pasted with a preview."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mhc_lab.services.notes import Note
from mhc_lab.workbench import Workbench
from tests.support.markup import HOSTILE, dangers
from tests.support.noted import CHAT, MENU, read
from widgets.notes import NoteForm, Notes, PasteForm

# writing one


def test_a_written_note_is_saved_and_shown(empty_wb: Workbench) -> None:
    said: list[Note] = []
    form = NoteForm(empty_wb, person="alice", on_saved=said.append)
    form.text.value, form.category.value, form.source.value = "  likes tea\r\n", "dm", "https://example.org/x"
    form.day.value = date(2026, 2, 3)

    form.save.click()

    note = read(empty_wb, form.result)
    assert said == [form.result]
    assert (note.content, note.category, note.author) == ("  likes tea\r\n", "dm", "tester")
    assert (note.source_url, note.noted_at) == ("https://example.org/x", datetime(2026, 2, 3, tzinfo=UTC))
    assert "Saved about alice. alice is new here." in form.outcome.value
    assert "href='https://example.org/x'" in form.outcome.value
    assert (form.person.value, form.text.value) == ("alice", "")


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("text", " \n", "The note is empty"),
        ("text", "a\x00b", "the character NUL at place 2"),
        ("text", "a\ud800", "half a character"),
        ("source", "javascript:alert(1)", "begins with https:// or http://"),
        ("person", "no name!", "is not a user name"),
        ("person", "\ud800", "is not a user name"),
    ],
)
def test_what_cannot_be_saved_is_said_under_the_button_and_stays(
    empty_wb: Workbench, field: str, value: str, why: str
) -> None:
    form = NoteForm(empty_wb, person="alice")
    form.text.value = "likes tea"
    getattr(form, field).value = value

    form.save.click()

    assert why in form.outcome.value
    assert form.outcome.value.encode()
    assert getattr(form, field).value in {value, value.strip()}
    assert form.result is None


def test_what_no_draft_can_hold_is_left_out_of_the_draft_and_typing_goes_on(empty_wb: Workbench) -> None:
    form = NoteForm(empty_wb)
    form.source.value = "https://example.org"
    form.text.value = "a\x00\ud800"

    again = NoteForm(empty_wb)

    assert (again.source.value, again.text.value) == ("https://example.org", "")


# pasting one


def test_a_pasted_log_is_previewed_with_what_was_dropped_and_what_was_guessed_then_kept_raw(
    empty_wb: Workbench,
) -> None:
    form = PasteForm(empty_wb, person="alice")
    form.text.value = CHAT

    form.look.click()

    preview = form.preview.value
    assert "Suggested category:" in preview
    assert ">Chat</span>" in preview
    assert "1 line left out: the room itself spoke" in preview
    assert "2: bob_99 has joined the room" in preview
    assert "1,000 tokens" in preview
    assert "guessed" in preview
    assert form.result is None
    form.save.click()
    note = read(empty_wb, form.result)
    assert (note.content, note.category) == (CHAT, "public_chat")


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("[2026-03-01 10:00] alice: hi\n[2026-03-01 10:01] me: hello", "dm"),
        ("ChatType: [PM] | Timestamp: [1] | Username: [alice] | Message: [hi] | isBroadcaster: [false]", "pm"),
        ("ChatType: [TIPS] | Timestamp: [1] | Username: [alice] | Message: [tipped 5 tokens] | isBroadcaster: [false]", "tips"),
    ],
)  # fmt: skip
def test_the_text_suggests_its_category(empty_wb: Workbench, text: str, category: str) -> None:
    form = PasteForm(empty_wb, person="alice")
    form.text.value = text

    form.save.click()

    assert read(empty_wb, form.result).category == category


def test_a_chosen_category_overrules_the_suggestion(empty_wb: Workbench) -> None:
    form = PasteForm(empty_wb, person="alice")
    form.text.value, form.category.value = CHAT, "pm"

    form.save.click()

    assert read(empty_wb, form.result).category == "pm"


def test_a_pasted_menu_is_previewed_as_a_table_with_the_lines_left_out(empty_wb: Workbench) -> None:
    form = PasteForm(empty_wb, person="alice")
    form.kind.value, form.text.value = "menu", MENU

    form.look.click()

    assert '<td class="mhc-number">1,200</td>' in form.preview.value
    assert "3: something without a price" in form.preview.value
    form.save.click()
    assert read(empty_wb, form.result).category == "tip_menu"


def test_a_preview_goes_when_the_text_is_another(empty_wb: Workbench) -> None:
    form = PasteForm(empty_wb, person="alice")
    form.text.value = CHAT
    form.look.click()

    form.text.value = CHAT + "alice: more"

    assert form.preview.value == ""


@pytest.mark.parametrize("text", ["", "a\x00b", "a\udfff"])
def test_a_preview_of_what_could_not_be_saved_says_so(empty_wb: Workbench, text: str) -> None:
    form = PasteForm(empty_wb, person="\x00")
    form.text.value = text

    form.look.click()

    assert "role='alert'" in form.preview.value


@pytest.mark.parametrize("kind", ["chat", "menu"])
def test_hostile_text_in_every_field_is_text(empty_wb: Workbench, kind: str) -> None:
    paste = PasteForm(empty_wb, person="alice")
    paste.kind.value, paste.text.value = kind, f"{HOSTILE}\nalice: {HOSTILE}\n{HOSTILE} - 50\n"
    paste.look.click()
    preview = paste.preview.value
    paste.save.click()
    paste.source.value = paste.person.value = HOSTILE
    paste.text.value = "x"
    paste.save.click()
    form = NoteForm(empty_wb, person=HOSTILE)
    form.text.value = HOSTILE
    form.save.click()
    view = Notes(empty_wb, person=HOSTILE)

    pages = [preview, paste.outcome.value, form.outcome.value, view.problem.value, view.still()]

    assert dangers(*pages) == []
    assert "&lt;img" in preview
    assert "&lt;img" in form.outcome.value
