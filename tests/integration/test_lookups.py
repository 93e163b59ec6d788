"""Names to look at next: one row for each, in the order of work, done at the first sight or never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.services import lookups
from mhc_lab.services.lookups import AGAIN, ONCE

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def names(session: Session, *, completed: bool = False) -> list[str]:
    return [one.username for one in lookups.listed(session, completed=completed)]


def test_a_name_nobody_has_yet_can_be_looked_for(passing: Session) -> None:
    added = lookups.add(passing, " Alice ", level=ONCE, notes=" saw her ", at=NOON)

    assert (added.username, added.status, added.notes, added.created_at) == ("alice", "pending", "saw her", NOON)
    assert passing.scalar(sa.text("SELECT count(*) FROM persons")) == 0


def test_adding_again_keeps_one_row_and_only_raises_the_level(passing: Session) -> None:
    for level, notes in ((ONCE, "first"), (AGAIN, ""), (ONCE, "third")):
        added = lookups.add(passing, "alice", level=level, notes=notes, at=NOON + timedelta(days=level))

    assert lookups.listed(passing) == [added]
    assert (added.priority_level, added.status, added.notes) == (AGAIN, "active", "third")
    assert added.created_at == NOON + timedelta(days=1)


def test_adding_a_completed_name_opens_it_again(passing: Session) -> None:
    lookups.add(passing, "alice", level=ONCE, at=NOON)
    lookups.complete(passing, "alice", at=LATER)

    added = lookups.add(passing, "alice", level=ONCE, at=LATER)

    assert (added.status, added.completed_at) == ("pending", None)


@pytest.mark.parametrize(("name", "level"), [("no name!", ONCE), ("alice", 0), ("alice", 3)])
def test_what_is_no_name_or_no_level_is_refused(passing: Session, name: str, level: int) -> None:
    with pytest.raises(RefusedError):
        lookups.add(passing, name, level=level, at=NOON)


def test_the_list_is_in_the_order_of_work(passing: Session) -> None:
    for day, (name, level) in enumerate(
        [("once_old", ONCE), ("seen", AGAIN), ("unseen", AGAIN), ("once_new", ONCE), ("older", AGAIN)]
    ):
        lookups.add(passing, name, level=level, at=NOON + timedelta(days=day))
    lookups.checked(passing, "seen", LATER)
    lookups.checked(passing, "older", NOON)

    assert names(passing) == ["unseen", "older", "seen", "once_old", "once_new"]


def test_the_first_sight_completes_level_one_and_a_second_changes_nothing(passing: Session) -> None:
    lookups.add(passing, "alice", level=ONCE, at=NOON)

    seen = lookups.checked(passing, "alice", NOON)
    again = lookups.checked(passing, "alice", LATER)

    assert seen is not None
    assert (seen.status, seen.completed_at, seen.last_checked_at) == ("completed", NOON, NOON)
    assert again is None
    assert names(passing, completed=True) == ["alice"]


def test_level_two_stays_active_and_notes_the_latest_sight(passing: Session) -> None:
    lookups.add(passing, "alice", level=AGAIN, at=NOON)

    for at in (LATER, NOON):
        seen = lookups.checked(passing, "alice", at)

    assert seen is not None
    assert (seen.status, seen.completed_at, seen.last_checked_at) == ("active", None, LATER)


def test_the_sight_of_a_name_nobody_looks_for_is_nothing(passing: Session) -> None:
    assert lookups.checked(passing, "alice", NOON) is None


def test_completing_twice_keeps_the_first_time_and_reopening_undoes_it(passing: Session) -> None:
    lookups.add(passing, "alice", level=AGAIN, at=NOON)

    lookups.complete(passing, "alice", at=NOON)
    assert lookups.complete(passing, "alice", at=LATER).completed_at == NOON

    for _ in range(2):
        assert lookups.reopen(passing, "alice").status == "active"


def test_what_was_removed_is_restored_as_it_was(passing: Session) -> None:
    lookups.add(passing, "alice", level=AGAIN, notes="why", at=NOON)
    seen = lookups.checked(passing, "alice", LATER)

    removed = lookups.remove(passing, "alice")
    assert lookups.find(passing, "alice") is None
    lookups.restore(passing, removed)

    assert lookups.find(passing, "alice") == removed == seen


def test_a_name_nobody_looks_for_is_answered_with_near_ones(passing: Session) -> None:
    lookups.add(passing, "alice", level=ONCE, at=NOON)

    for deed in (lookups.reopen, lookups.remove, lambda session, name: lookups.complete(session, name, at=NOON)):
        with pytest.raises(NotFoundError, match="Did you mean alice"):
            deed(passing, "alicee")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO priority_lookups (username, priority_level) VALUES ('alice', 1)",
        "INSERT INTO priority_lookups (username, priority_level) VALUES ('Bob', 1)",
        "UPDATE priority_lookups SET priority_level = 3",
        "UPDATE priority_lookups SET status = 'completed'",
        "UPDATE priority_lookups SET completed_at = now()",
        "UPDATE priority_lookups SET status = 'lost'",
    ],
)
def test_the_database_keeps_its_own_rules_about_lookups(passing: Session, statement: str) -> None:
    lookups.add(passing, "alice", level=ONCE, at=NOON)

    with pytest.raises(DBAPIError):
        passing.execute(sa.text(statement))
