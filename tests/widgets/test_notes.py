"""The notes about a person as somebody uses them: listed, edited by two, deleted and brought back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import ipywidgets as ipw
import pytest

from mhc_lab.services import notes, people
from mhc_lab.services.note_rules import CATEGORIES
from mhc_lab.workbench import Workbench
from tests.support.markup import HOSTILE, dangers
from tests.support.noted import CHAT, MENU, noted, read
from widgets._note_card import EarlierVersions, EditNote, NoteCard
from widgets.notes import NoteForm, Notes, PasteForm

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def card(view: Notes, place: int = 0) -> NoteCard:
    return view.cards.children[place]  # type: ignore[no-any-return]


def editor(view: Notes, place: int = 0) -> EditNote:
    card(view, place).edit.click()
    (form,) = card(view, place).panel.children
    assert isinstance(form, EditNote)
    return form


# the list


def test_notes_are_listed_by_category_with_counts(empty_wb: Workbench) -> None:
    noted(empty_wb, "a plain note")
    noted(empty_wb, CHAT, category="public_chat")
    noted(empty_wb, "about somebody else", username="bob")

    view = Notes(empty_wb, person="alice")

    assert [label for label, _ in view.category.options] == [
        "All 2",
        "Note 1",
        "PM 0",
        "DM 0",
        "Chat 1",
        "Menu 0",
        "Tips 0",
    ]
    assert len(view.cards.children) == 2
    view.category.value = "public_chat"
    assert len(view.cards.children) == 1
    assert "mhc-chat" in card(view).body.value
    assert "1 to 1 of 1 note" in view.where.value


def test_a_log_is_shown_with_names_tips_and_the_text_as_it_was_pasted(empty_wb: Workbench) -> None:
    noted(empty_wb, CHAT, category="public_chat")

    shown = card(Notes(empty_wb, person="alice")).body.value

    assert "mhc-tip" in shown
    assert "hello &lt;b&gt;you&lt;/b&gt;" in shown
    assert "As it was pasted" in shown
    assert len(set(re.findall(r"--mhc-hue: (\d+)", shown))) == 3


def test_a_long_log_is_read_page_by_page(empty_wb: Workbench) -> None:
    noted(empty_wb, "".join(f"alice: line {number}\n" for number in range(1_200)), category="public_chat")
    first = card(Notes(empty_wb, person="alice"))

    first.log_page.value = 3

    assert first.log_page.max == 3
    assert first.log_page.layout.display is None
    assert "line 1199" in first.body.value


def test_a_long_text_is_folded(empty_wb: Workbench) -> None:
    noted(empty_wb, "word " * 1_000)

    assert "<summary>… and 3,800 more characters</summary>" in card(Notes(empty_wb, person="alice")).body.value


def test_pages_are_turned_by_buttons(empty_wb: Workbench) -> None:
    for number in range(23):
        noted(empty_wb, f"note {number}", noted_at=NOON + timedelta(days=number))
    view = Notes(empty_wb, person="alice")
    assert (len(view.cards.children), view.newer.disabled, view.older.disabled) == (20, True, False)

    view.older.click()

    assert "21 to 23 of 23 notes" in view.where.value
    assert [one.note.content for one in view.cards.children] == ["note 2", "note 1", "note 0"]
    assert (view.newer.disabled, view.older.disabled) == (False, True)
    view.newer.click()
    assert "1 to 20 of 23 notes" in view.where.value


def test_words_are_searched_and_counted(empty_wb: Workbench) -> None:
    noted(empty_wb, "green tea")
    noted(empty_wb, "coffee")
    view = Notes(empty_wb, person="alice")

    view.words.value = "tea"

    assert [one.note.content for one in view.cards.children] == ["green tea"]
    assert view.category.options[0][0] == "All 1"


@pytest.mark.parametrize("name", ["", "nobody", "no name!", "\x00", "\ud800"])
def test_a_name_of_nobody_lists_nothing_and_says_so(empty_wb: Workbench, name: str) -> None:
    noted(empty_wb)
    view = Notes(empty_wb, person="alice")

    view.person.value = name

    assert view.cards.children == ()
    assert "Nobody is called" in view.problem.value or "Choose a person" in view.problem.value
    assert view.problem.value.encode()


def test_a_former_name_finds_the_notes(empty_wb: Workbench) -> None:
    note = noted(empty_wb)
    with empty_wb.transaction() as session:
        people.rename(session, note.person, to="alicia", at=NOON)

    assert len(Notes(empty_wb, person="alice").cards.children) == 1


def test_the_latest_menu_is_one_click_away_where_there_is_one(empty_wb: Workbench) -> None:
    noted(empty_wb)
    view = Notes(empty_wb, person="alice")
    assert view.menu.layout.display == "none"
    noted(empty_wb, MENU, category="tip_menu")
    view.renew()

    view.menu.click()

    assert view.menu.layout.display is None
    assert "Dance" in view.menu_text.value
    view.menu.click()
    assert view.menu_text.value == ""


def test_in_a_report_the_notes_stand_still(empty_wb: Workbench) -> None:
    noted(empty_wb, "likes tea")

    still = Notes(empty_wb, person="alice").still()

    assert "likes tea" in still
    assert "1 to 1 of 1 note" in still


# edits


def test_a_note_is_edited_in_place(empty_wb: Workbench) -> None:
    note = noted(empty_wb, "likes tea\r\n", source_url="https://example.org", noted_at=NOON)
    view = Notes(empty_wb, person="alice")
    form = editor(view)
    form.category.value, form.source.value, form.day.value = "pm", "", date(2026, 2, 1)

    form.save.click()

    now = read(empty_wb, note)
    assert (now.category, now.source_url, now.content) == ("pm", None, "likes tea\r\n")
    assert now.noted_at == datetime(2026, 2, 1, 12, tzinfo=UTC)
    assert card(view).panel.children == ()
    assert "Saved, version 2." in card(view).outcome.value
    assert [label for label, _ in view.category.options][:3] == ["All 1", "Note 0", "PM 1"]


def test_the_second_of_two_editors_sees_both_versions_and_saves_theirs_over_it(empty_wb: Workbench) -> None:
    note = noted(empty_wb)
    view = Notes(empty_wb, person="alice")
    mine, theirs = editor(view), editor(Notes(empty_wb, person="alice"))
    mine.text.value = "mine <b>"
    theirs.text.value = "theirs"
    theirs.save.click()

    mine.save.click()

    assert "mine &lt;b&gt;" in mine.outcome.value
    assert "theirs" in mine.outcome.value
    assert mine.choice.layout.display is None
    assert read(empty_wb, note).content == "theirs"
    mine.keep_mine.click()
    assert read(empty_wb, note).content == "mine <b>"
    with empty_wb.reader as session:
        assert [one.content for one in notes.versions(session, note.id)] == ["theirs", "likes tea"]


def test_theirs_is_taken_and_what_was_typed_is_given_up(empty_wb: Workbench) -> None:
    note = noted(empty_wb)
    view = Notes(empty_wb, person="alice")
    mine = editor(view)
    mine.text.value = "mine"
    with empty_wb.transaction() as session:
        notes.edit(session, note.id, expected_version=1, content="theirs")
    mine.save.click()

    mine.take_theirs.click()

    assert read(empty_wb, note).content == "theirs"
    assert "theirs" in card(view).body.value
    assert editor(view).text.value == "theirs"


def test_a_draft_of_an_edit_still_knows_the_version_it_was_begun_from(empty_wb: Workbench) -> None:
    note = noted(empty_wb)
    editor(Notes(empty_wb, person="alice")).text.value = "mine"
    with empty_wb.transaction() as session:
        notes.edit(session, note.id, expected_version=1, content="theirs")

    after_reload = editor(Notes(empty_wb, person="alice"))
    after_reload.save.click()

    assert after_reload.text.value == "mine"
    assert "was changed by somebody else" in after_reload.outcome.value
    assert read(empty_wb, note).content == "theirs"


def test_opening_an_editor_and_closing_it_leaves_no_draft(empty_wb: Workbench) -> None:
    noted(empty_wb)
    view = Notes(empty_wb, person="alice")
    editor(view)

    card(view).edit.click()

    assert card(view).panel.children == ()
    assert editor(view).draft.children == ()


def test_a_deleted_note_is_brought_back_by_the_button_beside_it(empty_wb: Workbench) -> None:
    note = noted(empty_wb)
    view = Notes(empty_wb, person="alice")

    card(view).remove.click()

    assert read(empty_wb, note).is_deleted
    assert "deleted by tester" in card(view).head.value
    assert view.category.options[0][0] == "All 0"
    assert card(view).edit not in card(view).actions.children
    card(view).undo.click()
    assert not read(empty_wb, note).is_deleted
    assert view.category.options[0][0] == "All 1"


def test_deleted_notes_are_listed_when_asked_for(empty_wb: Workbench) -> None:
    note = noted(empty_wb)
    with empty_wb.transaction() as session:
        notes.delete(session, note.id, at=NOON)
    view = Notes(empty_wb, person="alice")
    assert view.cards.children == ()

    view.with_deleted.value = True

    assert [one.note.id for one in view.cards.children] == [note.id]


def test_an_earlier_version_is_looked_at_and_brought_back(empty_wb: Workbench) -> None:
    note = noted(empty_wb)
    with empty_wb.transaction() as session:
        notes.edit(session, note.id, expected_version=1, content="wrong")
    view = Notes(empty_wb, person="alice")
    card(view).earlier.click()
    (panel,) = card(view).panel.children
    assert isinstance(panel, EarlierVersions)
    assert "likes tea" in panel.text.value

    panel.back.click()

    assert read(empty_wb, note).content == "likes tea"
    assert "Version 1 is back." in card(view).outcome.value


# what comes from outside


@pytest.mark.parametrize("shape", ["{0}", "alice: {0}", "{0} - 50", "[12:00] bob: {0}", "al tipped 5 tokens -- {0}"])
def test_hostile_text_in_a_note_is_text(empty_wb: Workbench, shape: str) -> None:
    content = shape.format(HOSTILE)
    for category in CATEGORIES:
        note = noted(empty_wb, content, category=category, source_url="https://example.org/'onclick='alert(1)")
        with empty_wb.transaction() as session:
            notes.edit(session, note.id, expected_version=1, content=f"{content} again")
    view = Notes(empty_wb, person="alice")
    for one in view.cards.children:
        one.earlier.click()

    pages = [one.panel.children[0].text.value for one in view.cards.children]

    assert len(pages) == len(CATEGORIES)
    assert dangers(view.still(), *pages) == []
    assert all("&lt;script&gt;" in one.body.value for one in view.cards.children)


def test_every_button_and_field_of_the_list_has_a_label_of_its_own(empty_wb: Workbench) -> None:
    for number in range(3):
        noted(empty_wb, f"{number}")
    view = Notes(empty_wb, person="alice")

    labels = list(_labels(view))

    assert len(labels) > 10
    assert "" not in labels
    assert len(labels) == len(set(labels))


def _labels(widget: Any) -> Any:
    if isinstance(widget, ipw.Box):
        for child in widget.children:
            yield from _labels(child)
    elif not isinstance(widget, ipw.HTML):
        yield widget.description


@pytest.mark.parametrize("kind", [NoteForm, PasteForm, Notes])
def test_no_attribute_hides_one_of_the_widget(empty_wb: Workbench, kind: type[ipw.VBox]) -> None:
    note = noted(empty_wb)
    shown = NoteCard(empty_wb, number=1, on_change=lambda: None)
    shown.show(note, [])
    widgets = [
        kind(empty_wb),
        shown,
        EditNote(empty_wb, note, on_done=print),
        EarlierVersions(empty_wb, note, number=1, on_done=print),
    ]
    theirs = set(dir(ipw.VBox))

    ours = {name for widget in widgets for name in vars(widget) if not name.startswith("_")}

    assert not ours & theirs
