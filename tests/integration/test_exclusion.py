"""The reversible exemplar: plan, approve, apply, restore, and everything that can happen in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mhc_lab.core.errors import NotFoundError, RefusedError, StalePlanError
from mhc_lab.jobs import exclusion, journal, stepwise
from mhc_lab.jobs.exclusion import ExclusionPlan, apply_exclusion, plan_exclusion, restore
from mhc_lab.jobs.plan import Approved, load_approved
from mhc_lab.services import people
from mhc_lab.workbench import Workbench
from tests.support.clock import FrozenClock
from tests.support.rows import rows

NAMES = ("alice", "bob", "carol")


@pytest.fixture
def bench(empty_wb: Workbench) -> Workbench:
    """Three persons and the broadcaster."""
    with empty_wb.transaction() as session:
        people.find_or_create(session, NAMES, at=empty_wb.clock.now())
        people.mark_self(session, "studio", at=empty_wb.clock.now())
    return empty_wb


def approved(wb: Workbench, *names: str, reason: str = "spam") -> Approved[ExclusionPlan]:
    return plan_exclusion(wb, names, reason=reason).approve(by="ada")


def excluded(wb: Workbench) -> dict[str, str | None]:
    with wb.reader as session:
        return {name: people.get(session, name).excluded_reason for name in NAMES}


def test_plan_touches_nothing(bench: Workbench) -> None:
    before = rows(bench)

    plan_exclusion(bench, ["alice"], reason="spam")

    assert rows(bench) == before


def test_apply_does_the_plan_and_no_more(bench: Workbench) -> None:
    before = rows(bench)

    receipt = apply_exclusion(bench, approved(bench, "alice", "bob"))

    assert excluded(bench) == {"alice": "spam", "bob": "spam", "carol": None}
    assert receipt.done_count == 2
    changed = {name for name, now in rows(bench).items() if now != before[name]}
    assert changed == {"persons", "job_runs", "job_steps", "audit_log"}


def test_apply_twice_is_once(bench: Workbench, clock: FrozenClock) -> None:
    plan = approved(bench, "alice")
    first = apply_exclusion(bench, plan)
    before = rows(bench)
    clock.tick(seconds=60)

    second = apply_exclusion(bench, plan)

    assert second == first
    assert rows(bench) == before


def test_a_plan_whose_file_was_turned_to_another_person_is_stale(bench: Workbench, tmp_path: Path) -> None:
    path = plan_exclusion(bench, ["alice"], reason="spam").save(tmp_path / "plan.json")
    with bench.reader as session:
        alice, me = (str(people.get(session, name).id) for name in ("alice", "studio"))
    path.write_text(path.read_text().replace(alice, me))

    with pytest.raises(StalePlanError, match="alice"):
        apply_exclusion(bench, ExclusionPlan.load(path).approve(by="ada"))

    assert excluded(bench)["alice"] is None


def test_two_plans_about_one_person_cannot_both_begin_from_the_same_facts(bench: Workbench) -> None:
    first, second = approved(bench, "alice", "bob"), approved(bench, "bob", reason="bot")
    with pytest.raises(KeyboardInterrupt):
        apply_exclusion(bench, first, progress=interrupt_after(1))
    left = next(name for name in ("alice", "bob") if excluded(bench)[name] is None)
    apply_exclusion(bench, approved(bench, left, reason="bot") if left == "alice" else second)

    with pytest.raises(StalePlanError, match=left):
        apply_exclusion(bench, first)

    assert excluded(bench)[left] == "bot"


def test_stale_is_refused_and_nothing_is_begun(bench: Workbench) -> None:
    plan = approved(bench, "alice", "bob")
    with bench.transaction() as session:
        bob = people.get(session, "bob")
        people.set_exclusion(session, bob.id, reason="other", at=bench.clock.now(), by="eve")
    before = rows(bench)

    with pytest.raises(StalePlanError, match="changed bob") as stale:
        apply_exclusion(bench, plan)

    assert stale.value.moved == ("bob",)
    assert rows(bench) == before


def test_restore_undoes(bench: Workbench) -> None:
    before = excluded(bench)
    receipt = apply_exclusion(bench, approved(bench, "alice", "bob"))

    undone = restore(bench, receipt)

    assert excluded(bench) == before
    assert undone.title == "2 persons counted as before"


def test_restore_puts_an_earlier_reason_back(bench: Workbench, clock: FrozenClock) -> None:
    apply_exclusion(bench, approved(bench, "alice", reason="spam"))
    clock.tick()
    second = apply_exclusion(bench, approved(bench, "alice", reason="bot"))

    restore(bench, second)

    assert excluded(bench)["alice"] == "spam"


def test_restore_twice_is_once(bench: Workbench) -> None:
    receipt = apply_exclusion(bench, approved(bench, "alice"))
    first = restore(bench, receipt)
    before = rows(bench)

    assert restore(bench, receipt) == first
    assert rows(bench) == before


def test_restore_is_refused_when_somebody_changed_it_since(bench: Workbench) -> None:
    receipt = apply_exclusion(bench, approved(bench, "alice", "bob"))
    with bench.transaction() as session:
        alice = people.get(session, "alice")
        people.set_exclusion(session, alice.id, reason="kept out for good", at=bench.clock.now(), by="eve")

    with pytest.raises(StalePlanError, match="changed alice"):
        restore(bench, receipt)

    assert excluded(bench) == {"alice": "kept out for good", "bob": "spam", "carol": None}


def interrupt_after(steps: int) -> Callable[[int, int | None, str], None]:
    """A progress that dies like a killed process once so many steps are behind it."""

    def progress(done: int, total: int | None, doing: str) -> None:
        if done == steps:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_interrupted_resumes_where_it_stopped(bench: Workbench, steps: int) -> None:
    plan = approved(bench, *NAMES)
    with pytest.raises(KeyboardInterrupt):
        apply_exclusion(bench, plan, progress=interrupt_after(steps))
    assert sum(reason is not None for reason in excluded(bench).values()) == steps

    receipt = apply_exclusion(bench, plan)

    assert excluded(bench) == dict.fromkeys(NAMES, "spam")
    assert receipt.done_count == 3


def test_an_interrupted_restore_resumes_too(bench: Workbench) -> None:
    receipt = apply_exclusion(bench, approved(bench, *NAMES))
    with pytest.raises(KeyboardInterrupt):
        restore(bench, receipt, progress=interrupt_after(1))

    restore(bench, receipt)

    assert excluded(bench) == dict.fromkeys(NAMES)


def test_a_run_that_is_not_finished_cannot_be_undone(bench: Workbench) -> None:
    plan = approved(bench, *NAMES)
    with pytest.raises(KeyboardInterrupt):
        apply_exclusion(bench, plan, progress=interrupt_after(1))
    with bench.reader as session:
        run = journal.recent(session, exclusion.KIND)[0]

    with pytest.raises(RefusedError, match="Only a finished run can be undone"):
        restore(bench, stepwise.receipt_of(bench, exclusion.EXCLUSION, run.id))


def test_a_plan_that_was_undone_is_not_applied_again(bench: Workbench) -> None:
    plan = approved(bench, "alice")
    restore(bench, apply_exclusion(bench, plan))

    with pytest.raises(RefusedError, match="applied and undone already"):
        apply_exclusion(bench, plan)


def test_review_narrows_a_plan_and_its_approval_is_bound_to_what_is_left(bench: Workbench) -> None:
    plan = plan_exclusion(bench, NAMES, reason="spam")

    apply_exclusion(bench, plan.without("carol").approve(by="ada"))

    assert excluded(bench)["carol"] is None


def test_a_plan_that_was_edited_after_its_approval_is_refused(bench: Workbench, tmp_path: Path) -> None:
    path = approved(bench, "alice").save(tmp_path / "plan.json")
    path.write_text(path.read_text().replace('"alice"', '"bob"'))

    with pytest.raises(RefusedError, match="changed after it was approved"):
        load_approved(ExclusionPlan, path)


def test_plans_and_approvals_survive_their_files(bench: Workbench, tmp_path: Path) -> None:
    plan = approved(bench, "alice")

    assert ExclusionPlan.load(plan.plan.save(tmp_path / "plan.json")) == plan.plan
    assert load_approved(ExclusionPlan, plan.save(tmp_path / "approved.json")) == plan


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"kind": "dedup"}', '{"kind": "exclude", "made_at": 1, "actions": [{}]}']
)
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)

    with pytest.raises(RefusedError):
        ExclusionPlan.load(path)


def test_the_broadcaster_a_stranger_and_no_reason_are_refused(bench: Workbench) -> None:
    with pytest.raises(RefusedError, match="is you"):
        plan_exclusion(bench, ["studio"], reason="spam")
    with pytest.raises(NotFoundError):
        plan_exclusion(bench, ["stranger"], reason="spam")
    with pytest.raises(RefusedError, match="Say why"):
        plan_exclusion(bench, ["alice"], reason="  ")


def test_a_plan_shows_hostile_text_as_text(bench: Workbench) -> None:
    plan = plan_exclusion(bench, ["alice"], reason="<img src=x onerror=alert(1)>")

    assert "<img" not in plan._repr_html_()
