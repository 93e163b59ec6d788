"""Whatever is done to attributes in whatever order, values and history are those of a dictionary that the same was done to."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError
from mhc_lab.services import attribute_definitions as definitions
from mhc_lab.services import attributes, people, profiles

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTABLE = ["watch_list", "banned_me", "room_banned"]
PEOPLE = st.sampled_from(["alice", "bob"])


class AttributeStates(RuleBasedStateMachine):
    """``rows`` is the table: person and key → value; ``log`` is the history: person, key, old, new."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.savepoint = session.begin_nested()
        self.ids = people.find_or_create(session, ["alice", "bob"], at=NOON)
        self.rows: dict[tuple[str, str], bool] = {}
        self.log: list[tuple[str, str, bool | None, bool]] = []
        self.custom, self.removed = False, None  # type: tuple[bool, Removed | None]

    def teardown(self) -> None:
        self.savepoint.rollback()

    def put(self, name: str, key: str, value: bool) -> None:
        """What setting one value does to the model."""
        row = (name, key)
        if value and not self.rows.get(row):
            self.log.append((name, key, self.rows.get(row), True))
            self.rows[row] = True
        elif not value and self.rows.get(row):
            self.log.append((name, key, True, False))
            del self.rows[row]

    @rule(name=PEOPLE, wanted=st.dictionaries(st.sampled_from([*SETTABLE, "regular"]), st.booleans(), max_size=4))
    def set_many(self, name: str, wanted: dict[str, bool]) -> None:
        wanted = {key: value for key, value in wanted.items() if key != "regular" or self.custom}
        attributes.set_many(self.session, self.ids[name], wanted)
        for key in sorted(key for key in wanted if wanted[key]) + sorted(key for key in wanted if not wanted[key]):
            self.put(name, key, wanted[key])

    @rule(name=PEOPLE, key=st.sampled_from(SETTABLE))
    def say_no_by_hand(self, name: str, key: str) -> None:
        statement = sa.text(
            "INSERT INTO attribute_lookup (person_id, attribute_key, value) VALUES (:who, :key, false) "
            "ON CONFLICT (person_id, attribute_key) DO UPDATE SET value = false"
        )
        self.session.execute(statement, {"who": self.ids[name], "key": key})
        if self.rows.get((name, key)) is not False:
            self.log.append((name, key, self.rows.get((name, key)), False))
        self.rows[name, key] = False

    @rule(name=PEOPLE, said=st.sampled_from(["yes", "Sometimes / never", "no / yes", "", None]))
    def smoke(self, name: str, said: str | None) -> None:
        profiles.edit(self.session, self.ids[name], {"smoke_drink": said})
        if said:
            self.put(name, "profile_smoke", said != "no / yes")

    @rule(name=PEOPLE, back=st.integers(0, 5))
    def undo_one(self, name: str, back: int) -> None:
        log = attributes.history(self.session, self.ids[name])
        change = log[back] if back < len(log) else None
        if change is None or change.key == "profile_smoke" or (change.key == "regular" and not self.custom):
            return
        try:
            attributes.undo(self.session, [change])
        except ConflictError:
            assert bool(self.rows.get((name, change.key))) is not change.new
            return
        assert bool(self.rows.get((name, change.key))) is change.new
        self.put(name, change.key, bool(change.old))

    @precondition(lambda self: not self.custom and self.removed is None)
    @rule()
    def create(self) -> None:
        definitions.create(self.session, {"label": "Regular"}, by="tester")
        self.custom = True

    @precondition(lambda self: self.custom)
    @rule()
    def delete(self) -> None:
        self.removed = definitions.delete(self.session, "regular", by="tester")
        self.custom = False
        for person, _, _ in self.removed.values:
            self.put(next(name for name, id_ in self.ids.items() if id_ == person), "regular", value=False)

    @precondition(lambda self: not self.custom and self.removed is not None)
    @rule()
    def restore(self) -> None:
        assert self.removed is not None
        definitions.restore(self.session, self.removed, by="tester")
        self.custom = True
        for person, value, _ in self.removed.values:
            self.put(next(name for name, id_ in self.ids.items() if id_ == person), "regular", value)
        self.removed = None

    @invariant()
    def values_are_those_of_the_model(self) -> None:
        for name, id_ in self.ids.items():
            held = {one.definition.key for one in attributes.of(self.session, id_) if one.value}
            assert held == {key for (who, key), value in self.rows.items() if who == name and value}

    @invariant()
    def histories_are_those_of_the_model(self) -> None:
        for name, id_ in self.ids.items():
            log = [(name, one.key, one.old, one.new) for one in reversed(attributes.history(self.session, id_))]
            assert log == [line for line in self.log if line[0] == name]


def test_attributes_behave_like_a_dictionary_that_remembers(passing: Session) -> None:
    run_state_machine_as_test(
        lambda: AttributeStates(passing),
        settings=settings(
            max_examples=10,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
