"""Unordered pairs: one row whoever is named first, groups in one go, and what the database refuses; for both kinds of pair."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.db.engine import Database
from mhc_lab.db.session import transaction
from mhc_lab.services import alternates, audit_log, collaborations, people
from mhc_lab.services.pairs import AddedGroup
from mhc_lab.workbench import Workbench

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KINDS = [
    pytest.param(collaborations, "collaborations", "collaboration", id="collaborations"),
    pytest.param(alternates, "alternate_accounts", "alternate_account", id="alternates"),
]
both_kinds = pytest.mark.parametrize(("pairs", "table", "noun"), KINDS)


@pytest.fixture
def persons(passing: Session) -> dict[str, PersonId]:
    """Four persons."""
    return people.find_or_create(passing, ["alice", "bob", "carol", "dave"], at=NOON)


@both_kinds
def test_a_pair_is_seen_from_either_side(passing: Session, persons, pairs: ModuleType, table: str, noun: str) -> None:  # type: ignore[no-untyped-def]
    pairs.add(passing, persons["bob"], persons["alice"], notes=" first show ", first_seen_at=NOON)

    (seen_by_alice,) = pairs.of(passing, persons["alice"])
    (seen_by_bob,) = pairs.of(passing, persons["bob"])
    assert (seen_by_alice.username, seen_by_alice.notes, seen_by_alice.first_seen_at) == ("bob", "first show", NOON)
    assert (seen_by_bob.username, seen_by_bob.notes, seen_by_bob.first_seen_at) == ("alice", "first show", NOON)
    assert seen_by_alice.id == seen_by_bob.id
    assert pairs.are(passing, persons["alice"], persons["bob"])
    assert pairs.are(passing, persons["bob"], persons["alice"])
    assert not pairs.are(passing, persons["alice"], persons["carol"])


@both_kinds
def test_adding_again_keeps_the_row_and_its_notes(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    first = pairs.add(passing, persons["alice"], persons["bob"], notes="old", first_seen_at=NOON)

    again = pairs.add(passing, persons["bob"], persons["alice"], notes="  ")

    assert (again.id, again.notes, again.first_seen_at) == (first.id, "old", NOON)


@both_kinds
def test_new_notes_replace_the_old_and_an_earlier_sight_counts(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    pairs.add(passing, persons["alice"], persons["bob"], notes="old", first_seen_at=NOON)

    pairs.add(passing, persons["bob"], persons["alice"], notes="new", first_seen_at=NOON - DAY)
    later = pairs.add(passing, persons["bob"], persons["alice"], first_seen_at=NOON + DAY)

    assert (later.notes, later.first_seen_at) == ("new", NOON - DAY)


@both_kinds
def test_a_pair_with_oneself_is_refused_and_the_transaction_goes_on(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RefusedError, match="two different"):
        pairs.add(passing, persons["alice"], persons["alice"])

    assert pairs.of(passing, persons["alice"]) == []


@both_kinds
def test_a_pair_with_somebody_who_is_gone_is_refused(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    passing.execute(sa.text("DELETE FROM persons WHERE username = 'bob'"))

    with pytest.raises(RefusedError, match="no longer here"):
        pairs.add(passing, persons["alice"], persons["bob"])
    with pytest.raises(RefusedError, match="no longer here"):
        pairs.add_group(passing, persons.values())


@both_kinds
def test_a_removed_pair_is_put_back_exactly(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    before = pairs.add(passing, persons["alice"], persons["bob"], notes="n\no <b>", first_seen_at=NOON)

    removed = pairs.remove(passing, persons["bob"], persons["alice"], by="ada")
    between = pairs.of(passing, persons["alice"])
    pairs.put_back(passing, removed, by="ada")

    assert between == []
    assert pairs.of(passing, persons["alice"]) == [before]


@both_kinds
def test_removing_and_putting_back_are_lines_of_the_log(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    added = pairs.add(passing, persons["alice"], persons["bob"], notes="n", first_seen_at=NOON)
    pairs.put_back(passing, pairs.remove(passing, persons["bob"], persons["alice"], by="ada"), by="bea")

    lines = passing.execute(
        sa.text("SELECT actor, action, subject, details ->> 'notes' FROM audit_log ORDER BY number DESC LIMIT 2")
    ).all()

    assert lines == [("bea", f"{noun}.put_back", str(added.id), "n"), ("ada", f"{noun}.remove", str(added.id), "n")]
    assert audit_log.broken_at(passing) is None


@both_kinds
def test_a_pair_that_is_none_cannot_be_removed(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotFoundError, match='named "alice and bob"'):
        pairs.remove(passing, persons["bob"], persons["alice"], by="ada")


@both_kinds
def test_a_pair_that_is_there_again_is_not_put_back_over_it(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    pairs.add(passing, persons["alice"], persons["bob"], notes="old")
    removed = pairs.remove(passing, persons["alice"], persons["bob"], by="ada")
    pairs.add(passing, persons["alice"], persons["bob"], notes="newer")

    with pytest.raises(ConflictError, match="a pair again") as conflict:
        pairs.put_back(passing, removed, by="ada")

    assert (conflict.value.mine.notes, conflict.value.theirs.notes) == ("old", "newer")


@both_kinds
def test_in_a_group_everybody_is_paired_with_everybody_else(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    pairs.add(passing, persons["carol"], persons["bob"], notes="known")

    added = pairs.add_group(passing, [*persons.values(), persons["alice"]], first_seen_at=NOON)

    assert added == AddedGroup(new_count=5, known_count=1)
    others = {name: [one.username for one in pairs.of(passing, person)] for name, person in persons.items()}
    assert others == {name: sorted(set(persons) - {name}) for name in persons}
    assert {one.notes for one in pairs.of(passing, persons["carol"])} == {None, "known"}
    assert pairs.add_group(passing, persons.values()) == AddedGroup(new_count=0, known_count=6)


@both_kinds
def test_the_notes_of_a_group_go_to_all_its_pairs(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    pairs.add(passing, persons["carol"], persons["bob"], notes="known")

    added = pairs.add_group(passing, persons.values(), notes=" summer ")

    assert added == AddedGroup(new_count=5, known_count=1)
    assert {one.notes for person in persons.values() for one in pairs.of(passing, person)} == {"summer"}


@both_kinds
@pytest.mark.parametrize("names", [[], ["alice"], ["alice", "alice"]])
def test_a_group_of_fewer_than_two_is_refused(
    passing: Session,
    persons,
    names: list[str],
    pairs: ModuleType,
    table: str,
    noun: str,  # type: ignore[no-untyped-def]
) -> None:
    with pytest.raises(RefusedError, match="two persons or more"):
        pairs.add_group(passing, [persons[name] for name in names])


def test_a_list_is_no_group(passing: Session) -> None:
    crowd = people.find_or_create(passing, (f"p{number}" for number in range(201)), at=NOON)

    with pytest.raises(RefusedError, match="201 persons are no group"):
        collaborations.add_group(passing, crowd.values())


def test_groups_that_overlap_and_are_added_at_once_never_wait_in_a_circle(empty_wb: Workbench) -> None:
    with empty_wb.transaction() as session:
        ids = list(people.find_or_create(session, (f"p{number}" for number in range(40)), at=NOON).values())
    groups = [ids[:30], ids[10:][::-1], ids[5:35], ids[::-1]] * 2
    gate, added, failed = threading.Barrier(len(groups)), list[AddedGroup](), list[Exception]()

    def meet(group: list[PersonId], notes: str | None) -> None:
        try:
            with transaction(empty_wb.database) as session:
                gate.wait()
                added.append(collaborations.add_group(session, group, notes=notes))
        except Exception as failure:
            failed.append(failure)

    threads = [
        threading.Thread(target=meet, args=(group, f"{turn}" if turn % 2 else None))
        for turn, group in enumerate(groups)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert sum(one.new_count for one in added) == 40 * 39 // 2
    with empty_wb.reader as session:
        assert session.scalar(sa.text("SELECT count(*) FROM collaborations")) == 40 * 39 // 2


@pytest.mark.parametrize("table", ["collaborations", "alternate_accounts"])
@pytest.mark.parametrize(("one", "other", "rule"), [
    ("least(a.id, b.id)", "least(a.id, b.id)", "ordered"),
    ("greatest(a.id, b.id)", "least(a.id, b.id)", "ordered"),
    ("least(a.id, b.id)", "greatest(a.id, b.id)", "key"),
])  # fmt: skip
def test_the_database_refuses_oneself_the_other_order_and_a_second_row(
    passing: Session, persons: object, table: str, one: str, other: str, rule: str
) -> None:
    alice, bob = (
        "(SELECT id FROM persons WHERE username = 'alice') AS a",
        "(SELECT id FROM persons WHERE username = 'bob') AS b",
    )
    insert = f"INSERT INTO {table} (person_a_id, person_b_id) SELECT {{}}, {{}} FROM {alice}, {bob}"
    passing.execute(sa.text(insert.format("least(a.id, b.id)", "greatest(a.id, b.id)")))

    with pytest.raises(IntegrityError, match=rule):
        passing.execute(sa.text(insert.format(one, other)))


@both_kinds
def test_the_functions_of_the_database_work_from_both_sides(
    passing: Session, persons, pairs: ModuleType, table: str, noun: str
) -> None:  # type: ignore[no-untyped-def]
    ends = {"a": persons["alice"], "b": persons["bob"]}

    added = {
        passing.scalar(sa.text(f"SELECT add_{noun}({order})"), ends) for order in (":a, :b", ":b, :a", ":b, :a, 'n'")
    }
    notes = [one.notes for one in pairs.of(passing, persons["alice"])]
    removed = [passing.scalar(sa.text(f"SELECT remove_{noun}({order})"), ends) for order in (":b, :a", ":a, :b")]

    assert len(added) == 1
    assert notes == ["n"]
    assert removed == [True, False]


@both_kinds
def test_pairs_go_with_their_person(passing: Session, persons, pairs: ModuleType, table: str, noun: str) -> None:  # type: ignore[no-untyped-def]
    pairs.add_group(passing, persons.values())

    passing.execute(sa.text("DELETE FROM persons WHERE username = 'alice'"))

    assert passing.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 3


class CollaborationsMachine(RuleBasedStateMachine):
    """Collaborations of five persons against a dictionary from the two to their notes and first sight."""

    session: Session

    who = st.integers(0, 4)
    notes = st.none() | st.sampled_from(["", " ", "a", "<b>", "  two\nlines"])
    when = st.integers(0, 9).map(lambda days: NOON + days * DAY)

    def __init__(self) -> None:
        super().__init__()
        self.point = self.session.begin_nested()
        found = people.find_or_create(self.session, (f"p{number}" for number in range(5)), at=NOON)
        self.ids = list(found.values())
        self.model: dict[frozenset[int], tuple[str | None, datetime]] = {}
        self.taken: list[tuple[frozenset[int], tuple[str | None, datetime], object]] = []

    def _expect(self, pair: frozenset[int], notes: str | None, when: datetime) -> None:
        known = self.model.get(pair, (None, when))
        self.model[pair] = ((notes or "").strip() or known[0], min(known[1], when))

    @rule(one=who, other=who, notes=notes, when=when)
    def add(self, one: int, other: int, notes: str | None, when: datetime) -> None:
        if one == other:
            with pytest.raises(RefusedError):
                collaborations.add(self.session, self.ids[one], self.ids[other], notes=notes, first_seen_at=when)
            return
        collaborations.add(self.session, self.ids[one], self.ids[other], notes=notes, first_seen_at=when)
        self._expect(frozenset((one, other)), notes, when)

    @rule(group=st.lists(who, max_size=5), notes=notes, when=when)
    def add_group(self, group: list[int], notes: str | None, when: datetime) -> None:
        members = [self.ids[number] for number in group]
        if len(set(group)) < 2:
            with pytest.raises(RefusedError):
                collaborations.add_group(self.session, members, notes=notes, first_seen_at=when)
            return
        pairs = [frozenset(pair) for pair in itertools.combinations(sorted(set(group)), 2)]
        new = sum(pair not in self.model for pair in pairs)

        added = collaborations.add_group(self.session, members, notes=notes, first_seen_at=when)

        assert added == AddedGroup(new, len(pairs) - new)
        for pair in pairs:
            self._expect(pair, notes, when)

    @rule(one=who, other=who)
    def remove(self, one: int, other: int) -> None:
        pair = frozenset((one, other))
        if pair not in self.model:
            with pytest.raises(NotFoundError):
                collaborations.remove(self.session, self.ids[one], self.ids[other], by="ada")
            return
        removed = collaborations.remove(self.session, self.ids[one], self.ids[other], by="ada")
        self.taken.append((pair, self.model.pop(pair), removed))

    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        if not self.taken:
            return
        pair, was, removed = self.taken.pop(data.draw(st.integers(0, len(self.taken) - 1)))
        if pair in self.model:
            with pytest.raises(ConflictError):
                collaborations.put_back(self.session, removed, by="ada")  # type: ignore[arg-type]
            return
        collaborations.put_back(self.session, removed, by="ada")  # type: ignore[arg-type]
        self.model[pair] = was

    @invariant()
    def everybody_sees_what_the_model_says(self) -> None:
        for number, person in enumerate(self.ids):
            seen = {one.username: (one.notes, one.first_seen_at) for one in collaborations.of(self.session, person)}
            expected = {
                f"p{other}": said for pair, said in self.model.items() if number in pair for other in pair - {number}
            }
            assert seen == expected

    def teardown(self) -> None:
        self.point.rollback()


@pytest.fixture
def machine(shared_database: Database) -> Iterator[type[CollaborationsMachine]]:
    """The machine over one transaction, rolled back to where it was after every example and at the end."""
    with transaction(shared_database) as session:
        yield type("Machine", (CollaborationsMachine,), {"session": session})
        session.rollback()


def test_collaborations_behave_like_a_dictionary_of_pairs(machine: type[CollaborationsMachine]) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=12, deadline=None, database=None)
    )
