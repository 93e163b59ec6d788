"""The timeline of a person as a panel: by kind, by day, page by page, and nothing in it that a browser would run."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from mhc_lab.services import happenings, people
from mhc_lab.sources.room_events import read_events
from mhc_lab.workbench import Workbench
from widgets.timeline import PAGE, Timeline

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>"


def told(wb: Workbench, *texts: str, tokens: int = 0) -> None:
    """Chat, or tips, of ann, one a day."""
    events = [
        {
            "method": "tip" if tokens else "chatMessage",
            "id": f"{int((NOON + timedelta(days=day)).timestamp() * 1000)}-{tokens}",
            "object": {"user": {"username": "ann"}, "tip": {"tokens": tokens or None, "message": text}},
        }
        for day, text in enumerate(texts)
    ]
    with wb.transaction() as session:
        people.find_or_create(session, ["ann"], at=NOON)
        happenings.record(session, read_events(json.dumps(events).encode()).events, at=NOON)


def test_things_stand_under_their_days_newest_first(empty_wb: Workbench) -> None:
    told(empty_wb, "first", "second")

    shown = Timeline(empty_wb, person="ann").body.value

    places = [shown.index(words) for words in ("Monday, 2026-03-02", "second", "Sunday, 2026-03-01", "first")]
    assert places == sorted(places)


def test_what_was_said_is_escaped(empty_wb: Workbench) -> None:
    told(empty_wb, HOSTILE)

    panel = Timeline(empty_wb, person="ann")

    assert HOSTILE not in panel.still()
    assert "&lt;img" in panel.still()


def test_every_kind_is_offered_with_how_many_and_narrows_the_page(empty_wb: Workbench) -> None:
    told(empty_wb, "hello", "again")
    told(empty_wb, "thanks", tokens=25)
    panel = Timeline(empty_wb, person="ann")

    panel.kind.value = "tip"

    assert [label for label, _ in panel.kind.options] == ["all (3)", "chat (2)", "tip (1)"]
    assert "Tip · 25 tokens" in panel.body.value
    assert "hello" not in panel.body.value


def test_days_narrow_the_page_and_the_counts(empty_wb: Workbench) -> None:
    told(empty_wb, "first", "second", "third")
    panel = Timeline(empty_wb, person="ann")

    panel.since.value, panel.until.value = date(2026, 3, 2), date(2026, 3, 2)

    assert panel.kind.options[0][0] == "all (1)"
    assert "second" in panel.body.value
    assert "third" not in panel.body.value


def test_pages_are_turned_by_buttons(empty_wb: Workbench) -> None:
    told(empty_wb, *(f"number {day}" for day in range(PAGE + 1)))
    panel = Timeline(empty_wb, person="ann")
    first = panel.body.value

    panel.older.click()

    assert "number 0<" in panel.body.value
    assert f"{PAGE + 1}–{PAGE + 1} of {PAGE + 1}" in panel.where.value
    assert (panel.newer.disabled, panel.older.disabled) == (False, True)
    panel.newer.click()
    assert panel.body.value == first
    assert (panel.newer.disabled, panel.older.disabled) == (True, False)


@pytest.mark.parametrize(
    ("person", "sentence"),
    [("", "Choose a person."), ("nobody", "No person named"), ("no name!", "is not a user name")],
)
def test_without_a_person_it_says_so(empty_wb: Workbench, person: str, sentence: str) -> None:
    panel = Timeline(empty_wb, person=person)

    assert sentence in panel.problem.value.replace("&quot;", '"')
    assert panel.body.value == ""
    assert panel.older.disabled
