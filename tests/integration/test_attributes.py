"""Attributes of persons: set together, set back, and kept by the database against everybody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.services import attribute_definitions, attributes, people, profiles

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def person(session: Session, name: str = "alice") -> PersonId:
    return people.find_or_create(session, [name], at=NOON)[name]


def held(session: Session, who: PersonId) -> set[str]:
    return {one.definition.key for one in attributes.of(session, who) if one.value}


def logged(session: Session, who: PersonId) -> list[tuple[str, bool | None, bool]]:
    """Key, old and new value of every change, the oldest first."""
    return [(one.key, one.old, one.new) for one in reversed(attributes.history(session, who))]


def test_a_person_nobody_said_anything_about_has_every_attribute_and_none_holds(passing: Session) -> None:
    said = attributes.of(passing, person(passing))

    assert [one.definition.key for one in said] == [
        "watch_list", "banned_me", "banned_by_me", "room_banned", "smoke_on_cam", "leather_fetish", "had_interaction", "profile_smoke",
    ]  # fmt: skip
    assert {(one.value, one.since, one.by) for one in said} == {(False, None, None)}


def test_several_are_set_at_once_and_each_says_since_when_and_by_whom(passing: Session) -> None:
    alice = person(passing)
    now = passing.scalar(sa.select(sa.func.now()))

    changes = attributes.set_many(passing, alice, {"watch_list": True, "banned_me": True, "room_banned": False})

    assert [(one.key, one.label, one.old, one.new) for one in changes] == [
        ("banned_me", "Banned Me", None, True), ("watch_list", "Watchlist", None, True),
    ]  # fmt: skip
    assert {(one.since, one.by) for one in attributes.of(passing, alice) if one.value} == {(now, "tester")}
    assert attributes.get(passing, alice, "watch_list")
    assert not attributes.get(passing, alice, "room_banned")


def test_sets_take_one_statement_and_deletes_another(passing: Session) -> None:
    alice = person(passing)
    attributes.set_many(passing, alice, {"banned_me": True, "room_banned": True})
    statements: list[str] = []

    def note(_connection, _cursor, statement: str, *_rest: object) -> None:  # type: ignore[no-untyped-def]
        statements.append(statement)

    sa.event.listen(passing.get_bind(), "before_cursor_execute", note)
    wanted = {"watch_list": True, "smoke_on_cam": True, "banned_me": False, "room_banned": False}
    attributes.set_many(passing, alice, wanted)
    sa.event.remove(passing.get_bind(), "before_cursor_execute", note)

    assert sorted(one.split()[0] for one in statements if not one.startswith("SELECT")) == ["DELETE", "INSERT"]


def test_what_is_so_already_changes_nothing_and_leaves_no_trace(passing: Session) -> None:
    alice = person(passing)
    attributes.set_many(passing, alice, {"watch_list": True})
    passing.execute(sa.text("UPDATE attribute_lookup SET set_at = '2020-01-01Z'"))

    changes = attributes.set_many(passing, alice, {"watch_list": True, "banned_me": False})

    assert changes == ()
    assert len(attributes.history(passing, alice)) == 1
    assert [one.since for one in attributes.of(passing, alice) if one.value] == [datetime(2020, 1, 1, tzinfo=UTC)]


def test_a_row_that_says_no_is_made_yes_and_is_not_taken_away_for_no(passing: Session) -> None:
    alice = person(passing)
    passing.execute(
        sa.text("INSERT INTO attribute_lookup (person_id, attribute_key, value) VALUES (:who, 'watch_list', false)"),
        {"who": alice},
    )

    nothing = attributes.set_many(passing, alice, {"watch_list": False})
    changes = attributes.set_many(passing, alice, {"watch_list": True})

    assert nothing == ()
    assert [(one.old, one.new) for one in changes] == [(False, True)]


def test_a_derived_one_is_refused_by_name_and_the_others_are_not_set(passing: Session) -> None:
    alice = person(passing)

    with pytest.raises(RefusedError, match='"Profile Smoke" is derived'):
        attributes.set_many(passing, alice, {"watch_list": True, "profile_smoke": True})

    assert attributes.history(passing, alice) == ()


def test_an_unknown_key_is_answered_with_near_ones(passing: Session) -> None:
    alice = person(passing)

    for asking in (
        lambda: attributes.set_many(passing, alice, {"watchlist": True}),
        lambda: attributes.get(passing, alice, "watchlist"),
        lambda: attributes.holders(passing, "watchlist"),
    ):
        with pytest.raises(NotFoundError, match="Did you mean watch_list"):
            asking()


def test_holders_are_listed_by_name_also_the_excluded(passing: Session) -> None:
    for name in ("bob", "alice", "carol"):
        attributes.set_many(passing, person(passing, name), {"watch_list": name != "carol", "banned_me": True})
    people.set_exclusion(passing, person(passing, "bob"), reason="a bot", at=NOON, by="tester")

    found = attributes.holders(passing, "watch_list")

    assert [(one.username, one.is_excluded) for one in found] == [("alice", False), ("bob", True)]


def test_badges_and_check_boxes_share_the_attributes_between_them(passing: Session) -> None:
    said = attributes.of(passing, person(passing))

    badges, boxes = attributes.badges(said), attributes.check_boxes(said)

    assert [one.definition.key for one in badges] == ["banned_me", "profile_smoke"]
    assert len(badges) + len(boxes) == len(said)


def test_the_history_is_newest_first_by_key_and_limited(passing: Session) -> None:
    alice = person(passing)
    for value in (True, False, True):
        attributes.set_many(passing, alice, {"watch_list": value})
    attributes.set_many(passing, alice, {"banned_me": True})

    assert [one.key for one in attributes.history(passing, alice, limit=2)] == ["banned_me", "watch_list"]
    assert [one.new for one in attributes.history(passing, alice, key="watch_list")] == [True, False, True]
    assert "Watchlist: yes → no" in str(attributes.history(passing, alice, key="watch_list")[1])


def test_undo_sets_back_everything_that_was_saved_together(passing: Session) -> None:
    alice = person(passing)
    attributes.set_many(passing, alice, {"banned_me": True})
    changes = attributes.set_many(passing, alice, {"watch_list": True, "banned_me": False})

    done = attributes.undo(passing, changes)

    assert held(passing, alice) == {"banned_me"}
    assert [(one.key, one.new) for one in done] == [("banned_me", True), ("watch_list", False)]


def test_an_undo_can_itself_be_undone(passing: Session) -> None:
    alice = person(passing)
    changes = attributes.set_many(passing, alice, {"watch_list": True})

    attributes.undo(passing, attributes.undo(passing, changes))

    assert held(passing, alice) == {"watch_list"}


def test_what_somebody_changed_again_is_a_conflict_and_nothing_is_set_back(passing: Session) -> None:
    alice = person(passing)
    changes = attributes.set_many(passing, alice, {"banned_me": True, "watch_list": True})
    attributes.set_many(passing, alice, {"watch_list": False})

    with pytest.raises(ConflictError, match='"Watchlist" was changed again'):
        attributes.undo(passing, changes)

    assert held(passing, alice) == {"banned_me"}


def test_a_change_of_an_attribute_that_is_gone_or_derived_is_not_set_back(passing: Session) -> None:
    alice = person(passing)
    attribute_definitions.create(passing, {"label": "Regular"}, by="tester")
    changes = attributes.set_many(passing, alice, {"regular": True})
    attribute_definitions.delete(passing, "regular", by="tester")
    profiles.edit(passing, alice, {"smoke_drink": "yes"})

    with pytest.raises(NotFoundError):
        attributes.undo(passing, changes)
    with pytest.raises(RefusedError, match="derived"):
        attributes.undo(passing, attributes.history(passing, alice, key="profile_smoke"))


# What the database itself holds to, tried with plain SQL as app and as owner.


@pytest.fixture(params=["passing", "passing_owner"])
def anyone(request: pytest.FixtureRequest) -> Session:
    """A session of the app, then one of the owner."""
    found: Session = request.getfixturevalue(request.param)
    return found


def run(session: Session, statement: str, **values: object) -> None:
    session.execute(sa.text(statement), values)


def test_every_way_of_changing_a_value_leaves_exactly_its_trace(anyone: Session) -> None:
    alice, bob = person(anyone), person(anyone, "bob")
    insert = "INSERT INTO attribute_lookup (person_id, attribute_key, value) VALUES (:who, :key, :value)"

    run(anyone, insert, who=alice, key="watch_list", value=True)
    run(anyone, insert, who=alice, key="banned_me", value=False)
    run(anyone, "UPDATE attribute_lookup SET set_at = now()")
    run(anyone, "UPDATE attribute_lookup SET value = NOT value")
    run(anyone, "UPDATE attribute_lookup SET attribute_key = 'room_banned' WHERE attribute_key = 'banned_me'")
    run(anyone, "UPDATE attribute_lookup SET person_id = :bob WHERE attribute_key = 'room_banned'", bob=bob)
    run(anyone, "DELETE FROM attribute_lookup")

    assert logged(anyone, alice) == [
        ("watch_list", None, True), ("banned_me", None, False), ("watch_list", True, False), ("banned_me", False, True),
        ("banned_me", True, False), ("room_banned", None, True), ("room_banned", True, False), ("watch_list", False, False),
    ]  # fmt: skip
    assert logged(anyone, bob) == [("room_banned", None, True), ("room_banned", True, False)]


def test_who_changed_it_is_whom_the_connection_serves_whatever_the_session_claims(anyone: Session) -> None:
    alice = person(anyone)

    attributes.set_many(anyone, alice, {"watch_list": True})

    assert [one.changed_by for one in attributes.history(anyone, alice)] == ["tester"]


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE attribute_lookup",
        "TRUNCATE attribute_history",
        "TRUNCATE persons CASCADE",
        "TRUNCATE attribute_definitions CASCADE",
        "UPDATE attribute_history SET new_value = false",
        "UPDATE attribute_history SET changed_by = 'nobody'",
        "DELETE FROM attribute_history",
        "INSERT INTO attribute_lookup (person_id, attribute_key) SELECT id, 'profile_smoke' FROM persons",
        "UPDATE attribute_lookup SET attribute_key = 'profile_smoke'",
        "INSERT INTO attribute_lookup (person_id, attribute_key) SELECT id, 'no_such_key' FROM persons",
        "INSERT INTO attribute_lookup (person_id, attribute_key) SELECT id, 'watch_list' FROM persons",
        "INSERT INTO attribute_lookup (person_id, attribute_key) VALUES (gen_random_uuid(), 'watch_list')",
        "UPDATE attribute_lookup SET value = NULL",
        "DELETE FROM attribute_definitions WHERE key = 'watch_list'",
        "UPDATE attribute_definitions SET key = 'other' WHERE key = 'watch_list'",
        "UPDATE attribute_definitions SET key = 'other' WHERE key = 'regular'",
        "UPDATE attribute_definitions SET is_system = false",
        "UPDATE attribute_definitions SET is_auto_derived = false WHERE key = 'profile_smoke'",
        "UPDATE attribute_definitions SET is_auto_derived = true WHERE key = 'regular'",
        "UPDATE attribute_definitions SET color = 'mauve'",
        "UPDATE attribute_definitions SET label = ' '",
        "UPDATE attribute_definitions SET icon = 'too long an icon'",
        "INSERT INTO attribute_definitions (key, label) VALUES ('Bad Key', 'x')",
        "INSERT INTO attribute_definitions (key, label) VALUES ('regular', 'x')",
    ],
)
def test_what_would_break_the_values_or_their_history_is_refused(anyone: Session, statement: str) -> None:
    alice = person(anyone)
    attribute_definitions.create(anyone, {"label": "Regular"}, by="tester")
    attributes.set_many(anyone, alice, {"watch_list": True})
    before = logged(anyone, alice)

    with pytest.raises(DBAPIError), anyone.begin_nested():
        run(anyone, statement)

    assert held(anyone, alice) == {"watch_list"}
    assert logged(anyone, alice) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attribute_lookup SET value = false WHERE attribute_key = 'profile_smoke'",
        "UPDATE attribute_lookup SET attribute_key = 'watch_list' WHERE attribute_key = 'profile_smoke'",
        "UPDATE attribute_lookup SET set_at = now() WHERE attribute_key = 'profile_smoke'",
        "DELETE FROM attribute_lookup WHERE attribute_key = 'profile_smoke'",
        "DELETE FROM attribute_lookup",
    ],
)
def test_a_derived_value_is_changed_by_nobody(anyone: Session, statement: str) -> None:
    alice = person(anyone)
    profiles.edit(anyone, alice, {"smoke_drink": "yes"})

    with pytest.raises(DBAPIError, match="derived: nobody sets it"), anyone.begin_nested():
        run(anyone, statement)

    assert held(anyone, alice) == {"profile_smoke"}


def test_a_person_goes_with_their_values_and_their_history_and_nobody_elses(anyone: Session) -> None:
    alice, bob = person(anyone), person(anyone, "bob")
    for who in (alice, bob):
        attributes.set_many(anyone, who, {"watch_list": True, "banned_me": True})
        profiles.edit(anyone, who, {"smoke_drink": "yes"})

    run(anyone, "DELETE FROM persons WHERE id = :who", who=alice)

    for table in ("attribute_lookup", "attribute_history"):
        left = anyone.scalars(sa.text(f"SELECT person_id FROM {table}")).all()
        assert set(left) == {bob}
        assert len(left) == 3


@pytest.mark.parametrize(
    ("said", "smokes"),
    [
        ("yes", True), ("YES", True), ("Yeah / no", True), (" yeah/…", True), ("\tYes", False), ("sometimes / often", True),
        ("Sometimes", True), ("no / yes", False), ("No", False), ("", False), ("/yes", False), ("yes please", False), ("yesyes", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("before", ["yes", "no"])
def test_smoking_is_derived_from_the_first_part_of_what_the_profile_says(
    passing: Session, said: str, smokes: bool, before: str
) -> None:
    alice = person(passing)
    run(passing, "INSERT INTO profiles (person_id, smoke_drink) VALUES (:who, :said)", who=alice, said=before)

    run(passing, "UPDATE profiles SET smoke_drink = :said", said=said)

    assert attributes.get(passing, alice, "profile_smoke") is smokes


@pytest.mark.parametrize("before", ["yes", "no"])
def test_a_profile_that_says_nothing_about_smoking_leaves_what_was_known(passing: Session, before: str) -> None:
    alice = person(passing)
    run(passing, "INSERT INTO profiles (person_id, smoke_drink) VALUES (:who, :said)", who=alice, said=before)

    run(passing, "UPDATE profiles SET smoke_drink = NULL")

    assert attributes.get(passing, alice, "profile_smoke") is (before == "yes")


def test_a_derived_change_is_in_the_history_like_any_other(passing: Session) -> None:
    alice = person(passing)

    for said in ("yes", "yeah / sometimes", "no", "no / no"):
        profiles.edit(passing, alice, {"smoke_drink": said})

    assert logged(passing, alice) == [("profile_smoke", None, True), ("profile_smoke", True, False)]
