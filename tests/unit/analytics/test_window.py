from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest

from mhc_lab.analytics import window as module
from mhc_lab.analytics.window import Window
from mhc_lab.core.errors import UserError


def test_dates_are_the_first_instants_of_utc_days() -> None:
    window = Window.parse("2026-01-01", "2026-07-01")

    assert (window.start, window.end) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def test_a_time_with_another_zone_becomes_utc() -> None:
    window = Window.parse("2026-03-29T10:00:00+02:00", "2026-03-30T00:00Z")

    assert window.start == datetime(2026, 3, 29, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "until", "why"),
    [
        ("2026-01-01T10:00", "2026-02-01", "no time zone"),
        ("2026-02-01", "2026-01-01", "holds no time"),
        ("2026-01-01", "2026-01-01", "holds no time"),
        ("2026-02-30", "2026-03-01", "is not a time"),
        ("last week", "2026-03-01", "is not a time"),
        ("", "2026-03-01", "is not a time"),
    ],
)
def test_what_is_no_window_is_refused_with_the_reason(since: str, until: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        Window.parse(since, until)


def test_the_examples_in_its_documentation_are_true() -> None:
    results = doctest.testmod(module)

    assert results.attempted > 0
    assert results.failed == 0
