"""The review of follow lists: what waits, what is known about it, a decision and its revision."""

from __future__ import annotations

from mhc_lab.workbench import Workbench
from widgets.list_review import ListReview


def test_the_lists_that_wait_are_offered_with_what_is_missing_on_them(wb: Workbench) -> None:
    form = ListReview(wb)

    assert len(form.one.options) == 3
    assert "Somebody has to decide" in form.detail.value
    form.one.value = form.one.options[-1][1]
    assert "Followed just before and not on it" in form.detail.value


def test_a_decision_is_recorded_and_the_list_waits_no_longer(wb: Workbench) -> None:
    form = ListReview(wb)
    title = form.one.options[0][0]
    form.reason.value = "the page broke off"

    form.save.click()

    assert form.result is not None
    assert form.result.taken.verdict == "partial"
    assert "Decided by tester: the page broke off" in form.outcome.value
    assert len(form.one.options) == 2
    assert title not in [label for label, _ in form.one.options]


def test_a_decision_is_taken_back_from_among_the_decided(wb: Workbench) -> None:
    form = ListReview(wb)
    form.reason.value = "the page broke off"
    form.save.click()
    form.which.value = "decided"
    form.choice.value, form.reason.value = "automatic", "I was wrong"

    form.save.click()

    form.which.value = "waiting"
    assert len(form.one.options) == 3


def test_without_a_reason_nothing_is_recorded_and_the_form_says_so(wb: Workbench) -> None:
    form = ListReview(wb)

    form.save.click()

    assert "needs its reason" in form.outcome.value
    assert len(form.one.options) == 3


def test_when_no_list_waits_there_is_nothing_to_record(empty_wb: Workbench) -> None:
    form = ListReview(empty_wb)

    assert form.save.disabled
    assert "No list waits" in form.detail.value
