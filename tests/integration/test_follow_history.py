"""The history in the database: folded in list by list it is what computing everything again gives; decisions can be revised."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.schema.following import follow_history as history_table
from mhc_lab.schema.following import follow_scrapes, follow_spells
from mhc_lab.schema.people import person_aliases, persons, profiles
from mhc_lab.services import follow_history, following
from mhc_lab.sources.follow_feed import FeedObservation
from mhc_lab.sources.follow_lists import FollowList, RefusedList

START = datetime(2026, 3, 1, 4, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def a_list(day: float, names: Sequence[str], *, complete: bool = True, **others: object) -> FollowList:
    values = {
        "file_name": f"{day}.csv",
        "file_digest": hashlib.sha256(" ".join(names).encode()).hexdigest(),
        "direction": "followers",
        "observed_at": START + timedelta(days=day),
        "is_declared_complete": complete,
        "reported_total": None,
        "names": tuple(names),
        "rejected_rows": (),
        "duplicate_count": 0,
        "is_torn": False,
    }
    return FollowList(**(values | others))


def told(day: float, name: str, *, follows: bool) -> FeedObservation:
    return FeedObservation(
        direction="followers", username=name, is_following=follows, at=START + timedelta(days=day),
        reference=f"{day} {name}", source="events_api",
    )  # fmt: skip


def take_in(session: Session, *seen: FollowList | FeedObservation) -> follow_history.Computed:
    for one in seen:
        if isinstance(one, FollowList):
            following.add_list(session, one, at=NOW)
        else:
            following.add_observations(session, [one], at=NOW)
    return follow_history.update(session, at=NOW)


def everything(session: Session) -> list[list[tuple[object, ...]]]:
    """Every computed row."""
    session.flush()
    tables = (follow_scrapes, history_table, follow_spells, profiles)
    left_out = {"id", "updated_at", "created_at"}
    return [
        sorted(
            (tuple(row) for row in session.execute(sa.select(*(c for c in table.c if c.name not in left_out)))), key=str
        )
        for table in tables
    ]


def random_history(rng: random.Random) -> list[FollowList | FeedObservation]:
    """Forty things seen of a hundred and sixty people who come and go: whole lists, broken ones, the feed."""
    following_now, others = [f"p{n}" for n in range(130)], [f"p{n}" for n in range(130, 160)]
    seen: list[FollowList | FeedObservation] = []
    for day in range(1, 41):
        rng.shuffle(following_now)
        for _ in range(rng.randrange(3)):
            others.append(following_now.pop())
            following_now.append(others.pop(rng.randrange(len(others))))
        kind = rng.random()
        if kind < 0.15:
            seen.append(a_list(day, following_now[:60], complete=False))
        elif kind < 0.25:
            seen.append(a_list(day, following_now[:100]))
        elif kind < 0.45:
            name, follows = rng.choice([(following_now[0], True), (others[0], False)])
            seen.append(told(day - 0.001, name, follows=follows))
            seen.append(a_list(day, following_now))
        else:
            seen.append(a_list(day, following_now))
    return seen


@pytest.mark.parametrize("seed", range(3))
def test_folding_in_one_by_one_gives_what_computing_again_gives(session: Session, seed: int) -> None:
    for one in random_history(random.Random(seed)):
        take_in(session, one)
    folded = everything(session)

    follow_history.recompute(session, at=NOW)

    assert everything(session) == folded
    assert len(folded[1]) > 150


def test_several_at_once_and_in_any_order_give_the_same(session: Session) -> None:
    seen = random_history(random.Random(4))
    take_in(session, *seen[20:35])
    take_in(session, *seen[35:])
    take_in(session, *seen[:20])
    folded = everything(session)

    follow_history.recompute(session, at=NOW)

    assert everything(session) == folded


def test_a_list_of_the_same_people_rewrites_no_event(session: Session) -> None:
    take_in(session, a_list(1, ["ann", "bo", "cy"]), a_list(2, ["ann", "bo"]))
    before = session.execute(sa.select(sa.text("xmin::text, ctid::text")).select_from(history_table)).all()

    take_in(session, a_list(3, ["ann", "bo", "dan"]))

    after = session.execute(sa.select(sa.text("xmin::text, ctid::text")).select_from(history_table)).all()
    assert len(set(before) & set(after)) == 2  # ann and bo; the unfollow of cy is confirmed, and dan is new


def unfollowed(session: Session) -> list[str]:
    happened = history_table.c
    return list(
        session.scalars(
            sa.select(persons.c.username)
            .join(history_table, happened.person_id == persons.c.id)
            .where(happened.action == "unfollow")
            .order_by(persons.c.username)
        )
    )


def test_a_held_list_waits_and_a_decision_is_recorded_and_can_be_revised(session: Session) -> None:
    take_in(session, a_list(1, ["ann", "bo", "cy", "dan"]), a_list(2, ["ann"]), a_list(3, ["ann", "dan"]))
    (held,) = following.taken_lists(session, verdict="held")
    names = following.missing_names(session, held)

    decided = following.decide(session, held.scrape, "complete", reason="I was there", by="ada", at=NOW)
    believed = unfollowed(session)
    following.decide(session, held.scrape, "refused", reason="no, it broke off", by="ada", at=NOW)
    refused = unfollowed(session)
    following.decide(session, held.scrape, "automatic", reason="as before", by="ada", at=NOW)

    assert names == ["bo", "cy", "dan"]
    assert str(decided) == "2.csv is complete now. Decided by ada: I was there"
    assert believed == ["bo", "cy", "dan"]
    assert refused == ["bo", "cy"]
    assert following.taken_list(session, held.scrape).verdict == "held"


def test_a_list_that_was_taken_in_by_mistake_is_taken_back(session: Session) -> None:
    take_in(session, a_list(1, ["ann", "bo"]), a_list(2, ["zoe", "ann", "bo"]))
    wrong = following.find_list(session, "2.csv")

    following.decide(session, wrong.scrape, "refused", reason="another account", by="ada", at=NOW)

    follows = session.scalar(sa.select(profiles.c.follower).join(persons).where(persons.c.username == "zoe"))
    assert follows is False


@pytest.mark.parametrize(
    ("choice", "reason", "says"), [("perhaps", "x", "is no decision"), ("complete", " ", "needs its reason")]
)
def test_a_decision_is_one_of_four_and_has_its_reason(session: Session, choice: str, reason: str, says: str) -> None:
    take_in(session, a_list(1, ["ann"]))
    one = following.find_list(session, "1.csv")

    with pytest.raises(RefusedError, match=says):
        following.decide(session, one.scrape, choice, reason=reason, by="ada", at=NOW)


def test_two_lists_of_one_name_are_told_apart_by_their_keys(session: Session) -> None:
    take_in(session, a_list(1, ["ann"], file_name="a.csv"), a_list(2, ["bo", "ann"], file_name="a.csv"))

    with pytest.raises(NotFoundError, match="say which"):
        following.find_list(session, "a.csv")


def test_the_same_list_described_otherwise_stays_as_it_came_in_and_says_so(session: Session) -> None:
    take_in(session, a_list(1, ["ann", "bo"]))

    again = following.add_list(session, a_list(1, ["ann", "bo"], complete=False), at=NOW)

    assert (again.is_new, "declared complete" in again.differs) == (False, True)


def test_why_a_list_is_doubted_is_said_with_its_verdict(session: Session) -> None:
    taken = a_list(1, ["ann", "bo"], complete=False, notes=("The page says 2 and 5.",))

    take_in(session, taken)

    assert following.find_list(session, "1.csv").why == "The page says 2 and 5."


def test_the_same_observation_twice_is_one(session: Session) -> None:
    first = following.add_observations(session, [told(1, "ann", follows=True)], at=NOW)
    second = following.add_observations(session, [told(1, "ann", follows=True), told(2, "bo", follows=True)], at=NOW)

    assert (first, second) == (1, 1)


def test_a_new_name_with_a_known_id_is_a_rename_and_no_unfollow(session: Session) -> None:
    take_in(session, a_list(1, ["ann", "bo"], numeric_ids={"ann": 7, "bo": 8}))

    take_in(session, a_list(2, ["anna", "bo"], numeric_ids={"anna": 7, "bo": 8}))

    assert unfollowed(session) == []
    assert session.execute(sa.select(person_aliases.c.alias)).scalars().all() == ["ann"]
    assert session.scalar(sa.select(sa.func.count()).select_from(persons)) == 2


def test_an_older_list_with_the_old_name_and_its_id_is_the_same_person(session: Session) -> None:
    take_in(session, a_list(2, ["anna", "bo"], numeric_ids={"anna": 7}))

    take_in(session, a_list(1, ["ann", "bo"], numeric_ids={"ann": 7}))

    assert unfollowed(session) == []
    assert session.scalar(sa.select(persons.c.username).where(persons.c.rid == 7)) == "anna"


def test_a_name_that_was_given_up_is_taken_by_another_who_gives_it_up_in_turn(session: Session) -> None:
    take_in(session, a_list(1, ["a", "x"], numeric_ids={"a": 71}))
    take_in(session, a_list(2, ["b", "x"], numeric_ids={"b": 71}))
    take_in(session, a_list(3, ["b", "a", "x"], numeric_ids={"b": 71, "a": 72}))

    take_in(session, a_list(4, ["b", "c", "x"], numeric_ids={"b": 71, "c": 72}))

    held = session.execute(sa.select(person_aliases.c.alias, person_aliases.c.valid_from)).all()
    assert sorted(alias for alias, _ in held) == ["a", "a"]
    assert len({since for _, since in held}) == 2
    assert unfollowed(session) == []


def test_a_list_that_was_refused_comes_in_when_the_cause_is_gone(session: Session) -> None:
    good = a_list(1, ["ann", "bo"])
    following.add_list(
        session,
        RefusedList(good.file_name, good.file_digest, "followers", good.observed_at, "Another account."),
        at=NOW,
    )

    again = following.add_list(session, good, at=NOW)
    follow_history.update(session, at=NOW)

    assert again.is_new
    assert following.find_list(session, "1.csv").verdict == "complete"


def test_an_unreadable_row_that_is_repeated_makes_no_list_whole(session: Session) -> None:
    take_in(session, a_list(1, ["ann", "bo", "cy", "dan"]))

    take_in(session, a_list(2, ["ann", "bo", "cy"], reported_total=5, rejected_rows=("bad!", "bad!")))

    assert following.find_list(session, "2.csv").verdict == "partial"


def test_who_was_seen_by_the_feed_was_seen_at_those_times(session: Session) -> None:
    following.add_observations(session, [told(1, "ann", follows=True), told(9, "bo", follows=True)], at=NOW)

    seen = session.execute(
        sa.select(persons.c.first_seen_at, persons.c.last_seen_at).where(persons.c.username == "ann")
    )
    assert set(seen.one()) == {START + timedelta(days=1)}
