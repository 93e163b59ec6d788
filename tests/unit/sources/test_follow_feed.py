from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.follow_feed import Feed, FeedObservation, read_feed

AT = datetime(2026, 1, 8, 19, 20, tzinfo=UTC)
TOKEN = "s3cr3tT0kenThatOpensTheFeed"
OBJECT = {"broadcaster": "cast_owner", "user": {"username": "Amber_Otter", "inFanclub": False, "gender": "m"}}
EVENT = {"method": "follow", "id": "1767900000000-0", "object": OBJECT}
ANSWER = {"events": [EVENT], "nextUrl": f"https://eventsapi.invalid/events/cast_owner/{TOKEN}/?i=1767900000000-0"}
OBSERVED = FeedObservation("amber_otter", True, AT, "1767900000000-0")


def read(value: object, *, broadcaster: str | None = "cast_owner") -> Feed:
    return read_feed(json.dumps(value).encode(), broadcaster=broadcaster)


def event(**changes: object) -> dict[str, object]:
    return EVENT | changes


@pytest.mark.parametrize(
    "value",
    [
        ANSWER,
        EVENT,
        [EVENT],
        [ANSWER],
        [json.dumps(EVENT)],
        [json.dumps(json.dumps(EVENT))],
        {"events": [json.dumps(EVENT)]},
        event(object=json.dumps(OBJECT)),
        {"method": "follow", "raw_event": EVENT, "broadcaster": "cast_owner"},
        {"method": "follow", "raw_event": json.dumps(EVENT), "created_at": "2026-01-09T00:00:00Z"},
        {"id": 7, "method": "follow", "event": EVENT},
    ],
)
def test_an_event_is_read_in_every_shape_that_has_its_id(value: object) -> None:
    assert read(value) == Feed((OBSERVED,), (), 0, 0)


@pytest.mark.parametrize(
    "value",
    [
        OBJECT | {"method": "follow", "created_at": "2026-01-08T20:20:00+01:00"},
        {"method": "follow", "raw_event": OBJECT, "created_at": "2026-01-08 19:20:00+00"},
        {"method": "follow", "raw_event": json.dumps(OBJECT), "timestamp": "2026-01-08T19:20:00Z", "id": 12},
        {
            "method": "follow",
            "username": "amber_otter",
            "raw_event": {"broadcaster": "cast_owner"},
            "created_at": "2026-01-08T19:20:00Z",
        },
    ],
)
def test_an_inner_object_has_its_method_and_time_beside_it(value: object) -> None:
    (observed,) = read(value).observations

    assert (observed.username, observed.is_following, observed.at) == ("amber_otter", True, AT)
    assert observed.reference == "follow amber_otter 2026-01-08T19:20:00+00:00"


def test_lines_of_json_are_events_and_a_torn_last_one_loses_no_other() -> None:
    lines = [json.dumps(EVENT), "", json.dumps(event(method="unfollow", id="1767900000001-0")), '{"method": "fol']

    feed = read_feed("\n".join(lines).encode(), broadcaster="cast_owner")

    assert [one.is_following for one in feed.observations] == [True, False]
    assert feed.rejected == ("line 4: no JSON, perhaps cut off",)


def test_events_come_out_in_the_order_of_their_ids() -> None:
    later, earlier = event(id="1767900000001-2"), event(id="1767900000001-1", method="unfollow")

    feed = read([later, EVENT, earlier])

    assert [one.reference for one in feed.observations] == ["1767900000000-0", "1767900000001-1", "1767900000001-2"]


def test_other_methods_are_counted_and_left_alone() -> None:
    others = [event(method=name) for name in ("tip", "userEnter", "Follow", "roomSubjectChange", "")]

    feed = read([*others, EVENT])

    assert (feed.observations, feed.ignored_count) == ((OBSERVED,), 4)


