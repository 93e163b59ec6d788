"""Steps are written and read some at a time, and plans are read from files that anybody may have edited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import RefusedError
from mhc_lab.jobs import journal
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.plan import load_approved
from mhc_lab.schema.operations import job_steps
from mhc_lab.workbench import Workbench
from tests.support.away import Away, AwayPlan

MANY = 25


@pytest.fixture
def file(tmp_path: Path, empty_wb: Workbench) -> Path:
    return AwayPlan(empty_wb.clock.now(), (Away("a.jpg"), Away("b.jpg"))).save(tmp_path / "plan.json")


def test_steps_are_written_before_the_last_one_is_made(empty_wb: Workbench) -> None:
    plan, written = AwayPlan(empty_wb.clock.now(), ()).approve(by="ada"), list[int | None]()

    with empty_wb.transaction() as session:

        def steps() -> Iterator[Step]:
            for ordinal in range(1, MANY + 1):
                written.append(session.scalar(sa.select(sa.func.count()).select_from(job_steps)))
                yield Step(ordinal, {}, {})

        run = journal.begin(session, plan, steps(), at=empty_wb.clock.now())

    assert (written[0], bool(written[-1])) == (0, True)
    with empty_wb.reader as session:
        assert journal.ordinals(session, run, state="intended") == list(range(1, MANY + 1))


def test_steps_that_are_done_come_the_last_one_first(empty_wb: Workbench) -> None:
    plan, now = AwayPlan(empty_wb.clock.now(), ()).approve(by="ada"), empty_wb.clock.now()
    with empty_wb.transaction() as session:
        run = journal.begin(session, plan, [Step(n, {"n": n}, {}) for n in range(1, MANY + 1)], at=now)
        for ordinal in range(1, MANY):
            journal.done(session, run, ordinal, at=now)

        latest = list(journal.latest(session, run))

    assert latest == [Step(n, {"n": n}, {}) for n in range(MANY - 1, 0, -1)]


def test_what_steps_list_is_counted_and_named_once(empty_wb: Workbench) -> None:
    plan, now = AwayPlan(empty_wb.clock.now(), ()).approve(by="ada"), empty_wb.clock.now()
    actions = [{"of": "a", "to": "b"}, {"of": "a"}], [{"of": "c", "to": ""}], []
    with empty_wb.transaction() as session:
        steps = [Step(n, {"actions": listed}, {}) for n, listed in enumerate(actions, start=1)]
        run = journal.begin(session, plan, [*steps, Step(4, {}, {}), Step(5, {"actions": [{"of": "d"}]}, {})], at=now)
        for ordinal in range(1, 5):
            journal.done(session, run, ordinal, at=now)

        found = journal.listed_count(session, run, "actions"), journal.listed_texts(session, run, "actions", "of", "to")

    assert found == (5, {"a", "b", "c"})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "cannot be read as a plan"),
        ("[]", "holds no plan"),
        ('{"kind": "merge"}', "kind 'merge', not 'away'"),
        ('{"kind": "away", "made_at": "2026-01-01T00:00:00Z", "actions": [{}]}', r"damaged at actions\.0\.name"),
    ],
)
def test_a_file_that_is_no_such_plan_is_refused(file: Path, content: str, told: str) -> None:
    file.write_text(content)

    with pytest.raises(RefusedError, match=told):
        AwayPlan.load(file)


@pytest.mark.parametrize("approval", [{}, {"approved_by": "eve"}, {"approved_by": "eve", "plan_hash": ""}])
def test_a_plan_without_the_hash_that_was_approved_is_refused(file: Path, approval: dict[str, str]) -> None:
    file.write_text(json.dumps({**approval, "plan": json.loads(file.read_text())}))

    with pytest.raises(RefusedError, match="is not approved"):
        load_approved(AwayPlan, file)


def test_an_approved_plan_that_is_damaged_says_where(file: Path) -> None:
    plan = {"kind": "away", "made_at": "2026-01-01T00:00:00Z", "actions": [{}]}
    file.write_text(json.dumps({"approved_by": "eve", "plan_hash": "1", "plan": plan}))

    with pytest.raises(RefusedError, match=r"damaged at actions\.0\.name"):
        load_approved(AwayPlan, file)
