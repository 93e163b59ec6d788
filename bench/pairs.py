"""A group of 45 beside a single pair, each with its commit; and names completed among a million while somebody types."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import sqlalchemy as sa

from bench.figures import Figure, medians
from bench.temporary import temporary_database
from mhc_lab.core.ids import PersonId
from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role
from mhc_lab.db.session import reader, transaction
from mhc_lab.services import collaborations, people

GROUP, PERSONS, ALIASES = 45, 1_000_000, 100_000
ROUNDS, TYPED, LONGEST = 25, 100, 6
FEW = (ROUNDS + 1) * (2 + GROUP)  # every pair and every group of new people

_SYLLABLES = [f"{one}{'aeiou'[place % 5]}" for place, one in enumerate("abcdefghijklmnopqrstuvwxyz_")]
_PEOPLE = """
    INSERT INTO persons (username, first_seen_at, last_seen_at) SELECT name, now(), now() FROM unnest(cast(:names AS text[])) AS name
"""
_FORMER = """
    INSERT INTO person_aliases (person_id, alias, valid_from, valid_to)
    SELECT persons.id, one.name, '2020-01-01Z', '2021-01-01Z'
    FROM unnest(cast(:names AS text[])) WITH ORDINALITY AS one(name, place)
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM persons) AS persons USING (place)
"""


def measure() -> list[Figure]:
    """Both promises; the group first, before a million rows leave the disk busy."""
    rng = np.random.default_rng(1)
    names = _names(rng)
    with temporary_database() as database:
        _insert(database, _PEOPLE, names[:FEW])
        group = _group(database)
        _insert(database, _PEOPLE, names[FEW:PERSONS])
        _insert(database, _FORMER, names[PERSONS:])
        with database.engine(Role.OWNER).connect() as owner:
            owner.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("VACUUM ANALYZE"))
        return [group, _completion(database, rng.permutation(names)[:TYPED].tolist())]


def _insert(database: Database, statement: str, names: list[str]) -> None:
    with transaction(database) as session:
        session.execute(sa.text(statement), {"names": names})


def _names(rng: np.random.Generator) -> list[str]:
    """Names that begin alike, as names do: up to four syllables, then a number that makes each the only one."""
    syllables = rng.choice(["", *_SYLLABLES], size=(PERSONS + ALIASES, 3))
    first = rng.choice(_SYLLABLES, size=PERSONS + ALIASES)
    return [f"{one}{''.join(rest)}{number}" for number, (one, rest) in enumerate(zip(first, syllables, strict=True))]


def _group(database: Database) -> Figure:
    with reader(database) as session:
        everybody = iter(session.scalars(sa.text("SELECT id FROM persons ORDER BY id")).all())
    one, many = medians([_adding_pair(database, everybody), _adding_group(database, everybody)], rounds=ROUNDS)
    name = f"a group of {GROUP}: {GROUP * (GROUP - 1) // 2} pairs"
    return Figure(name, many / one, 10, "× one pair", f"{many * 1000:.1f} ms against {one * 1000:.1f} ms")


def _adding_pair(database: Database, everybody: Iterator[PersonId]) -> Callable[[], float]:
    def timed() -> float:
        pair = next(everybody), next(everybody)
        began = time.perf_counter()
        with transaction(database) as session:
            collaborations.add(session, *pair)
        return time.perf_counter() - began

    return timed


def _adding_group(database: Database, everybody: Iterator[PersonId]) -> Callable[[], float]:
    def timed() -> float:
        group = [next(everybody) for _ in range(GROUP)]
        began = time.perf_counter()
        with transaction(database) as session:
            collaborations.add_group(session, group)
        return time.perf_counter() - began

    return timed


def _completion(database: Database, names: list[str]) -> Figure:
    """Every name typed letter by letter, a session for each letter as the field has it."""
    took = []
    for prefix in (name[:length] for name in names for length in range(1, LONGEST + 1)):
        began = time.perf_counter()
        with reader(database) as session:
            people.complete(session, prefix)
        took.append(time.perf_counter() - began)
    median, most, longest = np.quantile(took, [0.5, 0.95, 1])
    detail = f"95th percentile of {len(took)}; median {median * 1000:.1f} ms, longest {longest * 1000:.1f} ms"
    return Figure(f"a name completed among {PERSONS:,}", float(most), 0.1, "s", detail)


if __name__ == "__main__":
    from bench.figures import show

    print(show(measure()))
