"""The attributes there are, in the browser: made, edited, deleted after a question, and all of it taken back."""

from __future__ import annotations

from mhc_lab.core.ids import PersonId
from mhc_lab.services import attribute_definitions, attributes, people
from mhc_lab.services.attribute_definitions import Definition
from mhc_lab.workbench import Workbench
from widgets.attribute_definitions import Definitions


def known(wb: Workbench) -> dict[str, Definition]:
    with wb.reader as session:
        return {one.key: one for one in attribute_definitions.listed(session)}


def made(wb: Workbench, label: str = "Regular") -> Definitions:
    panel = Definitions(wb)
    panel.form.label.value = label
    panel.form.save.click()
    return panel


def held_by_alice(wb: Workbench) -> PersonId:
    with wb.transaction() as session:
        alice = people.find_or_create(session, ["alice"], at=wb.clock.now())["alice"]
        attributes.set_many(session, alice, {"regular": True})
    return alice


def test_a_new_one_is_made_and_can_be_chosen(empty_wb: Workbench) -> None:
    panel = Definitions(empty_wb)
    panel.form.label.value, panel.form.color.value, panel.form.place.value = "Regular", "teal", "1"

    panel.form.save.click()

    assert (known(empty_wb)["regular"].color, known(empty_wb)["regular"].place) == ("teal", 1)
    assert "Saved: Regular (regular), teal" in panel.form.outcome.value
    assert panel.form.label.value == ""
    assert "regular" in [key for _, key in panel.which.options]
    assert "Regular" in panel.there.value


def test_undo_takes_a_new_one_back(empty_wb: Workbench) -> None:
    panel = made(empty_wb)

    panel.undo.click()

    assert "regular" not in known(empty_wb)
    assert "gone again" in panel.outcome.value
    assert panel.undo.disabled


def test_the_chosen_one_is_edited_and_stays_chosen(empty_wb: Workbench) -> None:
    panel = Definitions(empty_wb)
    panel.which.value = "watch_list"
    assert (panel.form.label.value, panel.form.key.value, panel.form.key.disabled) == ("Watchlist", "watch_list", True)
    panel.form.label.value, panel.form.badge.value = "Watched", True

    panel.form.save.click()

    assert known(empty_wb)["watch_list"].label == "Watched"
    assert panel.which.value == "watch_list"
    assert (panel.form.label.value, panel.form.badge.value) == ("Watched", True)
    assert "Saved: Watched" in panel.form.outcome.value


def test_undo_takes_an_edit_back(empty_wb: Workbench) -> None:
    before = known(empty_wb)
    panel = Definitions(empty_wb)
    panel.which.value = "watch_list"
    panel.form.label.value, panel.form.place.value = "Watched", "5"
    panel.form.save.click()

    panel.undo.click()

    assert known(empty_wb) == before
    assert panel.form.label.value == "Watchlist"


def test_an_edit_of_what_somebody_changed_meanwhile_shows_both(empty_wb: Workbench) -> None:
    panel = Definitions(empty_wb)
    panel.which.value = "watch_list"
    with empty_wb.transaction() as session:
        attribute_definitions.edit(session, "watch_list", {"color": "pink"}, by="eve")
    panel.form.label.value = "Watched"

    panel.form.save.click()

    assert "meanwhile" in panel.form.outcome.value
    assert "pink" in panel.form.outcome.value
    assert known(empty_wb)["watch_list"].label == "Watchlist"


def test_a_place_that_is_none_is_said(empty_wb: Workbench) -> None:
    panel = Definitions(empty_wb)
    panel.form.label.value, panel.form.place.value = "Regular", "first"

    panel.form.save.click()

    assert "is no place" in panel.form.outcome.value
    assert "regular" not in known(empty_wb)


def test_one_that_came_with_the_workbench_offers_no_deletion(empty_wb: Workbench) -> None:
    panel = made(empty_wb)
    offered = {}

    for key in ("regular", "watch_list", ""):
        panel.which.value = key
        offered[key] = panel.delete in panel.children[3].children

    assert offered == {"regular": True, "watch_list": False, "": False}


def test_deleting_asks_first_and_says_whom_it_concerns(empty_wb: Workbench) -> None:
    panel = made(empty_wb)
    held_by_alice(empty_wb)
    panel.which.value = "regular"

    panel.delete.click()

    assert "1 person has it" in panel.outcome.value
    assert "regular" in known(empty_wb)
    panel.keep.click()
    assert panel.outcome.value == ""
    assert panel.confirm not in panel.children[3].children


def test_deleting_takes_it_from_everybody_and_undo_gives_it_back(empty_wb: Workbench) -> None:
    panel = made(empty_wb)
    alice = held_by_alice(empty_wb)
    before = known(empty_wb)
    panel.which.value = "regular"
    panel.delete.click()

    panel.confirm.click()
    gone = known(empty_wb)
    panel.undo.click()

    assert "regular" not in gone
    assert known(empty_wb) == before
    with empty_wb.reader as session:
        assert attributes.get(session, alice, "regular")


def test_choosing_leaves_no_draft_and_typing_does(empty_wb: Workbench) -> None:
    panel = Definitions(empty_wb)
    panel.which.value = "watch_list"
    panel.form.label.value = "half a la"
    panel.which.value = "room_banned"

    again = Definitions(empty_wb)
    drafts = {}
    for key in ("watch_list", "room_banned"):
        again.which.value = key
        drafts[key] = bool(again.form.draft.children)

    assert drafts == {"watch_list": True, "room_banned": False}
