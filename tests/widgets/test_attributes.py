"""Attributes of a person in the browser: badges, check boxes, the last changes, history, and undo."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from mhc_lab.core.ids import PersonId
from mhc_lab.services import attribute_definitions, attributes, people, profiles
from mhc_lab.workbench import Workbench
from widgets.attributes import AttributeForm, Attributes


@pytest.fixture
def alice(empty_wb: Workbench) -> PersonId:
    """Somebody who is there."""
    with empty_wb.transaction() as session:
        return people.find_or_create(session, ["alice"], at=empty_wb.clock.now())["alice"]


def form(wb: Workbench) -> AttributeForm:
    found: AttributeForm = Attributes(wb, person="alice").form
    return found


def held(wb: Workbench, who: PersonId) -> set[str]:
    with wb.reader as session:
        return {one.definition.key for one in attributes.of(session, who) if one.value}


def say(wb: Workbench, who: PersonId, **wanted: bool) -> None:
    with wb.transaction() as session:
        attributes.set_many(session, who, wanted)


def test_what_is_ticked_is_saved_together_and_shown_with_who_and_when(empty_wb: Workbench, alice: PersonId) -> None:
    shown = form(empty_wb)
    for key in ("watch_list", "banned_me"):
        shown.boxes[key].value = True

    shown.save.click()

    assert held(empty_wb, alice) == {"watch_list", "banned_me"}
    assert "Watchlist: not set → yes" in shown.outcome.value
    assert "Banned Me: not set → yes" in shown.outcome.value
    assert shown.boxes["watch_list"].value
    assert "yes since" in shown.hints["watch_list"].value
    assert "by tester" in shown.hints["watch_list"].value


def test_an_attribute_that_holds_is_a_coloured_badge(empty_wb: Workbench, alice: PersonId) -> None:
    say(empty_wb, alice, banned_me=True, watch_list=True)

    shown = form(empty_wb)

    assert "mhc-color-red" in shown.badges.value
    assert "Banned Me" in shown.badges.value
    assert "Watchlist" not in shown.badges.value


def test_a_derived_one_is_disabled_and_said_to_be_derived(empty_wb: Workbench, alice: PersonId) -> None:
    with empty_wb.transaction() as session:
        profiles.edit(session, alice, {"smoke_drink": "yes"})

    box = form(empty_wb).boxes["profile_smoke"]

    assert box.disabled
    assert box.value
    assert "derived from the profile" in box.description


def test_undo_sets_back_what_was_saved_and_only_once(empty_wb: Workbench, alice: PersonId) -> None:
    say(empty_wb, alice, room_banned=True)
    shown = form(empty_wb)
    shown.boxes["watch_list"].value, shown.boxes["room_banned"].value = True, False
    shown.save.click()

    shown.undo.click()

    assert held(empty_wb, alice) == {"room_banned"}
    assert (shown.boxes["watch_list"].value, shown.boxes["room_banned"].value) == (False, True)
    assert shown.undo.disabled


def test_undo_says_when_somebody_changed_it_again(empty_wb: Workbench, alice: PersonId) -> None:
    shown = form(empty_wb)
    shown.boxes["watch_list"].value = True
    shown.save.click()
    say(empty_wb, alice, watch_list=False)

    shown.undo.click()

    assert "was changed again" in shown.outcome.value


def test_saving_leaves_alone_what_somebody_else_changed_meanwhile(empty_wb: Workbench, alice: PersonId) -> None:
    shown = form(empty_wb)
    say(empty_wb, alice, room_banned=True)
    shown.boxes["watch_list"].value = True

    shown.save.click()

    assert held(empty_wb, alice) == {"watch_list", "room_banned"}
    assert shown.boxes["room_banned"].value


def test_saving_what_is_so_already_says_that_nothing_changed(empty_wb: Workbench, alice: PersonId) -> None:
    shown = form(empty_wb)

    shown.save.click()

    assert "nothing changed" in shown.outcome.value
    assert shown.undo.disabled


def test_the_last_five_changes_stand_with_the_attribute_and_all_of_them_below(
    empty_wb: Workbench, alice: PersonId
) -> None:
    for turn in range(7):
        say(empty_wb, alice, watch_list=turn % 2 == 0)

    shown = form(empty_wb)

    assert shown.hints["watch_list"].value.count("<li") == 5
    assert shown.boxes["watch_list"].tooltip.count("Watchlist:") == 5
    assert "<summary" in shown.hints["watch_list"].value
    assert shown.history.all.value.count("<li") == 7
    assert "History: 7 changes" in shown.history.all.value


def test_any_change_of_the_history_is_set_back(empty_wb: Workbench, alice: PersonId) -> None:
    say(empty_wb, alice, watch_list=True)
    say(empty_wb, alice, banned_me=True)
    shown = form(empty_wb)
    shown.history.change.value = shown.history.changes[1].id

    shown.history.back.click()

    assert held(empty_wb, alice) == {"banned_me"}
    assert not shown.boxes["watch_list"].value
    assert "Set back: Watchlist" in shown.history.outcome.value


def test_ticks_that_were_not_saved_are_there_again_and_only_those(empty_wb: Workbench, alice: PersonId) -> None:
    form(empty_wb).boxes["watch_list"].value = True
    say(empty_wb, alice, room_banned=True)

    again = form(empty_wb)

    assert again.boxes["watch_list"].value
    assert again.boxes["room_banned"].value
    assert again.value == {"watch_list": True}


def test_every_attribute_has_a_label_of_its_own_whatever_they_are_called(empty_wb: Workbench, alice: PersonId) -> None:
    with empty_wb.transaction() as session:
        session.execute(sa.text("INSERT INTO attribute_definitions (key, label) VALUES ('twin', 'Watchlist')"))

    labels = [box.description for box in form(empty_wb).boxes.values()]

    assert len(set(labels)) == len(labels) == 9


def test_a_name_is_picked_or_given_and_nobody_is_said_to_be_nobody(empty_wb: Workbench, alice: PersonId) -> None:
    picked, given = Attributes(empty_wb), Attributes(empty_wb, person="alice")
    assert picked.form is None

    picked.person.value = "alice"
    assert picked.form.person.id == alice
    picked.person.value = "alicee"

    assert picked.form is None
    assert "Did you mean alice" in picked.hint.value
    assert given.person not in given.children


def test_what_comes_from_outside_is_escaped(empty_wb: Workbench, alice: PersonId) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    with empty_wb.transaction() as session:
        attribute_definitions.create(
            session,
            {"label": hostile, "description": hostile, "icon": "<b>", "show_as_badge": True},
            key="evil",
            by="x",
        )
        attributes.set_many(session, alice, {"evil": True})

    shown = form(empty_wb)

    for part in (shown.badges, shown.hints["evil"], shown.history.all):
        assert "&lt;img" in part.value
        assert "<img" not in part.value
        assert "<b>" not in part.value
