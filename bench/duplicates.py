"""Exact duplicates among 50,000 files of 2.5 GB, SHA-256 of every byte, beside jdupes; and the same audit when nothing has changed.

The files are like those that were measured before: 15,438 copies of 4,963 files, sizes that many share, and files that differ from another
by one byte in the middle. jdupes is Debian's; without it there is nothing to measure against, and the bench says so.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.figures import Figure, command, seconds
from bench.temporary import temporary_workbench
from mhc_lab.jobs import same_bytes
from mhc_lab.storage import digests
from mhc_lab.storage.disk import DiskStore
from mhc_lab.workbench import Workbench

FILES, COPIES, COPIED, TAMPERED, ROUNDS = 50_000, 15_438, 4_963, 2_000, 3
MEAN_BYTES = 50_000


def measure() -> list[Figure]:
    """Both promises, in turn with jdupes on the same files."""
    if shutil.which("jdupes") is None:
        print("jdupes is not installed: no figure for exact duplicates. Install it with `apt-get install jdupes`.")
        return []
    with tempfile.TemporaryDirectory() as folder, temporary_workbench() as wb:
        root = Path(folder)
        _write(root)
        store = DiskStore.create(root)
        jdupes = command("jdupes", "-r", "-q", root)
        rounds = [(jdupes(), *_audits(wb, store)) for _ in range(ROUNDS + 1)][1:]
    theirs, first, again = map(statistics.median, zip(*rounds, strict=True))
    size = f"{FILES:,} files"
    return [
        Figure(f"duplicates among {size}", first / theirs, 1.3, "× jdupes", f"{first:.2f} s against {theirs:.2f} s"),
        Figure("the same with nothing changed", again / theirs, 0.6, "× jdupes", f"{again:.2f} s"),
    ]


def _audits(wb: Workbench, store: DiskStore) -> tuple[float, float]:
    """The first audit, which reads every byte, and the next, in seconds."""
    (wb.settings.home / digests.FILE_NAME).unlink(missing_ok=True)
    return seconds(lambda: _find(wb, store)), seconds(lambda: _find(wb, store))


def _find(wb: Workbench, store: DiskStore) -> None:
    found = same_bytes.find(wb, store)
    if (found.redundant_count, len(found.groups)) != (COPIES, COPIED):
        sys.exit(f"bench: {found} were found, {COPIES:,} copies of {COPIED:,} files were planted")


def _write(root: Path) -> None:
    """Files an hour old, in 400 folders."""
    rng = np.random.default_rng(1)
    noise = rng.bytes(4 * MEAN_BYTES)
    sizes = rng.exponential(MEAN_BYTES, FILES - COPIES).astype(int).clip(500, 4 * MEAN_BYTES - 1)
    contents = np.concatenate([np.arange(FILES - COPIES), np.arange(COPIED), rng.integers(0, COPIED, COPIES - COPIED)])
    hour_ago = time.time() - 3600
    for number, which in enumerate(rng.permutation(contents)):
        path = root / f"{number % 400}" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_content(int(which), sizes, noise))
        os.utime(path, (hour_ago, hour_ago))
    time.sleep(2.5)  # what was written right before it is read is not kept in the cache


def _content(which: int, sizes: np.ndarray[tuple[int], np.dtype[np.int64]], noise: bytes) -> bytes:
    """One of the different files: the last of them are the first again, but for eight bytes in the middle."""
    twin = which - (len(sizes) - TAMPERED)
    if twin < 0:
        return which.to_bytes(8, "big") + noise[: sizes[which] - 8]
    content = twin.to_bytes(8, "big") + noise[: sizes[twin] - 8]
    middle = len(content) // 2
    return content[:middle] + which.to_bytes(8, "big") + content[middle + 8 :]


if __name__ == "__main__":
    from bench.figures import show

    print(show(measure()))
