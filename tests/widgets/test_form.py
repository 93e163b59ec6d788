"""What every form does, shown with one that adds a person by name."""

from __future__ import annotations

import ipywidgets as ipw
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError
from mhc_lab.core.ids import PersonId
from mhc_lab.core.names import username
from mhc_lab.services import people
from mhc_lab.workbench import Workbench
from widgets._form import Form


class AddForm(Form[str, PersonId]):
    """Add a person, then fail when asked to."""

    def __init__(self, wb: Workbench, *, fail: bool = False) -> None:
        self.name = ipw.Text(description="Name")
        self.fail = fail
        super().__init__(wb, self.name, verb="Add")

    @property
    def value(self) -> str:
        return username(self.name.value)

    def submit(self, session: Session) -> PersonId:
        added = people.find_or_create(session, [self.value], at=self.wb.clock.now())
        if self.fail:
            session.execute(sa.text("SELECT no_such_column FROM persons"))
        return added[self.value]


def test_save_submits_and_shows_the_record(empty_wb: Workbench) -> None:
    form = AddForm(empty_wb)
    form.name.value = "alice"

    form.save.click()

    with empty_wb.reader as session:
        assert people.get(session, "alice").id == form.result
    assert str(form.result) in form.outcome.value


def test_after_a_success_the_fields_are_as_at_first(empty_wb: Workbench) -> None:
    form = AddForm(empty_wb)
    form.name.value = "alice"

    form.save.click()

    assert form.name.value == ""


def test_a_refusal_stands_under_the_button_and_the_draft_stays(empty_wb: Workbench) -> None:
    form = AddForm(empty_wb)
    form.name.value = "two words"

    form.save.click()

    assert "is not a user name" in form.outcome.value
    assert "role='alert'" in form.outcome.value
    assert form.name.value == "two words"
    assert form.result is None


def test_what_was_typed_is_escaped_in_the_refusal(empty_wb: Workbench) -> None:
    form = AddForm(empty_wb)
    form.name.value = "<img src=x onerror=alert(1)>"

    form.save.click()

    assert "&lt;img" in form.outcome.value
    assert "<img" not in form.outcome.value


def test_a_failure_saves_nothing_keeps_the_draft_and_is_logged(
    empty_wb: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    form = AddForm(empty_wb, fail=True)
    form.name.value = "alice"

    form.save.click()

    with empty_wb.reader as session:
        assert people.search(session, "alice") == []
    assert "That did not work" in form.outcome.value
    assert form.name.value == "alice"
    assert "no_such_column" in caplog.text
    assert not form.save.disabled


def test_what_was_begun_is_there_again_after_a_reload(empty_wb: Workbench) -> None:
    AddForm(empty_wb).name.value = "half a na"

    again = AddForm(empty_wb)

    assert again.name.value == "half a na"
    assert "is here again" in again.draft.text.value


def test_a_saved_form_leaves_no_draft(empty_wb: Workbench) -> None:
    form = AddForm(empty_wb)
    form.name.value = "alice"

    form.save.click()

    assert AddForm(empty_wb).name.value == ""


def test_starting_over_empties_the_fields_and_forgets(empty_wb: Workbench) -> None:
    AddForm(empty_wb).name.value = "half a na"
    again = AddForm(empty_wb)

    again.draft.over.click()

    assert again.name.value == ""
    assert again.draft.children == ()
    assert AddForm(empty_wb).name.value == ""


def test_a_field_that_is_emptied_by_hand_leaves_no_draft(empty_wb: Workbench) -> None:
    form = AddForm(empty_wb)
    form.name.value = "a"
    form.name.value = ""

    assert AddForm(empty_wb).draft.children == ()


def test_the_drafts_of_two_forms_about_different_things_are_kept_apart(empty_wb: Workbench) -> None:
    class About(AddForm):
        def __init__(self, wb: Workbench, subject: str) -> None:
            self.name, self.fail = ipw.Text(description="Name"), False
            Form.__init__(self, wb, self.name, verb="Add", subject=subject)

    About(empty_wb, "one").name.value = "first"
    About(empty_wb, "two").name.value = "second"

    assert [About(empty_wb, subject).name.value for subject in ("one", "two", "three")] == ["first", "second", ""]


def test_a_choice_that_there_is_no_more_is_left_as_it_is(empty_wb: Workbench) -> None:
    class Choosing(AddForm):
        def __init__(self, wb: Workbench, options: list[str]) -> None:
            self.name, self.fail = ipw.Dropdown(description="Name", options=options), False
            Form.__init__(self, wb, self.name, verb="Add")

    Choosing(empty_wb, ["a", "b"]).name.value = "b"

    assert Choosing(empty_wb, ["a", "c"]).name.value == "a"


def test_a_conflict_shows_both_versions_and_keeps_the_draft(empty_wb: Workbench) -> None:
    class Disputed(AddForm):
        def carry_out(self) -> PersonId:
            raise ConflictError("Somebody was faster.", mine="<b>mine</b>", theirs="theirs")

    form = Disputed(empty_wb)
    form.name.value = "alice"

    form.save.click()

    assert "Somebody was faster." in form.outcome.value
    assert "&lt;b&gt;mine&lt;/b&gt;" in form.outcome.value
    assert "theirs" in form.outcome.value
    assert form.name.value == "alice"
