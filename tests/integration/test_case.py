"""A hundredth of the published case, there and back; and the world it is built of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from itertools import takewhile
from pathlib import Path

import pytest
import sqlalchemy as sa

from case.course import lines, served
from mhc_lab.core.errors import RefusedError
from mhc_lab.core.settings import Settings
from mhc_lab.demo import legacy
from mhc_lab.demo.legacy import Truth
from mhc_lab.demo.legacy.things import invent
from mhc_lab.jobs.reconcile import plan_reconcile
from mhc_lab.schema.media import file_storages, media_locator
from mhc_lab.services import people
from mhc_lab.workbench import Workbench
from tests.conftest import Copies

HUNDREDTH, SMALLEST = Fraction(1, 100), Fraction(1, 5000)


@pytest.fixture
def settings(copies: Copies, _empty_template: str, tmp_path: Path) -> Settings:
    """An empty workbench of this test's own."""
    return copies.settings(tmp_path / "home", template=_empty_template)


@pytest.fixture
def case(settings: Settings) -> Iterator[tuple[Workbench, Truth]]:
    """The smallest case there is, with its object server."""
    with served(settings, scale=SMALLEST) as built:
        yield built


@pytest.mark.timeout(600)
def test_a_hundredth_is_found_set_right_and_taken_back(settings: Settings) -> None:
    with served(settings, scale=HUNDREDTH) as (wb, truth):
        told = list(lines(wb, truth))

    assert [str(line) for line in told if not line.holds] == []
    assert len(told) > 40


def test_a_world_that_is_not_as_planted_is_told(case: tuple[Workbench, Truth]) -> None:
    wb, truth = case
    picture = next((wb.folder(legacy.FOLDER) / legacy.OBJECTS).glob("media/people/*/uploads/*.jpg"))
    picture.unlink()

    found = takewhile(lambda line: line.what != "row: wrong_storage", lines(wb, truth))

    assert {line.what: line.found - line.planted for line in found if not line.holds} == {
        "objects": -1,
        "file: in_order": -1,
        "row: in_order": -1,
        "row: missing": 1,
    }


def test_every_row_says_the_bytes_of_its_file(case: tuple[Workbench, Truth]) -> None:
    wb, _ = case
    folder = wb.folder(legacy.FOLDER)
    roots = {"s3": folder / legacy.OBJECTS / legacy.BUCKET, legacy.SSD: folder / legacy.SSD}

    with wb.reader as session:
        rows = session.execute(
            sa.select(file_storages.c.name, media_locator.c.relative_path, media_locator.c.byte_id).join(file_storages)
        ).all()
    there = {(name, path): digest for name, path, digest in rows if (roots[name] / path).is_file()}

    assert len(there) > len(rows) // 2
    assert all(
        hashlib.sha256((roots[name] / path).read_bytes()).hexdigest() == digest
        for (name, path), digest in there.items()
    )


def test_the_same_seed_makes_the_same_world_and_another_one_another() -> None:
    first, again, other = (list(invent(seed, SMALLEST).things()) for seed in (1, 1, 2))

    assert first == again
    assert {thing.content for thing in first}.isdisjoint(
        thing.content for thing in other if thing.kind.group != "litter"
    )


def test_it_is_never_put_where_somebody_is(empty_wb: Workbench) -> None:
    with empty_wb.transaction() as session:
        people.find_or_create(session, ["alice"], at=empty_wb.clock.now())

    with pytest.raises(RefusedError, match="needs an empty database; this one holds 1 person"):
        legacy.build(empty_wb, seed=1, scale=SMALLEST)

    assert not (empty_wb.settings.home / legacy.FOLDER).exists()


def test_a_bucket_that_nobody_serves_is_one_finding(settings: Settings) -> None:
    with Workbench.open(settings) as wb:
        truth = legacy.build(wb, seed=1, scale=SMALLEST)

        plan = plan_reconcile(wb)

    assert [one.storage for one in plan.findings] == ["s3"]
    assert plan.count("row", "not_checked") == truth.row_count - truth.planted["upload on the SSD"]
