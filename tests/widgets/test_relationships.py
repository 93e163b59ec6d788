"""What others are to me: said in a form, filtered in a table, read in a history, undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mhc_lab.services import people, relationships
from mhc_lab.services.relationship_terms import Terms
from mhc_lab.workbench import Workbench
from widgets.relationships import RelationshipForm, Relationships

HOSTILE = '<img src=x onerror=alert(1)> & "quotes" \'n {braces} %s \u202e\nsecond line'


@pytest.fixture
def named(emptied_wb: Workbench) -> Workbench:
    """Me, alice and bob."""
    with emptied_wb.transaction() as session:
        people.mark_self(session, "studio", at=emptied_wb.clock.now())
        people.find_or_create(session, ["alice", "bob"], at=emptied_wb.clock.now())
    return emptied_wb


def mine(wb: Workbench) -> dict[str, Terms]:
    with wb.reader as session:
        return {f"{one.related} {one.terms.name}": one.terms for one in relationships.mine(session)}


def add(wb: Workbench, name: str, terms: Terms) -> None:
    with wb.transaction() as session:
        relationships.set(session, people.get(session, name).id, terms)


def change(wb: Workbench, name: str, terms: Terms) -> None:
    """Somebody else makes the one relationship with ``name`` what ``terms`` say."""
    with wb.transaction() as session:
        related = people.get(session, name).id
        (one,) = relationships.between(session, people.me(session).id, related)
        relationships.set(session, related, terms, was=one.seen)


def remove(wb: Workbench, name: str) -> None:
    with wb.transaction() as session:
        (one,) = relationships.between(session, people.me(session).id, people.get(session, name).id)
        relationships.remove(session, one.seen)


def chosen(wb: Workbench, name: str = "bob") -> RelationshipForm:
    """The form with the first entry of ``name`` chosen."""
    form = RelationshipForm(wb, person=name)
    form.entry.value = form.entry.options[1][1]
    return form


def test_a_relationship_is_saved_as_all_its_fields_say(named: Workbench) -> None:
    form = RelationshipForm(named, person="bob")
    form.type.value, form.label.value, form.tier.value, form.status.value = "custom", f"x {HOSTILE}", 2, "on_hold"
    form.since.value, form.until.value, form.notes.value = date(2026, 1, 2), date(2026, 2, 3), HOSTILE

    form.save.click()

    label = " ".join(f"x {HOSTILE}".split())
    assert mine(named) == {
        f"bob {label}": Terms("custom", label, 2, "on_hold", date(2026, 1, 2), date(2026, 2, 3), HOSTILE)
    }
    assert "bob to studio, added: x &lt;img" in form.outcome.value
    assert "<img" not in form.outcome.value
    assert form.notes.value == ""


def test_a_label_counts_for_a_custom_type_only(named: Workbench) -> None:
    form = RelationshipForm(named, person="bob")
    form.type.value, form.label.value = "custom", "x"
    form.type.value = "dom"

    form.save.click()

    assert form.label.disabled
    assert mine(named) == {"bob dom": Terms("dom")}


def test_a_relationship_may_be_to_somebody_else_and_without_a_name_it_is_to_me(named: Workbench) -> None:
    form = RelationshipForm(named, person="bob")
    form.whose.value = "alice"
    form.save.click()
    form.whose.value, form.type.value = "", "dom"

    form.save.click()

    assert mine(named) == {"bob dom": Terms("dom")}
    with named.reader as session:
        alice = people.get(session, "alice").id
        assert [str(one) for one in relationships.of(session, alice).to_them] == [
            "bob to alice: friend · tier 1 · active"
        ]


def test_a_chosen_entry_fills_the_fields_and_is_changed(named: Workbench) -> None:
    add(named, "bob", Terms("custom", "x", 3, "inactive", date(2026, 1, 2), None, "n"))
    form = chosen(named)

    assert (form.type.value, form.label.value, form.tier.value, form.status.value) == ("custom", "x", 3, "inactive")
    assert (form.since.value, form.until.value, form.notes.value) == (date(2026, 1, 2), None, "n")
    form.tier.value, form.until.value = 1, date(2026, 5, 6)
    form.save.click()

    assert mine(named) == {"bob x": Terms("custom", "x", 1, "inactive", date(2026, 1, 2), date(2026, 5, 6), "n")}
    assert "Changed: tier: 3 → 1 · ended on: – → 2026-05-06" in form.outcome.value


def test_saving_what_is_so_already_says_so(named: Workbench) -> None:
    add(named, "bob", Terms("dom"))
    form = chosen(named)

    form.save.click()

    assert "nothing is changed" in form.outcome.value


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": "custom"}, "A custom relationship has a label"),
        ({"since": date(2026, 2, 2), "until": date(2026, 2, 1)}, "cannot end on 2026-02-01"),
        ({"person": "studio"}, "with themselves"),
        ({"person": "nobody_here"}, "No person named"),
        ({"whose": "nobody_here"}, "No person named"),
        ({"person": HOSTILE}, "&lt;img"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_stays_typed(
    named: Workbench, fields: dict[str, object], words: str
) -> None:
    form = RelationshipForm(named, person="bob")
    form.notes.value = "keep me"
    for name, value in fields.items():
        getattr(form, name).value = value

    form.save.click()

    assert words in form.outcome.value
    assert "<img" not in form.outcome.value
    assert form.notes.value == "keep me"
    assert mine(named) == {}


def test_of_two_editors_the_second_sees_both_versions_and_may_overrule(named: Workbench) -> None:
    add(named, "bob", Terms("dom", notes="first"))
    form = chosen(named)
    form.notes.value = f"mine {HOSTILE}"
    change(named, "bob", Terms("dom", notes=f"theirs {HOSTILE}"))

    form.save.click()
    said, then = form.outcome.value, mine(named)
    form.save.click()

    assert "changed or made it meanwhile" in said
    assert "mine &lt;img" in said
    assert "theirs &lt;img" in said
    assert "<img" not in said
    assert then == {"bob dom": Terms("dom", notes=f"theirs {HOSTILE}")}
    assert mine(named) == {"bob dom": Terms("dom", notes=f"mine {HOSTILE}")}


def test_what_an_editor_had_read_counts_also_after_a_reload(named: Workbench) -> None:
    add(named, "bob", Terms("dom", notes="first"))
    chosen(named).notes.value = "mine"
    change(named, "bob", Terms("dom", notes="theirs"))
    again = RelationshipForm(named, person="bob")

    again.save.click()

    assert again.notes.value == "mine"
    assert "changed or made it meanwhile" in again.outcome.value
    assert mine(named) == {"bob dom": Terms("dom", notes="theirs")}


def test_an_entry_that_was_removed_meanwhile_is_made_again_only_on_purpose(named: Workbench) -> None:
    add(named, "bob", Terms("dom"))
    chosen(named).tier.value = 3
    remove(named, "bob")
    again = RelationshipForm(named, person="bob")

    again.save.click()
    said, then = again.outcome.value, mine(named)
    again.save.click()

    assert "removed it meanwhile" in said
    assert then == {}
    assert mine(named) == {"bob dom": Terms("dom", tier=3)}


def test_a_new_entry_of_a_type_that_is_there_is_a_conflict_before_it_overrules(named: Workbench) -> None:
    add(named, "bob", Terms("dom", notes="theirs"))
    form = RelationshipForm(named, person="bob")
    form.type.value = "dom"

    form.save.click()
    then = mine(named)
    form.save.click()

    assert then == {"bob dom": Terms("dom", notes="theirs")}
    assert mine(named) == {"bob dom": Terms("dom")}


def test_another_person_lets_go_of_the_entry(named: Workbench) -> None:
    add(named, "bob", Terms("dom"))
    form = chosen(named)

    form.person.value = "alice"
    form.save.click()

    assert mine(named) == {"alice dom": Terms("dom"), "bob dom": Terms("dom")}


def test_a_removed_entry_comes_back_by_undo_and_undo_again_takes_it_away(named: Workbench) -> None:
    add(named, "bob", Terms("dom", notes=HOSTILE))
    form = chosen(named)

    form.remove.click()
    removed, said = mine(named), form.outcome.value
    form.undo.click()
    back = mine(named)
    form.undo.click()

    assert removed == {}
    assert "bob to studio, removed: dom" in said
    assert "<img" not in said
    assert back == {"bob dom": Terms("dom", notes=HOSTILE)}
    assert mine(named) == {}


def test_removing_what_somebody_else_changed_shows_both_first(named: Workbench) -> None:
    add(named, "bob", Terms("dom"))
    form = chosen(named)
    change(named, "bob", Terms("dom", tier=3))

    form.remove.click()
    said, then = form.outcome.value, mine(named)
    form.remove.click()

    assert "removing again" in said
    assert then == {"bob dom": Terms("dom", tier=3)}
    assert mine(named) == {}


def test_undo_takes_back_what_was_saved_last(named: Workbench) -> None:
    add(named, "bob", Terms("dom"))
    form = chosen(named)
    form.tier.value = 3
    form.save.click()

    form.undo.click()

    assert mine(named) == {"bob dom": Terms("dom")}
    assert "Changed: tier: 3 → 1" in form.outcome.value


def test_undo_says_when_somebody_else_went_on(named: Workbench) -> None:
    form = RelationshipForm(named, person="bob")
    form.save.click()
    change(named, "bob", Terms("friend", tier=3))

    form.undo.click()

    assert "changed again since, by tester" in form.outcome.value
    assert mine(named) == {"bob friend": Terms("friend", tier=3)}


def test_nothing_is_removed_or_undone_before_there_is_anything(named: Workbench) -> None:
    form = RelationshipForm(named, person="bob")

    assert form.remove.disabled
    assert form.undo.disabled
    form.remove.click()
    form.undo.click()
    assert form.outcome.value == ""


def test_every_field_of_the_form_has_a_label_of_its_own(named: Workbench) -> None:
    labels = [field.description for field in RelationshipForm(named).fields]

    assert all(labels)
    assert len(labels) == len(set(labels))


@pytest.fixture
def known(named: Workbench) -> Workbench:
    """Four relationships of mine."""
    add(named, "bob", Terms("dom", status="on_hold", notes=HOSTILE))
    add(named, "bob", Terms("friend", tier=3))
    add(named, "alice", Terms("dom", tier=2))
    add(named, "alice", Terms("custom", HOSTILE))
    return named


def test_mine_are_shown_with_stars_words_and_everything_escaped(known: Workbench) -> None:
    view = Relationships(known)

    for html in (view.listing.value, view.still()):
        assert "To me: 4 relationships" in html
        assert html.count("<tr>") == 5
        assert "1 ★★★ closest" in html
        assert "2 ★★☆" in html
        assert "on hold" in html
        assert "<img" not in html


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"type": "dom"}, 2), ({"type": "dom", "status": "active"}, 1), ({"tier": 3}, 1), ({"words": "alice"}, 2),
        ({"words": "ONERROR <img"}, 2), ({"words": "%"}, 2), ({"type": "custom"}, 1), ({"status": "banished"}, 0),
    ],
)  # fmt: skip
def test_filters_narrow_the_table(known: Workbench, filters: dict[str, object], count: int) -> None:
    view = Relationships(known)

    for name, value in filters.items():
        getattr(view, name).value = value

    assert max(view.listing.value.count("<tr>") - 1, 0) == count


def test_quick_filters_are_called_as_people_ask(known: Workbench) -> None:
    labels = [label for label, _ in Relationships(known).type.options]

    assert labels == [
        "everybody", "my friends", "my doms", "my subs", "my partners", "my acquaintances", "whom I blocked", "custom ones",
    ]  # fmt: skip


def test_the_history_of_one_is_read_and_its_newest_change_undone(named: Workbench) -> None:
    add(named, "bob", Terms("dom", notes=HOSTILE))
    change(named, "bob", Terms("dom", tier=3, notes=HOSTILE))
    view = Relationships(named)

    before = view.history.value
    view.undo.click()

    assert "tier: 1 → 3" in before
    assert "added: dom" in before
    assert "<img" not in before
    assert mine(named)["bob dom"].tier == 1
    assert "tier: 3 → 1" in view.history.value
    assert "1 ★★★ closest" in view.listing.value


def test_a_removed_one_is_found_in_the_histories_and_put_back(named: Workbench) -> None:
    add(named, "bob", Terms("dom", notes=HOSTILE))
    remove(named, "bob")
    view = Relationships(named)

    view.undo.click()

    assert mine(named) == {"bob dom": Terms("dom", notes=HOSTILE)}
    assert view.one.label == "bob: dom"


def test_an_undo_that_comes_too_late_says_so_and_shows_what_is(named: Workbench) -> None:
    add(named, "bob", Terms("dom"))
    view = Relationships(named)
    change(named, "bob", replace(Terms("dom"), tier=3))

    view.undo.click()

    assert "changed again since" in view.outcome.value
    assert "tier: 1 → 3" in view.history.value


def test_without_knowing_who_i_am_the_view_says_what_to_set(emptied_wb: Workbench) -> None:
    view = Relationships(emptied_wb)

    assert "Set MHC_BROADCASTER" in view.listing.value
    assert view.undo.disabled
    view.undo.click()
    assert view.outcome.value == ""


def test_nobody_is_said_to_be_there_when_nobody_is(named: Workbench) -> None:
    assert "Nobody, as far as it is written down." in Relationships(named).listing.value
