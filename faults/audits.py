"""A library that is killed while it is set right and taken back: no copy of anything is ever gone, and in the end all is as it was."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from faults import library
from faults.sweep import Scenario
from mhc_lab.jobs import ingest, stores
from mhc_lab.jobs.dedup import plan_dedup
from mhc_lab.jobs.plan import Plan
from mhc_lab.jobs.reconcile import plan_reconcile
from mhc_lab.schema.media import media_locator
from mhc_lab.services import media, people
from mhc_lab.services.media import Wanted
from mhc_lab.storage.store import MARKER, QUARANTINE
from mhc_lab.workbench import Workbench

REGISTERED = {
    "people/ann/auto/a.jpg": b"one",
    "people/ann/uploads/a.jpg": b"one",
    "people/ann/snaps/a.jpg": b"one",
    "people/bob/auto/thrown away.jpg": b"two",
    "people/bob/auto/gone.jpg": b"three",
}
COME_SINCE = {"people/ann/auto/new.jpg": b"four", "poeple/bob/auto/new.jpg": b"five"}


def plan_of(root: Path, kind: str) -> Path:
    """Where the approved plan of a try lies."""
    return root / f"{kind}.json"


def _prepare(kind: str, root: Path) -> None:
    """A library in which something is to be set right, with the approved plan for it."""
    library.prepare(root, REGISTERED)
    with library.opened(root) as wb:
        with wb.transaction() as session:
            people.find_or_create(session, ["ann", "bob"], at=wb.clock.now())
        ingest.register(wb, *stores.adopt(wb, str(library.disk(root))))
        plan = plan_dedup(wb) if kind == "dedup" else _drifted(wb, library.disk(root))
    plan.approve(by="faults").save(plan_of(root, kind))
    (root / "before.json").write_text(json.dumps([_tree(root), _rows(root)]))


def _drifted(wb: Workbench, disk: Path) -> Plan:
    """What a reconciliation would do after files were deleted, lost, added and misplaced."""
    with wb.transaction() as session:
        deleted = next(iter(media.found(session, Wanted(words="thrown away"))))
        media.delete(session, deleted, by="faults", at=wb.clock.now())
    (disk / "people/bob/auto/gone.jpg").unlink()
    for path, content in COME_SINCE.items():
        (disk / path).parent.mkdir(parents=True, exist_ok=True)
        (disk / path).write_bytes(content)
    return plan_reconcile(wb)


def _after_kill(root: Path, said: Sequence[str]) -> list[str]:
    """As many copies of everything as before, wherever they lie."""
    tree, _ = json.loads((root / "before.json").read_text())
    lost = Counter(tree.values()) - Counter(_digests(library.disk(root)).values())
    return [f"{count} copies of {digest[:8]} are lost" for digest, count in lost.items()]


def _after_recovery(root: Path) -> list[str]:
    tree, rows = json.loads((root / "before.json").read_text())
    wrong = _after_kill(root, [])
    wrong += ["the files are not where they were"] if _tree(root) != tree else []
    return [*wrong, *(["the rows are not what they were"] if _rows(root) != rows else [])]


def _tree(root: Path) -> dict[str, str]:
    """Every file in its place and its digest; what is in quarantine is not in its place."""
    found = _digests(library.disk(root)).items()
    return {path: digest for path, digest in found if path != MARKER and not path.startswith(QUARANTINE)}


def _digests(disk: Path) -> dict[str, str]:
    files = sorted(path for path in disk.rglob("*") if path.is_file())
    return {str(path.relative_to(disk)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _rows(root: Path) -> list[object]:
    whole = (
        sa.select(sa.func.to_jsonb(sa.text("media_locator"))).select_from(media_locator).order_by(media_locator.c.id)
    )
    with library.opened(root) as wb, wb.reader as session:
        return list(session.scalars(whole))


DEDUP = Scenario("dedup", partial(_prepare, "dedup"), _after_kill, _after_recovery)
RECONCILE = Scenario("reconcile", partial(_prepare, "reconcile"), _after_kill, _after_recovery)
