"""A library of the published size looked through: rows, files and snapshot paths, beside listing the store and streaming the rows once."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from bench.figures import Figure, medians, seconds
from bench.temporary import temporary_workbench
from mhc_lab.core.settings import Settings
from mhc_lab.db import bulk
from mhc_lab.jobs import stores
from mhc_lab.jobs.reconcile import plan_reconcile
from mhc_lab.schema.media import media_locator
from mhc_lab.schema.sources import affiliate_api_snapshots
from mhc_lab.services import media_audit, people, storages
from mhc_lab.workbench import Workbench

OWNERS, ROWS, MISSING, ORPHANS, COPIES, PATHS, BARE = 2_191, 211_552, 1_039, 157_491, 41_837, 128_691, 54_107
ROUNDS = 3
_BYTES = b"x"
_COLUMNS = (
    "person_id", "storage_id", "relative_path", "byte_id", "size_bytes", "source", "original_name", "created_at",
)  # fmt: skip


def measure() -> list[Figure]:
    """Both promises, in a process of its own: what made the library is not counted as memory."""
    with tempfile.TemporaryDirectory() as folder, temporary_workbench() as wb:
        _make(wb, Path(folder))
        told = subprocess.run(
            [sys.executable, "-m", "bench.reconcile", str(wb.settings.home)], check=True, capture_output=True, text=True
        )
    said = json.loads(told.stdout)
    return [
        Figure(
            "library of the real size looked through",
            said["plan"] / said["read"],
            2.0,
            "× listing and streaming it",
            f"{said['plan']:.1f} s against {said['read']:.1f} s, {said['actions']:,} actions",
        ),
        Figure("memory that took", said["bytes"] / 2**30, 1.0, "GiB", ""),
    ]


def _make(wb: Workbench, root: Path) -> None:
    """Rows with their files, some of which are missing; orphans, copies of links, and snapshots that name files."""
    _, storage = stores.adopt(wb, str(root))
    names = [f"person_{number}" for number in range(OWNERS)]
    for folder in ("auto", "profile", "all"):
        for name in names:
            (root / "people" / name / folder).mkdir(parents=True)
    digest, now = hashlib.sha256(_BYTES).hexdigest(), wb.clock.now()
    paths = [_path(names, number, "auto", "") for number in range(ROWS)]
    for path in paths[MISSING:]:
        _write(root, path)
    for number in range(ORPHANS):
        _write(root, _path(names, number, "profile", "o_"))
    for number in range(COPIES):
        _write(root, _path(names, number, "all", "o_"))
    with wb.transaction() as session:
        ids = people.find_or_create(session, names, at=now)
        rows = [
            (ids[path.split("/")[1]], storage.id, path, digest, len(_BYTES), "affiliate_api", path.split("/")[3], now)
            for path in paths
        ]
        bulk.copy(session, media_locator, _COLUMNS, rows)
        snapshots = (
            (row[0], now + timedelta(seconds=number), row[6] if number < BARE else row[2])
            for number, row in enumerate(rows[:PATHS])
        )
        bulk.copy(session, affiliate_api_snapshots, ("person_id", "observed_at", "image_path"), snapshots)


def _path(names: list[str], number: int, folder: str, mark: str) -> str:
    name = names[number % OWNERS]
    return f"people/{name}/{folder}/{mark}{name}_{1_767_900_000_000 + number}_{number:08x}.jpg"


def _write(root: Path, path: str) -> None:
    handle = os.open(root / path, os.O_CREAT | os.O_WRONLY)
    os.write(handle, _BYTES)
    os.close(handle)


def _look(home: Path) -> dict[str, float]:
    """How long it takes to read everything once and to look through it, and how much memory both took at most."""
    with Workbench.open(Settings(home=home, user="bench")) as wb:
        with wb.reader as session:
            storage = storages.listed(session)[0]

        def read() -> float:
            return seconds(lambda: stores.opened(wb, storage).files()) + seconds(stream)

        def stream() -> None:
            with wb.reader as session:
                media_audit.rows(session, [storage.id])
                media_audit.paths(session)

        actions: list[int] = []
        once, plan = medians(
            [read, lambda: seconds(lambda: actions.append(len(plan_reconcile(wb).actions)))], rounds=ROUNDS
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"read": once, "plan": plan, "actions": actions[0], "bytes": peak}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_look(Path(sys.argv[1]))))
    else:
        from bench.figures import show

        print(show(measure()))
