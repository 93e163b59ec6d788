"""Plan review: a page of a long plan, found by class and words; the approval covers exactly what is ticked; done and undone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

import pytest

from mhc_lab.core.errors import IntegrityError
from mhc_lab.core.ids import RunId
from mhc_lab.jobs.exclusion import EXCLUSION, ExclusionPlan, plan_exclusion
from mhc_lab.jobs.plan import Plan
from mhc_lab.jobs.stepwise import REFUSED
from mhc_lab.services import people
from mhc_lab.workbench import Workbench
from tests.support.files import NOON, a_file
from widgets.review import PAGE, JobReview, PlanReview

HOSTILE = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True, slots=True)
class Tidy:
    """An action with a class and files."""

    name: str
    reason: str = "untidy"
    group: str = "orphan"
    files: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class TidyPlan(Plan):
    """Many of them."""

    kind: ClassVar[str] = "tidy"
    actions: tuple[Tidy, ...]

    def __str__(self) -> str:
        return f"Tidy {len(self.actions)} files"


def reviewed(*actions: Tidy) -> PlanReview[TidyPlan]:
    return PlanReview(TidyPlan(NOON, actions), by="ada")


def files(count: int, group: str = "orphan") -> list[Tidy]:
    return [Tidy(f"{group}-{n}", group=group) for n in range(1, count + 1)]


def shown(review: PlanReview[TidyPlan]) -> list[str]:
    return [tick.description.partition(":")[0] for tick in review.ticks]


def kept(review: PlanReview[TidyPlan]) -> list[str]:
    return [action.name for action in review.plan.actions]


@pytest.fixture
def plan(emptied_wb: Workbench) -> ExclusionPlan:
    """Two persons to leave out."""
    with emptied_wb.transaction() as session:
        people.find_or_create(session, ["alice", "bob"], at=emptied_wb.clock.now())
    return plan_exclusion(emptied_wb, ["alice", "bob"], reason="spam")


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


# a long plan


def test_a_page_is_shown_at_a_time_and_what_was_unticked_stays_unticked() -> None:
    review = reviewed(*files(2 * PAGE + 1))
    review.ticks[0].value = False

    review.pages.after.click()
    second = shown(review)
    review.pages.number.value = 3
    last = shown(review)
    review.pages.number.value = 1

    assert (second[0], last) == (f"orphan-{PAGE + 1}", [f"orphan-{2 * PAGE + 1}"])
    assert [tick.value for tick in review.ticks[:2]] == [False, True]
    assert len(review.plan.actions) == 2 * PAGE


def test_turning_pages_unticks_nothing_and_keeps_the_approval() -> None:
    review = reviewed(*files(PAGE + 1))
    review.approve.click()

    review.pages.after.click()
    review.pages.before.click()

    assert review.approved is not None


def test_how_many_are_ticked_is_said_in_all_and_by_class() -> None:
    review = reviewed(*files(8), *files(4, "litter"))

    review.ticks[0].value = False

    assert "11 of 12 ticked" in review.count.value
    assert [label for label, _ in review.group.options] == ["any (12)", "orphan (8)", "litter (4)"]
    assert 'orphan</td><td class="mhc-number">8</td><td class="mhc-number">7</td>' in review.classes.value


def test_a_class_is_unticked_as_a_whole_on_every_page_and_ticked_again() -> None:
    review = reviewed(*files(PAGE + 5), *files(2, "litter"))
    review.group.value = "orphan"

    review.none.click()
    without = kept(review)
    review.all.click()

    assert without == ["litter-1", "litter-2"]
    assert len(kept(review)) == PAGE + 7


def test_words_are_looked_for_in_names_and_reasons_whatever_their_case() -> None:
    review = reviewed(*files(12), Tidy("x", reason="Lies in the WRONG place"), Tidy("wrong.jpg"))

    review.words.value = "wrong"
    both = shown(review)
    review.none.click()

    assert both == ["x", "wrong.jpg"]
    assert len(kept(review)) == 12


def test_nothing_found_is_said_and_nothing_can_be_ticked() -> None:
    review = reviewed(*files(12))

    review.words.value = "zebra"

    assert "No such action" in review.where.value
    assert (review.all.disabled, review.ticks) == (True, [])


def test_of_two_actions_with_one_name_only_the_unticked_one_is_left_out() -> None:
    review = reviewed(Tidy("1.jpg", reason="on the disk"), Tidy("1.jpg", reason="in the bucket"))

    review.ticks[0].value = False

    assert [action.reason for action in review.plan.actions] == ["in the bucket"]


def test_ticking_a_whole_class_takes_the_approval_back() -> None:
    review = reviewed(*files(12))
    review.approve.click()

    review.none.click()

    assert review.approved is None


def test_names_and_classes_are_shown_as_text() -> None:
    review = reviewed(*files(11), Tidy(HOSTILE, group=HOSTILE))

    assert HOSTILE not in review.classes.value + review.still()
    assert "&lt;img" in review.still()


def test_a_report_shows_the_classes_and_the_first_actions() -> None:
    review = reviewed(*files(PAGE + 1), *files(1, "litter"))

    assert "By class" in review.still()
    assert f"The first {PAGE} of {PAGE + 2} actions" in review.still()
    assert "data:image" not in review.still()


def test_the_files_of_an_action_are_shown_side_by_side_when_the_page_is_seen(emptied_wb: Workbench) -> None:
    with emptied_wb.transaction() as session:
        pair = (a_file(session, "people/alice/auto/1.jpg"), a_file(session, f"people/alice/auto/{HOSTILE}"))
    review = PlanReview(TidyPlan(NOON, (Tidy("1.jpg", files=pair), Tidy("2.jpg"))), by="ada", wb=emptied_wb)
    unseen = review.lines.children[0].children

    review.seen()

    with_pictures, without = review.lines.children
    assert len(unseen) == len(without.children) == 1
    assert with_pictures.pictures.value.count("storage offline") == 2
    assert "ssd:people/alice/auto/1.jpg" in with_pictures.pictures.value
    assert HOSTILE not in with_pictures.pictures.value


def test_turning_the_page_gives_up_the_pictures_that_were_on_their_way(emptied_wb: Workbench) -> None:
    with emptied_wb.transaction() as session:
        one = (a_file(session),)
    actions = tuple(Tidy(str(number), files=one) for number in range(PAGE + 2))
    review = PlanReview(TidyPlan(NOON, actions), by="ada", wb=emptied_wb)

    async def look_and_turn() -> None:
        review.seen()
        await asyncio.sleep(0)
        review.pages.after.click()
        while len(review.lines.children[-1].children) == 1:
            await asyncio.sleep(0.01)

    asyncio.run(look_and_turn())

    assert [len(line.children) for line in review.lines.children] == [2, 2]
    assert review.outcome.value == ""


# done and undone


def job_review(wb: Workbench, plan: ExclusionPlan) -> JobReview[ExclusionPlan]:
    review = JobReview(wb, EXCLUSION, plan, verb="Leave out")
    review.review.approve.click()
    return review


def left_out(wb: Workbench) -> list[str]:
    with wb.reader as session:
        return [name for name in ("alice", "bob") if people.get(session, name).is_excluded]


def test_what_is_approved_is_done_once_and_undone(emptied_wb: Workbench, plan: ExclusionPlan) -> None:
    review = job_review(emptied_wb, plan)

    review.apply.click()
    done, buttons = left_out(emptied_wb), (review.apply.disabled, review.undo.disabled)
    review.undo.click()

    assert (done, buttons) == (["alice", "bob"], (True, False))
    assert left_out(emptied_wb) == []
    assert (review.apply.disabled, review.undo.disabled) == (True, True)
    assert "2 persons counted as before" in review.done.value


def test_a_tick_changed_after_the_approval_keeps_all_from_being_done(
    emptied_wb: Workbench, plan: ExclusionPlan
) -> None:
    review = job_review(emptied_wb, plan)
    review.review.ticks[0].value = False

    review.apply.click()

    assert "not approved yet" in review.done.value
    assert left_out(emptied_wb) == []


def test_what_was_refused_is_named(emptied_wb: Workbench, plan: ExclusionPlan) -> None:
    refusing = replace(EXCLUSION, do=lambda *_: {REFUSED: [f"alice: {HOSTILE}"]})
    review = JobReview(emptied_wb, refusing, plan.without("bob"), verb="Leave out")
    review.review.approve.click()

    review.apply.click()

    assert "1 left as they are" in review.done.value
    assert "alice: &lt;img" in review.done.value


class Shut:
    """A gate that lets nothing pass."""

    def before(self, wb: Workbench, run: RunId) -> None:
        pass

    def after(self, wb: Workbench, run: RunId) -> None:
        raise IntegrityError(f"alice has less. Undo: mhc exclude restore {run}")


def test_what_a_gate_says_is_shown_and_the_run_can_be_undone_here(emptied_wb: Workbench, plan: ExclusionPlan) -> None:
    review = JobReview(emptied_wb, replace(EXCLUSION, gate=Shut()), plan, verb="Leave out")
    review.review.approve.click()

    review.apply.click()

    assert "alice has less. Undo: mhc exclude restore" in review.done.value
    assert (review.apply.disabled, review.undo.disabled) == (False, False)


def test_where_there_is_no_way_back_no_button_offers_one(emptied_wb: Workbench, plan: ExclusionPlan) -> None:
    review = JobReview(emptied_wb, replace(EXCLUSION, reverse=None), plan, verb="Leave out")

    assert review.undo not in review.review.standing.children


def test_a_plan_that_is_stale_says_so_and_can_be_tried_again(emptied_wb: Workbench, plan: ExclusionPlan) -> None:
    review = job_review(emptied_wb, plan)
    with emptied_wb.transaction() as session:
        alice = people.get(session, "alice")
        people.set_exclusion(session, alice.id, reason="spam", at=emptied_wb.clock.now(), by="eve")

    review.apply.click()

    assert "somebody changed alice" in review.done.value
    assert (review.apply.disabled, review.undo.disabled) == (False, True)
