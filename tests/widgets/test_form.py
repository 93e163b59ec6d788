"""What every form does, shown with one that adds a person by name."""

from __future__ import annotations

import ipywidgets as ipw
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

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
