"""A library that is killed while it is set right, mended, taken back or freed: no bytes that should stay are ever gone, and rows say so.

Each try has an approved plan ready. What goes there and back again has to leave everything as it was; what is freed has to be gone, with
its keeper in place.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from faults import library
from faults.sweep import Scenario
from mhc_lab.jobs import ingest, stepwise, stores, verify
from mhc_lab.jobs.dedup import DEDUP as DEDUP_JOB
from mhc_lab.jobs.dedup import DedupPlan, plan_dedup
from mhc_lab.jobs.plan import Plan, load_approved
from mhc_lab.jobs.purge import plan_purge
from mhc_lab.jobs.reconcile import plan_reconcile
from mhc_lab.jobs.repair import plan_repair
from mhc_lab.schema.media import media_locator
from mhc_lab.services import media, people, quarantine
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


def plan_of(root: Path) -> Path:
    """Where the approved plan of a try lies."""
    return root / "plan.json"


def _prepare(planned: Callable[[Workbench, Path], Plan], root: Path) -> None:
    """A library in which something is to be done, with the approved plan for it."""
    library.prepare(root, REGISTERED)
    with library.opened(root) as wb:
        with wb.transaction() as session:
            people.find_or_create(session, ["ann", "bob"], at=wb.clock.now())
        ingest.register(wb, *stores.adopt(wb, str(library.disk(root))))
        planned(wb, root).approve(by="faults").save(plan_of(root))
    everything = list(_digests(library.disk(root)).values())
    (root / "before.json").write_text(json.dumps([_tree(root), _rows(root), everything]))


def _redundant(wb: Workbench, _: Path) -> Plan:
    return plan_dedup(wb)


def _drifted(wb: Workbench, root: Path) -> Plan:
    """What a reconciliation would do after files were deleted, lost, added and misplaced."""
    disk = library.disk(root)
    with wb.transaction() as session:
        deleted = next(iter(media.found(session, Wanted(words="thrown away"))))
        media.delete(session, deleted, by="faults", at=wb.clock.now())
    (disk / "people/bob/auto/gone.jpg").unlink()
    for path, content in COME_SINCE.items():
        (disk / path).parent.mkdir(parents=True, exist_ok=True)
        (disk / path).write_bytes(content)
    return plan_reconcile(wb)


def _rotten(wb: Workbench, root: Path) -> Plan:
    """What a repair would do after one copy rotted and another was lost."""
    rotting = library.disk(root) / "people/ann/uploads/a.jpg"
    status = rotting.stat()
    rotting.write_bytes(b"0ne")
    os.utime(rotting, ns=(status.st_atime_ns, status.st_mtime_ns))
    (library.disk(root) / "people/ann/snaps/a.jpg").unlink()
    _, storage = stores.chosen(wb)
    verify.verify(wb, storage, reads_data=True)
    return plan_repair(wb)


def _set_aside(wb: Workbench, root: Path) -> Plan:
    """What a purge would do after copies were set aside."""
    plan_dedup(wb).approve(by="faults").save(plan_of(root))
    stepwise.apply(wb, DEDUP_JOB, load_approved(DedupPlan, plan_of(root)))
    return plan_purge(wb, older_than_days=0)


def _after_kill(root: Path, said: Sequence[str]) -> list[str]:
    """As many copies of everything as before, wherever they lie."""
    _, _, everything = json.loads((root / "before.json").read_text())
    lost = Counter(everything) - Counter(_digests(library.disk(root)).values())
    return [f"{count} copies of {digest[:8]} are lost" for digest, count in lost.items()]


def _after_recovery(root: Path) -> list[str]:
    tree, rows, _ = json.loads((root / "before.json").read_text())
    wrong = _after_kill(root, [])
    wrong += ["the files are not where they were"] if _tree(root) != tree else []
    return [*wrong, *(["the rows are not what they were"] if _rows(root) != rows else [])]


def _kept(root: Path, said: Sequence[str]) -> list[str]:
    """What was in its place is there, and quarantine holds what its rows say."""
    tree, _, _ = json.loads((root / "before.json").read_text())
    return [*(["a file left its place"] if _tree(root) != tree else []), *_untrue(root)]


def _untrue(root: Path) -> Iterator[str]:
    """What rows say of files that were set aside and is not so."""
    there = _digests(library.disk(root))
    with library.opened(root) as wb, wb.reader as session:
        for file in quarantine.listed(session):
            if file.state == "purged" and file.quarantine_path in there:
                yield f"{file.place} is called purged and is not"
            if file.state == "aside" and there.get(file.quarantine_path) != file.byte_id:
                yield f"{file.place} is called aside and is not"
            if file.state == "back" and there.get(file.relative_path) != file.byte_id:
                yield f"{file.place} is called back and is not"


def _freed(root: Path) -> list[str]:
    left = [path for path in _digests(library.disk(root)) if path.startswith(QUARANTINE)]
    return [*_kept(root, []), *(f"{path} was not removed" for path in left)]


def _all_back(root: Path) -> list[str]:
    """Every file lies where its row says; what a keeper took over stays with it, so the rows are not what they were."""
    live = {path for path, is_live in _live(root) if is_live}
    wrong = [] if live == set(_tree(root)) else ["rows and files are not the same"]
    return [*wrong, *_untrue(root)]


def _tree(root: Path) -> dict[str, str]:
    """Every file in its place and its digest; what is in quarantine is not in its place."""
    found = _digests(library.disk(root)).items()
    return {path: digest for path, digest in found if path != MARKER and not path.startswith(QUARANTINE)}


def _digests(disk: Path) -> dict[str, str]:
    files = sorted(path for path in disk.rglob("*") if path.is_file())
    return {str(path.relative_to(disk)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _live(root: Path) -> list[tuple[str, bool]]:
    with library.opened(root) as wb, wb.reader as session:
        found = session.execute(sa.select(media_locator.c.relative_path, media_locator.c.deleted_at.is_(None)))
        return [(path, is_live) for path, is_live in found]


def _rows(root: Path) -> list[object]:
    whole = (
        sa.select(sa.func.to_jsonb(sa.text("media_locator"))).select_from(media_locator).order_by(media_locator.c.id)
    )
    with library.opened(root) as wb, wb.reader as session:
        return list(session.scalars(whole))


DEDUP = Scenario("dedup", partial(_prepare, _redundant), _after_kill, _after_recovery)
RECONCILE = Scenario("reconcile", partial(_prepare, _drifted), _after_kill, _after_recovery)
REPAIR = Scenario("repair", partial(_prepare, _rotten), _after_kill, _after_recovery)
PURGE = Scenario("purge", partial(_prepare, _set_aside), _kept, _freed)
QUARANTINE_BACK = Scenario("quarantine", partial(_prepare, _set_aside), _after_kill, _all_back)
