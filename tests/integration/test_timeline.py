"""One timeline per person: everything there is to tell, each thing once, page by page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from mhc_lab.core.errors import UserError
from mhc_lab.core.ids import PersonId
from mhc_lab.schema.attributes import attribute_lookup
from mhc_lab.schema.following import follow_history
from mhc_lab.schema.happenings import event_logs, interactions
from mhc_lab.schema.notes import profile_notes
from mhc_lab.schema.pairs import alternate_accounts, collaborations
from mhc_lab.schema.relationships import profile_relationships
from mhc_lab.services import people, timeline
from mhc_lab.services.timeline import Moment, Place

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TYPES = {
    "chatMessage": "CHAT_MESSAGE",
    "tip": "TIP_EVENT",
    "userEnter": "USER_ENTER",
    "privateMessage": "DIRECT_MESSAGE",
}


@pytest.fixture
def ann(passing: Session) -> PersonId:
    people.mark_self(passing, "cast_owner", at=NOON)
    return people.find_or_create(passing, ["ann"], at=NOON)["ann"]


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def event(
    session: Session, person: PersonId, method: str, *, after: float = 0, text: str = "", tokens: int | None = None
) -> Any:
    said = {"tip": {"tokens": tokens, "message": text}} if method == "tip" else {"message": {"message": text}}
    number = session.scalar(sa.select(sa.func.count()).select_from(event_logs))
    row = sa.insert(event_logs).values(
        person_id=person, method=method, happened_at=at(after), username="ann", broadcaster="cast_owner",
        raw_event={"object": {"user": {"username": "ann"}, **said}}, reference=str(number),
    )  # fmt: skip
    return session.scalar(row.returning(event_logs.c.id))


def done(
    session: Session, person: PersonId, kind: str, *, after: float = 0, text: str = "", tokens: int | None = None,
    source: str = "cb_events", made_from: object = None,
) -> None:  # fmt: skip
    metadata = sa.null() if tokens is None else {"tokens": tokens}
    session.execute(
        sa.insert(interactions).values(
            person_id=person, type=kind, content=text, happened_at=at(after), source=source, metadata=metadata,
            event_log_id=made_from,
        )
    )  # fmt: skip


def moments(session: Session, person: PersonId, **asked: Any) -> list[Moment]:
    return list(timeline.page(session, person, **asked).moments)


def shown(session: Session, person: PersonId, **asked: Any) -> list[tuple[str, str, str]]:
    """Kind, title and text of what there is, newest first."""
    return [(one.kind, one.title, one.text) for one in moments(session, person, **asked)]


def test_everything_we_know_is_told_newest_first(passing: Session, ann: PersonId) -> None:
    others = people.find_or_create(passing, ["bob", "cy"], at=NOON)
    low, high = sorted([ann, others["bob"]])
    pair = {"person_a_id": low, "person_b_id": high}
    passing.execute(sa.insert(profile_notes).values(person_id=ann, content="shy", author="tester", noted_at=at(100)))
    passing.execute(sa.insert(collaborations).values(**pair, notes="New Year", first_seen_at=at(90)))
    passing.execute(sa.insert(alternate_accounts).values(**pair, first_seen_at=at(80)))
    passing.execute(
        sa.insert(follow_history).values(
            person_id=ann, direction="followers", action="unfollow", source="list_scrape", at=at(70), last_seen_at=at(0),
            first_missing_at=at(70), status="provisional", recorded_at=at(70),
        )
    )  # fmt: skip
    people.rename(passing, ann, to="anna", at=at(60))
    event(passing, ann, "tip", after=50, text="for you", tokens=25)
    event(passing, ann, "somethingNew", after=40)
    done(passing, ann, "CHAT_IMPORT", after=30, text="pasted", source="manual")

    assert shown(passing, ann) == [
        ("note", "Note", "shy"),
        ("collaboration", "On camera with bob", "New Year"),
        ("account", "Is also bob", ""),
        ("follow", "Follows me no longer", "Some time after 2026-03-01 12:00 UTC; provisional."),
        ("rename", "Renamed from ann to anna", ""),
        ("tip", "Tip", "for you"),
        ("room", "somethingNew", ""),
        ("note", "Chat Import", "pasted"),
    ]


def test_changes_of_attributes_and_relationships_are_told_from_either_side(passing: Session, ann: PersonId) -> None:
    bob = people.find_or_create(passing, ["bob"], at=NOON)["bob"]
    passing.execute(sa.insert(attribute_lookup).values(person_id=ann, attribute_key="watch_list"))
    passing.execute(sa.delete(attribute_lookup))
    passing.execute(
        sa.insert(profile_relationships).values(
            person_id=ann,
            related_person_id=bob,
            type="friend",
            status="on_hold",
            notes="school",
            started_on=date(2026, 1, 1),
        )
    )
    passing.execute(sa.delete(profile_relationships))

    titles = {title for _, title, _ in shown(passing, ann)}
    assert titles == {
        "Watchlist: yes", "Watchlist: no", "bob is their friend (on hold)", "No longer: bob is their friend (on hold)",
    }  # fmt: skip
    assert {title for _, title, _ in shown(passing, bob)} == {
        "Is friend of ann (on hold)",
        "No longer: Is friend of ann (on hold)",
    }
    assert {one.reference.partition("/")[0] for one in moments(passing, bob)} == {"profile_relationship_history"}


def test_a_value_that_is_set_to_no_where_there_was_none_is_no_news(passing: Session, ann: PersonId) -> None:
    passing.execute(sa.insert(attribute_lookup).values(person_id=ann, attribute_key="watch_list", value=False))

    assert shown(passing, ann) == []


def test_a_deleted_note_is_not_told(passing: Session, ann: PersonId) -> None:
    gone = {"deleted_at": at(1), "deleted_by": "tester"}
    passing.execute(
        sa.insert(profile_notes).values(person_id=ann, content="shy", author="tester", noted_at=at(0), **gone)
    )

    assert shown(passing, ann) == []


def test_an_interaction_that_names_its_event_is_that_event(passing: Session, ann: PersonId) -> None:
    made_from = event(passing, ann, "tip", tokens=5)
    done(passing, ann, "TIP_EVENT", after=3600, tokens=5, made_from=made_from)

    assert [one.place.table for one in moments(passing, ann)] == ["event_logs"]


def test_an_interaction_whose_event_is_about_somebody_else_is_told(passing: Session, ann: PersonId) -> None:
    bob = people.find_or_create(passing, ["bob"], at=NOON)["bob"]
    done(passing, ann, "TIP_EVENT", tokens=5, made_from=event(passing, bob, "tip", tokens=5))

    assert [one.place.table for one in moments(passing, ann)] == ["interactions"]


@pytest.mark.parametrize(
    ("told", "entered", "rows"),
    [
        (("tip", 0, "", 25), ("TIP_EVENT", 60, "other words", 25), 1),
        (("tip", 0, "thanks", 25), ("TIP_EVENT", -60, "thanks", None), 1),
        (("tip", 0, "thanks", 25), ("TIP_EVENT", 60.001, "thanks", 25), 2),
        (("tip", 0, "thanks", 25), ("TIP_EVENT", 0, "hello", 24), 2),
        (("chatMessage", 0, "hi", None), ("CHAT_MESSAGE", 1, "hi", None), 1),
        (("chatMessage", 0, "hi", None), ("PRIVATE_MESSAGE", 1, "hi", None), 2),
        (("privateMessage", 0, "hi", None), ("DIRECT_MESSAGE", 1, "hi", None), 1),
        (("userEnter", 0, "", None), ("USER_ENTER", 1, "Entered", None), 1),
        (("userEnter", 0, "", None), ("USER_LEAVE", 1, "Left", None), 2),
        (("chatMessage", 0, "hi", None), ("MANUAL_NOTE", 0, "hi", None), 2),
    ],
)
def test_a_pair_that_nobody_linked_is_told_once_when_it_is_one(
    passing: Session, ann: PersonId, told: tuple[Any, ...], entered: tuple[Any, ...], rows: int
) -> None:
    method, after, text, tokens = told
    event(passing, ann, method, after=after, text=text, tokens=tokens)
    type_, after, text, tokens = entered
    done(passing, ann, type_, after=after, text=text, tokens=tokens, source="manual")

    assert len(moments(passing, ann)) == rows


def test_two_equal_tips_of_one_second_told_twice_stay_two(passing: Session, ann: PersonId) -> None:
    for after in (0.1, 0.7):
        event(passing, ann, "tip", after=after, tokens=25)
        done(passing, ann, "TIP_EVENT", tokens=25)

    assert [one.place.table for one in moments(passing, ann)] == ["event_logs", "event_logs"]


def test_an_equal_tip_that_only_a_person_noted_stays_beside_the_one_that_was_told(
    passing: Session, ann: PersonId
) -> None:
    event(passing, ann, "tip", tokens=25)
    done(passing, ann, "TIP_EVENT", after=2, tokens=25)
    done(passing, ann, "TIP_EVENT", after=30, tokens=25, source="manual")

    assert [(one.at, one.source) for one in moments(passing, ann)] == [(at(30), "manual"), (NOON, "cb_events")]


def test_follows_of_the_feed_are_told_by_the_history_alone(passing: Session, ann: PersonId) -> None:
    event(passing, ann, "follow")
    event(passing, ann, "unfollow", after=9)
    done(passing, ann, "FOLLOW", text="Followed")
    passing.execute(
        sa.insert(follow_history).values(
            person_id=ann,
            direction="followers",
            action="follow",
            source="events_api",
            at=NOON,
            status="confirmed",
            recorded_at=NOON,
        )
    )

    assert shown(passing, ann) == [("follow", "Follows me", "")]


def test_counts_and_pages_are_about_the_same_things(passing: Session, ann: PersonId) -> None:
    for number in range(7):
        event(passing, ann, "tip" if number % 2 else "chatMessage", after=number, text=f"t{number}", tokens=number)
        done(passing, ann, "CHAT_MESSAGE", after=number, text=f"t{number}")

    assert timeline.counts(passing, ann) == {"chat": 7, "tip": 3}
    assert timeline.counts(passing, ann, since=at(2), until=at(4)) == {"chat": 2, "tip": 1}
    assert [one.text for one in moments(passing, ann, kinds=["tip"], since=at(1))] == ["t5", "t3"]


def test_pages_hang_together_while_things_are_added(passing: Session, ann: PersonId) -> None:
    for number in range(9):
        event(passing, ann, "chatMessage", after=number // 3, text=str(number))
    first = timeline.page(passing, ann, limit=4)
    event(passing, ann, "chatMessage", after=100, text="new")

    second = timeline.page(passing, ann, limit=4, before=first.older)
    third = timeline.page(passing, ann, limit=4, before=second.older)

    pages = [*first.moments, *second.moments, *third.moments]
    assert sorted(one.text for one in pages) == [str(number) for number in range(9)]
    assert [one.at for one in pages] == sorted((one.at for one in pages), reverse=True)
    assert third.older is None


def test_a_place_is_written_and_read_again(passing: Session, ann: PersonId) -> None:
    event(passing, ann, "chatMessage", after=0.000001)
    [one] = moments(passing, ann)

    assert Place.parse(str(one.place)) == one.place


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-03-01T00:00:00~event_logs~x", "2026-03-01T00:00:00Z~persons~x", "2026-03-01T00:00Z~notes~"],
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="no place in a timeline"):
        Place.parse(text)


def test_an_unknown_kind_is_refused_with_those_there_are(passing: Session, ann: PersonId) -> None:
    with pytest.raises(UserError, match=r'"tips" is no kind .* note, attribute'):
        timeline.page(passing, ann, kinds=["tips"])


def test_a_long_text_is_cut(passing: Session, ann: PersonId) -> None:
    passing.execute(sa.insert(profile_notes).values(person_id=ann, content="x" * 3000, author="tester", noted_at=NOON))

    assert [len(one.text) for one in moments(passing, ann)] == [timeline.LONGEST_TEXT + 1]


TOLD = st.tuples(
    st.sampled_from(sorted(TYPES)), st.integers(0, 300), st.sampled_from(["a", "b"]), st.sampled_from([1, 2])
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(told=st.lists(TOLD, max_size=8), also=st.lists(st.booleans(), min_size=8, max_size=8))
def test_no_event_is_lost_and_none_told_twice_whatever_was_also_entered(
    passing: Session, ann: PersonId, told: list[tuple[str, int, str, int]], also: list[bool]
) -> None:
    with passing.begin_nested() as point:
        for (method, after, text, tokens), is_entered in zip(told, also, strict=False):
            event(passing, ann, method, after=after, text=text, tokens=tokens if method == "tip" else None)
            if is_entered:
                done(passing, ann, TYPES[method], after=after, text=text, tokens=tokens if method == "tip" else None)

        tables = [one.place.table for one in moments(passing, ann)]
        point.rollback()

    assert tables == ["event_logs"] * len(told)
