"""Persons: found or created without a race, renamed, and who "me" is."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConfigurationError, ConflictError, NotFoundError, RefusedError
from mhc_lab.db.roles import Role
from mhc_lab.db.session import transaction
from mhc_lab.services import audit_log, people
from mhc_lab.workbench import Workbench

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=10)


def test_two_processes_that_meet_the_same_new_names_get_the_same_persons(empty_wb: Workbench) -> None:
    names = [f"name_{number}" for number in range(200)]
    found: list[dict[str, object]] = []
    gate = threading.Barrier(4)

    def meet(order: list[str]) -> None:
        with transaction(empty_wb.database) as session:
            gate.wait()
            found.append(dict(people.find_or_create(session, order, at=NOON)))

    threads = [threading.Thread(target=meet, args=(names[:: (-1) ** turn],)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert all(one == found[0] for one in found)
    assert len(set(found[0].values())) == 200


def test_the_first_and_the_last_sight_of_a_person_only_widen(session: Session) -> None:
    for at in (NOON, LATER, NOON - timedelta(days=5), NOON):
        people.find_or_create(session, ["alice"], at=at)

    alice = people.get(session, "alice")

    assert (alice.first_seen_at, alice.last_seen_at) == (NOON - timedelta(days=5), LATER)


def test_the_role_of_a_known_person_never_changes(session: Session) -> None:
    people.find_or_create(session, ["alice"], at=NOON, role="VIEWER")
    people.find_or_create(session, ["alice"], at=NOON, role="MODEL")

    assert people.get(session, "alice").role == "VIEWER"


def test_a_renamed_person_is_found_by_the_name_they_had_at_the_time(session: Session) -> None:
    alice = people.find_or_create(session, ["alice"], at=NOON)["alice"]
    people.rename(session, alice, to="alicia", at=LATER)

    before = people.find_or_create(session, ["alice"], at=LATER - timedelta(seconds=1))
    long_before = people.find_or_create(session, ["alice"], at=NOON - timedelta(days=300))
    after = people.find_or_create(session, ["alice", "alicia"], at=LATER)

    assert before["alice"] == long_before["alice"] == alice == after["alicia"]
    assert after["alice"] != alice


def test_a_person_who_was_renamed_twice_keeps_all_three_names(session: Session) -> None:
    person = people.find_or_create(session, ["one"], at=NOON)["one"]
    people.rename(session, person, to="two", at=NOON + timedelta(days=1))
    people.rename(session, person, to="three", at=NOON + timedelta(days=2))

    assert {people.get(session, name).id for name in ("one", "two", "three")} == {person}


def test_a_name_somebody_else_carries_is_a_conflict(session: Session) -> None:
    both = people.find_or_create(session, ["alice", "bob"], at=NOON)

    with pytest.raises(ConflictError, match='"bob" is the name of another person') as conflict:
        people.rename(session, both["alice"], to="bob", at=LATER)

    assert (conflict.value.mine, conflict.value.theirs) == (both["alice"], both["bob"])


def test_a_name_nobody_has_suggests_near_ones(session: Session) -> None:
    people.find_or_create(session, ["alice"], at=NOON)

    with pytest.raises(NotFoundError, match="Did you mean alice"):
        people.get(session, "alicee")


def test_a_search_takes_percent_and_underscore_as_they_are(session: Session) -> None:
    people.find_or_create(session, ["a_b", "axb", "b"], at=NOON)

    assert [person.username for person in people.search(session, "a_")] == ["a_b"]
    assert people.search(session, "%") == []


def test_names_of_today_and_of_before_are_completed_together_in_order_and_none_twice(session: Session) -> None:
    found = people.find_or_create(session, ["ab1", "ab3", "ab_", "b"], at=NOON)
    people.rename(session, found["ab3"], to="new", at=LATER)
    people.rename(session, found["b"], to="ab3", at=LATER + timedelta(days=1))
    people.rename(session, found["ab1"], to="ab2", at=LATER)

    completed = people.complete(session, " AB ")

    assert [(one.name, one.username) for one in completed] == [
        ("ab1", "ab2"),
        ("ab2", "ab2"),
        ("ab3", "ab3"),
        ("ab_", "ab_"),
    ]
    assert people.complete(session, "ab", limit=2) == completed[:2]


def test_a_former_name_of_several_is_completed_as_that_of_the_last(session: Session) -> None:
    found = people.find_or_create(session, ["x1", "y"], at=NOON)
    people.rename(session, found["x1"], to="one", at=LATER)
    people.rename(session, found["y"], to="x1", at=LATER + timedelta(days=1))
    people.rename(session, found["y"], to="two", at=LATER + timedelta(days=2))

    assert [(one.name, one.username) for one in people.complete(session, "x")] == [("x1", "two")]


@pytest.mark.parametrize("prefix", ["a%", "\x00", "\u212a", "é", "~", "'", "ab\\"])
def test_what_no_name_begins_with_completes_nothing(session: Session, prefix: str) -> None:
    people.find_or_create(session, ["ab", "k"], at=NOON)

    assert people.complete(session, prefix) == people.search(session, prefix) == []


def test_completion_reads_only_as_much_of_the_index_as_it_shows(session: Session) -> None:
    session.execute(sa.text(
        "INSERT INTO persons (username, first_seen_at, last_seen_at) SELECT 'a' || n, now(), now() FROM generate_series(1, 20000) AS n"
    ))  # fmt: skip
    session.execute(sa.text("SET LOCAL plan_cache_mode = force_generic_plan"))
    for _ in range(6):  # so that the statement is prepared, and planned without its prefix
        people.complete(session, "a9", limit=5)
    read = sa.text("SELECT pg_stat_get_xact_tuples_returned('persons_username_prefix_idx'::regclass)")
    before = session.scalar(read)

    people.complete(session, "a9", limit=5)

    assert 0 < session.scalar(read) - before < 20


def test_known_names_are_found_and_all_strangers_named(session: Session) -> None:
    found = people.find_or_create(session, ["alice", "bob"], at=NOON)
    people.rename(session, found["bob"], to="robert", at=LATER)

    assert people.known(session, [" ALICE", "bob", "alice"]) == {"alice": found["alice"], "bob": found["bob"]}
    with pytest.raises(NotFoundError, match='"carol" or "dave"'):
        people.known(session, ["alice", "carol", "dave"])
    with pytest.raises(RefusedError, match="is not a user name"):
        people.known(session, ["alice", "<b>"])


def test_me_is_unknown_until_it_is_said(session: Session) -> None:
    with pytest.raises(ConfigurationError, match="Set MHC_BROADCASTER"):
        people.me(session)


def test_me_is_the_marked_person_also_under_a_former_name(session: Session) -> None:
    me = people.mark_self(session, "studio", at=NOON)
    people.rename(session, me, to="studio_two", at=LATER)

    assert people.mark_self(session, "studio", at=LATER) == people.mark_self(session, "studio_two", at=LATER) == me
    assert people.me(session).username == "studio_two"


def test_another_broadcaster_is_refused_with_both_names(session: Session) -> None:
    people.mark_self(session, "studio", at=NOON)

    with pytest.raises(RefusedError, match='belongs to "studio", but MHC_BROADCASTER says "rival"'):
        people.mark_self(session, "rival", at=NOON)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO persons (username, first_seen_at, last_seen_at) VALUES ('Not A Name', now(), now())",
        "INSERT INTO persons (username, first_seen_at, last_seen_at) VALUES ('a', now(), now()), ('a', now(), now())",
        "INSERT INTO persons (username, first_seen_at, last_seen_at, is_self) VALUES ('a', now(), now(), true), ('b', now(), now(), true)",
        "INSERT INTO persons (username, first_seen_at, last_seen_at, is_excluded) VALUES ('a', now(), now(), true)",
        "INSERT INTO persons (username, first_seen_at, last_seen_at, role) VALUES ('a', now(), now(), 'KING')",
    ],
)
def test_the_database_keeps_its_own_rules_about_persons(session: Session, statement: str) -> None:
    with pytest.raises(IntegrityError):
        session.execute(sa.text(statement))


def test_every_change_of_the_log_is_found(empty_wb: Workbench) -> None:
    with empty_wb.transaction() as writing:
        for number in range(3):
            audit_log.append(writing, actor="a", action="b", subject=str(number), details={"n": number})
    with empty_wb.reader as reading:
        assert audit_log.broken_at(reading) is None
    with empty_wb.database.engine(Role.OWNER).begin() as owner:
        owner.execute(sa.text("ALTER TABLE audit_log DISABLE TRIGGER audit_log_sealed"))
        owner.execute(sa.text("UPDATE audit_log SET details = '{}' WHERE subject = '1'"))

    with empty_wb.reader as reading:
        assert audit_log.broken_at(reading) == 2
