"""Ten million events: spells beside one sort of as many keys, and one more list beside computing everything again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import sqlalchemy as sa

from bench.figures import Figure, medians, seconds
from bench.temporary import temporary_database
from mhc_lab.db.engine import Database
from mhc_lab.db.session import transaction
from mhc_lab.following.spells import EVENTS, follow_spells
from mhc_lab.services import follow_history

EVENT_COUNT, PERSONS = 10_000_000, 3_000_000
LISTS, NAMES, LEAVING = 100, 100_000, 300
ROUNDS = 9
NOW = datetime(2026, 6, 1, tzinfo=UTC)

# Persons 0 … NAMES + LISTS · LEAVING; list n holds those from n · LEAVING on: as many come at the top as leave at the bottom.
_PERSONS = """
    INSERT INTO persons (id, username, first_seen_at, last_seen_at)
    SELECT md5(n::text)::uuid, 'p' || n, now(), now() FROM generate_series(0, %(last)s::int) AS n
"""
_LISTS = """
    INSERT INTO follow_scrapes (
        id, direction, observed_at, listed_count, is_declared_complete, verdict, why, file_name, file_digest, imported_at
    )
    SELECT
        md5('list ' || l)::uuid, 'followers', %(start)s::timestamptz + l * interval '1 day', %(names)s::int, true, 'held', '',
        'list ' || l, l::text, %(start)s::timestamptz
    FROM generate_series(%(first)s::int, %(last)s::int) AS l
"""
_NAMES = """
    INSERT INTO follow_scrape_names (scrape_id, person_id, place, username)
    SELECT md5('list ' || l)::uuid, md5(n::text)::uuid, %(names)s::int - (n - l * %(leaving)s::int), 'p' || n
    FROM
        generate_series(%(first)s::int, %(last)s::int) AS l,
        generate_series(l * %(leaving)s::int, l * %(leaving)s::int + %(names)s::int - 1) AS n
"""


def measure() -> list[Figure]:
    """Both promises."""
    return [_spells(), _one_more_list()]


def _spells() -> Figure:
    events = _events(np.random.default_rng(1))
    keys = events["person"].to_numpy().astype(np.uint64) << np.uint64(32)
    keys |= np.arange(EVENT_COUNT, dtype=np.uint64)
    sort, spells = medians(
        [lambda: seconds(keys.copy().sort), lambda: seconds(lambda: follow_spells(events))], rounds=ROUNDS
    )
    return Figure(
        "spells of 10 M events", spells / sort, 1.5, "× one sort of packed keys", f"{spells:.2f} s against {sort:.2f} s"
    )


def _events(rng: np.random.Generator) -> pl.DataFrame:
    """Follows and unfollows of three million persons in order of time, each person's alternating."""
    person = rng.integers(0, PERSONS, EVENT_COUNT, dtype=np.uint32)
    order = np.argsort(person, kind="stable")
    is_first = np.r_[True, person[order][1:] != person[order][:-1]]
    row = np.arange(EVENT_COUNT)
    nth = row - np.maximum.accumulate(np.where(is_first, row, 0))
    is_follow = np.empty(EVENT_COUNT, dtype=bool)
    is_follow[order] = nth % 2 == 0
    at = np.sort(rng.integers(1_700_000_000_000_000, 1_760_000_000_000_000, EVENT_COUNT))
    columns = [person, is_follow, at, at - 86_400_000_000, rng.random(EVENT_COUNT) < 0.9]
    return pl.DataFrame(
        [pl.Series(name, values).cast(kind) for (name, kind), values in zip(EVENTS.items(), columns, strict=True)]
    )


def _one_more_list() -> Figure:
    with temporary_database() as database:
        _fill(database)
        whole = seconds(lambda: _compute(database))
        one_more = sorted(_timed_fold(database, number) for number in range(LISTS, LISTS + 3))[1]
        again = seconds(lambda: _compute(database))
    return Figure(
        "one more list of 100,000 names", one_more / min(whole, again), 0.1, f"× computing {LISTS} lists again",
        f"{one_more:.2f} s against {whole:.1f} s and {again:.1f} s",
    )  # fmt: skip


def _fill(database: Database) -> None:
    last = NAMES + (LISTS + 3) * LEAVING
    _run(database, _PERSONS, last=last)
    _insert_lists(database, 0, LISTS - 1)
    _run(database, "ANALYZE")


def _insert_lists(database: Database, first: int, last: int) -> None:
    start = NOW - timedelta(days=LISTS)
    _run(database, _LISTS, first=first, last=last, names=NAMES, start=start)
    _run(database, _NAMES, first=first, last=last, names=NAMES, leaving=LEAVING)


def _run(database: Database, statement: str, **values: object) -> None:
    with transaction(database) as session:
        session.connection().exec_driver_sql(statement, values or None)


def _compute(database: Database) -> None:
    with transaction(database) as session:
        follow_history.recompute(session, at=NOW)


def _timed_fold(database: Database, number: int) -> float:
    _insert_lists(database, number, number)
    return seconds(lambda: _update(database))


def _update(database: Database) -> None:
    with transaction(database) as session:
        session.execute(sa.text("SET LOCAL jit = off"))
        follow_history.update(session, at=NOW)


if __name__ == "__main__":
    from bench.figures import show

    print(show(measure()))
