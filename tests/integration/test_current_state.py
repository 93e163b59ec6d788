"""The state of a person now: each column from the first source that knows it, as of any instant, in PostgreSQL and in the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.ids import PersonId
from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role
from mhc_lab.schema.following import follow_history
from mhc_lab.schema.happenings import interactions
from mhc_lab.schema.people import profiles
from mhc_lab.schema.sources import affiliate_api_snapshots, cbhours_live_stats
from mhc_lab.services import people
from mhc_lab.workbench import Workbench
from tests.support.clock import FrozenClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIVE, TEN, THIRTY = (timedelta(minutes=minutes) for minutes in (5, 10, 30))

# Every source says something else about every column.
PROFILE = {
    "display_name": "Profile", "age": 40, "gender": "c", "location": "Profile town", "country": "PR", "tags": ["profile"],
    "following": True, "follower": True, "following_checked_at": NOON - timedelta(days=1),
    "follower_checked_at": NOON - timedelta(days=2), "has_cbhours_trophy": True,
}  # fmt: skip
AFFILIATE = {
    "observed_at": NOON - FIVE, "display_name": "Affiliate", "age": 30, "gender": "m", "location": "Affiliate town",
    "country": "AF", "current_show": "public", "room_subject": "Affiliate subject", "num_followers": 1000, "num_users": 10,
    "tags": ["affiliate"], "image_url": "https://img.invalid/a.jpg", "image_path": "people/ann/auto/a.jpg",
}  # fmt: skip
CBHOURS = {
    "checked_at": NOON - timedelta(minutes=2), "room_status": "Online", "gender": "f", "current_show": "private",
    "room_subject": "CBHours subject", "followers": 2000, "viewers": 20, "rank": 3, "grank": 2, "tags": ["cbhours"],
}  # fmt: skip
OFFLINE = {
    "room_status": "Offline", "gender": None, "current_show": None, "room_subject": None, "followers": None, "viewers": None,
    "rank": None, "grank": None, "tags": None,
}  # fmt: skip
STALE = {"observed_at": NOON - timedelta(minutes=11)}


def ann(
    session: Session,
    *,
    profile: Mapping[str, object] | None = PROFILE,
    affiliate: Mapping[str, object] | None = AFFILIATE,
    cbhours: Mapping[str, object] | None = CBHOURS,
) -> PersonId:
    """A person about whom these sources said these things."""
    person = people.find_or_create(session, ["ann"], at=NOON, role="MODEL")["ann"]
    for table, said in ((profiles, profile), (affiliate_api_snapshots, affiliate), (cbhours_live_stats, cbhours)):
        if said is not None:
            session.execute(sa.insert(table).values(person_id=person, **said))
    return person


def state(session: Session, *, as_of: datetime = NOON) -> dict[str, object]:
    """What is known of ann as of an instant."""
    asked = sa.text("SELECT * FROM person_current_state(:as_of) WHERE username = 'ann'")
    return dict(session.execute(asked, {"as_of": as_of}).one()._mapping)


def test_each_column_comes_from_the_source_that_was_meant(passing: Session) -> None:
    person = ann(passing)

    assert state(passing) == {
        "id": person, "username": "ann", "platform": "chaturbate", "role": "MODEL", "is_excluded": False,
        "first_seen_at": NOON, "last_seen_at": NOON,
        "display_name": "Affiliate", "age": 30, "gender": "m", "location": "Affiliate town", "country": "AF",
        "current_show": "public", "room_subject": "Affiliate subject", "tags": ["affiliate"],
        "followers": 2000, "viewers": 20, "rank": 3, "grank": 2,
        "image_url": "https://img.invalid/a.jpg", "image_path": "people/ann/auto/a.jpg",
        "following": True, "follower": True,
        "following_checked_at": NOON - timedelta(days=1), "follower_checked_at": NOON - timedelta(days=2),
        "interaction_count": 0, "snapshot_count": 2,
        "affiliate_last_seen": NOON - FIVE, "cbhours_last_seen": NOON - timedelta(minutes=2),
        "has_cbhours_trophy": True, "source": "affiliate_api",
    }  # fmt: skip


def test_without_the_affiliate_feed_cbhours_speaks_and_then_the_profile(passing: Session) -> None:
    ann(passing, affiliate=None)

    assert shown(state(passing)) == {
        "display_name": "Profile", "age": 40, "gender": "f", "location": "Profile town", "country": "PR",
        "current_show": "private", "room_subject": "CBHours subject", "tags": ["cbhours"],
        "followers": 2000, "viewers": 20, "rank": 3, "image_url": None, "image_path": None, "source": "cbhours",
    }  # fmt: skip


def test_without_cbhours_the_affiliate_feed_speaks_and_nobody_knows_a_rank(passing: Session) -> None:
    ann(passing, cbhours=None)

    assert shown(state(passing)) == {
        "display_name": "Affiliate", "age": 30, "gender": "m", "location": "Affiliate town", "country": "AF",
        "current_show": "public", "room_subject": "Affiliate subject", "tags": ["affiliate"],
        "followers": 1000, "viewers": 10, "rank": None, "image_url": "https://img.invalid/a.jpg",
        "image_path": "people/ann/auto/a.jpg", "source": "affiliate_api",
    }  # fmt: skip


def test_with_a_profile_only_the_profile_speaks_and_nobody_is_live(passing: Session) -> None:
    ann(passing, affiliate=None, cbhours=None)

    assert shown(state(passing)) == {
        "display_name": "Profile", "age": 40, "gender": "c", "location": "Profile town", "country": "PR",
        "current_show": None, "room_subject": None, "tags": ["profile"],
        "followers": None, "viewers": None, "rank": None, "image_url": None, "image_path": None, "source": "manual",
    }  # fmt: skip


def test_a_person_of_whom_nothing_is_known_is_a_row_all_the_same(passing: Session) -> None:
    ann(passing, profile=None, affiliate=None, cbhours=None)

    found = state(passing)

    assert set(shown(found).values()) == {None, "manual"}
    assert (found["following"], found["follower"], found["has_cbhours_trophy"]) == (False, False, None)
    assert (found["snapshot_count"], found["affiliate_last_seen"], found["cbhours_last_seen"]) == (0, None, None)


# What changes about the sources, and what that makes of the columns it concerns.
FALLS = [
    ({"affiliate": STALE}, {"current_show": "private", "viewers": 20, "room_subject": "Affiliate subject"}),
    ({"affiliate": STALE, "cbhours": OFFLINE}, {"current_show": None, "viewers": None, "followers": 1000, "rank": None}),
    ({"cbhours": OFFLINE}, {"current_show": "public", "viewers": 10, "followers": 1000, "rank": None, "tags": ["affiliate"]}),
    ({"affiliate": {"observed_at": NOON - TEN}}, {"current_show": "public"}),
    ({"affiliate": {"observed_at": NOON - TEN}, "cbhours": OFFLINE}, {"viewers": 10}),
    ({"affiliate": STALE, "cbhours": {"checked_at": NOON - THIRTY}}, {"current_show": "private", "viewers": 20}),
    (
        {"affiliate": STALE, "cbhours": {"checked_at": NOON - timedelta(minutes=31)}},
        {"current_show": None, "viewers": None, "followers": 2000, "rank": 3},
    ),
    ({"cbhours": {"checked_at": NOON - timedelta(minutes=31)}}, {"viewers": 10}),
    ({"affiliate": {"current_show": ""}}, {"current_show": "private"}),
    ({"affiliate": {"current_show": None}, "cbhours": {"current_show": ""}}, {"current_show": None}),
    ({"affiliate": {"display_name": "", "age": None, "location": "", "country": ""}},
     {"display_name": "Profile", "age": 40, "location": "Profile town", "country": "PR"}),
    ({"affiliate": {"gender": ""}}, {"gender": "f"}),
    ({"affiliate": {"gender": None}, "cbhours": {"gender": ""}}, {"gender": "c"}),
    ({"affiliate": {"gender": None}, "cbhours": {"gender": None}, "profile": {"gender": ""}}, {"gender": None}),
    ({"affiliate": {"room_subject": ""}}, {"room_subject": "CBHours subject"}),
    ({"affiliate": {"tags": None}}, {"tags": ["cbhours"]}),
    ({"affiliate": {"tags": []}}, {"tags": []}),
    ({"affiliate": {"tags": None}, "cbhours": {"tags": []}}, {"tags": []}),
    ({"affiliate": {"tags": None}, "cbhours": {"tags": None}}, {"tags": ["profile"]}),
    ({"cbhours": {"followers": 0}}, {"followers": 1000}),
    ({"cbhours": {"followers": 0}, "affiliate": {"num_followers": 0}}, {"followers": None}),
    ({"cbhours": {"viewers": 0}}, {"viewers": 10}),
    ({"cbhours": {"viewers": None}, "affiliate": {"num_users": 0}}, {"viewers": None}),
    ({"cbhours": {"rank": 0, "grank": 0}}, {"rank": None, "grank": None}),
    ({"affiliate": {"image_url": "", "image_path": ""}}, {"image_url": None, "image_path": None}),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), FALLS)
def test_what_a_source_does_not_say_falls_to_the_next(
    passing: Session, changes: dict[str, dict[str, object]], expected: dict[str, object]
) -> None:
    ann(
        passing,
        profile=PROFILE | changes.get("profile", {}),
        affiliate=AFFILIATE | changes.get("affiliate", {}),
        cbhours=CBHOURS | changes.get("cbhours", {}),
    )

    found = state(passing)

    assert {name: found[name] for name in expected} == expected


def test_interactions_are_counted_up_to_the_instant_and_the_oldest_is_a_source(passing: Session) -> None:
    person = ann(passing, affiliate=None, cbhours=None)
    passing.execute(
        sa.insert(interactions),
        [
            {"person_id": person, "type": "TIP_EVENT", "content": "", "source": source, "happened_at": at}
            for source, at in (("dm_import", NOON - FIVE), ("cb_events", NOON - TEN), ("manual", NOON + FIVE))
        ],
    )

    found = state(passing)

    assert (found["interaction_count"], found["source"]) == (2, "cb_events")


def test_of_each_source_the_newest_answer_speaks(passing: Session) -> None:
    person = ann(passing)
    newer = AFFILIATE | {"observed_at": NOON - timedelta(minutes=1), "display_name": "Newer", "location": ""}
    passing.execute(sa.insert(affiliate_api_snapshots).values(person_id=person, **newer))
    passing.execute(
        sa.insert(cbhours_live_stats).values(person_id=person, **CBHOURS | {"checked_at": NOON, "followers": 2001})
    )

    found = state(passing)

    assert (found["display_name"], found["location"]) == ("Newer", "Profile town")
    assert (found["followers"], found["snapshot_count"]) == (2001, 4)


def test_followers_that_neither_newest_answer_gives_are_those_known_last(passing: Session) -> None:
    person = ann(passing, affiliate=AFFILIATE | {"num_followers": None}, cbhours=CBHOURS | OFFLINE)
    older = [(NOON - timedelta(days=3), 900), (NOON - timedelta(days=4), 800)]
    passing.execute(
        sa.insert(affiliate_api_snapshots),
        [{"person_id": person, "observed_at": at, "num_followers": count} for at, count in older],
    )
    passing.execute(
        sa.insert(cbhours_live_stats).values(person_id=person, checked_at=NOON - timedelta(days=5), followers=700)
    )

    assert state(passing)["followers"] == 900


def test_the_state_can_be_asked_as_of_any_instant(passing: Session) -> None:
    ann(passing)

    before_cbhours = state(passing, as_of=NOON - timedelta(minutes=3))
    before_all = state(passing, as_of=NOON - timedelta(minutes=6))
    much_later = state(passing, as_of=NOON + timedelta(days=1))

    assert (before_cbhours["viewers"], before_cbhours["cbhours_last_seen"], before_cbhours["snapshot_count"]) == (
        10,
        None,
        1,
    )
    assert (before_all["display_name"], before_all["snapshot_count"]) == ("Profile", 0)
    assert (much_later["current_show"], much_later["viewers"], much_later["followers"]) == (None, None, 2000)


def test_who_is_known_from_a_follow_list_says_so(passing: Session) -> None:
    person = ann(passing, affiliate=None, cbhours=None)
    told = {"direction": "followers", "action": "follow", "status": "confirmed", "recorded_at": NOON}
    for at, source in ((NOON, "events_api"), (NOON - timedelta(days=1), "list_scrape")):
        passing.execute(sa.insert(follow_history).values(person_id=person, at=at, source=source, **told))

    assert state(passing)["source"] == "list_scrape"


def test_the_first_to_tell_of_a_person_is_their_source(passing: Session) -> None:
    ann(passing, cbhours=CBHOURS | {"checked_at": NOON - timedelta(days=9)})

    assert state(passing)["source"] == "cbhours"


def test_excluded_persons_are_left_out(passing: Session) -> None:
    person = ann(passing)
    people.set_exclusion(passing, person, reason="asked for it", at=NOON, by="tester")

    assert passing.scalar(sa.text("SELECT count(*) FROM person_current_state(now())")) == 0
    assert passing.scalar(sa.text("SELECT count(*) FROM v_person_current_state")) == 0


def test_the_view_is_the_state_as_of_now(passing: Session) -> None:
    now = passing.scalar(sa.select(sa.func.now()))
    assert now is not None
    ann(passing, affiliate=AFFILIATE | {"observed_at": now - FIVE}, cbhours=None)
    rows = [passing.execute(sa.text(f"SELECT * FROM {source}")).all() for source in (
        "v_person_current_state", "person_current_state(now())", "person_current_state(now() + interval '1 hour')"
    )]  # fmt: skip

    viewed, now_asked, later = rows

    assert viewed == now_asked
    assert (viewed[0].current_show, later[0].current_show) == ("public", None)


def test_a_question_about_one_person_touches_their_rows_only(passing: Session) -> None:
    ann(passing)
    others = sa.text(
        "INSERT INTO persons (username, first_seen_at, last_seen_at) SELECT 'p' || n, now(), now() FROM generate_series(1, 2000) n"
    )
    passing.execute(others)  # of a handful of persons any way is the quickest
    passing.execute(sa.text("SET LOCAL enable_seqscan = off"))
    plan = passing.scalars(sa.text("EXPLAIN SELECT * FROM v_person_current_state WHERE username = 'ann'")).all()

    assert not any("Function Scan" in line for line in plan)
    assert any("persons_username" in line for line in plan)


def test_the_mirror_holds_the_state_as_of_its_own_instant(empty_wb: Workbench, clock: FrozenClock) -> None:
    with empty_wb.transaction() as session:
        ann(session, affiliate=AFFILIATE | {"observed_at": clock.now() - FIVE}, cbhours=None)
    manifest = empty_wb.refresh_mirror()

    found = empty_wb.mirror.query("people/current_state").row(0, named=True)

    assert manifest.tables["v_person_current_state"] == 1
    assert (found["username"], found["current_show"], found["viewers"]) == ("ann", "public", 10)
    assert (found["tags"], found["affiliate_last_seen"]) == (["affiliate"], clock.now() - FIVE)


def test_a_later_mirror_shows_nobody_live_any_more(empty_wb: Workbench, clock: FrozenClock) -> None:
    with empty_wb.transaction() as session:
        ann(session, affiliate=AFFILIATE | {"observed_at": clock.now() - FIVE}, cbhours=None)
    clock.tick(seconds=600)
    empty_wb.refresh_mirror()

    found = empty_wb.mirror.query("people/current_state").row(0, named=True)

    assert (found["current_show"], found["viewers"], found["followers"]) == (None, None, 1000)


def test_the_analyst_may_read_the_state(passing: Session, shared_database: Database) -> None:
    analyst = shared_database.login(Role.ANALYST).role
    asked = sa.text("SELECT has_table_privilege(:analyst, 'v_person_current_state', 'SELECT')")

    assert passing.scalar(asked, {"analyst": analyst})


def test_what_the_analyst_may_not_read_of_a_source_is_left_out_and_the_state_stays(empty_wb: Workbench) -> None:
    analyst = empty_wb.database.login(Role.ANALYST).role
    with empty_wb.transaction() as session:
        ann(session)
    with empty_wb.database.engine(Role.OWNER).begin() as owner:
        told = ", ".join(f'"{column.name}"' for column in affiliate_api_snapshots.c if column.name != "raw_payload")
        owner.execute(sa.text(f"REVOKE SELECT ON affiliate_api_snapshots FROM {analyst}"))
        owner.execute(sa.text(f"GRANT SELECT ({told}) ON affiliate_api_snapshots TO {analyst}"))

    manifest = empty_wb.refresh_mirror()

    mirrored = empty_wb.mirror._connection.sql("FROM affiliate_api_snapshots").columns
    assert "num_users" in mirrored
    assert "raw_payload" not in mirrored
    assert manifest.tables["v_person_current_state"] == 1


def shown(found: Mapping[str, object]) -> dict[str, object]:
    """The columns on which the sources differ."""
    names = (
        "display_name", "age", "gender", "location", "country", "current_show", "room_subject", "tags", "followers", "viewers",
        "rank", "image_url", "image_path", "source",
    )  # fmt: skip
    return {name: found[name] for name in names}
