"""Profile fields: entered by hand or taken from services, each with where it came from, and every change set back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.services import people, profiles
from mhc_lab.services.profile_values import FIELDS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERYTHING = {
    "display_name": "Alice A.", "real_name": "Alice", "irl_name": "Al", "identity_name": "Aly", "address_as": ["she", "queen"],
    "rating": 4, "bio": "First line.\n\nSecond <b>line</b>.", "location": "Москва", "country": "RU", "age": 27, "gender": "f",
    "birthday_public": "Nov. 29, 1997", "spoken_languages": ["English", "русский"], "tags": ["smoke", "leather"],
    "social_links": {"Twitter": "https://twitter.com/alice"}, "smoke_drink": "Yes / no",
}  # fmt: skip


def person(session: Session, name: str = "alice") -> PersonId:
    return people.find_or_create(session, [name], at=NOON)[name]


def said(session: Session, who: PersonId, field: str) -> tuple[Any, str | None]:
    """A value, and who stands for it."""
    found = profiles.get(session, who).fields[field]
    return found.value, found.source


def test_a_person_without_a_profile_has_empty_fields_and_no_row_is_made_by_looking(passing: Session) -> None:
    profile = profiles.get(passing, person(passing))

    assert {name: field.value for name, field in profile.fields.items()} == {**dict.fromkeys(FIELDS), "rating": 0}
    assert {field.source for field in profile.fields.values()} == {None}
    assert passing.scalar(sa.text("SELECT count(*) FROM profiles")) == 0


def test_every_field_is_kept_as_it_was_entered_with_its_source(passing: Session) -> None:
    alice = person(passing)
    now = passing.scalar(sa.select(sa.func.now()))

    changes = profiles.edit(passing, alice, EVERYTHING)

    profile = profiles.get(passing, alice)
    assert {name: profile[name] for name in FIELDS} == EVERYTHING
    assert [change.field for change in changes] == list(FIELDS)
    assert {(one.source, one.since, one.by) for one in profile.fields.values()} == {("manual", now, "tester")}


def test_a_field_that_is_emptied_holds_nothing_at_all(passing: Session) -> None:
    alice = person(passing)
    profiles.edit(passing, alice, EVERYTHING)

    profiles.edit(passing, alice, {**dict.fromkeys(FIELDS), "bio": " \n", "tags": [" ", ","], "social_links": {}})

    empty = " AND ".join(f"{field} IS NULL" for field in FIELDS if field != "rating")
    assert passing.scalar(sa.text(f"SELECT {empty} AND rating = 0 FROM profiles"))


def test_the_follow_columns_are_never_touched(passing: Session) -> None:
    alice = person(passing)
    passing.execute(
        sa.text("INSERT INTO profiles (person_id, follower, follower_since) VALUES (:who, true, '2025-01-01Z')"),
        {"who": alice},
    )
    rows = "SELECT following, follower, following_since, follower_since, unfollowed_at, unfollower_at FROM profiles"
    before = passing.execute(sa.text(rows)).one()

    profiles.undo(passing, profiles.edit(passing, alice, EVERYTHING))
    profiles.take(passing, alice, EVERYTHING, source="affiliate_api")

    assert passing.execute(sa.text(rows)).one() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"rating": 6}, {"rating": -1}, {"rating": True}, {"rating": "5"}, {"age": 0}, {"age": 151}, {"age": 27.5}, {"age": "x"},
        {"bio": 5}, {"bio": "a\x00b"}, {"bio": "x" * 100_001}, {"location": "x" * 501}, {"tags": "one"}, {"tags": [1]},
        {"social_links": ["https://example.com"]}, {"social_links": {"": "https://example.com"}},
        {"social_links": {"Twitter": "javascript:alert(1)"}}, {"social_links": {"Twitter": "data:text/html,x"}},
        {"social_links": {"a": "https://example.com", "A": "https://example.org"}}, {"social_links": {"a:b": "https://example.com"}},
    ],
)  # fmt: skip
def test_a_value_that_is_not_accepted_is_refused_and_nothing_is_changed(
    passing: Session, changes: Mapping[str, object]
) -> None:
    alice = person(passing)

    with pytest.raises(RefusedError):
        profiles.edit(passing, alice, {"location": "Rome", **changes} if "location" not in changes else changes)

    assert profiles.history(passing, alice) == ()


def test_an_unknown_field_is_answered_with_near_ones(passing: Session) -> None:
    alice = person(passing)

    for asking in (
        lambda: profiles.edit(passing, alice, {"social_link": {}}),
        lambda: profiles.take(passing, alice, {"social_link": {}}, source="affiliate_api"),
        lambda: profiles.give_back(passing, alice, "social_link"),
        lambda: profiles.edit(passing, alice, {"follower": True}),
    ):
        with pytest.raises(NotFoundError, match="profile field"):
            asking()


def test_lists_hold_every_text_once_and_links_their_real_target(passing: Session) -> None:
    alice = person(passing)
    wrapped = "https://chaturbate.com/external_link/?url=https%3A%2F%2Ftwitter.com%2Falice"

    profiles.edit(passing, alice, {"tags": ["b, a", "B", " c  d "], "social_links": {" Twitter: ": wrapped}})

    profile = profiles.get(passing, alice)
    assert profile["tags"] == ["b", "a", "c d"]
    assert profile["social_links"] == {"Twitter": "https://twitter.com/alice"}


def test_an_edit_of_what_somebody_changed_meanwhile_is_a_conflict_with_both_versions(passing: Session) -> None:
    alice = person(passing)
    profiles.edit(passing, alice, {"bio": "theirs"})

    with pytest.raises(ConflictError, match="changed bio meanwhile") as conflict:
        profiles.edit(passing, alice, {"bio": "mine", "location": "Rome"}, seen={"bio": None, "location": None})

    assert (conflict.value.mine, conflict.value.theirs) == ("mine", "theirs")
    assert said(passing, alice, "location") == (None, None)


def test_two_who_edit_different_fields_or_say_the_same_do_not_collide(passing: Session) -> None:
    alice = person(passing)
    profiles.edit(passing, alice, {"bio": "same", "location": "Rome"})

    changes = profiles.edit(
        passing, alice, {"bio": "same", "country": "IT"}, seen={"bio": None, "location": None, "country": None}
    )

    assert [change.field for change in changes] == ["country"]


def test_what_a_service_says_fills_and_replaces_and_an_empty_value_keeps(passing: Session) -> None:
    alice = person(passing)
    profiles.take(passing, alice, {"bio": "old", "age": 26, "tags": ["a"], "country": "IT"}, source="affiliate_api")

    taken = profiles.take(
        passing, alice, {"bio": "new", "age": None, "tags": [], "country": "", "gender": "f"}, source="profile_page"
    )

    profile = profiles.get(passing, alice)
    assert [profile[field] for field in ("bio", "age", "tags", "country", "gender")] == ["new", 26, ["a"], "IT", "f"]
    assert [change.field for change in taken.changes] == ["bio", "gender"]
    assert said(passing, alice, "bio")[1] == "profile_page"
    assert said(passing, alice, "age")[1] == "affiliate_api"


def test_a_field_edited_by_hand_stays_until_it_is_given_back(passing: Session) -> None:
    alice = person(passing)
    profiles.take(passing, alice, {"bio": "theirs"}, source="affiliate_api")
    profiles.edit(passing, alice, {"bio": "mine", "location": "Rome"})

    taken = profiles.take(passing, alice, {"bio": "newer", "location": "Rome", "country": "IT"}, source="affiliate_api")

    assert taken.kept == ("bio",)
    assert said(passing, alice, "bio") == ("mine", "manual")
    assert said(passing, alice, "country") == ("IT", "affiliate_api")


def test_a_field_emptied_by_hand_stays_empty(passing: Session) -> None:
    alice = person(passing)
    profiles.take(passing, alice, {"location": "somewhere rude"}, source="affiliate_api")
    profiles.edit(passing, alice, {"location": None})

    profiles.take(passing, alice, {"location": "somewhere rude"}, source="affiliate_api")

    assert said(passing, alice, "location") == (None, "manual")


def test_a_field_given_back_holds_what_the_service_said_last_and_can_be_filled_again(passing: Session) -> None:
    alice = person(passing)
    profiles.take(passing, alice, {"bio": "theirs"}, source="affiliate_api")
    for mine in ("mine", "mine too"):
        profiles.edit(passing, alice, {"bio": mine})

    profiles.give_back(passing, alice, "bio")

    assert said(passing, alice, "bio") == ("theirs", "affiliate_api")
    profiles.take(passing, alice, {"bio": "newer"}, source="affiliate_api")
    assert said(passing, alice, "bio") == ("newer", "affiliate_api")


@pytest.mark.parametrize("field", ["bio", "rating"])
def test_a_field_no_service_spoke_of_is_empty_when_it_is_given_back(passing: Session, field: str) -> None:
    alice = person(passing)
    empty = profiles.get(passing, alice)[field]
    profiles.edit(passing, alice, {field: EVERYTHING[field]})

    profiles.give_back(passing, alice, field)

    assert said(passing, alice, field) == (empty, "given back")


def test_giving_back_is_noted_also_when_the_value_stays(passing: Session) -> None:
    alice = person(passing)
    profiles.take(passing, alice, {"bio": "same"}, source="affiliate_api")
    for bio in ("other", "same"):
        profiles.edit(passing, alice, {"bio": bio})

    change = profiles.give_back(passing, alice, "bio")

    assert (change.old, change.new, change.source) == ("same", "same", "affiliate_api")
    assert "same stays" in str(change)


def test_what_was_not_entered_by_hand_cannot_be_given_back(passing: Session) -> None:
    alice = person(passing)
    profiles.take(passing, alice, {"bio": "theirs"}, source="affiliate_api")

    for field in ("bio", "location"):
        with pytest.raises(RefusedError, match="was not entered by hand"):
            profiles.give_back(passing, alice, field)


def test_cbhours_leaves_alone_what_the_affiliate_feed_said_and_not_the_other_way_round(passing: Session) -> None:
    alice = person(passing)
    profiles.take(passing, alice, {"gender": "f"}, source="affiliate_api")
    profiles.take(passing, alice, {"country": "DE"}, source="cbhours")

    cbhours = profiles.take(passing, alice, {"gender": "Female"}, source="cbhours")
    profiles.take(passing, alice, {"country": "IT"}, source="affiliate_api")

    assert cbhours.kept == ("gender",)
    assert said(passing, alice, "gender") == ("f", "affiliate_api")
    assert said(passing, alice, "country") == ("IT", "affiliate_api")


def test_what_a_service_says_that_cannot_be_kept_is_reported_and_costs_nothing_else(passing: Session) -> None:
    alice = person(passing)
    links = {
        "Twitter": "/external_link/?url=https%3A%2F%2Ftwitter.com%2Fchaturbate", "Evil": "/external_link/?url=javascript:alert(1)",
        "Shop": "/external_link/?url=https%3A%2F%2Fshop.example%2Falice",
    }  # fmt: skip

    taken = profiles.take(passing, alice, {"social_links": links, "age": 999, "bio": "hello"}, source="profile_page")

    profile = profiles.get(passing, alice)
    assert (profile["social_links"], profile["age"], profile["bio"]) == (
        {"Shop": "https://shop.example/alice"},
        None,
        "hello",
    )
    assert len(taken.refused) == 3
    assert "own account" in taken.refused[0]


@pytest.mark.parametrize("source", ["", "manual", "given back"])
def test_nobody_takes_in_as_if_by_hand(passing: Session, source: str) -> None:
    with pytest.raises(RefusedError, match="is no service"):
        profiles.take(passing, person(passing), {"bio": "x"}, source=source)


def test_who_says_so_is_forgotten_after_each_call(passing: Session) -> None:
    alice = person(passing)
    profiles.edit(passing, alice, {"bio": "mine"})

    passing.execute(sa.text("UPDATE profiles SET location = 'Rome', bio = bio"))

    assert said(passing, alice, "location") == ("Rome", "sql")
    assert len(profiles.history(passing, alice)) == 2


def test_undo_sets_back_values_and_who_stood_for_them(passing: Session) -> None:
    alice = person(passing)
    profiles.take(passing, alice, {"bio": "theirs"}, source="affiliate_api")
    changes = profiles.edit(passing, alice, {"bio": "mine", "location": "Rome", "rating": 5})

    profiles.undo(passing, changes)

    assert said(passing, alice, "bio") == ("theirs", "affiliate_api")
    assert said(passing, alice, "location") == (None, "given back")
    assert said(passing, alice, "rating") == (0, "given back")
    assert profiles.take(passing, alice, {"location": "Paris"}, source="affiliate_api").kept == ()


def test_giving_back_is_undone_too(passing: Session) -> None:
    alice = person(passing)
    profiles.edit(passing, alice, {"bio": "mine"})

    profiles.undo(passing, [profiles.give_back(passing, alice, "bio")])

    assert said(passing, alice, "bio") == ("mine", "manual")


def test_what_somebody_changed_again_is_not_set_back(passing: Session) -> None:
    alice = person(passing)
    changes = profiles.edit(passing, alice, {"bio": "mine"})
    profiles.edit(passing, alice, {"bio": "newer"})

    with pytest.raises(ConflictError, match="bio was changed again"):
        profiles.undo(passing, changes)


def test_the_history_is_newest_first_by_field_and_limited(passing: Session) -> None:
    alice = person(passing)
    for bio in ("one", "two"):
        profiles.edit(passing, alice, {"bio": bio})
    profiles.edit(passing, alice, {"location": "Rome"})

    assert [change.field for change in profiles.history(passing, alice, limit=2)] == ["location", "bio"]
    assert [change.new for change in profiles.history(passing, alice, field="bio")] == ["two", "one"]


@pytest.mark.parametrize("who", ["passing", "passing_owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE profile_field_history SET source = 'affiliate_api'", "DELETE FROM profile_field_history",
        "TRUNCATE profile_field_history", "UPDATE profiles SET rating = 6", "UPDATE profiles SET rating = NULL",
    ],
)  # fmt: skip
def test_the_database_keeps_ratings_in_bounds_and_the_history_as_it_is(
    request: pytest.FixtureRequest, who: str, statement: str
) -> None:
    session: Session = request.getfixturevalue(who)
    alice = person(session)
    profiles.edit(session, alice, EVERYTHING)

    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(sa.text(statement))

    assert len(profiles.history(session, alice)) == len(FIELDS)


def test_a_field_is_noted_without_a_change_only_when_that_is_asked_for(passing: Session) -> None:
    alice = person(passing)
    profiles.edit(passing, alice, {"bio": "mine", "location": "Rome"})

    passing.execute(sa.text("SELECT set_config('mhc.noted', 'bio', true)"))
    passing.execute(sa.text("UPDATE profiles SET bio = bio, location = location"))

    assert [(one.field, one.old, one.new) for one in profiles.history(passing, alice, limit=1)] == [
        ("bio", "mine", "mine")
    ]
    assert len(profiles.history(passing, alice)) == 3


class ProfileStates(RuleBasedStateMachine):
    """One field: its value, who stands for it, and what services said, as a dictionary would have it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.savepoint = session, session.begin_nested()
        self.alice = person(session)
        self.value: str | None = None
        self.source: str | None = None
        self.service: tuple[str | None, str] = (None, "given back")

    def teardown(self) -> None:
        self.savepoint.rollback()

    @rule(value=st.sampled_from(["a", "b", None]))
    def edit(self, value: str | None) -> None:
        profiles.edit(self.session, self.alice, {"bio": value})
        if value != self.value:
            self.value, self.source = value, "manual"

    @rule(
        value=st.sampled_from(["a", "b", "", None]),
        source=st.sampled_from(["affiliate_api", "cbhours", "profile_page"]),
    )
    def take(self, value: str | None, source: str) -> None:
        profiles.take(self.session, self.alice, {"bio": value}, source=source)
        yields = self.source == "manual" or (source, self.source) == ("cbhours", "affiliate_api")
        if value and value != self.value and not yields:
            self.value, self.source = value, source
            self.service = (value, source)

    @rule()
    def give_back(self) -> None:
        if self.source == "manual":
            profiles.give_back(self.session, self.alice, "bio")
            self.value, self.source = self.service

    @rule(value=st.sampled_from(["a", "b", None]))
    def edit_and_undo(self, value: str | None) -> None:
        profiles.undo(self.session, profiles.edit(self.session, self.alice, {"bio": value}))
        if value != self.value and self.source is None:
            self.source = "given back"

    @invariant()
    def the_field_is_what_the_model_says(self) -> None:
        assert said(self.session, self.alice, "bio") == (self.value, self.source)


def test_a_field_belongs_to_the_hand_until_it_is_given_back_whatever_happens(passing: Session) -> None:
    run_state_machine_as_test(
        lambda: ProfileStates(passing),
        settings=settings(
            max_examples=8,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
