"""The panels of collaborations and alternate accounts: list, add, add a group, remove with an undo; hostile text throughout."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mhc_lab.services import alternates, collaborations, people
from mhc_lab.services.pairs import Pair
from mhc_lab.workbench import Workbench
from widgets._pairs import PairsPanel
from widgets.alternates import Alternates
from widgets.collaborations import Collaborations

HOSTILE = '<img src=x onerror=alert(1)> & "quotes" \'n {braces} %s \u202e\nsecond line'
both_kinds = pytest.mark.parametrize("kind", [Collaborations, Alternates])


@pytest.fixture
def named(emptied_wb: Workbench) -> Workbench:
    """Three persons."""
    with emptied_wb.transaction() as session:
        people.find_or_create(session, ["alice", "bob", "carol"], at=emptied_wb.clock.now())
    return emptied_wb


def pairs_of(panel: PairsPanel, name: str) -> list[Pair]:
    with panel.wb.reader as session:
        return panel.pairs.of(session, people.get(session, name).id)


@both_kinds
def test_a_pair_is_added_with_its_notes_and_seen_from_the_other_side(named: Workbench, kind: type[PairsPanel]) -> None:
    panel = kind(named, person="alice")
    panel.one.other.name.value = "bob"
    panel.one.notes.value, panel.one.first_seen.value = HOSTILE, date(2026, 1, 2)

    panel.one.save.click()

    (seen_by_bob,) = pairs_of(panel, "bob")
    assert (seen_by_bob.username, seen_by_bob.notes) == ("alice", HOSTILE)
    assert seen_by_bob.first_seen_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert "alice" in kind(named, person="bob").listing.value
    assert "Saved: bob, first seen 2026-01-02" in panel.one.outcome.value
    for html in (panel.one.outcome.value, panel.listing.value, panel.still()):
        assert "&lt;img" in html
        assert "<img" not in html


def test_the_two_kinds_are_kept_apart(named: Workbench) -> None:
    panel = Collaborations(named, person="alice")
    panel.one.other.name.value = "bob"
    panel.one.save.click()

    with named.reader as session:
        alice, bob = (people.get(session, name).id for name in ("alice", "bob"))
        assert collaborations.are(session, alice, bob)
        assert not alternates.are(session, alice, bob)


def test_without_a_day_a_pair_was_first_seen_now(named: Workbench) -> None:
    panel = Collaborations(named, person="alice")
    panel.one.other.name.value = "bob"

    panel.one.save.click()

    assert pairs_of(panel, "alice")[0].first_seen_at == named.clock.now()


@pytest.mark.parametrize(
    ("other", "words"),
    [("alice", "Nobody appears with themselves"), ("nobody_here", "No person named"), ("", "is not a user name"), (HOSTILE, "&lt;img")],
)  # fmt: skip
def test_what_cannot_be_is_said_in_a_sentence_and_stays_typed(named: Workbench, other: str, words: str) -> None:
    panel = Collaborations(named, person="alice")
    panel.one.other.value = other
    panel.one.notes.value = "keep me"

    panel.one.save.click()

    assert words in panel.one.outcome.value
    assert "<img" not in panel.one.outcome.value
    assert panel.one.notes.value == "keep me"
    assert pairs_of(panel, "alice") == []


@both_kinds
@pytest.mark.parametrize("text", ["alice\nbob\ncarol", "alice, BOB,carol", " @alice;bob \n\n carol, alice"])
def test_a_group_is_typed_in_lines_or_with_commas(named: Workbench, kind: type[PairsPanel], text: str) -> None:
    panel = kind(named)
    panel.group.group.value, panel.group.notes.value = text, HOSTILE

    panel.group.save.click()

    assert {one.username: one.notes for one in pairs_of(panel, "bob")} == {"alice": HOSTILE, "carol": HOSTILE}
    assert "3 pairs new, 0 known already." in panel.group.outcome.value


def test_a_group_begins_with_the_person_of_the_panel(named: Workbench) -> None:
    panel = Collaborations(named, person="alice")
    panel.group.group.value += "bob, carol"

    panel.group.save.click()

    assert [one.username for one in pairs_of(panel, "alice")] == ["bob", "carol"]
    assert "bob" in panel.listing.value


def test_every_name_of_a_group_that_nobody_has_is_named_and_nothing_added(named: Workbench) -> None:
    panel = Collaborations(named, person="alice")
    panel.group.group.value = "alice, bob, nobody_one\nnobody_two"

    panel.group.save.click()

    assert "nobody_one&quot; or &quot;nobody_two" in panel.group.outcome.value
    assert pairs_of(panel, "alice") == []
    assert panel.group.group.value == "alice, bob, nobody_one\nnobody_two"


@pytest.mark.parametrize(
    ("text", "words"), [("", "two persons or more"), ("alice", "two persons or more"), (HOSTILE, "&lt;img")]
)
def test_what_is_no_group_is_refused(named: Workbench, text: str, words: str) -> None:
    panel = Collaborations(named, person="alice")
    panel.group.group.value = text

    panel.group.save.click()

    assert words in panel.group.outcome.value
    assert "<img" not in panel.group.outcome.value


@both_kinds
def test_a_removed_pair_is_put_back_by_undo_exactly(named: Workbench, kind: type[PairsPanel]) -> None:
    panel = kind(named, person="alice")
    panel.one.other.name.value, panel.one.notes.value = "bob", HOSTILE
    panel.one.save.click()
    before = pairs_of(panel, "alice")

    panel.removal.remove.click()
    between, said, listed = pairs_of(panel, "alice"), panel.removal.outcome.value, panel.listing.value
    panel.removal.undo.click()

    assert between == []
    assert "alice and bob: removed." in said
    assert "nobody that we know of" in listed
    assert pairs_of(panel, "alice") == before
    assert panel.removal.undo.disabled
    assert not panel.removal.remove.disabled


def test_undo_says_when_the_two_are_a_pair_again_and_can_be_tried_later(named: Workbench) -> None:
    panel = Collaborations(named, person="alice")
    panel.one.other.name.value = "bob"
    panel.one.save.click()
    panel.removal.remove.click()
    panel.one.other.name.value = "bob"
    panel.one.save.click()

    panel.removal.undo.click()

    assert "a pair again" in panel.removal.outcome.value
    assert not panel.removal.undo.disabled


def test_removing_says_when_somebody_else_was_faster(named: Workbench) -> None:
    panel = Collaborations(named, person="alice")
    panel.one.other.name.value = "bob"
    panel.one.save.click()
    with named.transaction() as session:
        alice, bob = (people.get(session, name).id for name in ("alice", "bob"))
        collaborations.remove(session, alice, bob, by="eve")

    panel.removal.remove.click()

    assert "No collaboration named &quot;alice and bob&quot;" in panel.removal.outcome.value
    assert panel.removal.which.options == ()


@pytest.mark.parametrize("typed", ["", "nobody_here", HOSTILE, "\x00"])
def test_a_name_of_nobody_shows_no_list_and_offers_nothing_to_remove(named: Workbench, typed: str) -> None:
    panel = Collaborations(named, person="alice")

    panel.person.value = typed

    assert "Name a person" in panel.listing.value
    assert panel.removal.remove.disabled


def test_the_list_follows_the_person_also_under_a_former_name(named: Workbench) -> None:
    panel = Collaborations(named, person="alice")
    panel.one.other.name.value = "bob"
    panel.one.save.click()
    with named.transaction() as session:
        people.rename(session, people.get(session, "alice").id, to="alicia", at=named.clock.now())

    panel.person.value = "carol"
    of_carol = panel.listing.value
    panel.person.value = "ALICE"

    assert "nobody that we know of" in of_carol
    assert "bob" in panel.listing.value


def test_what_was_begun_about_one_person_is_there_again_and_not_with_another(named: Workbench) -> None:
    panel = Collaborations(named, person="alice")
    panel.one.other.name.value, panel.group.notes.value = "bo", HOSTILE

    again, other, kind = (
        Collaborations(named, person="alice"),
        Collaborations(named, person="bob"),
        Alternates(named, person="alice"),
    )

    assert (again.one.other.value, again.group.notes.value) == ("bo", HOSTILE)
    assert (other.one.other.value, other.group.notes.value) == ("", "")
    assert (kind.one.other.value, kind.group.notes.value) == ("", "")


@both_kinds
def test_every_field_of_a_form_has_a_label_of_its_own(named: Workbench, kind: type[PairsPanel]) -> None:
    panel = kind(named)

    for form in (panel.one, panel.group):
        labels = [field.description for field in form.fields]
        assert all(labels)
        assert len(labels) == len(set(labels))
