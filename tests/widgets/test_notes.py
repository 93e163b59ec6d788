"""Notes as somebody uses them: written, pasted with a preview, listed, edited by two, deleted and brought back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import ipywidgets as ipw
import pytest

from mhc_lab.services import notes, people
from mhc_lab.services.note_rules import CATEGORIES
from mhc_lab.services.notes import NewNote, Note
from mhc_lab.workbench import Workbench
from widgets._note_card import EarlierVersions, EditNote, NoteCard
from widgets.notes import NoteForm, Notes, PasteForm

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>'\"</div><script>alert(2)</script>&amp;\u202e"
CHAT = """alice: hello <b>you</b>
bob_99 has joined the room
bob_99tipped in: hi alice
bob_99 tipped 1,000 tokens -- for the song
alice: thanks
  a second line
unknownguyHi there
"""
MENU = "Song - 50\nDance: 1,200\nsomething without a price\n"


def saved(wb: Workbench, content: str = "likes tea", /, **more: Any) -> Note:
    given = {"username": "alice", **more}
    with wb.transaction() as session:
        return notes.add(session, NewNote(content=content, **given), author="ada", at=wb.clock.now())


def read(wb: Workbench, note: Note | None) -> Note:
    assert note is not None
    with wb.reader as session:
        return notes.get(session, note.id)


def card(view: Notes, place: int = 0) -> NoteCard:
    return view.cards.children[place]  # type: ignore[no-any-return]


def editor(view: Notes, place: int = 0) -> EditNote:
    card(view, place).edit.click()
    (form,) = card(view, place).panel.children
    assert isinstance(form, EditNote)
    return form


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
        ("source", "javascript:alert(1)", "begins with http:// or https://"),
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


# the list


def test_notes_are_listed_by_category_with_counts(empty_wb: Workbench) -> None:
    saved(empty_wb, "a plain note")
    saved(empty_wb, CHAT, category="public_chat")
    saved(empty_wb, "about somebody else", username="bob")

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
    saved(empty_wb, CHAT, category="public_chat")

    shown = card(Notes(empty_wb, person="alice")).body.value

    assert "mhc-tip" in shown
    assert "hello &lt;b&gt;you&lt;/b&gt;" in shown
    assert "As it was pasted" in shown
    assert len(set(re.findall(r"--mhc-hue: (\d+)", shown))) == 3


def test_a_long_log_is_read_page_by_page(empty_wb: Workbench) -> None:
    saved(empty_wb, "".join(f"alice: line {number}\n" for number in range(1_200)), category="public_chat")
    first = card(Notes(empty_wb, person="alice"))

    first.log_page.value = 3

    assert first.log_page.max == 3
    assert first.log_page.layout.display is None
    assert "line 1199" in first.body.value


def test_a_long_text_is_folded(empty_wb: Workbench) -> None:
    saved(empty_wb, "word " * 1_000)

    assert "<summary>… and 3,800 more characters</summary>" in card(Notes(empty_wb, person="alice")).body.value


def test_pages_are_turned_by_buttons(empty_wb: Workbench) -> None:
    for number in range(23):
        saved(empty_wb, f"note {number}", noted_at=NOON + timedelta(days=number))
    view = Notes(empty_wb, person="alice")
    assert (len(view.cards.children), view.newer.disabled, view.older.disabled) == (20, True, False)

    view.older.click()

    assert "21 to 23 of 23 notes" in view.where.value
    assert [one.note.content for one in view.cards.children] == ["note 2", "note 1", "note 0"]
    assert (view.newer.disabled, view.older.disabled) == (False, True)
    view.newer.click()
    assert "1 to 20 of 23 notes" in view.where.value


def test_words_are_searched_and_counted(empty_wb: Workbench) -> None:
    saved(empty_wb, "green tea")
    saved(empty_wb, "coffee")
    view = Notes(empty_wb, person="alice")

    view.words.value = "tea"

    assert [one.note.content for one in view.cards.children] == ["green tea"]
    assert view.category.options[0][0] == "All 1"


@pytest.mark.parametrize("name", ["", "nobody", "no name!", "\x00", "\ud800"])
def test_a_name_of_nobody_lists_nothing_and_says_so(empty_wb: Workbench, name: str) -> None:
    saved(empty_wb)
    view = Notes(empty_wb, person="alice")

    view.person.value = name

    assert view.cards.children == ()
    assert "Nobody is called" in view.problem.value or "Choose a person" in view.problem.value
    assert view.problem.value.encode()


def test_a_former_name_finds_the_notes(empty_wb: Workbench) -> None:
    note = saved(empty_wb)
    with empty_wb.transaction() as session:
        people.rename(session, note.person, to="alicia", at=NOON)

    assert len(Notes(empty_wb, person="alice").cards.children) == 1


def test_the_latest_menu_is_one_click_away_where_there_is_one(empty_wb: Workbench) -> None:
    saved(empty_wb)
    view = Notes(empty_wb, person="alice")
    assert view.menu.layout.display == "none"
    saved(empty_wb, MENU, category="tip_menu")
    view.renew()

    view.menu.click()

    assert view.menu.layout.display is None
    assert "Dance" in view.menu_text.value
    view.menu.click()
    assert view.menu_text.value == ""


def test_in_a_report_the_notes_stand_still(empty_wb: Workbench) -> None:
    saved(empty_wb, "likes tea")

    still = Notes(empty_wb, person="alice").still()

    assert "likes tea" in still
    assert "1 to 1 of 1 note" in still


# edits


def test_a_note_is_edited_in_place(empty_wb: Workbench) -> None:
    note = saved(empty_wb, "likes tea\r\n", source_url="https://example.org", noted_at=NOON)
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
    note = saved(empty_wb)
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
    note = saved(empty_wb)
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
    note = saved(empty_wb)
    editor(Notes(empty_wb, person="alice")).text.value = "mine"
    with empty_wb.transaction() as session:
        notes.edit(session, note.id, expected_version=1, content="theirs")

    after_reload = editor(Notes(empty_wb, person="alice"))
    after_reload.save.click()

    assert after_reload.text.value == "mine"
    assert "was changed by somebody else" in after_reload.outcome.value
    assert read(empty_wb, note).content == "theirs"


def test_opening_an_editor_and_closing_it_leaves_no_draft(empty_wb: Workbench) -> None:
    saved(empty_wb)
    view = Notes(empty_wb, person="alice")
    editor(view)

    card(view).edit.click()

    assert card(view).panel.children == ()
    assert editor(view).draft.children == ()


def test_a_deleted_note_is_brought_back_by_the_button_beside_it(empty_wb: Workbench) -> None:
    note = saved(empty_wb)
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
    note = saved(empty_wb)
    with empty_wb.transaction() as session:
        notes.delete(session, note.id, at=NOON)
    view = Notes(empty_wb, person="alice")
    assert view.cards.children == ()

    view.with_deleted.value = True

    assert [one.note.id for one in view.cards.children] == [note.id]


def test_an_earlier_version_is_looked_at_and_brought_back(empty_wb: Workbench) -> None:
    note = saved(empty_wb)
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


class Markup(HTMLParser):
    """Gathers the tags and attributes of a page, and whether any could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.dangerous: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "img", "iframe", "b", "style", "svg", "form", "object"}:
            self.dangerous.append(tag)
        self.dangerous += [
            f"{name}={value}"
            for name, value in attrs
            if name.startswith("on") or (name == "href" and not str(value).startswith("http"))
        ]


def dangers(*pages: str) -> list[str]:
    markup = Markup()
    for page in pages:
        markup.feed(page)
    return markup.dangerous


@pytest.mark.parametrize("shape", ["{0}", "alice: {0}", "{0} - 50", "[12:00] bob: {0}", "al tipped 5 tokens -- {0}"])
def test_hostile_text_in_a_note_is_text(empty_wb: Workbench, shape: str) -> None:
    content = shape.format(HOSTILE)
    for category in CATEGORIES:
        note = saved(empty_wb, content, category=category, source_url="https://example.org/'onclick='alert(1)")
        with empty_wb.transaction() as session:
            notes.edit(session, note.id, expected_version=1, content=f"{content} again")
    view = Notes(empty_wb, person="alice")
    for one in view.cards.children:
        one.earlier.click()

    pages = [one.panel.children[0].text.value for one in view.cards.children]

    assert len(pages) == len(CATEGORIES)
    assert dangers(view.still(), *pages) == []
    assert all("&lt;script&gt;" in one.body.value for one in view.cards.children)


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


def test_every_button_and_field_of_the_list_has_a_label_of_its_own(empty_wb: Workbench) -> None:
    for number in range(3):
        saved(empty_wb, f"{number}")
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
    note = saved(empty_wb)
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
