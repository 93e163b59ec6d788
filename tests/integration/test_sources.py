"""What outside services said is kept as it was seen: once, unchanged, and found again as broadcasts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mhc_lab.demo import Truth
from mhc_lab.demo import people as invented
from mhc_lab.demo import snapshots as planted
from mhc_lab.schema.people import persons, profiles
from mhc_lab.schema.sources import affiliate_api_snapshots, cbhours_activity, cbhours_live_stats
from mhc_lab.services import people, snapshots
from mhc_lab.services.snapshots import Recorded
from mhc_lab.sources.affiliate import Room, read_rooms
from mhc_lab.sources.cbhours import Activity, LiveRoom, Segment, read_activity, read_live
from mhc_lab.workbench import Workbench

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
TABLES = ("affiliate_api_snapshots", "cbhours_live_stats", "cbhours_activity")


def test_a_room_becomes_a_row_with_all_it_said(passing: Session) -> None:
    raw = {"username": "ann", "x": [1, 2.5]}
    room = Room(
        "ann", "Ann", "f", 30, "1996-01-01", "Porto", "PT", ("English",), "public", "Hello", ("new",), is_new=True, is_hd=False,
        num_users=2**40, num_followers=2**41, seconds_online=3600, image_url="u", image_url_360x270="v", raw=raw,
    )  # fmt: skip

    recorded = snapshots.record_affiliate(passing, [room], observed_at=NOON)

    row = passing.execute(sa.select(affiliate_api_snapshots)).one()._mapping
    assert recorded == Recorded(new_count=1, known_count=0)
    assert {name: value for name, value in row.items() if name not in {"id", "person_id", "created_at"}} == {
        "observed_at": NOON, "display_name": "Ann", "gender": "f", "age": 30, "birthday": "1996-01-01", "location": "Porto",
        "country": "PT", "spoken_languages": ["English"], "current_show": "public", "room_subject": "Hello", "tags": ["new"],
        "is_new": True, "is_hd": False, "num_users": 2**40, "num_followers": 2**41, "seconds_online": 3600,
        "session_start": NOON - timedelta(hours=1), "image_url": "u", "image_url_360x270": "v", "image_path": None,
        "image_path_360x270": None, "raw_payload": raw,
    }  # fmt: skip


def test_what_a_room_did_not_say_is_null_and_an_empty_list_is_one(passing: Session) -> None:
    snapshots.record_affiliate(passing, [Room("ann"), Room("bo", tags=())], observed_at=NOON)

    rows = passing.execute(
        sa.select(persons.c.username, affiliate_api_snapshots.c.tags, affiliate_api_snapshots.c.num_users)
        .join(persons)
        .order_by(persons.c.username)
    ).all()

    assert [tuple(row) for row in rows] == [("ann", None, None), ("bo", [], None)]


def test_the_same_observation_twice_is_once_and_the_first_one_stays(passing: Session) -> None:
    snapshots.record_affiliate(passing, [Room("ann", num_users=1)], observed_at=NOON)

    again = snapshots.record_affiliate(passing, [Room("ann", num_users=2), Room("bo")], observed_at=NOON)
    later = snapshots.record_affiliate(passing, [Room("ann", num_users=3)], observed_at=LATER)

    viewers = passing.scalars(sa.select(affiliate_api_snapshots.c.num_users).order_by("observed_at", "id")).all()
    assert (again, later) == (Recorded(1, 1), Recorded(1, 0))
    assert viewers == [1, None, 3]


def test_a_broadcast_is_a_row_per_look_and_never_overwritten(passing: Session) -> None:
    for minutes, viewers in ((5, 10), (10, 90), (15, 20)):
        room = Room("ann", num_users=viewers, seconds_online=minutes * 60)
        snapshots.record_affiliate(passing, [room], observed_at=NOON + timedelta(minutes=minutes))

    columns = [affiliate_api_snapshots.c.num_users, affiliate_api_snapshots.c.session_start]
    assert [tuple(row) for row in passing.execute(sa.select(*columns).order_by("observed_at"))] == [
        (10, NOON),
        (90, NOON),
        (20, NOON),
    ]


def test_persons_nobody_knew_become_models_and_known_ones_keep_their_role(passing: Session) -> None:
    people.find_or_create(passing, ["ann"], at=NOON, role="VIEWER")

    snapshots.record_affiliate(passing, [Room("ann"), Room("bo")], observed_at=LATER)

    assert [people.get(passing, name).role for name in ("ann", "bo")] == ["VIEWER", "MODEL"]


def test_a_row_belongs_to_who_carried_the_name_then(passing: Session) -> None:
    ann = people.find_or_create(passing, ["ann"], at=NOON)["ann"]
    people.rename(passing, ann, to="anna", at=LATER)

    snapshots.record_affiliate(passing, [Room("ann", num_users=1)], observed_at=NOON)
    snapshots.record_affiliate(passing, [Room("anna", num_users=2)], observed_at=LATER)

    owners = passing.execute(sa.select(affiliate_api_snapshots.c.person_id, affiliate_api_snapshots.c.num_users)).all()
    assert sorted(owners, key=lambda row: row.num_users) == [(ann, 1), (ann, 2)]


def test_a_live_answer_is_kept_and_marks_the_trophy_also_of_those_offline(passing: Session) -> None:
    bo = people.find_or_create(passing, ["bo"], at=NOON)["bo"]
    passing.execute(sa.insert(profiles).values(person_id=bo, display_name="By hand", rating=4, updated_at=NOON))
    rooms = [LiveRoom("ann", "Online", rank=3, followers=9, tags=("new",)), LiveRoom("bo", "Offline")]

    recorded = snapshots.record_cbhours_live(passing, rooms, checked_at=LATER)
    again = snapshots.record_cbhours_live(passing, rooms, checked_at=LATER)

    said = sa.select(cbhours_live_stats.c.room_status, cbhours_live_stats.c.rank, cbhours_live_stats.c.tags).order_by(
        "rank"
    )
    noted = sa.select(profiles.c.has_cbhours_trophy, profiles.c.display_name, profiles.c.rating).order_by("rating")
    assert (recorded, again) == (Recorded(2, 0), Recorded(0, 2))
    assert [tuple(row) for row in passing.execute(said)] == [("Online", 3, ["new"]), ("Offline", None, None)]
    assert [tuple(row) for row in passing.execute(noted)] == [(True, None, 0), (True, "By hand", 4)]


def test_activity_adds_the_segments_that_are_new(passing: Session) -> None:
    first, second = Segment(NOON, "public", rank=5), Segment(NOON + timedelta(minutes=3), "private")

    snapshots.record_cbhours_activity(passing, Activity(True, (first,)), username="ann", asked_at=LATER)
    more = snapshots.record_cbhours_activity(passing, Activity(True, (first, second)), username="ann", asked_at=LATER)

    columns = [cbhours_activity.c.segment_at, cbhours_activity.c.show_type, cbhours_activity.c.rank]
    assert more == Recorded(1, 1)
    assert [tuple(row) for row in passing.execute(sa.select(*columns).order_by("segment_at"))] == [
        (NOON, "public", 5),
        (NOON + timedelta(minutes=3), "private", None),
    ]


def test_a_room_cbhours_does_not_know_is_noted_and_noted_otherwise_when_that_changes(passing: Session) -> None:
    unknown = Activity(has_trophy=False, segments=())
    noted = sa.select(profiles.c.has_cbhours_trophy)

    recorded = snapshots.record_cbhours_activity(passing, unknown, username="ann", asked_at=NOON)
    before = passing.scalar(noted)
    snapshots.record_cbhours_live(passing, [LiveRoom("ann", "Offline")], checked_at=LATER)

    assert (recorded, before, passing.scalar(noted)) == (Recorded(0, 0), False, True)


def test_nothing_offered_is_nothing_recorded(passing: Session) -> None:
    assert snapshots.record_affiliate(passing, [], observed_at=NOON) == Recorded(0, 0)
    assert snapshots.record_cbhours_live(passing, [], checked_at=NOON) == Recorded(0, 0)


def test_answers_go_in_as_they_come(passing: Session) -> None:
    page = {"count": 1, "results": [{"username": "Ann", "num_followers": "12", "display_name": "A\0b", "x": 1e999}]}
    live = {"data": {"ann": {"room_status": "Online", "followers": 0, "current_show": "\ud800"}}}
    kept = {"status": True, "details": {"2026-03-01": [{"timestamp": "2026-03-01T07:00", "type": "_public"}]}}

    snapshots.record_affiliate(passing, read_rooms(json.dumps(page).encode()).rooms, observed_at=NOON)
    snapshots.record_cbhours_live(passing, read_live(json.dumps(live).encode()).rooms, checked_at=NOON)
    activity = read_activity(json.dumps(kept).encode(), tzo=-300)
    snapshots.record_cbhours_activity(passing, activity, username="ann", asked_at=NOON)

    followers = sa.select(affiliate_api_snapshots.c.num_followers, affiliate_api_snapshots.c.display_name)
    assert passing.execute(followers).one() == (12, "A\ufffdb")
    assert passing.execute(sa.select(cbhours_live_stats.c.followers, cbhours_live_stats.c.current_show)).one() == (
        None,
        "?",
    )
    assert passing.scalar(sa.select(cbhours_activity.c.segment_at)) == NOON


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE {0} SET created_at = now()",
        "DELETE FROM {0}",
        "TRUNCATE {0} CASCADE",
        "TRUNCATE persons CASCADE",
        "INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT * FROM {0} ON CONFLICT (id) DO UPDATE SET created_at = now()",
        "CREATE TEMP TABLE persons (id uuid) ON COMMIT DROP; DELETE FROM {0}",
    ],
)
def test_what_was_seen_cannot_be_changed_not_even_by_the_owner(
    passing_owner: Session, table: str, attempt: str
) -> None:
    one_of_each(passing_owner)

    with pytest.raises(DBAPIError, match="is append only"):
        passing_owner.execute(sa.text(attempt.format(table)))


def test_a_person_who_goes_takes_what_was_seen_of_them_along(passing: Session) -> None:
    one_of_each(passing)
    snapshots.record_affiliate(passing, [Room("bo")], observed_at=NOON)

    passing.execute(sa.delete(persons).where(persons.c.username == "ann"))

    left = [passing.scalar(sa.text(f"SELECT count(*) FROM {table}")) for table in TABLES]
    assert left == [1, 0, 0]


def one_of_each(session: Session) -> None:
    """A row in every table."""
    snapshots.record_affiliate(session, [Room("ann")], observed_at=NOON)
    snapshots.record_cbhours_live(session, [LiveRoom("ann", "Offline")], checked_at=NOON)
    activity = Activity(has_trophy=True, segments=(Segment(NOON),))
    snapshots.record_cbhours_activity(session, activity, username="ann", asked_at=NOON)


def test_the_broadcasts_of_the_demo_world_are_the_planted_ones(wb: Workbench, truth: Truth) -> None:
    expected = sorted(truth.broadcasts, key=lambda one: (one.username, one.last_seen_at))
    names = {one.username for one in expected}

    found = pl.concat([wb.mirror.query("people/broadcasts", username=name) for name in names])

    rows = found.sort("username", "last_seen_at").rows(named=True)
    exact = ["username", "last_seen_at", "snapshot_count", "peak_viewers", "followers_first", "followers_last"]
    assert [[row[name] for name in exact] for row in rows] == [
        [getattr(one, name) for name in exact] for one in expected
    ]
    assert [tuple(row["tags"]) for row in rows] == [one.tags for one in expected]
    late = [abs(row["started_at"] - one.started_at) for row, one in zip(rows, expected, strict=True)]
    assert max(late) <= timedelta(seconds=10)


def test_the_demo_broadcaster_is_asked_for_by_an_empty_name(wb: Workbench, truth: Truth) -> None:
    own = [one for one in truth.broadcasts if one.username == truth.broadcaster]

    found = wb.mirror.query("people/broadcasts", username="")

    assert set(found["username"]) == {truth.broadcaster}
    assert found.height == len(own) > 40


def test_the_demo_world_knows_who_has_no_trophy(wb: Workbench, truth: Truth) -> None:
    state = wb.mirror.query("people/current_state").select("username", "has_cbhours_trophy")

    known = {one.username for one in truth.broadcasts}
    assert set(state.filter("has_cbhours_trophy")["username"]) == known
    assert state.filter(~pl.col("has_cbhours_trophy"))["username"].to_list() == [truth.without_trophy]


def test_the_same_seed_writes_the_same_answers(tmp_path: Path) -> None:
    for folder in (tmp_path / "a", tmp_path / "b"):
        planted.write(planted.plant(invented.invent(3), seed=3).answers, folder)

    written = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()}
    assert len(written) > 200


@pytest.mark.parametrize("seed", range(6))
def test_every_world_has_broadcasts_with_and_without_tags_and_evenings_with_two(seed: int) -> None:
    cast = invented.invent(seed)

    broadcasts = planted.plant(cast, seed=seed).broadcasts

    own = [one for one in broadcasts if one.username == cast.broadcaster]
    assert len(own) > 50
    assert all(one.looks for one in broadcasts)
    assert {bool(one.tags) for one in own} == {True, False}
    assert len({one.started_at.date() for one in own}) < len(own)
    assert cast.rename.new not in {one.username for one in broadcasts}
