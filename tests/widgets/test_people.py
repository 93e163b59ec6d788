"""Renaming and merging persons by form, and taking both back."""

from __future__ import annotations

import pytest

from mhc_lab.services import people
from mhc_lab.workbench import Workbench
from widgets.people import MergeForm, RenameForm

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def named(empty_wb: Workbench) -> Workbench:
    """Three persons."""
    with empty_wb.transaction() as session:
        people.find_or_create(session, ["alice", "alicia", "bob"], at=empty_wb.clock.now())
    return empty_wb


def who(wb: Workbench, name: str) -> str:
    with wb.reader as session:
        return people.get(session, name).username


def test_a_renamed_person_is_found_under_both_names(named: Workbench) -> None:
    form = RenameForm(named, person="bob")
    form.new.value = "Robert"

    form.save.click()

    assert who(named, "bob") == who(named, "robert") == "robert"
    assert "robert is what they are called now; before: bob." in form.outcome.value


def test_a_rename_is_taken_back(named: Workbench) -> None:
    form = RenameForm(named, person="bob")
    form.new.value = "robert"
    form.save.click()

    form.undo.click()

    assert who(named, "bob") == "bob"
    assert "bob is what they are called now; before: nothing else." in form.outcome.value
    assert form.undo.disabled


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("alice", "is the name of another person already"),
        ("bob", "is called that already"),
        (HOSTILE, "&lt;img src=x onerror=alert(1)&gt;&quot; is not a user name"),
        ("", "is not a user name"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_one_sentence(named: Workbench, new: str, said: str) -> None:
    form = RenameForm(named, person="bob")
    form.new.value = new

    form.save.click()

    assert said in form.outcome.value
    assert HOSTILE not in form.outcome.value
    assert who(named, "bob") == "bob"


def planned(wb: Workbench, *, why: str = "the same") -> MergeForm:
    form = MergeForm(wb, person="alicia")
    form.others.value = "alice"
    form.why.value = why
    form.save.click()
    return form


def test_a_merge_is_planned_approved_done_and_taken_back(named: Workbench) -> None:
    form = planned(named)
    assert form.job is not None
    assert who(named, "alice") == "alice"

    form.job.review.approve.click()
    form.job.apply.click()
    merged = who(named, "alice")
    form.job.undo.click()

    assert merged == "alicia"
    assert who(named, "alice") == "alice"
    assert "1 person brought back" in form.job.done.value


def test_nothing_is_done_before_it_is_approved(named: Workbench) -> None:
    form = planned(named)
    assert form.job is not None

    form.job.apply.click()

    assert "The plan is not approved yet" in form.job.done.value
    assert who(named, "alice") == "alice"


def test_what_was_typed_is_shown_as_text(named: Workbench) -> None:
    form = planned(named, why=HOSTILE)

    assert HOSTILE not in form.outcome.value
    assert "&lt;img" in form.outcome.value


def test_a_stranger_is_refused_and_the_draft_stays(named: Workbench) -> None:
    form = MergeForm(named, person="alicia")
    form.others.value = "stranger"
    form.why.value = "the same"

    form.save.click()

    assert "No person named" in form.outcome.value
    assert form.others.value == "stranger"
