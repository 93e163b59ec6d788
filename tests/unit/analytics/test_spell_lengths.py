from __future__ import annotations

import doctest

import polars as pl
import pytest

from mhc_lab.analytics import spell_lengths as module
from mhc_lab.analytics.hazard import DAY
from mhc_lab.analytics.spell_lengths import rows, spell_lengths
from mhc_lab.analytics.window import Window
from mhc_lab.core.errors import UserError
from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of

STEP = 2**34


def lengths(*kinds: tuple[int, int, int, int | None, int]) -> pl.DataFrame:
    names = ["gap_us", "entry_us", "left_us", "doubt_us", "spell_count"]
    return pl.DataFrame(kinds, schema=dict.fromkeys(names, pl.Int64), orient="row")


@pytest.fixture
def mirror() -> Mirror:
    """Eight came, one in each quarter of two years."""
    starts = [(quarter, f"{2024 + quarter // 4}-{3 * (quarter % 4) + 1:02}-02") for quarter in range(8)]
    head = "person_id | number: int | direction | started_at | started_after: time | last_seen_at | ended_at | end_status: text"
    spells = [f"{name} | 1 | followers | {day} | {day[:-1]}1 | 2026-02-01 | - | -" for name, day in starts]
    persons = [f"{name} | p{name} | VIEWER | no" for name, _ in starts]
    return mirror_of(
        persons="\n".join(["id | username | role | is_excluded", *persons]), follow_spells="\n".join([head, *spells])
    )


def test_times_of_lists_are_kept_as_they_are() -> None:
    found = rows(lengths((7 * DAY + 1, 0, 14 * DAY + 3, 7 * DAY - 5, 2)))

    assert (found.gap[0], found.left[0], found.right[0]) == (7 * DAY + 1, 14 * DAY + 3, 21 * DAY - 2)


def test_an_end_known_to_the_second_is_a_short_while_and_not_nothing() -> None:
    found = rows(lengths((DAY, 0, DAY, 0, 1)))

    assert found.left[0] == DAY
    assert found.right[0] == DAY + 2**30


def test_a_start_known_to_the_second_fills_the_step_that_the_query_counts_in() -> None:
    found = rows(lengths((0, 0, 5 * STEP, 0, 1)))

    assert (found.gap[0], found.left[0], found.right[0]) == (0, 5 * STEP, 6 * STEP)


def test_long_lengths_with_a_known_start_become_fewer_kinds() -> None:
    frame = lengths(*[(0, 0, step * STEP, 0, 1) for step in range(5000)])

    found = rows(frame)

    assert len(found) < 700
    assert found.count.sum() == 5000
    assert (found.right > found.left).all()


def test_no_spell_is_watched_only_after_it_was_last_seen() -> None:
    found = rows(lengths((0, 100 * STEP, 100 * STEP, None, 1), (DAY, DAY, DAY, DAY, 1)))

    assert (found.entry <= found.left).all()


def test_very_many_kinds_are_rounded_until_they_are_few() -> None:
    frame = lengths(
        *[(DAY + number * 10**6, 0, (number % 300) * DAY + number * 10**6, DAY, 1) for number in range(9000)]
    )

    found = rows(frame)

    assert len(found) <= 4000
    assert found.count.sum() == 9000
    assert found.left @ found.count == pytest.approx(frame["left_us"].sum(), rel=1e-3)


def test_more_quarters_than_can_be_told_apart_become_years(mirror: Mirror) -> None:
    found = spell_lengths(mirror, by="joined")

    assert {name: group.count.sum() for name, group in found.groups.items()} == {"2024": 4, "2025": 4}


def test_few_quarters_stay_quarters(mirror: Mirror) -> None:
    found = spell_lengths(mirror, by="joined", window=Window.parse("2025-01-01", "2026-01-01"))

    assert list(found.groups) == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]


@pytest.mark.parametrize("asked", [{"direction": "fans"}, {"by": "height"}, {"provisional": "perhaps"}])
def test_a_word_that_is_no_choice_is_refused_with_the_choices(mirror: Mirror, asked: dict[str, str]) -> None:
    with pytest.raises(UserError, match="Choose one of: "):
        spell_lengths(mirror, **asked)  # type: ignore[arg-type]


def test_the_examples_in_its_documentation_are_true() -> None:
    results = doctest.testmod(module)

    assert results.attempted > 0
    assert results.failed == 0
