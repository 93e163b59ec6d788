"""Numbers as people read them; markup from outside never survives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from mhc_lab.core import display

HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1,023 B"), (1024, "1.0 KiB"), (61_300_000_000, "57.1 GiB"), (2**50, "1,024.0 TiB")],
)
def test_bytes_are_shown_in_the_largest_unit(count: int, text: str) -> None:
    assert display.bytes_text(count) == text


@pytest.mark.parametrize(
    ("gone", "text"),
    [
        ({"seconds": 5}, "just now"),
        ({"minutes": 12}, "12 min ago"),
        ({"hours": 3}, "3 h ago"),
        ({"days": 1}, "1 day ago"),
    ],
)
def test_an_age_is_said_in_one_unit(gone: dict[str, float], text: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)

    assert display.age_text(now - timedelta(**gone), now) == text


def test_a_table_escapes_cells_headings_and_caption() -> None:
    frame = pl.DataFrame({HOSTILE: [HOSTILE]})

    shown = display.table(frame, caption=HOSTILE)

    assert "<img" not in shown
    assert shown.count("&lt;img") == 4  # cell, heading, caption, and the label that says the caption again


def test_facts_and_notes_escape_what_they_are_given() -> None:
    shown = display.facts(HOSTILE, [(HOSTILE, HOSTILE)]) + display.note(HOSTILE, kind="bad")

    assert "<img" not in shown


def test_a_long_table_says_how_many_rows_it_left_out() -> None:
    frame = pl.DataFrame({"n": range(display.SHOWN_ROWS + 5)})

    assert f"{display.SHOWN_ROWS} of {frame.height:,} rows shown" in display.table(frame)


def test_a_missing_value_is_a_dash() -> None:
    assert display.text(None) == "–"
