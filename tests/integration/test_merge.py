"""Two persons who are one: merged as planned, and parted again exactly as they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import NotFoundError, RefusedError, StalePlanError
from mhc_lab.core.ids import PersonId
from mhc_lab.jobs import merge
from mhc_lab.jobs.merge import MergePlan, apply_merge, plan_merge, restore
from mhc_lab.jobs.plan import Approved
from mhc_lab.schema import metadata
from mhc_lab.schema.following import follow_history
from mhc_lab.schema.people import persons, profiles
from mhc_lab.services import follow_history as history
from mhc_lab.services import people, references
from mhc_lab.services.references import Two
from mhc_lab.workbench import Workbench
from tests.support.clock import FrozenClock
from tests.support.rows import rows

OF_JOBS = {"job_runs", "job_steps", "audit_log"}
"""Tables that remember the job itself."""
THINGS = (
    "INSERT INTO profiles (person_id, display_name, rating) VALUES (:anna, 'Anna', 0), (:annie, 'Annie', 4)",
    "UPDATE profiles SET real_name = 'Ann', smoke_drink = 'yes / no' WHERE person_id = :annie",
    "INSERT INTO profile_notes (person_id, content, author, noted_at) VALUES (:annie, 'tall', 'ada', now()), (:anna, 'kind', 'ada', now())",
    "UPDATE profile_notes SET content = 'very tall' WHERE content = 'tall'",
    "INSERT INTO attribute_lookup (person_id, attribute_key) VALUES (:anna, 'watch_list'), (:annie, 'watch_list'), (:annie, 'banned_me')",
    "SELECT add_collaboration(:annie, :bob, 'in May'), add_collaboration(:bob, :anna, 'in June'), add_collaboration(:anna, :annie)",
    "SELECT add_collaboration(:annie, :carol), add_alternate_account(:carol, :annie, 'says so')",
    "INSERT INTO profile_relationships (person_id, related_person_id, type) VALUES (:anna, :bob, 'friend'), (:annie, :bob, 'friend')",
    "INSERT INTO profile_relationships (person_id, related_person_id, type) VALUES (:annie, :anna, 'sub'), (:carol, :annie, 'dom')",
    "INSERT INTO interactions (person_id, type, content, happened_at, source) VALUES (:annie, 'MANUAL_NOTE', 'hi', now(), 'manual')",
    "INSERT INTO event_logs (happened_at, method, person_id, raw_event, reference) VALUES (now(), 'tip', :annie, '{}', '1')",
    """
    INSERT INTO affiliate_api_snapshots (person_id, observed_at)
    VALUES (:anna, '2026-01-01Z'), (:annie, '2026-01-01Z'), (:annie, '2026-01-02Z')
    """,
    """
    INSERT INTO file_storages (name, kind, root, marker) VALUES ('ssd', 'disk', '/media', gen_random_uuid())
    """,
    """
    INSERT INTO media_locator (person_id, storage_id, relative_path, byte_id, size_bytes, original_name, is_primary)
    SELECT unnest(ARRAY[:anna, :annie, :annie]), id, unnest(ARRAY['a', 'b', 'c']), repeat('0', 64), 1, 'x', unnest(ARRAY[true, true, false])
    FROM file_storages
    """,
    """
    INSERT INTO skipped_photosets (person_id, photoset_id, reason)
    VALUES (:anna, '1', 'text'), (:annie, '1', 'text, too'), (:annie, '2', 'text')
    """,
    "INSERT INTO cbhours_live_stats (person_id, checked_at, viewers) VALUES (:annie, '2026-01-01Z', 7)",
    """
    INSERT INTO follow_scrapes
        (direction, observed_at, listed_count, is_declared_complete, verdict, why, file_name, file_digest, is_folded)
    SELECT 'followers', ('2026-01-0' || n || 'Z')::timestamptz, 3, true, 'held', '', n || '.csv', n::text, false
    FROM generate_series(1, 3) AS n
    """,
    """
    INSERT INTO follow_scrape_names (scrape_id, person_id, place, username)
    SELECT id, unnest(ARRAY[:bob, :carol, CASE file_name WHEN '1.csv' THEN :annie ELSE :anna END]), generate_series(1, 3), 'x'
    FROM follow_scrapes
    """,
    """
    INSERT INTO follow_scrape_names (scrape_id, person_id, place, username)
    SELECT id, :annie, 4, 'x' FROM follow_scrapes WHERE file_name = '2.csv'
    """,
)
"""Something about anna and annie in every table, and of most kinds something that both have."""


@pytest.fixture
def bench(empty_wb: Workbench) -> Workbench:
    """Anna and annie, of whom much is known, and others."""
    at = empty_wb.clock.now()
    with empty_wb.transaction() as session:
        people.mark_self(session, "studio", at=at)
        known = people.find_or_create(session, ["anna", "annie", "bob", "carol"], at=at - timedelta(days=9))
        people.find_or_create(session, ["annie"], at=at)
        ann = people.find_or_create(session, ["ann"], at=at - timedelta(days=30))["ann"]
        session.execute(sa.delete(persons).where(persons.c.id == ann))
        people.rename(session, known["annie"], to="ann", at=at - timedelta(days=5))
        people.rename(session, known["annie"], to="annie", at=at - timedelta(days=4))
        session.execute(sa.update(persons).where(persons.c.username == "annie").values(rid=7))
        for statement in THINGS:
            used = {name: person for name, person in known.items() if f":{name}" in statement}
            typed = [sa.bindparam(name, type_=sa.Uuid) for name in used]
            session.execute(sa.text(statement).bindparams(*typed), used)
        history.recompute(session, at=at)
    return empty_wb


def approved(wb: Workbench, *names: str) -> Approved[MergePlan]:
    return plan_merge(wb, "anna", names or ["annie"], why="the same").approve(by="ada")


def person(wb: Workbench, name: str) -> PersonId:
    with wb.reader as session:
        return people.get(session, name).id


def known(wb: Workbench, statement: str, **values: object) -> list[tuple[object, ...]]:
    with wb.reader as session:
        return [tuple(row) for row in session.execute(sa.text(statement), values)]


def of_the_world(wb: Workbench) -> dict[str, list[tuple[object, ...]]]:
    """Every row that is not about a job."""
    return {name: found for name, found in rows(wb).items() if name not in OF_JOBS}


def test_every_table_about_persons_has_something_about_both(bench: Workbench) -> None:
    with bench.reader as session:
        two = Two(people.get(session, "anna").id, people.get(session, "annie").id)
        without = [
            table.name
            for table in references.tables()
            if not session.scalar(sa.select(sa.exists().where(references.about(table, two.gone))))
        ]

    assert set(without) == {"follow_observations", "cbhours_activity"}


def test_plan_touches_nothing_and_counts_what_it_would_do(bench: Workbench) -> None:
    before = rows(bench)

    plan = plan_merge(bench, "anna", ["annie"], why="the same")

    assert rows(bench) == before
    (action,) = plan.actions
    counted = {share.table: (share.moved_count, share.set_aside_count) for share in action.shares}
    assert counted["profile_notes"] == (1, 0)
    assert counted["attribute_lookup"] == (2, 1)
    assert counted["collaborations"] == (1, 2)
    assert counted["profile_relationships"] == (1, 2)
    assert counted["affiliate_api_snapshots"] == (1, 1)
    assert counted["media_locator"] == (2, 0)
    assert counted["skipped_photosets"] == (1, 1)
    assert counted["follow_scrape_names"] == (1, 1)
    assert counted["profiles"] == (0, 1)


def test_apply_makes_everything_about_the_one_the_others(bench: Workbench) -> None:
    anna = person(bench, "anna")

    receipt = apply_merge(bench, approved(bench))

    assert receipt.title == "1 person made part of another"
    assert {person(bench, name) for name in ("anna", "annie", "ann")} == {anna}
    assert known(bench, "SELECT count(*) FROM persons WHERE username = 'annie'") == [(0,)]
    assert known(bench, "SELECT content FROM profile_notes WHERE person_id = :p ORDER BY 1", p=anna) == [
        ("kind",),
        ("very tall",),
    ]
    attributes = known(bench, "SELECT attribute_key FROM attribute_lookup WHERE person_id = :p ORDER BY 1", p=anna)
    assert attributes == [("banned_me",), ("profile_smoke",), ("watch_list",)]
    assert known(bench, "SELECT rid FROM persons WHERE id = :p", p=anna) == [(7,)]


def test_what_one_profile_leaves_open_the_other_fills(bench: Workbench) -> None:
    apply_merge(bench, approved(bench))

    said = known(
        bench,
        "SELECT display_name, real_name, rating, smoke_drink FROM profiles JOIN persons ON persons.id = person_id WHERE username = 'anna'",
    )
    assert said == [("Anna", "Ann", 4, "yes / no")]


def test_a_pair_that_both_were_keeps_the_notes_of_both(bench: Workbench) -> None:
    anna = person(bench, "anna")

    apply_merge(bench, approved(bench))

    pairs = known(
        bench,
        "SELECT username, notes FROM collaborations_view JOIN persons ON persons.id = collaborator_id WHERE person_id = :p ORDER BY 1",
        p=anna,
    )
    assert pairs == [("bob", "in June; in May"), ("carol", None)]


def test_two_stretches_of_following_become_one_history(bench: Workbench) -> None:
    anna = person(bench, "anna")
    before = known(bench, "SELECT action, is_baseline FROM follow_history WHERE person_id = :p ORDER BY at", p=anna)

    apply_merge(bench, approved(bench))

    after = known(bench, "SELECT action, is_baseline FROM follow_history WHERE person_id = :p ORDER BY at", p=anna)
    assert before == [("follow", False)]
    assert after == [("follow", True)]


def test_a_name_that_was_given_up_leads_to_the_other_person_for_good(bench: Workbench) -> None:
    anna = person(bench, "anna")

    apply_merge(bench, approved(bench))

    at = bench.clock.now()
    with bench.transaction() as session:
        for moment in (at - timedelta(days=300), at, at + timedelta(days=300)):
            assert people.find_or_create(session, ["annie"], at=moment) == {"annie": anna}


def test_restore_brings_everything_back_as_it_was(bench: Workbench) -> None:
    before = of_the_world(bench)
    receipt = apply_merge(bench, approved(bench))
    assert of_the_world(bench) != before

    undone = restore(bench, receipt)

    assert undone.title == "1 person brought back"
    assert of_the_world(bench) == before


def test_several_are_parted_in_the_other_order(bench: Workbench) -> None:
    before = of_the_world(bench)

    restore(bench, apply_merge(bench, approved(bench, "annie", "bob", "carol")))

    assert of_the_world(bench) == before


def test_apply_twice_is_once(bench: Workbench, clock: FrozenClock) -> None:
    plan = approved(bench)
    first = apply_merge(bench, plan)
    before = rows(bench)
    clock.tick(seconds=60)

    assert apply_merge(bench, plan) == first
    assert rows(bench) == before


def test_restore_twice_is_once(bench: Workbench) -> None:
    receipt = apply_merge(bench, approved(bench))
    first = restore(bench, receipt)
    before = rows(bench)

    assert restore(bench, receipt) == first
    assert rows(bench) == before


@pytest.mark.parametrize(
    "statement",
    [
        """
        INSERT INTO profile_notes (person_id, content, author, noted_at)
        SELECT id, 'new', 'eve', now() FROM persons WHERE username = 'annie'
        """,
        "UPDATE persons SET username = 'other' WHERE username = 'annie'",
        "UPDATE persons SET username = 'other' WHERE username = 'anna'",
        "DELETE FROM persons WHERE username = 'annie'",
    ],
)
def test_stale_is_refused_and_nothing_is_begun(bench: Workbench, statement: str) -> None:
    plan = approved(bench)
    with bench.transaction() as session:
        session.execute(sa.text(statement))
    before = rows(bench)

    with pytest.raises(StalePlanError, match="ann"):
        apply_merge(bench, plan)

    assert rows(bench) == before


def interrupt_after(steps: int) -> Callable[[int, int | None, str], None]:
    """A progress that dies like a killed process once so many steps are behind it."""

    def progress(done: int, total: int | None, doing: str) -> None:
        if done == steps:
            raise KeyboardInterrupt

    return progress


def test_interrupted_resumes_where_it_stopped(bench: Workbench) -> None:
    before = of_the_world(bench)
    plan = approved(bench, "annie", "bob", "carol")
    with pytest.raises(KeyboardInterrupt):
        apply_merge(bench, plan, progress=interrupt_after(1))

    receipt = apply_merge(bench, plan)

    assert receipt.done_count == 3
    restore(bench, receipt)
    assert of_the_world(bench) == before


def test_a_failure_in_the_middle_of_a_step_leaves_nothing_of_it(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = approved(bench)
    before = of_the_world(bench)
    monkeypatch.setattr("mhc_lab.services.merging._remember_name", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        apply_merge(bench, plan)

    assert of_the_world(bench) == before
    monkeypatch.undo()
    assert apply_merge(bench, plan).done_count == 1


def test_nobody_is_brought_back_under_a_name_somebody_else_carries_by_now(bench: Workbench) -> None:
    receipt = apply_merge(bench, approved(bench))
    with bench.transaction() as session:
        people.rename(session, people.get(session, "bob").id, to="annie", at=bench.clock.now())

    with pytest.raises(StalePlanError, match="annie"):
        restore(bench, receipt)


def test_what_came_meanwhile_stays_with_the_person_it_came_to(bench: Workbench) -> None:
    receipt = apply_merge(bench, approved(bench))
    with bench.transaction() as session:
        anna = people.get(session, "annie").id
        session.execute(
            sa.text(
                "INSERT INTO profile_notes (person_id, content, author, noted_at) VALUES (:p, 'since', 'ada', now())"
            ).bindparams(p=anna)
        )

    restore(bench, receipt)

    assert known(
        bench, "SELECT username FROM profile_notes JOIN persons ON persons.id = person_id WHERE content = 'since'"
    ) == [("anna",)]


def test_accounts_that_the_platform_tells_apart_are_not_merged(bench: Workbench) -> None:
    with bench.transaction() as session:
        session.execute(sa.update(persons).where(persons.c.username == "anna").values(rid=8))

    with pytest.raises(RefusedError, match="Note them as alternate accounts instead"):
        plan_merge(bench, "anna", ["annie"], why="the same")


def test_oneself_strangers_nobody_and_no_reason_are_refused(bench: Workbench) -> None:
    with pytest.raises(RefusedError, match="is you"):
        plan_merge(bench, "anna", ["studio"], why="the same")
    with pytest.raises(RefusedError, match="is that person already"):
        plan_merge(bench, "anna", ["anna"], why="the same")
    with pytest.raises(NotFoundError):
        plan_merge(bench, "anna", ["stranger"], why="the same")
    with pytest.raises(RefusedError, match="Nobody else is named"):
        plan_merge(bench, "anna", [], why="the same")
    with pytest.raises(RefusedError, match="Say why"):
        plan_merge(bench, "anna", ["annie"], why=" ")


def test_review_narrows_a_plan(bench: Workbench) -> None:
    plan = plan_merge(bench, "anna", ["annie", "bob"], why="the same")

    apply_merge(bench, plan.without("bob").approve(by="ada"))

    assert person(bench, "bob") != person(bench, "anna") == person(bench, "annie")


def test_a_plan_survives_its_file_and_shows_hostile_text_as_text(bench: Workbench, tmp_path) -> None:  # type: ignore[no-untyped-def]
    plan = plan_merge(bench, "anna", ["annie"], why="<img src=x onerror=alert(1)>")

    assert MergePlan.load(plan.save(tmp_path / "plan.json")) == plan
    assert "<img" not in plan._repr_html_()
    assert merge.KIND == "merge"


def test_no_table_about_persons_is_forgotten() -> None:
    named = {
        table.name
        for table in metadata.sorted_tables
        if any(key.column is persons.c.id for column in table.columns for key in column.foreign_keys)
    }

    assert named == {table.name for table in (*references.tables(), *references.COMPUTED)}
    assert {follow_history.name, profiles.name} <= named
