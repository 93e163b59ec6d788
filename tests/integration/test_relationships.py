"""Relationships: set, filtered, removed, undone from their history, and kept whole by the database itself."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConfigurationError, ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.services import people, relationships
from mhc_lab.services.relationship_terms import Change, Relationship, Terms
from mhc_lab.workbench import Workbench

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOM = Terms("dom", tier=2, status="on_hold", started_on=date(2026, 1, 2), notes="met <b>here</b>")

Persons = dict[str, PersonId]


@pytest.fixture
def persons(passing: Session) -> Persons:
    """Me, alice and bob."""
    me = people.mark_self(passing, "studio", at=NOON)
    return {"studio": me} | people.find_or_create(passing, ["alice", "bob"], at=NOON)


def only(session: Session, person: PersonId) -> Relationship:
    (one,) = relationships.of(session, person).to_others
    return one


def test_a_relationship_is_from_me_unless_said_otherwise(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    relationships.set(passing, persons["bob"], Terms("friend"), person=persons["alice"])

    ties = relationships.of(passing, persons["bob"])

    assert ties.to_them == ()
    assert [(one.person, one.related, one.terms) for one in ties.to_others] == [
        ("alice", "bob", Terms("friend")), ("studio", "bob", DOM),
    ]  # fmt: skip
    assert [one.related for one in relationships.of(passing, persons["studio"]).to_them] == ["bob"]


def test_setting_says_what_it_changed(passing: Session, persons: Persons) -> None:
    added = relationships.set(passing, persons["bob"], DOM)
    seen = only(passing, persons["bob"]).seen

    changed = relationships.set(passing, persons["bob"], replace(DOM, tier=1, status="active"), was=seen)

    assert str(added) == "added: dom · tier 2 · on hold · since 2026-01-02 · met <b>here</b>"
    assert changed is not None
    assert str(changed) == "tier: 2 → 1 · status: on hold → active"
    assert changed.changed_by == "tester"


def test_setting_what_is_so_already_changes_nothing(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    there = only(passing, persons["bob"])

    assert relationships.set(passing, persons["bob"], DOM) is None
    assert relationships.set(passing, persons["bob"], replace(DOM, notes=f"  {DOM.notes} "), was=there.seen) is None
    assert only(passing, persons["bob"]) == there


def test_a_type_may_change_and_the_relationship_stays_the_same_one(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    there = only(passing, persons["bob"])

    changed = relationships.set(passing, persons["bob"], Terms("custom", " old   flame "), was=there.seen)

    assert changed is not None
    assert changed.relationship == there.id
    assert only(passing, persons["bob"]).terms == Terms("custom", "old flame")
    assert ("type", "dom", "custom") in changed.changed_fields


def test_two_types_may_stand_side_by_side_and_no_type_twice(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    relationships.set(passing, persons["bob"], Terms("friend"))
    friend = next(one for one in relationships.of(passing, persons["bob"]).to_others if one.terms.type == "friend")

    with pytest.raises(RefusedError, match="They are dom already"):
        relationships.set(passing, persons["bob"], Terms("dom"), was=friend.seen)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Terms("dom", tier=0), "no tier 0"),
        (Terms("dom", tier=4), "no tier 4"),
        (Terms("boss"), '"boss" is no type. Choose one of: friend, dom'),
        (Terms("dom", status="gone"), '"gone" is no status. Choose one of: potential'),
        (Terms("custom"), "A custom relationship has a label"),
        (Terms("custom", " \n"), "A custom relationship has a label"),
        (Terms("dom", "x"), 'this one is "dom", its label "x"'),
        (Terms("dom", started_on=date(2026, 2, 2), ended_on=date(2026, 2, 1)), "before it starts on 2026-02-02"),
    ],
)
def test_terms_that_do_not_go_together_are_refused_in_a_sentence(
    passing: Session, persons: Persons, terms: Terms, words: str
) -> None:
    with pytest.raises(RefusedError, match=words):
        relationships.set(passing, persons["bob"], terms)

    assert relationships.mine(passing) == []


def test_nobody_has_a_relationship_with_themselves(passing: Session, persons: Persons) -> None:
    with pytest.raises(RefusedError, match="with themselves"):
        relationships.set(passing, persons["studio"], DOM)


def test_a_person_who_is_gone_is_refused(passing: Session, persons: Persons) -> None:
    passing.execute(sa.text("DELETE FROM persons WHERE username = 'bob'"))

    with pytest.raises(RefusedError, match="no longer here"):
        relationships.set(passing, persons["bob"], DOM)


def test_mine_needs_to_know_who_i_am(passing: Session) -> None:
    with pytest.raises(ConfigurationError, match="MHC_BROADCASTER"):
        relationships.mine(passing)


def test_mine_are_filtered_by_type_status_tier_and_words(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    relationships.set(passing, persons["alice"], Terms("dom", tier=1))
    relationships.set(passing, persons["alice"], Terms("custom", "100%_tester", tier=3))
    relationships.set(passing, persons["studio"], Terms("sub"), person=persons["bob"])
    people.rename(passing, persons["bob"], to="robert", at=NOON)

    def named(**filters: object) -> list[str]:
        return [f"{one.related} {one.terms.name}" for one in relationships.mine(passing, **filters)]  # type: ignore[arg-type]

    assert named() == ["alice dom", "robert dom", "alice 100%_tester"]
    assert named(type="dom") == ["alice dom", "robert dom"]
    assert named(type="dom", status="active") == ["alice dom"]
    assert named(tier=3) == ["alice 100%_tester"]
    assert named(words="BOB met") == ["robert dom"]
    assert named(words="rober") == ["robert dom"]
    assert named(words="0%_t") == ["alice 100%_tester"]
    assert named(words="0__t") == []


def test_of_two_who_change_the_same_the_second_is_shown_both_versions(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    seen = only(passing, persons["bob"]).seen
    relationships.set(passing, persons["bob"], replace(DOM, tier=1), was=seen)

    with pytest.raises(ConflictError, match="changed or made it meanwhile") as conflict:
        relationships.set(passing, persons["bob"], replace(DOM, tier=3), was=seen)
    with pytest.raises(ConflictError, match="removing again"):
        relationships.remove(passing, seen)

    assert conflict.value.mine == replace(DOM, tier=3)
    assert conflict.value.theirs == only(passing, persons["bob"])


def test_of_two_who_make_the_same_change_nobody_is_troubled(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    seen = only(passing, persons["bob"]).seen
    relationships.set(passing, persons["bob"], replace(DOM, tier=1), was=seen)

    assert relationships.set(passing, persons["bob"], replace(DOM, tier=1), was=seen) is None


def test_a_new_one_is_not_written_over_one_that_nobody_had_seen(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)

    with pytest.raises(ConflictError) as conflict:
        relationships.set(passing, persons["bob"], replace(DOM, tier=1))

    assert conflict.value.theirs == only(passing, persons["bob"])


def test_a_relationship_is_not_changed_as_if_it_were_that_of_others(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    seen = only(passing, persons["bob"]).seen

    with pytest.raises(RefusedError, match="That is what bob is to studio"):
        relationships.set(passing, persons["alice"], replace(DOM, tier=1), was=seen)


def test_a_change_of_a_removed_one_is_a_conflict(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    seen = only(passing, persons["bob"]).seen
    relationships.remove(passing, seen)

    with pytest.raises(ConflictError, match="removed it meanwhile") as conflict:
        relationships.set(passing, persons["bob"], replace(DOM, tier=1), was=seen)

    assert conflict.value.theirs == "removed"


@pytest.mark.parametrize("is_there", [True, False])
def test_of_two_who_save_at_the_same_instant_one_wins_and_one_is_told(empty_wb: Workbench, is_there: bool) -> None:
    with empty_wb.transaction() as session:
        people.mark_self(session, "studio", at=NOON)
        bob = people.find_or_create(session, ["bob"], at=NOON)["bob"]
        if is_there:
            relationships.set(session, bob, DOM)
    with empty_wb.reader as session:
        seen = only(session, bob).seen if is_there else None
    gate, outcomes = threading.Barrier(2), list[str]()

    def save(tier: int) -> None:
        try:
            with empty_wb.transaction() as session:
                gate.wait()
                change = relationships.set(session, bob, replace(DOM, tier=tier, notes=""), was=seen)
                outcomes.append(f"saved {change and change.after and change.after.tier}")
        except ConflictError as conflict:
            outcomes.append(f"told {conflict.theirs.terms.tier}")  # type: ignore[attr-defined]

    threads = [threading.Thread(target=save, args=(tier,)) for tier in (1, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) in (["saved 1", "told 1"], ["saved 3", "told 3"])


def test_a_removed_one_is_put_back_from_its_history(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    before = only(passing, persons["bob"])

    removed = relationships.remove(passing, before.seen)
    between = relationships.mine(passing)
    back = relationships.put_back(passing, before.id)

    assert between == []
    assert (str(removed), str(back)) == (f"removed: {DOM}", f"added: {DOM}")
    after = only(passing, persons["bob"])
    assert (after.id, after.terms) == (before.id, before.terms)


def test_one_that_is_there_is_not_put_back(passing: Session, persons: Persons) -> None:
    added = relationships.set(passing, persons["bob"], DOM)
    assert added is not None

    with pytest.raises(RefusedError, match="bob is dom to studio still"):
        relationships.put_back(passing, added.relationship)


def test_one_that_never_was_is_not_put_back(passing: Session, persons: Persons) -> None:
    with pytest.raises(NotFoundError, match="No relationship"):
        relationships.put_back(passing, persons["bob"])


def test_one_whose_type_is_taken_again_is_not_put_back(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    before = only(passing, persons["bob"])
    relationships.remove(passing, before.seen)
    relationships.set(passing, persons["bob"], Terms("dom"))

    with pytest.raises(RefusedError, match="They are dom already"):
        relationships.put_back(passing, before.id)


def test_undoing_goes_back_one_change_and_undoing_that_goes_forth(passing: Session, persons: Persons) -> None:
    relationships.set(passing, persons["bob"], DOM)
    changed = relationships.set(
        passing, persons["bob"], replace(DOM, tier=1, started_on=None), was=only(passing, persons["bob"]).seen
    )
    assert changed is not None

    undone = relationships.undo(passing, changed)
    then = only(passing, persons["bob"]).terms
    relationships.undo(passing, undone)

    assert then == DOM
    assert str(undone) == "tier: 1 → 2 · started on: – → 2026-01-02"
    assert only(passing, persons["bob"]).terms == replace(DOM, tier=1, started_on=None)


def test_undoing_the_first_change_takes_the_relationship_away(passing: Session, persons: Persons) -> None:
    added = relationships.set(passing, persons["bob"], DOM)
    assert added is not None

    relationships.undo(passing, added)

    assert relationships.mine(passing) == []


def test_a_change_that_is_not_the_newest_is_not_undone(passing: Session, persons: Persons) -> None:
    added = relationships.set(passing, persons["bob"], DOM)
    relationships.set(passing, persons["bob"], replace(DOM, tier=1), was=only(passing, persons["bob"]).seen)
    assert added is not None

    with pytest.raises(ConflictError, match="changed again since, by tester"):
        relationships.undo(passing, added)


def test_the_history_is_read_newest_first_of_one_or_of_a_person_from_either_side(
    passing: Session, persons: Persons
) -> None:
    relationships.set(passing, persons["bob"], DOM)
    relationships.set(passing, persons["alice"], Terms("friend"), person=persons["bob"])
    bob = relationships.between(passing, persons["studio"], persons["bob"])[0]
    relationships.remove(passing, bob.seen)

    def said(changes: list[Change]) -> list[str]:
        return [f"{one.related} {str(one).split(':')[0]}" for one in changes]

    assert said(relationships.history(passing, relationship=bob.id)) == ["bob removed", "bob added"]
    assert said(relationships.history(passing, person=persons["bob"])) == ["bob removed", "alice added", "bob added"]
    assert said(relationships.history(passing, person=persons["alice"])) == ["alice added"]
    assert said(relationships.history(passing, limit=2)) == ["bob removed", "alice added"]


def test_those_that_are_gone_are_listed_by_their_last_removal(passing: Session, persons: Persons) -> None:
    for name, terms in (("bob", DOM), ("bob", Terms("friend")), ("alice", DOM)):
        relationships.set(passing, persons[name], terms)
    friend, dom = sorted(
        relationships.between(passing, persons["studio"], persons["bob"]), key=lambda one: one.terms.tier
    )
    for one in (friend, dom):
        relationships.remove(passing, one.seen)
    relationships.put_back(passing, friend.id)
    again = relationships.between(passing, persons["studio"], persons["bob"])[0]
    relationships.remove(passing, again.seen)

    gone = relationships.removed(passing, persons["studio"])
    relationships.put_back(passing, dom.id)

    assert [(one.related, one.relationship) for one in gone] == [("bob", friend.id), ("bob", dom.id)]
    assert [one.relationship for one in relationships.removed(passing, persons["studio"])] == [friend.id]
    assert relationships.removed(passing, persons["bob"]) == []


INSERT = (
    "INSERT INTO profile_relationships (person_id, related_person_id, type, custom_label, tier, status, started_on, ended_on)"
    " SELECT a.id, {}, {} FROM persons AS a, persons AS b WHERE a.username = 'alice' AND b.username = 'bob'"
)


@pytest.mark.parametrize(
    ("related", "values"),
    [
        ("a.id", "'dom', '', 1, 'active', NULL, NULL"),
        ("b.id", "'dom', '', 0, 'active', NULL, NULL"),
        ("b.id", "'dom', '', 4, 'active', NULL, NULL"),
        ("b.id", "'dom', 'label', 1, 'active', NULL, NULL"),
        ("b.id", "'custom', '', 1, 'active', NULL, NULL"),
        ("b.id", "'custom', E' \\n\\t', 1, 'active', NULL, NULL"),
        ("b.id", "'boss', '', 1, 'active', NULL, NULL"),
        ("b.id", "'dom', '', 1, 'gone', NULL, NULL"),
        ("b.id", "'dom', '', 1, 'active', '2026-02-02', '2026-02-01'"),
        ("b.id", "'friend', '', 3, 'active', NULL, NULL"),
    ],
)
def test_the_database_keeps_its_own_rules_about_relationships(
    passing: Session, persons: Persons, related: str, values: str
) -> None:
    relationships.set(passing, persons["bob"], Terms("friend"), person=persons["alice"])

    with pytest.raises(IntegrityError):
        passing.execute(sa.text(INSERT.format(related, values)))


def test_the_database_takes_what_the_rules_allow(passing: Session, persons: Persons) -> None:
    passing.execute(sa.text(INSERT.format("b.id", "'custom', 'x', 3, 'active', '2026-02-02', '2026-02-02'")))

    assert str(relationships.history(passing)[0]) == "added: x · tier 3 · active · since 2026-02-02 · until 2026-02-02"


@pytest.mark.parametrize("role", ["passing", "passing_owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE profile_relationship_history SET changed_by = 'nobody'",
        "DELETE FROM profile_relationship_history",
        "TRUNCATE profile_relationship_history",
        "TRUNCATE profile_relationships",
    ],
)
def test_the_history_takes_rows_only(request: pytest.FixtureRequest, role: str, statement: str) -> None:
    session: Session = request.getfixturevalue(role)
    me = people.mark_self(session, "studio", at=NOON)
    relationships.set(session, people.find_or_create(session, ["bob"], at=NOON)["bob"], DOM, person=me)

    with pytest.raises(DBAPIError, match=r"append only|permission denied"):
        session.execute(sa.text(statement))


@pytest.mark.parametrize("name", ["studio", "bob"])
def test_with_a_person_go_their_relationships_and_the_history(passing: Session, persons: Persons, name: str) -> None:
    relationships.set(passing, persons["bob"], DOM)
    relationships.set(passing, persons["bob"], replace(DOM, tier=1), was=only(passing, persons["bob"]).seen)

    passing.execute(sa.text("DELETE FROM persons WHERE username = :name"), {"name": name})

    counts = "SELECT (SELECT count(*) FROM profile_relationships) + (SELECT count(*) FROM profile_relationship_history)"
    assert passing.scalar(sa.text(counts)) == 0
