"""Notes: kept exactly as they were given, never lost, found again, and safe from two people at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import NoteId, PersonId
from mhc_lab.db.engine import Database
from mhc_lab.db.session import transaction
from mhc_lab.schema.notes import CATEGORIES as KNOWN_TO_THE_DATABASE
from mhc_lab.services import note_rules, notes, people
from mhc_lab.services.notes import NewNote, Note
from mhc_lab.workbench import Workbench

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    "line\r\nline\rline\n\n\ttab \u00a0 end  ",
    "\u202eright to left\u202c \u05e9\u05dc\u05d5\u05dd",
    "\U0001f600 e\u0301 \ufb01 \ufeff \u2028 \x07 \x1b[31m",
    "'; DROP TABLE profile_notes; --",
    "=1+1",
    "\\x00 %s {0} :name",
]


def noted(session: Session, content: str = "likes tea", /, **more: Any) -> Note:
    given_ = {"username": "alice", **more}
    return notes.add(session, NewNote(content=content, **given_), author="ada", at=NOON)


def alice(session: Session) -> PersonId:
    return people.find_or_create(session, ["alice"], at=NOON)["alice"]


# what is kept


@pytest.mark.parametrize("content", HOSTILE)
def test_a_text_is_kept_character_for_character(passing: Session, content: str) -> None:
    saved = noted(passing, content)

    assert saved.content == content
    assert notes.about(passing, saved.person) == [saved]


@given(content=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60))
@hypothesis_settings(max_examples=60, deadline=None)
def test_any_text_is_kept_as_it_is_or_refused_for_being_blank(shared_database: Database, content: str) -> None:
    with transaction(shared_database) as session:
        try:
            kept = noted(session, content).content
        except RefusedError:
            kept = None
        session.rollback()

    assert kept == (content if content.strip() else None)


def test_a_note_says_who_wrote_it_about_whom_and_when(passing: Session) -> None:
    saved = noted(passing, category="pm", source_url=" https://example.org/a?b=c ", noted_at=NOON - timedelta(days=1))

    assert (saved.username, saved.author, saved.category, saved.version) == ("alice", "ada", "pm", 1)
    assert saved.source_url == "https://example.org/a?b=c"
    assert saved.noted_at == NOON - timedelta(days=1)
    assert saved.created_at == NOON


def test_without_a_time_of_its_own_a_note_is_about_the_time_it_was_added(passing: Session) -> None:
    assert noted(passing).noted_at == NOON


def test_a_former_name_leads_to_the_same_person(passing: Session) -> None:
    people.rename(passing, alice(passing), to="alicia", at=NOON)

    assert noted(passing, username="alice").username == "alicia"


def test_a_note_is_no_sight_of_somebody_who_is_known_already(passing: Session) -> None:
    alice(passing)

    notes.add(passing, NewNote("alice", "later"), author="ada", at=NOON + timedelta(days=9))

    assert people.get(passing, "alice").last_seen_at == NOON


def test_notes_about_somebody_who_is_left_out_of_figures_read_like_any_other(passing: Session) -> None:
    saved = noted(passing)
    people.set_exclusion(passing, saved.person, reason="spam", at=NOON, by="ada")

    assert notes.about(passing, saved.person) == [saved]
    assert notes.search(passing, "tea") == [saved]


def test_the_categories_are_those_of_the_database_in_its_order() -> None:
    assert tuple(note_rules.CATEGORIES) == KNOWN_TO_THE_DATABASE


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({"content": " \t\r\n\u00a0\u2028"}, "is empty"),
        ({"content": "a\x00b"}, "NUL at place 2"),
        ({"content": "ab\ud800"}, "lone surrogate.* at place 3"),
        ({"content": "x" * 4_000_001}, "4,000,001 characters, and a note holds 4,000,000"),
        ({"category": "gossip"}, '"gossip" is no kind of note'),
        ({"source_url": "javascript:alert(1)"}, "begins with https:// or http://"),
        ({"source_url": "https://a b"}, "holds no blanks"),
        ({"source_url": "https://a\x00"}, "or invisible characters"),
        ({"source_url": "https://me:secret@example.com/"}, "and no login"),
        ({"noted_at": datetime(2026, 3, 1)}, "has no time zone"),  # noqa: DTZ001 - that is the point
        ({"username": "two words"}, "is not a user name"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_sentence(passing: Session, given_: dict[str, Any], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        notes.add(passing, NewNote(**{"username": "alice", "content": "x", **given_}), author="ada", at=NOON)

    assert passing.scalar(sa.text("SELECT count(*) FROM profile_notes")) == 0


def test_the_longest_note_is_kept_and_found(passing: Session) -> None:
    content = ("tea and cake " * 400_000)[:3_999_990] + " needle"

    saved = noted(passing, content)

    assert notes.search(passing, "needle") == [saved]


@pytest.mark.parametrize(
    "values",
    [
        {"source_url": "javascript:alert(1)"},
        {"source_url": "data:text/html,x"},
        {"source_url": "https://a b"},
        {"category": "gossip"},
        {"content": " \n "},
        {"content": "x" * 4_000_001},
        {"deleted_at": NOON},
        {"deleted_by": "ada"},
    ],
)
def test_the_database_refuses_by_itself_what_no_note_may_be(passing: Session, values: dict[str, Any]) -> None:
    row = {"p": alice(passing), "content": "x", **values}
    names = ", ".join(name for name in row if name != "p")
    bound = ", ".join(f":{name}" for name in row if name != "p")

    with pytest.raises(DBAPIError, match="profile_notes_"):
        passing.execute(
            sa.text(
                f"INSERT INTO profile_notes (person_id, author, noted_at, {names}) VALUES (:p, 'a', now(), {bound})"
            ),
            row,
        )


# edits, and two editors


def test_an_edit_changes_what_it_names_and_keeps_what_was(passing: Session) -> None:
    first = noted(passing, source_url="https://example.org")

    second = notes.edit(
        passing, first.id, expected_version=1, content="likes coffee", noted_at=NOON - timedelta(days=3)
    )

    (earlier,) = notes.versions(passing, first.id)
    assert (second.content, second.version, second.source_url) == ("likes coffee", 2, "https://example.org")
    assert second.noted_at == NOON - timedelta(days=3)
    assert (earlier.version, earlier.content, earlier.noted_at) == (1, "likes tea", NOON)
    assert earlier.replaced_by == "tester"


def test_an_empty_link_takes_the_link_away(passing: Session) -> None:
    saved = noted(passing, source_url="https://example.org")

    assert notes.edit(passing, saved.id, expected_version=1, source_url="").source_url is None


def test_an_edit_that_changes_nothing_makes_no_version(passing: Session) -> None:
    saved = noted(passing)

    same = notes.edit(passing, saved.id, expected_version=1, content=saved.content, category=saved.category)

    assert same == saved
    assert notes.versions(passing, saved.id) == []


def test_the_second_of_two_editors_learns_what_the_first_made_of_it(passing: Session) -> None:
    saved = noted(passing)
    notes.edit(passing, saved.id, expected_version=1, content="theirs", source_url="https://example.org")

    with pytest.raises(ConflictError, match="you had version 1, it is at version 2") as conflict:
        notes.edit(passing, saved.id, expected_version=1, category="pm")

    assert conflict.value.mine == "PM of 2026-03-01 12:00 UTC\n\nlikes tea"
    assert conflict.value.theirs == "Note of 2026-03-01 12:00 UTC\nSource: https://example.org\n\ntheirs"
    assert notes.get(passing, saved.id).content == "theirs"


def test_of_two_editors_at_the_same_instant_exactly_one_wins(empty_wb: Workbench) -> None:
    with empty_wb.transaction() as session:
        saved = noted(session)
    gate = threading.Barrier(4)
    outcomes: list[str] = []

    def save(name: str) -> None:
        with transaction(empty_wb.database) as session:
            gate.wait()
            try:
                outcomes.append(notes.edit(session, saved.id, expected_version=1, content=name).content)
            except ConflictError as conflict:
                outcomes.append(f"lost to {conflict.theirs}".splitlines()[-1])

    threads = [threading.Thread(target=save, args=(f"editor {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with empty_wb.reader as session:
        assert outcomes == [notes.get(session, saved.id).content] * 4
        assert len(notes.versions(session, saved.id)) == 1


def test_an_edit_of_a_note_somebody_deleted_meanwhile_is_a_conflict(passing: Session) -> None:
    saved = noted(passing)
    notes.delete(passing, saved.id, at=NOON)

    with pytest.raises(ConflictError) as conflict:
        notes.edit(passing, saved.id, expected_version=1, content="mine")

    assert "Deleted by tester at 2026-03-01 12:00 UTC" in str(conflict.value.theirs)


def test_a_deleted_note_is_restored_before_it_is_edited(passing: Session) -> None:
    gone = notes.delete(passing, noted(passing).id, at=NOON)

    with pytest.raises(RefusedError, match="Restore it first"):
        notes.edit(passing, gone.id, expected_version=gone.version, content="x")


def test_an_edit_is_undone_by_bringing_the_earlier_version_back(passing: Session) -> None:
    first = noted(passing, category="dm", source_url="https://example.org")
    notes.edit(passing, first.id, expected_version=1, content="wrong", category="pm", source_url="")

    back = notes.bring_back(passing, first.id, 1)

    assert (back.content, back.category, back.source_url) == ("likes tea", "dm", "https://example.org")
    assert [one.content for one in notes.versions(passing, first.id)] == ["wrong", "likes tea"]


@pytest.mark.parametrize("version", [1, 2, -1])
def test_a_version_that_never_was_replaced_cannot_be_brought_back(passing: Session, version: int) -> None:
    saved = noted(passing)

    with pytest.raises(NotFoundError, match="The note is at version 1"):
        notes.bring_back(passing, saved.id, version)


# deletion


def test_a_deleted_note_is_marked_left_out_and_comes_back_whole(passing: Session) -> None:
    saved = noted(passing)

    gone = notes.delete(passing, saved.id, at=NOON + timedelta(hours=1))

    assert (gone.deleted_at, gone.deleted_by) == (NOON + timedelta(hours=1), "tester")
    assert notes.about(passing, saved.person) == notes.search(passing, "tea") == []
    assert notes.about(passing, saved.person, with_deleted=True) == [gone]
    back = notes.restore(passing, saved.id)
    assert notes.about(passing, saved.person) == [back]
    assert (back.content, back.is_deleted) == (saved.content, False)


def test_deleting_and_restoring_twice_is_once(passing: Session) -> None:
    saved = noted(passing)
    gone = notes.delete(passing, saved.id, at=NOON)

    assert notes.delete(passing, saved.id, at=NOON + timedelta(days=1)) == gone
    assert notes.restore(passing, saved.id) == notes.restore(passing, saved.id)


def test_a_note_that_is_not_there_is_said_to_be_not_there(passing: Session) -> None:
    nothing = NoteId(alice(passing))

    for attempt in (notes.get, notes.restore, lambda s, n: notes.delete(s, n, at=NOON)):
        with pytest.raises(NotFoundError, match="No note named"):
            attempt(passing, nothing)


@pytest.mark.parametrize("statement", ["DELETE FROM profile_notes", "TRUNCATE profile_notes CASCADE"])
@pytest.mark.parametrize("who", ["passing", "passing_owner"])
def test_no_statement_takes_a_note_away(request: pytest.FixtureRequest, who: str, statement: str) -> None:
    session: Session = request.getfixturevalue(who)
    noted(session)

    with pytest.raises(DBAPIError, match=r"append only|permission denied"):
        session.execute(sa.text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE profile_note_history SET before = '{}'",
        "DELETE FROM profile_note_history",
        "TRUNCATE profile_note_history",
    ],
)
@pytest.mark.parametrize("who", ["passing", "passing_owner"])
def test_no_statement_rewrites_what_was(request: pytest.FixtureRequest, who: str, statement: str) -> None:
    session: Session = request.getfixturevalue(who)
    notes.edit(session, noted(session).id, expected_version=1, content="second")

    with pytest.raises(DBAPIError, match=r"append only|permission denied"):
        session.execute(sa.text(statement))


def test_a_change_by_raw_sql_leaves_its_version_too(passing_owner: Session) -> None:
    saved = noted(passing_owner)
    passing_owner.execute(sa.text("UPDATE profile_notes SET content = 'by hand', version = 77"))
    passing_owner.execute(sa.text("UPDATE profile_notes SET noted_at = noted_at - interval '1 day', author = 'eve'"))
    passing_owner.execute(sa.text("UPDATE profile_notes SET deleted_at = now(), deleted_by = 'eve'"))

    kept = [(one.version, one.content, one.noted_at) for one in notes.versions(passing_owner, saved.id)]

    yesterday = NOON - timedelta(days=1)
    assert kept == [(3, "by hand", yesterday), (2, "by hand", NOON), (1, "likes tea", NOON)]
    assert notes.get(passing_owner, saved.id).version == 4


# lists, counts, search


def test_pages_are_newest_first_and_neither_repeat_nor_miss_one_when_times_are_equal(passing: Session) -> None:
    same = [noted(passing, f"same {number}") for number in range(45)]
    newest = noted(passing, "newest", noted_at=NOON + timedelta(days=1))
    person = newest.person

    pages = [notes.about(passing, person, offset=offset) for offset in (0, 20, 40, 60)]

    assert [len(page) for page in pages] == [20, 20, 6, 0]
    assert pages[0][0] == newest
    assert {one.id for page in pages for one in page} == {one.id for one in [newest, *same]}
    assert pages == [notes.about(passing, person, offset=offset) for offset in (0, 20, 40, 60)]


def test_counts_are_by_category_and_follow_the_same_filters_as_the_list(passing: Session) -> None:
    person = noted(passing, "tea").person
    noted(passing, "tea", category="pm")
    notes.delete(passing, noted(passing, "no drink", category="pm").id, at=NOON)

    nothing = dict.fromkeys(note_rules.CATEGORIES, 0)
    assert notes.counts(passing, person) == {**nothing, "note": 1, "pm": 1}
    assert notes.counts(passing, person, with_deleted=True) == {**nothing, "note": 1, "pm": 2}
    assert notes.counts(passing, person, words="tea", with_deleted=True) == {**nothing, "note": 1, "pm": 1}
    assert len(notes.about(passing, person, category="pm", with_deleted=True)) == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("TEA", ["green tea", "tea and cake"]),
        ("tea cake", ["tea and cake"]),
        ("tea -cake", ["green tea"]),
        ('"green tea"', ["green tea"]),
        ('"tea green"', []),
        ("green or cake", ["green tea", "tea and cake"]),
        ("te", []),
        ("alice_b", ["saw alice_b there"]),
        ("", []),
        (" \t", []),
        ("the of", []),
    ],
)
def test_notes_are_found_by_their_words(passing: Session, words: str, found: list[str]) -> None:
    for content in ("green tea", "tea and cake", "saw alice_b there"):
        noted(passing, content)
    noted(passing, "secret tea", username="bob", noted_at=NOON - timedelta(days=1))

    assert {note.content for note in notes.search(passing, words) if note.username == "alice"} == set(found)


@pytest.mark.parametrize("question", ["alice_b", '"tea cake"', "alice_b -nobody", "e-mail"])
def test_names_of_several_parts_are_found_in_long_logs_too(passing: Session, question: str) -> None:
    saved = noted(passing, "alice_b: hello\nsend me an e-mail about tea cake\n" + "filler text\n" * 20_000)

    assert [note.id for note in notes.search(passing, question)] == [saved.id]


@pytest.mark.parametrize(
    "words",
    [
        *HOSTILE, "\x00", "a\x00b", "\ud800", '"', "''", "!!! & | <-> ( ) :* ", "-", "or or or", "a:*", "'a' <2> 'b'", "\\", "%",
        "or " * 5000,
        "x" * 100_000, "(" * 1000, '"' * 999, " ".join(map(str, range(5000))), "-" * 900 + "a",
    ],
)  # fmt: skip
def test_no_question_is_an_error(passing: Session, words: str) -> None:
    saved = noted(passing, "tea")

    notes.search(passing, words)

    assert notes.about(passing, saved.person) == [saved]


@given(words=st.text(max_size=40))
@hypothesis_settings(max_examples=60, deadline=None)
def test_no_question_anybody_could_think_of_is_an_error(shared_database: Database, words: str) -> None:
    with transaction(shared_database) as session:
        found = notes.search(session, words)

    assert found == []


def test_a_search_goes_through_the_index_of_words(passing: Session) -> None:
    person = alice(passing)
    passing.execute(
        sa.text(
            "INSERT INTO profile_notes (person_id, author, noted_at, content) "
            "SELECT :person, 'a', now(), 'word' || i || ' and more' FROM generate_series(1, 5000) AS i"
        ),
        {"person": person},
    )
    asked = _statement_of_search(passing, "word77")

    plan = "\n".join(passing.scalars(sa.text(f"EXPLAIN {asked}")))

    assert "Bitmap Index Scan on profile_notes_search_idx" in plan
    assert "Seq Scan on profile_notes" not in plan
    assert [note.content for note in notes.search(passing, "word77")] == ["word77 and more"]


def _statement_of_search(session: Session, words: str) -> str:
    """The statement that a search runs, with its values in it."""
    ran: list[str] = []

    @sa.event.listens_for(session.connection(), "before_cursor_execute")
    def keep(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        literals = {
            name: sa.literal(value).compile(compile_kwargs={"literal_binds": True})
            for name, value in parameters.items()
        }
        ran.append(statement.replace("%%", "%") % {} if not parameters else statement % literals)

    notes.search(session, words)
    sa.event.remove(session.connection(), "before_cursor_execute", keep)
    return ran[0]


def test_the_latest_menu_is_the_newest_that_is_not_deleted(passing: Session) -> None:
    person = noted(passing, "song - 50", category="tip_menu", noted_at=NOON - timedelta(days=9)).person
    newest = noted(passing, "song - 60", category="tip_menu")
    notes.delete(
        passing, noted(passing, "song - 70", category="tip_menu", noted_at=NOON + timedelta(days=1)).id, at=NOON
    )

    assert notes.latest_menu(passing, person) == newest


def test_who_has_no_menu_has_none(passing: Session) -> None:
    assert notes.latest_menu(passing, noted(passing).person) is None


def test_a_note_is_found_by_the_beginning_of_its_key(passing: Session) -> None:
    saved = noted(passing)

    assert notes.find(passing, str(saved.id)[:8].upper()) == notes.find(passing, f" {saved.id} ") == saved


@pytest.mark.parametrize("key", ["", "%", "________", "0" * 8, "\x00" * 8, "x"])
def test_a_key_of_nothing_finds_nothing(passing: Session, key: str) -> None:
    noted(passing)

    with pytest.raises(NotFoundError, match="No note named"):
        notes.find(passing, key)
