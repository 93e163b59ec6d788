"""The affiliate feed's answers: whatever is missing or wrong, the rest is read."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.affiliate import Room, Rooms, read_rooms

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOM: dict[str, object] = {
    "username": "amber_otter", "slug": "amber_otter", "display_name": "Amber", "gender": "m", "age": 25, "birthday": "",
    "location": "Somewhere", "country": "CO", "spoken_languages": "English, español", "current_show": "public",
    "room_subject": "Hello #new", "tags": ["new"], "is_new": True, "is_hd": True, "num_users": 31, "num_followers": 1200,
    "seconds_online": 5400, "image_url": "https://img.invalid/ri/amber_otter.jpg",
    "image_url_360x270": "https://img.invalid/riw/amber_otter.jpg", "chat_room_url": "https://site.invalid/x?wm=CODE",
    "chat_room_url_revshare": "https://site.invalid/y?wm=CODE", "iframe_embed": "<iframe wm=CODE>", "iframe_embed_revshare": "",
}  # fmt: skip


def page(*results: object, **others: object) -> bytes:
    return json.dumps({"count": len(results), "results": results, **others}).encode()


def room(**changes: object) -> Rooms:
    return read_rooms(page(ROOM | changes))


def test_every_field_is_read() -> None:
    read = read_rooms(page(ROOM))

    (found,) = read.rooms
    assert (read.reported_total, read.rejected, read.faults, read.duplicate_count) == (1, (), (), 0)
    assert found == Room(
        username="amber_otter", display_name="Amber", gender="m", age=25, birthday=None, location="Somewhere", country="CO",
        spoken_languages=("English", "español"), current_show="public", room_subject="Hello #new", tags=("new",), is_new=True,
        is_hd=True, num_users=31, num_followers=1200, seconds_online=5400, image_url="https://img.invalid/ri/amber_otter.jpg",
        image_url_360x270="https://img.invalid/riw/amber_otter.jpg", raw=found.raw,
    )  # fmt: skip


def test_the_raw_entry_is_kept_without_the_links_that_carry_the_affiliate_code() -> None:
    (found,) = room(some_new_field={"a": [1]}).rooms

    assert found.raw["some_new_field"] == {"a": [1]}
    assert found.raw["num_followers"] == 1200
    assert "CODE" not in repr(found)


def test_a_room_may_say_nothing_but_its_name() -> None:
    read = read_rooms(page({"username": "amber_otter"}))

    assert read.rooms == (Room("amber_otter", raw={"username": "amber_otter"}),)
    assert read.faults == ()


def test_names_are_folded() -> None:
    assert room(username=" Amber_Otter ").rooms[0].username == "amber_otter"


def test_what_is_absent_is_not_an_empty_list() -> None:
    assert (room(tags=[]).rooms[0].tags, room(tags=None).rooms[0].tags) == ((), None)
    assert room(spoken_languages="").rooms[0].spoken_languages is None


def test_tags_lose_their_hash_their_repetitions_and_empty_ones() -> None:
    assert room(tags=["#new", " boots ", "new", ""]).rooms[0].tags == ("new", "boots")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_followers", "many"),
        ("num_followers", -1),
        ("num_followers", 1.5),
        ("num_followers", True),
        ("num_followers", 2**63),
        ("num_users", [3]),
        ("seconds_online", 10**12),
        ("seconds_online", "-5"),
        ("age", 900),
        ("display_name", 7),
        ("tags", "new"),
        ("tags", [1]),
        ("spoken_languages", ["English"]),
        ("is_new", "yes"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_left_out_and_named(field: str, value: object) -> None:
    read = room(**{field: value})

    (found,) = read.rooms
    assert getattr(found, field) is None
    assert found.raw[field] == value
    assert [fault.startswith(f"room 1: {field} is ") for fault in read.faults] == [True]
    assert found.current_show == "public"


def test_numbers_may_come_as_texts() -> None:
    assert room(num_followers=" 1200 ", num_users="0").rooms[0].num_followers == 1200


def test_an_age_of_zero_is_none() -> None:
    assert (room(age=0).rooms[0].age, room(age=0).faults) == (None, ())


@pytest.mark.parametrize("entry", [{"username": "not a name!"}, {"username": None}, {}, None, 5, "amber_otter", []])
def test_an_entry_without_a_name_is_rejected_and_the_others_are_kept(entry: object) -> None:
    read = read_rooms(page(entry, ROOM))

    assert [one.username for one in read.rooms] == ["amber_otter"]
    assert [why.startswith("room 1: ") for why in read.rejected] == [True]


def test_a_room_that_moved_between_pages_counts_once_as_it_was_first() -> None:
    read = read_rooms(page(ROOM, count=2), page(ROOM | {"username": "AMBER_OTTER", "num_users": 99}, count=3))

    assert [one.num_users for one in read.rooms] == [31]
    assert (read.duplicate_count, read.reported_total) == (1, 3)


def test_a_page_without_rooms_is_no_error() -> None:
    assert read_rooms(page()).rooms == ()


def test_the_start_of_the_broadcast_follows_from_the_seconds_online() -> None:
    assert room().rooms[0].session_start(NOON) == datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
    assert room(seconds_online=None).rooms[0].session_start(NOON) is None


def test_what_postgresql_cannot_keep_is_replaced() -> None:
    text = r'{"results": [{"username": "amber_otter", "display_name": "A\u0000b\ud800", "x": [1e999, NaN]}]}'

    (found,) = read_rooms(text.encode()).rooms

    assert found.display_name == "A\ufffdb?"
    assert found.raw["x"] == [None, None]


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"[]", b"{}", b'{"results": {}}', b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"results": [' + b"9" * 5000 + b"]}"],
)  # fmt: skip
def test_what_is_no_answer_of_the_feed_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError, match="affiliate answer"):
        read_rooms(content)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(ROOM)), inner, max_size=6),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(sorted(ROOM)), _JSON) | _JSON, max_size=4))
def test_whatever_comes_is_read_or_reported(results: list[object]) -> None:
    read = read_rooms(json.dumps({"results": results}).encode())

    assert len(read.rooms) + read.duplicate_count + len(read.rejected) == len(results)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(RefusedError):
        read_rooms(content)
