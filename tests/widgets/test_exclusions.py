"""The exclusion form: plan, approval and undo behind two buttons."""

from __future__ import annotations

import pytest

from mhc_lab.services import people
from mhc_lab.services.people import Person
from mhc_lab.workbench import Workbench
from widgets.exclusions import ExcludeForm


@pytest.fixture
def named(empty_wb: Workbench) -> Workbench:
    """Two persons and a mirror."""
    with empty_wb.transaction() as session:
        people.find_or_create(session, ["alice", "bob"], at=empty_wb.clock.now())
    empty_wb.refresh_mirror()
    return empty_wb


def filled(wb: Workbench, *, person: str = "alice", reason: str = "a test account") -> ExcludeForm:
    form = ExcludeForm(wb, person=person)
    form.reason.value = reason
    return form


def person(wb: Workbench, name: str) -> Person:
    with wb.reader as session:
        return people.get(session, name)


def test_the_button_leaves_the_person_out_for_the_reason(named: Workbench) -> None:
    form = filled(named)

    form.save.click()

    assert person(named, "alice").excluded_reason == "a test account"
    assert "1 person left out of every figure" in form.outcome.value


def test_undo_counts_the_person_again(named: Workbench) -> None:
    form = filled(named)
    form.save.click()

    form.undo.click()

    assert not person(named, "alice").is_excluded
    assert "1 person counted as before" in form.outcome.value
    assert form.undo.disabled


def test_undo_says_when_somebody_else_was_faster(named: Workbench) -> None:
    form = filled(named)
    form.save.click()
    with named.transaction() as session:
        alice = people.get(session, "alice")
        people.set_exclusion(session, alice.id, reason="kept out for good", at=named.clock.now(), by="eve")

    form.undo.click()

    assert "somebody changed alice" in form.outcome.value
    assert person(named, "alice").excluded_reason == "kept out for good"


def test_without_a_reason_nothing_happens_and_the_name_stays(named: Workbench) -> None:
    form = filled(named, reason=" ")

    form.save.click()

    assert "Say why" in form.outcome.value
    assert form.person.value == "alice"
    assert not person(named, "alice").is_excluded


def test_an_unknown_name_is_answered_with_near_ones(named: Workbench) -> None:
    form = filled(named, person="alyce")

    form.save.click()

    assert "alice" in form.outcome.value
    assert form.undo.disabled


def test_the_same_exclusion_twice_is_said_to_be_there_already(named: Workbench) -> None:
    filled(named).save.click()
    again = filled(named)

    again.save.click()

    assert "left out already" in again.outcome.value


def test_refresh_reads_a_new_mirror(named: Workbench) -> None:
    form = filled(named)
    version = named.mirror.version

    form.freshness.refresh.click()

    assert named.mirror.version == version + 1