def test_the_same_event_twice_is_one_and_counted() -> None:
    row = {"method": "follow", "raw_event": OBJECT, "created_at": "2026-01-08T19:20:01Z"}

    feed = read([EVENT, ANSWER, row, row])

    assert (len(feed.observations), feed.duplicate_count) == (2, 2)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (event(object=OBJECT | {"broadcaster": "quiet_river"}), "of the room quiet_river, not of cast_owner"),
        (event(object=OBJECT | {"user": {"username": "not a name"}}), "'not a name' is not a user name"),
        (event(object=OBJECT | {"user": {"username": 7}}), "without a user"),
        (event(object={"broadcaster": "cast_owner"}), "without a user"),
        (event(object=None), "without a user"),
        (event(object=[1]), "without a user"),
        (event(id="7-7"), "without a time that has its zone"),
        (event(id=None), "without a time that has its zone"),
        (event(id="9999999999999999-0"), "without a time that has its zone"),
        (event(id="x", created_at="2026-01-08T19:20:00"), "without a time that has its zone"),
        (event(id="x", created_at="0001-01-01T00:00:00+14:00"), "without a time that has its zone"),
        (event(id="x", created_at=1767900000), "without a time that has its zone"),
        (event(method=None), "without its method"),
        (event(method=["follow"]), "without its method"),
        (7, "an entry that is no event"),
        ("not JSON", "an entry that is no event"),
        (None, "an entry that is no event"),
        ([[[[[[EVENT]]]]]], "an event inside too many lists or texts"),
    ],
)
def test_one_bad_event_loses_no_other(bad: object, reason: str) -> None:
    feed = read([bad, EVENT])

    assert feed.observations == (OBSERVED,)
    assert [row.endswith(reason) for row in feed.rejected] == [True]


def test_an_object_with_a_key_twice_loses_no_other() -> None:
    text = f'[{{"method": "follow", "method": "unfollow"}}, {json.dumps(EVENT)}]'

    feed = read_feed(text.encode(), broadcaster="cast_owner")

    assert (feed.observations, feed.rejected) == ((OBSERVED,), ("an entry that is no event",))


@pytest.mark.parametrize("room", ["cast_owner", "CAST_OWNER", "", None])
def test_an_event_of_the_own_room_or_of_none_that_is_named_counts(room: str | None) -> None:
    assert read([event(object=OBJECT | {"broadcaster": room})]).observations == (OBSERVED,)


def test_the_room_counts_when_it_stands_beside_the_object() -> None:
    feed = read([event(object={"user": OBJECT["user"]}, broadcaster="quiet_river")])

    assert (feed.observations, len(feed.rejected)) == ((), 1)


def test_nobody_knows_whose_followers_they_are_when_there_are_several_rooms() -> None:
    other = event(id="1767900000001-0", object=OBJECT | {"broadcaster": "quiet_river"})

    with pytest.raises(RefusedError, match="several rooms"):
        read([EVENT, other], broadcaster=None)

    assert read([EVENT, event(id="1767900000001-0")], broadcaster=None).rejected == ()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"<html>Log in</html>", "no valid JSON"),
        (b'{"events": [', "no valid JSON, perhaps cut off"),
        (b"[" * 100_000, "nested too deeply"),
        (json.dumps(ANSWER).encode("utf-16"), "not a text file"),
    ],
)
def test_what_is_no_feed_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read_feed(content)


@pytest.mark.parametrize("content", [b'{"events": [], "nextUrl": ""}', b"[]"])
def test_an_answer_without_events_is_empty(content: bytes) -> None:
    assert read_feed(content) == Feed((), (), 0, 0)


@pytest.mark.parametrize(
    "value",
    [
        ANSWER,
        ANSWER | {"events": [event(id="x"), event(object=7), 7]},
        [ANSWER, EVENT | {"nextUrl": ANSWER["nextUrl"]}],
    ],
)
def test_the_token_of_the_feed_is_never_kept(value: object) -> None:
    assert TOKEN not in repr(read(value))


def test_the_token_of_the_feed_is_not_in_the_reason_for_refusing_it() -> None:
    with pytest.raises(RefusedError) as refused:
        read_feed(json.dumps(ANSWER).encode()[:-2])

    assert TOKEN not in str(refused.value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["follow", "unfollow", "1767900000000-0"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["events", "method", "id", "object", "user", "username", "raw_event", "broadcaster", "created_at"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_read_and_loses_no_good_event(value: object) -> None:
    assert OBSERVED in read([value, EVENT | {"id": "1767900000000-0"}], broadcaster="cast_owner").observations
