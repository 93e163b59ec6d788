"""Which attributes there are: made, edited, ordered, deleted with everybody's values, and put back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.services import attribute_definitions, attributes, people
from mhc_lab.services.attribute_definitions import create, delete, edit, get, key_of, listed, restore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def keys(session: Session) -> list[str]:
    return [one.key for one in listed(session)]


def test_a_new_one_gets_a_key_from_its_label_and_the_last_place(passing: Session) -> None:
    made = create(passing, {"label": "  Very  good Tipper! ", "color": "teal", "icon": "★"}, by="tester")

    assert (made.key, made.label, made.color, made.icon, made.place) == (
        "very_good_tipper",
        "Very good Tipper!",
        "teal",
        "★",
        9,
    )
    assert (made.is_system, made.is_auto_derived, made.show_as_badge) == (False, False, False)
    assert keys(passing)[-1] == made.key


@pytest.mark.parametrize(
    ("label", "key"),
    [("Ça va?", "ca_va"), ("2nd account", "nd_account"), ("A" * 80, "a" * 50), ("__x__", "x"), ("Ⅷ days", "viii_days")],
)
def test_a_key_is_the_plain_letters_of_the_label(label: str, key: str) -> None:
    assert key_of(label) == key


@pytest.mark.parametrize("label", ["Любимый", "123", "♥"])
def test_a_label_that_makes_no_key_needs_one_given(passing: Session, label: str) -> None:
    with pytest.raises(RefusedError, match="Give one"):
        create(passing, {"label": label}, by="tester")

    assert create(passing, {"label": label}, key="mine", by="tester").label == label


@pytest.mark.parametrize(
    ("wording", "key"),
    [
        ({}, ""), ({"label": " \n "}, ""), ({"label": "x" * 101}, ""), ({"label": "x", "color": "mauve"}, ""),
        ({"label": "x", "icon": "nine long"}, ""), ({"label": "a\x00b"}, ""), ({"label": "x", "description": "\x00"}, ""),
        ({"label": "x"}, "Upper"), ({"label": "x"}, "1st"), ({"label": "x"}, "a" * 51), ({"label": "x"}, "a-b"),
    ],
)  # fmt: skip
def test_what_the_database_could_not_hold_is_refused_before_it_gets_there(
    passing: Session, wording: Any, key: str
) -> None:
    with pytest.raises(RefusedError):
        create(passing, wording, key=key, by="tester")

    assert len(listed(passing)) == 8


@pytest.mark.parametrize(("label", "key"), [("Other", "watch_list"), ("WATCHLIST", "other")])
def test_a_key_or_label_in_use_is_a_conflict(passing: Session, label: str, key: str) -> None:
    with pytest.raises(ConflictError, match="already"):
        create(passing, {"label": label}, key=key, by="tester")


def test_everything_but_key_and_kind_can_be_edited_also_of_system_ones(passing: Session) -> None:
    wording = attribute_definitions.Wording(
        label="Watched", description="Look at them first.", color="pink", icon="👁", show_as_badge=True, place=3
    )

    edited = edit(passing, "watch_list", wording, by="tester")

    assert edited.wording == wording
    assert edited.is_system
    assert keys(passing)[:4] == ["banned_me", "banned_by_me", "watch_list", "room_banned"]


def test_what_is_left_out_of_an_edit_stays(passing: Session) -> None:
    before = get(passing, "watch_list")

    after = edit(passing, "watch_list", {"color": "blue"}, by="tester")

    assert after.wording == {**before.wording, "color": "blue"}


@pytest.mark.parametrize(("place", "found"), [(0, 0), (1, 0), (5, 4), (99, 7)])
def test_a_place_beyond_the_ends_is_the_first_or_the_last(passing: Session, place: int, found: int) -> None:
    edit(passing, "room_banned", {"place": place}, by="tester")

    assert keys(passing).index("room_banned") == found
    assert [one.place for one in listed(passing)] == list(range(1, 9))


def test_the_label_of_another_one_is_a_conflict_and_its_own_is_not(passing: Session) -> None:
    with pytest.raises(ConflictError):
        edit(passing, "watch_list", {"label": "banned me"}, by="tester")

    assert edit(passing, "watch_list", {"label": "watchlist"}, by="tester").label == "watchlist"


def test_an_edit_of_what_somebody_changed_meanwhile_is_a_conflict_with_both_versions(passing: Session) -> None:
    seen = get(passing, "watch_list")
    edit(passing, "watch_list", {"color": "blue"}, by="eve")

    with pytest.raises(ConflictError, match="meanwhile") as conflict:
        edit(passing, "watch_list", {"color": "pink"}, by="tester", seen=seen)

    assert "pink" in str(conflict.value.mine)
    assert "blue" in str(conflict.value.theirs)


def test_a_move_of_others_is_no_conflict(passing: Session) -> None:
    seen = get(passing, "watch_list")
    edit(passing, "room_banned", {"place": 1}, by="eve")

    assert edit(passing, "watch_list", {"color": "pink"}, by="tester", seen=seen).color == "pink"


def test_an_unknown_key_is_answered_with_near_ones(passing: Session) -> None:
    for asking in (
        get,
        lambda session, key: edit(session, key, {}, by="x"),
        lambda session, key: delete(session, key, by="x"),
    ):
        with pytest.raises(NotFoundError, match="Did you mean watch_list"):
            asking(passing, "watchlist")


def test_one_that_came_with_the_workbench_is_not_deleted(passing: Session) -> None:
    with pytest.raises(RefusedError, match='"Watchlist" came with the workbench'):
        delete(passing, "watch_list", by="tester")

    assert "watch_list" in keys(passing)


def test_deleting_takes_the_values_and_keeps_the_history(passing: Session) -> None:
    alice = people.find_or_create(passing, ["alice"], at=NOON)["alice"]
    create(passing, {"label": "Regular"}, by="tester")
    attributes.set_many(passing, alice, {"regular": True, "watch_list": True})

    removed = delete(passing, "regular", by="tester")

    assert [(person, value) for person, value, _ in removed.values] == [(alice, True)]
    assert "regular" not in keys(passing)
    assert [(one.label, one.new) for one in attributes.history(passing, alice, key="regular")] == [
        ("regular", False), ("regular", True),
    ]  # fmt: skip


def test_restoring_puts_back_attribute_place_and_values_as_they_were(passing: Session) -> None:
    who = people.find_or_create(passing, ["alice", "bob", "carol"], at=NOON)
    before = create(passing, {"label": "Regular", "place": 2, "icon": "☕", "show_as_badge": True}, by="tester")
    for name in ("alice", "bob"):
        attributes.set_many(passing, who[name], {"regular": True})
    passing.execute(sa.text("UPDATE attribute_lookup SET set_at = '2020-01-01Z'"))
    rows = "SELECT person_id, attribute_key, value, set_at FROM attribute_lookup ORDER BY person_id"
    values = passing.execute(sa.text(rows)).all()

    restored = restore(passing, delete(passing, "regular", by="tester"), by="tester")

    assert restored == before
    assert passing.execute(sa.text(rows)).all() == values


def test_restoring_leaves_out_who_is_gone_and_refuses_a_key_that_is_taken(passing: Session) -> None:
    who = people.find_or_create(passing, ["alice", "bob"], at=NOON)
    create(passing, {"label": "Regular"}, by="tester")
    for person in who.values():
        attributes.set_many(passing, person, {"regular": True})
    removed = delete(passing, "regular", by="tester")
    passing.execute(sa.text("DELETE FROM persons WHERE username = 'bob'"))

    restore(passing, removed, by="tester")
    with pytest.raises(ConflictError):
        restore(passing, removed, by="tester")

    assert [one.username for one in attributes.holders(passing, "regular")] == ["alice"]


def test_the_audit_log_tells_of_everything_that_became_of_an_attribute(passing: Session) -> None:
    create(passing, {"label": "Regular"}, by="eve")
    edit(passing, "regular", {"color": "pink"}, by="eve")
    restore(passing, delete(passing, "regular", by="eve"), by="eve")

    lines = passing.execute(sa.text("SELECT actor, action, subject FROM audit_log ORDER BY number DESC LIMIT 4")).all()

    assert [tuple(line) for line in reversed(lines)] == [
        ("eve", f"attribute.{verb}", "regular") for verb in ("create", "edit", "delete", "restore")
    ]
