"""Relationships and their history behave like a dictionary and a list, whatever is done to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, RefusedError
from mhc_lab.db.engine import Database
from mhc_lab.db.session import transaction
from mhc_lab.services import people, relationships
from mhc_lab.services.relationship_terms import Relationship, Terms

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class RelationshipsMachine(RuleBasedStateMachine):
    """Relationships of three persons against a dictionary from ends and kind to terms, and a list of all that changed."""

    session: Session

    ends = st.permutations(range(3)).map(lambda order: (order[0], order[1]))
    tiers, notes = st.integers(1, 3), st.sampled_from(["", "n", "<i>"])
    kinds = st.sampled_from([("dom", ""), ("sub", ""), ("custom", "x")])

    def __init__(self) -> None:
        super().__init__()
        self.point = self.session.begin_nested()
        found = people.find_or_create(self.session, (f"p{number}" for number in range(3)), at=NOON)
        self.ids = list(found.values())
        self.known: dict[object, tuple[tuple[int, int], Terms]] = {}
        self.log: list[tuple[object, Terms | None, Terms | None]] = []

    def _now(self, relationship: object) -> Terms | None:
        return self.known[relationship][1] if relationship in self.known else None

    def _taken(self, ends: tuple[int, int], terms: Terms, *, but: object = None) -> bool:
        kind = (ends, terms.type, terms.custom_label)
        return kind in {(e, t.type, t.custom_label) for key, (e, t) in self.known.items() if key != but}

    @rule(ends=ends, kind=kinds, tier=tiers, notes=notes)
    def make(self, ends: tuple[int, int], kind: tuple[str, str], tier: int, notes: str) -> None:
        terms = Terms(*kind, tier=tier, notes=notes)
        if (ends, terms) in self.known.values():
            assert relationships.set(self.session, self.ids[ends[1]], terms, person=self.ids[ends[0]]) is None
            return
        if self._taken(ends, terms):
            with pytest.raises(ConflictError):
                relationships.set(self.session, self.ids[ends[1]], terms, person=self.ids[ends[0]])
            return
        change = relationships.set(self.session, self.ids[ends[1]], terms, person=self.ids[ends[0]])
        assert change is not None
        self.known[change.relationship] = (ends, terms)
        self.log.append((change.relationship, None, terms))

    @rule(data=st.data(), kind=kinds, tier=tiers, notes=notes)
    def change(self, data: st.DataObject, kind: tuple[str, str], tier: int, notes: str) -> None:
        if not self.known:
            return
        relationship = data.draw(st.sampled_from(list(self.known)))
        ends, before = self.known[relationship]
        terms = Terms(*kind, tier=tier, notes=notes)
        seen = next(one.seen for one in self._read() if one.id == relationship)
        if self._taken(ends, terms, but=relationship):
            with pytest.raises(RefusedError):
                relationships.set(self.session, self.ids[ends[1]], terms, person=self.ids[ends[0]], was=seen)
            return
        change = relationships.set(self.session, self.ids[ends[1]], terms, person=self.ids[ends[0]], was=seen)
        assert (change is None) == (terms == before)
        if change is not None:
            self.known[relationship] = (ends, terms)
            self.log.append((relationship, before, terms))

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        if not self.known:
            return
        seen = data.draw(st.sampled_from(self._read())).seen
        relationships.remove(self.session, seen)
        self.log.append((seen.id, self.known.pop(seen.id)[1], None))

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        changes = relationships.history(self.session, limit=1000)
        if not changes:
            return
        change = data.draw(st.sampled_from(changes))
        ends = tuple(self.ids.index(person) for person in (change.person_id, change.related_person_id))
        newest = next(one for one in changes if one.relationship == change.relationship)
        if newest.id != change.id:
            with pytest.raises(ConflictError):
                relationships.undo(self.session, change)
            return
        if change.before is not None and self._taken(ends, change.before, but=change.relationship):  # type: ignore[arg-type]
            with pytest.raises(RefusedError):
                relationships.undo(self.session, change)
            return
        relationships.undo(self.session, change)
        self.log.append((change.relationship, self._now(change.relationship), change.before))
        self.known.pop(change.relationship, None)
        if change.before is not None:
            self.known[change.relationship] = (ends, change.before)  # type: ignore[assignment]

    def _read(self) -> list[Relationship]:
        return [one for person in self.ids for one in relationships.of(self.session, person).to_them]

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        there = {
            one.id: ((self.ids.index(one.person_id), self.ids.index(one.related_person_id)), one.terms)
            for one in self._read()
        }
        written = [(one.relationship, one.before, one.after) for one in relationships.history(self.session, limit=1000)]

        assert there == self.known
        assert written[::-1] == self.log

    def teardown(self) -> None:
        self.point.rollback()


@pytest.fixture
def machine(shared_database: Database) -> Iterator[type[RelationshipsMachine]]:
    """The machine over one transaction, rolled back to where it was after every example and at the end."""
    with transaction(shared_database) as session:
        yield type("Machine", (RelationshipsMachine,), {"session": session})
        session.rollback()


def test_relationships_and_their_history_behave_like_a_dictionary_and_a_list(
    machine: type[RelationshipsMachine],
) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=12, deadline=None, database=None)
    )
