"""CBHours's answers: live rooms and segments, errors told apart, times moved to UTC."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.cbhours import Activity, LiveRoom, read_activity, read_live

ONLINE: dict[str, object] = {
    "room_status": "Online", "gender": "Male", "rank": 123, "grank": 45, "viewers": 31, "followers": 1200,
    "current_show": "public", "room_subject": "Hello", "tags": ["new"], "is_new": False,
}  # fmt: skip
SEGMENT = {
    "timestamp": "2026-01-02T20:03", "type": "_public", "rank": "5720", "followers": "1200", "viewers": "0", "gender": "m",
    "grank": "401",
}  # fmt: skip
NOT_THERE = {"status": "error", "message": "Error Code:300 The model is not in the trophy database"}


def live(**rooms: object) -> bytes:
    return json.dumps({"server_status": "up", "data": rooms}).encode()


def activity(*segments: object, tzo: int = 0) -> Activity:
    answer = {"status": True, "model": "amber_otter", "serverStatus": True, "details": {"2026-01-02": segments}}
    return read_activity(json.dumps(answer).encode(), tzo=tzo)


def test_every_field_of_a_room_that_is_online_is_read() -> None:
    read = read_live(live(amber_otter=ONLINE))

    assert read.rooms == (
        LiveRoom(
            username="amber_otter", room_status="Online", gender="m", is_new=False, rank=123, grank=45, viewers=31,
            followers=1200, current_show="public", room_subject="Hello", tags=("new",), raw=ONLINE,
        ),
    )  # fmt: skip
    assert (read.rejected, read.faults, read.duplicate_count) == ((), (), 0)


def test_a_room_that_is_offline_says_nothing_else() -> None:
    read = read_live(live(quiet_river={"room_status": "Offline"}))

    assert read.rooms == (LiveRoom("quiet_river", "Offline", raw={"room_status": "Offline"}),)


def test_zeros_of_counts_and_ranks_mean_not_known() -> None:
    (room,) = read_live(live(a=ONLINE | {"rank": 0, "grank": "0", "viewers": 0, "followers": 0})).rooms

    assert (room.rank, room.grank, room.viewers, room.followers) == (None, None, None, None)
    assert room.raw["followers"] == 0


@pytest.mark.parametrize(
    ("word", "stored"),
    [("Female", "f"), ("male", "m"), ("Trans", "t"), ("Couple", "c"), ("f", "f"), ("Robot", "Robot"), ("", None)],
)
def test_genders_are_written_as_the_other_sources_write_them(word: str, stored: str | None) -> None:
    assert read_live(live(a=ONLINE | {"gender": word})).rooms[0].gender == stored


def test_a_bad_room_and_a_bad_field_are_named_and_the_rest_is_kept() -> None:
    bad = {"not a name!": ONLINE, "quiet_river": None, "bo": ONLINE | {"viewers": "many"}, "Bo": ONLINE, "cy": ONLINE}

    read = read_live(live(**bad))

    assert [room.username for room in read.rooms] == ["bo", "cy"]
    assert [why.partition(":")[0] for why in read.rejected] == ["room not a name!", "room quiet_river"]
    assert read.faults == ("room bo: viewers is no whole number from 0 on.",)
    assert read.duplicate_count == 1


def test_no_known_room_comes_as_an_empty_list() -> None:
    assert read_live(b'{"server_status": "up", "data": []}').rooms == ()


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(NOT_THERE).encode(),
        b'{"status": "error", "message": "Error Code:429 Too fast"}',
        b'{"server_status": "down"}',
        b'{"data": [1]}',
        b"<html>busy</html>",
        b"{}",
    ],
)
def test_a_live_answer_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError, match="CBHours"):
        read_live(content)


def test_the_texts_of_a_segment_become_numbers() -> None:
    (segment,) = activity(SEGMENT).segments

    assert segment.segment_at == datetime(2026, 1, 2, 20, 3, tzinfo=UTC)
    assert (segment.show_type, segment.gender) == ("public", "m")
    assert (segment.rank, segment.grank, segment.followers, segment.viewers) == (5720, 401, 1200, None)
    assert segment.raw == SEGMENT


@pytest.mark.parametrize(
    ("tzo", "said", "meant"),
    [
        (-300, "2026-01-02T20:03", datetime(2026, 1, 3, 1, 3, tzinfo=UTC)),
        (120, "2026-01-02T00:30", datetime(2026, 1, 1, 22, 30, tzinfo=UTC)),
        (345, "2026-03-29T02:30", datetime(2026, 3, 28, 20, 45, tzinfo=UTC)),
        (-300, "2026-01-02T20:03:00+00:00", datetime(2026, 1, 2, 20, 3, tzinfo=UTC)),
    ],
)
def test_the_minutes_from_gmt_are_taken_off_the_times(tzo: int, said: str, meant: datetime) -> None:
    assert activity(SEGMENT | {"timestamp": said}, tzo=tzo).segments[0].segment_at == meant


@given(st.integers(0, 10**8), st.integers(-840, 840))
def test_a_time_told_in_any_zone_is_the_same_instant(seconds: int, tzo: int) -> None:
    instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    told = (instant + timedelta(minutes=tzo)).replace(tzinfo=None).isoformat()

    (segment,) = activity(SEGMENT | {"timestamp": told}, tzo=tzo).segments

    assert segment.segment_at == instant


def test_segments_are_in_order_of_time_and_one_of_each() -> None:
    late, early = SEGMENT | {"timestamp": "2026-01-02T20:06"}, SEGMENT | {"timestamp": "2026-01-02T20:03"}

    read = activity(late, early, late | {"viewers": "9"})

    assert [segment.segment_at.minute for segment in read.segments] == [3, 6]
    assert [segment.viewers for segment in read.segments] == [None, None]
    assert read.duplicate_count == 1


@pytest.mark.parametrize("said", [None, "", "yesterday", 5, "0001-01-01T00:00", "2026-02-30T10:00"])
def test_a_segment_without_a_time_is_rejected_and_the_others_are_kept(said: object) -> None:
    read = activity(SEGMENT | {"timestamp": said}, None, SEGMENT, tzo=300)

    assert len(read.segments) == 1
    assert [why.partition(":")[0] for why in read.rejected] == [
        "day 2026-01-02, segment 1",
        "day 2026-01-02, segment 2",
    ]


def test_a_day_that_is_no_list_is_rejected() -> None:
    answer = {"status": True, "details": {"2026-01-01": {"a": 1}, "2026-01-02": [SEGMENT]}}

    read = read_activity(json.dumps(answer).encode(), tzo=0)

    assert (len(read.segments), read.rejected) == (1, ("day 2026-01-01: is no object.",))


def test_an_answer_without_details_has_no_segments() -> None:
    read = read_activity(b'{"status": true, "activity": {"2026-01-02": "00 Hours 06 Minutes"}}', tzo=0)

    assert (read.has_trophy, read.segments) == (True, ())
    assert read_activity(b'{"status": true, "activity": [], "details": []}', tzo=0).segments == ()


def test_a_room_cbhours_does_not_know_is_no_error() -> None:
    read = read_activity(json.dumps(NOT_THERE).encode(), tzo=0)

    assert (read.has_trophy, read.segments) == (False, ())


@pytest.mark.parametrize(
    "content",
    [
        b'{"status": "error", "message": "Error Code:429 Too fast"}',
        b'{"status": false, "serverMessage": "maintenance", "details": {}}',
        b'{"status": true, "details": [1]}',
        b"{}",
        b"[]",
        b"",
    ],
)
def test_any_other_error_is_refused_with_what_it_says(content: bytes) -> None:
    with pytest.raises(RefusedError, match="CBHours"):
        read_activity(content, tzo=0)


def test_a_zone_that_is_nowhere_is_refused() -> None:
    with pytest.raises(RefusedError, match="900 minutes from GMT"):
        activity(SEGMENT, tzo=900)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, is_live: bool) -> None:
    with suppress(RefusedError):
        read_live(content) if is_live else read_activity(content, tzo=0)
