"""Plan review: the approval covers exactly what is ticked."""

from __future__ import annotations

import pytest

from mhc_lab.jobs.exclusion import ExclusionPlan, plan_exclusion
from mhc_lab.services import people
from mhc_lab.workbench import Workbench
from widgets.review import PlanReview


@pytest.fixture
def plan(empty_wb: Workbench) -> ExclusionPlan:
    """Two persons to leave out."""
    with empty_wb.transaction() as session:
        people.find_or_create(session, ["alice", "bob"], at=empty_wb.clock.now())
    return plan_exclusion(empty_wb, ["alice", "bob"], reason="spam")


def test_every_action_stands_there_with_its_reason(plan: ExclusionPlan) -> None:
    review = PlanReview(plan, by="ada")

    assert [tick.description for tick in review.ticks] == ["alice: spam", "bob: spam"]


def test_the_approval_covers_what_is_ticked(plan: ExclusionPlan) -> None:
    review = PlanReview(plan, by="ada")
    review.ticks[0].value = False

    review.approve.click()

    assert review.approved == plan.without("alice").approve(by="ada")


def test_a_tick_changed_afterwards_takes_the_approval_back(plan: ExclusionPlan) -> None:
    review = PlanReview(plan, by="ada")
    review.approve.click()

    review.ticks[1].value = False

    assert review.approved is None


def test_nothing_ticked_is_not_approved(plan: ExclusionPlan) -> None:
    review = PlanReview(plan, by="ada")
    review.ticks[0].value = review.ticks[1].value = False

    review.approve.click()

    assert review.approved is None
    assert "Nothing is ticked" in review.outcome.value


def test_an_approval_without_a_name_is_refused(plan: ExclusionPlan) -> None:
    review = PlanReview(plan, by=" ")

    review.approve.click()

    assert review.approved is None
    assert "needs the name" in review.outcome.value
