"""Fields: names are completed from PostgreSQL, windows end with the newest list."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mhc_lab.analytics.window import Window
from mhc_lab.core.errors import UserError
from mhc_lab.services import people
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker, WindowPicker

OLDEST = datetime(2026, 1, 1, 6, tzinfo=UTC)
NEWEST = datetime(2026, 6, 30, 18, tzinfo=UTC)


class Calls:
    """Counts how often it is called."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def picker(*, value: Window | None = None, on_change: Calls | None = None) -> WindowPicker:
    return WindowPicker(oldest=OLDEST, newest=NEWEST, value=value, on_change=on_change or Calls())


@pytest.fixture
def named(empty_wb: Workbench) -> Workbench:
    """Three persons, one of them left out of the figures."""
    at = empty_wb.clock.now()
    with empty_wb.transaction() as session:
        ids = people.find_or_create(session, ["anna", "annabel", "bob"], at=at)
        people.set_exclusion(session, ids["anna"], reason="a <b>bot</b>", at=at, by="ada")
    return empty_wb


def test_a_name_is_completed_while_it_is_typed(named: Workbench) -> None:
    field = PersonPicker(named)

    field.name.value = "ann"

    assert field.name.options == ("anna", "annabel")


def test_an_empty_name_offers_nobody(named: Workbench) -> None:
    field = PersonPicker(named, value="ann")

    field.name.value = ""

    assert field.name.options == ()


def test_a_person_who_is_left_out_is_said_to_be_with_the_reason_escaped(named: Workbench) -> None:
    field = PersonPicker(named, value="anna")

    assert "a &lt;b&gt;bot&lt;/b&gt;" in field.hint.value


def test_a_person_who_counts_has_no_hint(named: Workbench) -> None:
    assert PersonPicker(named, value="bob").hint.value == ""


def test_a_preset_ends_with_the_newest_list() -> None:
    field = picker()

    field.preset.value = 7

    assert field.value == Window(datetime(2026, 6, 23, 18, tzinfo=UTC), NEWEST)
    assert (field.since.value, field.until.value) == (date(2026, 6, 23), date(2026, 6, 30))


def test_everything_begins_with_the_oldest_list() -> None:
    field = picker()

    field.preset.value = WindowPicker.EVERYTHING

    assert field.value == Window(OLDEST, NEWEST)


def test_everything_holds_time_when_there_is_one_list_only() -> None:
    field = WindowPicker(oldest=NEWEST, newest=NEWEST, on_change=Calls())

    field.preset.value = WindowPicker.EVERYTHING

    assert field.value.end == NEWEST


def test_own_days_take_both_days_whole() -> None:
    field = picker()

    field.since.value = date(2026, 3, 1)
    field.until.value = date(2026, 3, 31)

    assert field.preset.value == WindowPicker.OWN_DAYS
    assert field.value == Window.parse("2026-03-01", "2026-04-01")


def test_the_window_given_at_first_is_kept_to_the_second() -> None:
    given = Window.parse("2026-02-01T10:30Z", "2026-03-01")

    field = picker(value=given)

    assert field.value == given
    assert (field.since.value, field.until.value) == (date(2026, 2, 1), date(2026, 2, 28))


def test_a_choice_that_sets_three_fields_is_one_change() -> None:
    changes = Calls()
    field = picker(on_change=changes)

    field.preset.value = 30

    assert changes.count == 1


def test_days_the_wrong_way_round_are_refused() -> None:
    field = picker()
    field.until.value = date(2026, 3, 1)
    field.since.value = date(2026, 4, 1)

    with pytest.raises(UserError, match="start comes first"):
        _ = field.value


def test_the_window_that_holds_every_list_is_called_everything() -> None:
    oldest, newest = datetime(2026, 1, 1, 4, tzinfo=UTC), datetime(2026, 6, 30, 4, tzinfo=UTC)

    picker = WindowPicker(oldest=oldest, newest=newest, value=Window(oldest, newest), on_change=lambda: None)

    assert picker.preset.value == WindowPicker.EVERYTHING
    assert picker.value == Window(oldest, newest)


def test_a_former_name_is_completed_and_said_to_be_one(named: Workbench) -> None:
    with named.transaction() as session:
        bob = people.get(session, "bob").id
        people.rename(session, bob, to="robert", at=named.clock.now())
    field = PersonPicker(named)

    field.value = "bo"
    options = field.name.options
    field.value = "bob"

    assert options == ("bob",)
    assert "bob is called robert today." in field.hint.value
