"""A first ingest of 50,000 files beside reading every byte of them, and another one when nothing has changed."""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from bench.figures import Figure
from bench.temporary import temporary_workbench
from mhc_lab.jobs import ingest, stores
from mhc_lab.services import people

FILES, OWNERS, ROUNDS = 50_000, 400, 3
MEAN_BYTES = 50_000
_BLOCK = 1 << 18


def measure() -> list[Figure]:
    """Both promises; each first ingest has a database and a cache of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root)
        rounds = [(_timed(lambda: _hash_all(root)), *_ingests(root)) for _ in range(ROUNDS)]
    read, taken, same = map(statistics.median, zip(*rounds, strict=True))
    return [
        Figure(
            "first ingest of 50,000 files",
            taken / read,
            2.5,
            "× reading their bytes",
            f"{taken:.1f} s against {read:.1f} s",
        ),
        Figure("ingest with nothing changed", same / taken, 0.1, "× the first", f"{same:.2f} s"),
    ]


def _ingests(root: Path) -> tuple[float, float]:
    """The first one and the next, in seconds, in a home of their own."""
    with temporary_workbench() as wb:
        with wb.transaction() as session:
            people.find_or_create(session, [f"person_{number}" for number in range(OWNERS)], at=wb.clock.now())
        store, storage = stores.adopt(wb, str(root))
        return _timed(lambda: ingest.register(wb, store, storage)), _timed(lambda: ingest.register(wb, store, storage))


def _write(root: Path) -> None:
    """Files of all sizes, an hour old."""
    rng = np.random.default_rng(1)
    noise = rng.bytes(4 * MEAN_BYTES)
    sizes = rng.exponential(MEAN_BYTES, FILES).astype(int).clip(500, 4 * MEAN_BYTES - 1)
    hour_ago = time.time() - 3600
    for number, size in enumerate(sizes):
        path = root / "people" / f"person_{number % OWNERS}" / "auto" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(number.to_bytes(8, "big") + noise[: size - 8])
        os.utime(path, (hour_ago, hour_ago))
    time.sleep(2.5)  # what was written right before it is read is not kept in the cache


def _hash_all(root: Path) -> None:
    """SHA-256 of every byte with two threads and nothing else."""
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]  # noqa: PTH118
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(_hash_some, [paths[0::2], paths[1::2]]))


def _hash_some(paths: Sequence[str]) -> None:
    buffer = bytearray(_BLOCK)
    for path in paths:
        digest = hashlib.sha256()
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            while count := file.readinto(buffer):
                digest.update(memoryview(buffer)[:count])
        digest.hexdigest()


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    from bench.figures import show

    print(show(measure()))
