"""The published case beside listing its stores and reading its rows once: how long a reconciliation takes, and how much memory."""

from __future__ import annotations

import resource
from collections import deque
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context

import sqlalchemy as sa

from bench.figures import Figure, medians, seconds
from bench.temporary import temporary_settings
from case.course import served
from mhc_lab.core.settings import Settings
from mhc_lab.jobs import stores
from mhc_lab.jobs.reconcile import plan_reconcile
from mhc_lab.schema.media import media_locator
from mhc_lab.schema.sources import affiliate_api_snapshots
from mhc_lab.services import storages
from mhc_lab.workbench import Workbench

SCALE = Fraction(1)
ROUNDS = 1
_ROW = [media_locator.c[name] for name in ("id", "storage_id", "relative_path", "size_bytes", "byte_id")]
_SNAPSHOT = [affiliate_api_snapshots.c[name] for name in ("id", "person_id", "image_path", "image_path_360x270")]


def measure() -> list[Figure]:
    """Both promises; each measurement has a process of its own."""
    peaks: list[int] = []

    def timed(action: Callable[[Workbench], object]) -> Callable[[], float]:
        def run() -> float:
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
                took, peak = alone.submit(_alone, wb.settings, action).result()
            peaks.append(peak)
            return took

        return run

    with temporary_settings() as settings, served(settings, scale=SCALE) as (wb, truth):
        read, planned = medians([timed(_read_once), timed(plan_reconcile)], rounds=ROUNDS)
    detail = f"{planned:.1f} s against {read:.1f} s for {truth.object_count:,} objects and {truth.row_count:,} rows"
    return [
        Figure("reconciliation of the published case", planned / read, 2, "× listing and reading once", detail),
        Figure(
            "its peak memory", max(peaks[1::2]) / 1e6, 1, "GB", f"{max(peaks[0::2]) / 1e6:.2f} GB for listing alone"
        ),
    ]


def _alone(settings: Settings, action: Callable[[Workbench], object]) -> tuple[float, int]:
    """How long it takes, and the most memory this process ever had, in thousands of bytes."""
    with Workbench.open(settings) as wb:
        took = seconds(lambda: action(wb))
    return took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 // 1000


def _read_once(wb: Workbench) -> None:
    """List every store and stream every row, keeping nothing."""
    with wb.reader as session:
        known = storages.listed(session)
        for columns in (_ROW, _SNAPSHOT):
            deque(session.execute(sa.select(*columns).execution_options(yield_per=10_000)), maxlen=0)
    for storage in known:
        stores.opened(wb, storage).files()


if __name__ == "__main__":
    from bench.figures import show

    print(show(measure()))
