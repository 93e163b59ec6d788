"""The published case from its first state through reconciliation and deduplication, each there and back: found beside planted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from case import state
from case.state import State
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.core.settings import Settings
from mhc_lab.demo import legacy
from mhc_lab.demo.legacy import Truth
from mhc_lab.jobs import dedup, reconcile
from mhc_lab.jobs.reconcile_plan import ReconcilePlan
from mhc_lab.storage.store import MARKER
from mhc_lab.workbench import Workbench
from tests.support.object_servers import rclone

BY = "case"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """What was found beside what was planted, or how long something took."""

    what: str
    planted: int = 0
    found: int = 0
    seconds: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the two are the same."""
        return self.planted == self.found

    def __str__(self) -> str:
        if self.seconds is not None:
            return f"      {self.what}: {self.seconds:,.1f} s"
        return f"{'ok  ' if self.holds else 'BAD '}  {self.what:<44} {self.found:>9,}  (planted: {self.planted:,})"


@contextmanager
def served(
    settings: Settings, *, scale: Fraction, seed: int = 1, progress: Progress = SILENT
) -> Iterator[tuple[Workbench, Truth]]:
    """The case built in the empty database that ``settings`` lead to, with an object server over its bucket."""
    with Workbench.open(settings) as wb:
        truth = legacy.build(wb, seed=seed, scale=scale, progress=progress)
    with (
        rclone(settings.home / legacy.FOLDER / legacy.OBJECTS) as server,
        Workbench.open(server.known_to(settings), progress=progress) as wb,
    ):
        yield wb, truth


def lines(wb: Workbench, truth: Truth) -> Iterator[Line]:
    """The whole way; each line as it is known."""
    first = _state(wb)
    yield from _planted(first, truth)
    yield from _reconciled(wb, truth)
    yield Line("rows and files that are not as before", 0, first.differences(_state(wb)))
    yield from _deduplicated(wb, truth, first)
    yield Line("rows and files that are not as before", 0, first.differences(_state(wb)))


def _planted(first: State, truth: Truth) -> Iterator[Line]:
    """What is there, before anybody has judged it."""
    bucket = f"{legacy.OBJECTS}/{legacy.BUCKET}/"
    objects = [path for path in first.files if path.startswith(bucket) and path != f"{bucket}{MARKER}"]
    yield Line("rows", truth.row_count, len(first.rows["media_locator"]))
    yield Line("objects", truth.object_count, len(objects))
    yield Line("snapshots", truth.snapshot_count, len(first.rows["affiliate_api_snapshots"]))


def _reconciled(wb: Workbench, truth: Truth) -> Iterator[Line]:
    """There and back: every class before and after, and nothing left to be done but what waits for the migration."""
    plan, took = _timed(lambda: reconcile.plan_reconcile(wb, progress=wb.progress))
    yield Line("planning the reconciliation", seconds=took)
    yield from _totals("", truth.before, plan)
    receipt, took = _timed(lambda: reconcile.apply_reconcile(wb, plan.approve(by=BY), progress=wb.progress))
    yield Line("setting right", seconds=took)
    yield Line("refused", 0, len(receipt.refused))
    again, took = _timed(lambda: reconcile.plan_reconcile(wb, progress=wb.progress))
    yield Line("planning once more", seconds=took)
    yield from _totals("then ", truth.after, again)
    yield Line("then to be done", 0, len(again.actions))
    waiting = [one for one in again.listed if (one.kind, one.found) == ("row", "legacy_path")]
    yield Line("then waiting for the migration", truth.after["row"]["legacy_path"], len(waiting))
    back, took = _timed(lambda: reconcile.restore(wb, receipt, progress=wb.progress))
    yield Line("taking it back", seconds=took)
    yield Line("not taken back", 0, len(back.refused))


def _deduplicated(wb: Workbench, truth: Truth, first: State) -> Iterator[Line]:
    """There and back: exactly the planted copies leave their places, and nothing else does."""
    plan, took = _timed(lambda: dedup.plan_dedup(wb, progress=wb.progress))
    planted = {f"s3:{path}" for path in truth.duplicates}
    yield Line("planning the deduplication", seconds=took)
    yield Line("redundant records", len(planted), len(plan.actions))
    yield Line("redundant records nobody planted", 0, len({action.place for action in plan.actions} - planted))
    receipt, took = _timed(lambda: dedup.apply_dedup(wb, plan.approve(by=BY), progress=wb.progress))
    yield Line("setting aside", seconds=took)
    aside = _state(wb)
    yield Line("refused", 0, len(receipt.refused))
    yield Line("files in quarantine", len(planted), len(aside.aside))
    yield Line("files not in their place, or changed", len(planted), len(first.files.items() - aside.files.items()))
    yield Line("then redundant records", 0, len(dedup.plan_dedup(wb).actions))
    back, took = _timed(lambda: dedup.restore(wb, receipt, progress=wb.progress))
    yield Line("bringing them back", seconds=took)
    yield Line("not brought back", 0, len(back.refused))


def _totals(when: str, planted: legacy.Counts, plan: ReconcilePlan) -> Iterator[Line]:
    """Every class that was planted or found, of each kind of thing."""
    expected = {(kind, name): count for kind, classes in planted.items() for name, count in classes.items()}
    found = {(one.kind, one.found): one.count for one in plan.totals}
    for kind, name in sorted(expected.keys() | found.keys()):
        yield Line(f"{when}{kind}: {name}", expected.get((kind, name), 0), found.get((kind, name), 0))


def _state(wb: Workbench) -> State:
    return state.now(wb, wb.folder(legacy.FOLDER))


def _timed(action: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return action(), time.perf_counter() - began
