"""Names to look at next, in the browser."""

from __future__ import annotations

from mhc_lab.services import lookups
from mhc_lab.services.lookups import AGAIN, ONCE, Lookup
from mhc_lab.workbench import Workbench
from widgets.lookups import Lookups


def found(wb: Workbench, name: str = "alice") -> Lookup | None:
    with wb.reader as session:
        return lookups.find(session, name)


def added(wb: Workbench, *, name: str = "alice", level: int = ONCE) -> Lookups:
    form = Lookups(wb, person=name)
    form.level.value, form.notes.value = level, "why not"
    form.save.click()
    return form


def test_a_name_is_added_and_stands_on_the_list(empty_wb: Workbench) -> None:
    form = added(empty_wb)

    assert "alice: once, pending" in form.outcome.value
    assert "why not" in form.there.value
    assert "1 name open" in form.there.value
    assert form.one.value == "alice"


def test_undo_takes_the_name_off_or_lowers_its_level_again(empty_wb: Workbench) -> None:
    added(empty_wb)
    before = found(empty_wb)
    raised = added(empty_wb, level=AGAIN)

    raised.undo.click()
    lowered = found(empty_wb)
    form = added(empty_wb, name="bob")
    form.undo.click()

    assert lowered == before
    assert found(empty_wb, "bob") is None


def test_a_name_is_completed_opened_again_and_taken_off(empty_wb: Workbench) -> None:
    form = added(empty_wb)

    form.complete.click()
    form.which.value = True
    assert form.complete.disabled
    form.reopen.click()
    form.which.value = False
    opened = found(empty_wb)
    form.remove.click()

    assert opened is not None
    assert opened.status == "pending"
    assert found(empty_wb) is None
    assert form.remove.disabled


def test_each_of_them_is_undone(empty_wb: Workbench) -> None:
    form = added(empty_wb)
    before = found(empty_wb)

    for button in (form.complete, form.remove):
        button.click()
        form.undo.click()

        assert found(empty_wb) == before


def test_what_is_no_name_is_said_and_stays(empty_wb: Workbench) -> None:
    form = added(empty_wb, name="two words")

    assert "is not a user name" in form.outcome.value
    assert form.person.value == "two words"
    assert form.notes.value == "why not"


def test_notes_are_escaped(empty_wb: Workbench) -> None:
    form = Lookups(empty_wb, person="alice")
    form.notes.value = "<img src=x>"

    form.save.click()

    assert "&lt;img" in form.there.value
    assert "<img" not in form.there.value
