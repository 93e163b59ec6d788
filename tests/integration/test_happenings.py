"""Room events and interactions: recorded once, read alike by the database and by us, taken back only by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError, RefusedError, UserError
from mhc_lab.jobs import take_in
from mhc_lab.schema.following import follow_history
from mhc_lab.schema.happenings import event_logs, interactions
from mhc_lab.schema.people import persons
from mhc_lab.services import happenings, people
from mhc_lab.services.happenings import NewInteraction
from mhc_lab.sources.room_events import inner, read_events
from mhc_lab.workbench import Workbench

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ME = "cast_owner"
USER = {"username": "amber_otter", "gender": "m", "hasTokens": True}


def an_event(
    method: str = "chatMessage", *, after: float = 0, number: int = 0, room: str = ME, **said: object
) -> dict[str, object]:
    """An envelope, so many seconds after noon."""
    key = f"{int((NOON + timedelta(seconds=after)).timestamp() * 1000)}-{number}"
    return {"method": method, "id": key, "object": {"broadcaster": room, "user": USER, **said}}


def record(session: Session, *events: object) -> happenings.RecordedEvents:
    return happenings.record(session, read_events(json.dumps(list(events)).encode()).events, at=NOON)


def rows(session: Session, *columns: sa.ColumnElement[object]) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.execute(sa.select(*columns).order_by(*columns))]


CHAT = an_event(message={"message": "hello", "color": "", "bgColor": None, "font": "default"})
TIP = an_event("tip", after=1, tip={"tokens": 25, "isAnon": False, "message": "hi | Song"})


def test_the_same_events_twice_add_nothing(passing: Session) -> None:
    first = record(passing, CHAT, TIP)
    second = record(passing, CHAT, TIP)

    assert (first.new_count, first.interaction_count) == (2, 2)
    assert (second.new_count, second.known_count, second.interaction_count) == (0, 2, 0)
    assert len(rows(passing, interactions.c.id)) == 2


def test_two_tips_in_one_second_are_two(passing: Session) -> None:
    recorded = record(passing, TIP, TIP | {"id": str(TIP["id"])[:-1] + "1"})

    assert (recorded.new_count, recorded.interaction_count) == (2, 2)


def test_an_event_is_about_whom_the_name_belonged_to_then(passing: Session) -> None:
    otter = people.find_or_create(passing, ["amber_otter"], at=NOON)["amber_otter"]
    people.rename(passing, otter, to="amber_seal", at=NOON + timedelta(hours=1))

    record(passing, CHAT, an_event(after=7200, message={"message": "new here"}))

    before, after = (row[1] for row in rows(passing, event_logs.c.happened_at, event_logs.c.person_id))
    assert before == otter
    assert after != otter


def test_an_event_with_a_name_that_cannot_be_is_kept_without_a_person(passing: Session) -> None:
    record(passing, an_event(message={"message": "hello"}) | {"object": {"user": {"username": "Not A Name"}}})

    assert rows(passing, event_logs.c.username, event_logs.c.person_id) == [("Not A Name", None)]
    assert rows(passing, interactions.c.id) == []


def test_an_interaction_names_its_event_and_says_what_the_event_said(passing: Session) -> None:
    record(passing, TIP)

    [done] = passing.execute(sa.select(interactions)).all()
    assert (done.type, done.content, done.source) == ("TIP_EVENT", "hi | Song", "cb_events")
    assert done.event_log_id == passing.scalar(sa.select(event_logs.c.id))
    assert done.metadata == {**USER, "broadcaster": ME, "tokens": 25, "isAnon": False}


def test_a_private_message_without_a_room_is_direct_and_with_one_is_not(passing: Session) -> None:
    said = {"message": "psst", "fromUser": "amber_otter", "toUser": ME}
    outside, inside = (an_event("privateMessage", number=n, room=room, message=said) for n, room in enumerate(["", ME]))
    beside = an_event("privateMessage", number=2, room="", message=said) | {"broadcaster": ME}

    record(passing, outside, inside, beside)

    assert sorted(passing.scalars(sa.select(interactions.c.type))) == [
        "DIRECT_MESSAGE", "PRIVATE_MESSAGE", "PRIVATE_MESSAGE",
    ]  # fmt: skip
    assert [room for (room,) in rows(passing, event_logs.c.broadcaster)] == ["", ME, ME]


def test_a_private_message_of_the_broadcaster_is_about_whom_it_went_to(passing: Session) -> None:
    me = people.mark_self(passing, ME, at=NOON)
    said = {"message": "thank you", "fromUser": ME, "toUser": "amber_otter"}

    record(passing, an_event("privateMessage", message=said, user={"username": ME}))

    [(about,)] = rows(passing, event_logs.c.person_id)
    assert about == people.get(passing, "amber_otter").id != me


def test_coming_leaving_following_and_what_is_unknown_are_events_and_no_interactions(passing: Session) -> None:
    methods = ["userEnter", "userLeave", "follow", "unfollow", "broadcastStart", "somethingNew"]

    recorded = record(passing, *(an_event(method, number=number) for number, method in enumerate(methods)))

    assert (recorded.new_count, recorded.interaction_count) == (6, 0)


def test_what_the_broadcaster_says_in_the_own_room_is_no_interaction(passing: Session) -> None:
    people.mark_self(passing, ME, at=NOON)

    recorded = record(passing, an_event(message={"message": "welcome"}, user={"username": ME}))

    assert (recorded.new_count, recorded.interaction_count) == (1, 0)


def test_the_database_refuses_a_second_row_for_one_reference_and_metadata_that_are_no_object(passing: Session) -> None:
    record(passing, CHAT)
    again = sa.insert(event_logs).from_select(
        ["happened_at", "method", "raw_event", "reference"],
        sa.select(*(event_logs.c[name] for name in ("happened_at", "method", "raw_event", "reference"))),
    )
    null = sa.update(interactions).values(metadata=sa.text("'null'::jsonb"))

    for statement in (again, null):
        with pytest.raises(IntegrityError), passing.begin_nested():
            passing.execute(statement)


# the two readers

CORPUS: list[object] = [
    CHAT, TIP, CHAT["object"], json.dumps(CHAT), json.dumps(json.dumps(TIP)), json.dumps(TIP["object"]),
    CHAT | {"object": json.dumps(CHAT["object"])}, CHAT | {"object": "no JSON"}, CHAT | {"object": [1]}, CHAT | {"object": None},
    {"method": "tip", "broadcaster": "above", "object": {"broadcaster": "", "tip": {"tokens": "7"}}},
    {"method": "tip", "broadcaster": "above", "object": {"broadcaster": None, "tip": {"tokens": 7.5, "message": 3}}},
    {"method": "tip", "broadcaster": "above", "object": {"broadcaster": "inside", "tip": [1], "message": "plain words"}},
    an_event("mediaPurchase", media={"id": 7, "type": "photos", "name": "Beach", "tokens": 99}),
    an_event("roomSubjectChange", subject="Hello #new"), an_event(message={"message": ""}), an_event(tip={"tokens": True}),
    an_event(tip={"tokens": -1}), an_event(tip={"tokens": 10**18}), an_event(tip={"tokens": 10**18 - 1}),
]  # fmt: skip
NO_EVENTS: list[object] = ["", "null", "7", "no JSON", "[" * 50_000, 7, None, True, [], [CHAT]]
FOR_US_ALONE = [
    '{"tip": {"message": "\\u0000"}}',
    '{"tip": {"message": "\\ud800"}}',
    '{"tip": 1e999999}',
    '{"tip": NaN}',
]


def both(session: Session, raw: object) -> tuple[Mapping[str, object] | None, str | None, int | None]:
    """How the database reads ``raw``: what it is about, the words, the tokens."""
    value = sa.bindparam("raw", raw, JSONB(none_as_null=False))
    functions = (sa.func.room_event, sa.func.room_event_content, sa.func.room_event_tokens)
    found = session.execute(sa.select(*(function(value) for function in functions))).one()
    return tuple(found)


@pytest.mark.parametrize("raw", CORPUS, ids=range(len(CORPUS)))
def test_the_database_reads_an_event_as_we_do(passing: Session, raw: object) -> None:
    row = {"method": "x", "id": CHAT["id"], "raw_event": raw}

    [event] = read_events(json.dumps([row]).encode()).events

    assert event.raw == raw
    assert both(passing, raw) == (inner(raw), event.text, event.tokens)


@pytest.mark.parametrize("raw", NO_EVENTS, ids=range(len(NO_EVENTS)))
def test_what_is_no_event_is_none_for_both(passing: Session, raw: object) -> None:
    assert both(passing, raw)[0] is inner(raw) is None


@pytest.mark.parametrize("raw", FOR_US_ALONE)
def test_a_text_that_only_we_can_read_is_stored_opened(passing: Session, raw: str) -> None:
    row = {"method": "x", "id": CHAT["id"], "raw_event": raw}

    [event] = read_events(json.dumps([row]).encode()).events

    assert isinstance(event.raw, dict)
    assert both(passing, raw)[0] is None
    assert both(passing, event.raw) == (event.raw, event.text, event.tokens)


SAID = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from([0.5, float("nan"), float("inf")]),
    lambda inside: (
        st.lists(inside, max_size=2)
        | st.dictionaries(
            st.sampled_from(["tip", "message", "media", "tokens", "subject", "name", "user"]), inside, max_size=4
        )
    ),
    max_leaves=8,
)
SHAPES = [
    lambda e: e,
    lambda e: json.dumps(e),
    lambda e: json.dumps(json.dumps(e)),
    lambda e: e | {"object": json.dumps(e["object"])},
]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(said=SAID, shape=st.sampled_from(SHAPES))
def test_whatever_is_stored_is_read_alike(passing: Session, said: object, shape) -> None:  # type: ignore[no-untyped-def]
    told = shape({"method": "tip", "id": "1767900000000-0", "object": {"user": USER, "tip": said, "message": said}})

    [event] = read_events(json.dumps([told]).encode()).events
    about, words, tokens = both(passing, event.raw)

    assert about == inner(event.raw)
    assert words == event.text
    assert tokens == event.tokens


# by hand


def test_an_interaction_entered_by_hand_is_taken_back_and_put_back(passing: Session) -> None:
    person = people.find_or_create(passing, ["amber_otter"], at=NOON)["amber_otter"]
    added = happenings.add(passing, person, NewInteraction("TIP_EVENT", "at the club", NOON, {"tokens": 50}))

    removed = happenings.remove(passing, added.id, by="tester")
    with pytest.raises(NotFoundError):
        happenings.get(passing, added.id)
    happenings.put_back(passing, removed, by="tester")
    happenings.put_back(passing, removed, by="tester")

    assert happenings.get(passing, added.id) == added == removed


def test_without_metadata_the_column_is_null(passing: Session) -> None:
    person = people.find_or_create(passing, ["amber_otter"], at=NOON)["amber_otter"]

    added = happenings.add(passing, person, NewInteraction("MANUAL_NOTE", "met at the club", NOON))

    assert passing.scalar(sa.select(interactions.c.metadata.is_(sa.null()))) is True
    assert added.metadata is None


def test_what_a_feed_told_is_not_taken_back(passing: Session) -> None:
    record(passing, TIP)

    with pytest.raises(RefusedError, match="told by cb_events"):
        happenings.remove(passing, passing.scalar(sa.select(interactions.c.id)) or uuid4(), by="tester")


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        (NewInteraction("HUG", "big", NOON), "no kind of interaction"),
        (NewInteraction("MANUAL_NOTE", " \n", NOON), "needs some words"),
        (NewInteraction("MANUAL_NOTE", "x", NOON.replace(tzinfo=None)), "no time zone"),
    ],
)
def test_what_is_no_interaction_is_refused(passing: Session, new: NewInteraction, sentence: str) -> None:
    person = people.find_or_create(passing, ["amber_otter"], at=NOON)["amber_otter"]

    with pytest.raises(UserError, match=sentence):
        happenings.add(passing, person, new)


# the take-in


def versions(wb: Workbench) -> list[tuple[object, ...]]:
    """Which transaction wrote each row last."""
    with wb.reader as session:
        return [
            tuple(row)
            for table in (event_logs, interactions, follow_history, persons)
            for row in session.execute(sa.select(sa.text("xmin::text, ctid::text")).select_from(table))
        ]


def test_a_feed_is_taken_in_whole_and_twice_does_nothing(empty_wb: Workbench, tmp_path: Path) -> None:
    feed = tmp_path / "feed.json"
    later = an_event("tip", after=10**8, tip={"tokens": 1})
    feed.write_text(
        json.dumps({"events": [CHAT, TIP, TIP, an_event("follow", number=9), 7, later], "nextUrl": "https://x/TOKEN"})
    )

    first = take_in.import_lists(empty_wb, feed)
    before = versions(empty_wb)
    second = take_in.import_lists(empty_wb, feed)

    assert (first.room_event_count, first.new_room_event_count, first.new_observation_count) == (4, 3, 1)
    assert "3 of 4 room events new" in str(first)
    assert first.duplicate_count == 1
    assert [row.rpartition(": ")[2] for row in first.rejected_rows] == [
        "an entry that is no event", "dated 2029-05-01 21:46, which cannot be",
    ]  # fmt: skip
    assert (second.new_room_event_count, second.new_observation_count) == (0, 0)
    assert versions(empty_wb) == before


def test_the_token_of_the_feed_is_nowhere_in_the_database(empty_wb: Workbench, tmp_path: Path) -> None:
    address = "https://eventsapi.invalid/events/cast_owner/s3cr3t/?i=0"
    feed = tmp_path / "feed.json"
    feed.write_text(
        json.dumps(
            [CHAT | {"nextUrl": address}, json.dumps(TIP | {"nextUrl": address}), an_event(number=3, note=address)]
        )
    )

    take_in.import_lists(empty_wb, feed)

    with empty_wb.reader as session:
        kept = session.scalars(sa.select(sa.cast(event_logs.c.raw_event, sa.Text))).all()
    assert len(kept) == 3
    assert "s3cr3t" not in "".join(kept)
