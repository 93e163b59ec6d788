"""Events joined into spells, on whole columns."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import InternalError
from mhc_lab.following import spells
from mhc_lab.following.spells import EVENTS, follow_spells

START = datetime(2026, 1, 1, tzinfo=UTC)


def events(*rows: tuple[int, bool, int]) -> pl.DataFrame:
    """Person, whether it is a follow, and the day of each event."""
    full = [
        (person, follows, START + timedelta(days=day), START + timedelta(days=day - 1), True)
        for person, follows, day in rows
    ]
    return pl.DataFrame(full, schema=EVENTS, orient="row")


def test_no_events_make_no_spells() -> None:
    assert follow_spells(events()).height == 0


def test_a_spell_that_is_not_over_has_neither_end_nor_last_sight() -> None:
    spell = follow_spells(events((1, True, 3))).row(0, named=True)

    assert (spell["ended_at"], spell["last_seen_at"], spell["is_confirmed"]) == (None, None, None)


@pytest.mark.parametrize("rows", [[(1, False, 3)], [(1, True, 3), (1, True, 4)], [(1, True, 1), (2, False, 2)]])
def test_events_that_do_not_alternate_are_a_broken_history(rows: list[tuple[int, bool, int]]) -> None:
    with pytest.raises(InternalError, match="do not alternate"):
        follow_spells(events(*rows))


@given(st.lists(st.integers(0, 5), max_size=40))
def test_every_follow_opens_a_spell_and_the_next_event_of_that_person_ends_it(people: list[int]) -> None:
    counts: dict[int, int] = {}
    rows = []
    for day, person in enumerate(people):
        rows.append((person, counts.get(person, 0) % 2 == 0, day))
        counts[person] = counts.get(person, 0) + 1

    found = follow_spells(events(*rows))

    assert sorted(found.select("person", "number").rows()) == [
        (person, number) for person in sorted(counts) for number in range(1, (counts[person] + 1) // 2 + 1)
    ]
    assert found["ended_at"].null_count() == sum(count % 2 for count in counts.values())


def test_the_example_in_its_documentation_is_true() -> None:
    results = doctest.testmod(spells, extraglobs={"datetime": datetime, "UTC": UTC})

    assert (results.attempted > 0, results.failed) == (True, 0)
