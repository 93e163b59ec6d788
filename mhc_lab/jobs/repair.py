"""Files that are missing or damaged, mended from another copy of the same bytes.

The good copy is read and hashed, and lies beside the bad one, proved, before anything moves; then the bad one goes into quarantine and the
good bytes take its place. The good copy stays untouched, a bad one is never copied from, and what somebody edited is only told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import repair_steps, stepwise, stores
from mhc_lab.jobs.baseline import GATE
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.plan import Approved, Plan, Receipt
from mhc_lab.jobs.repair_steps import Ill, Mend
from mhc_lab.jobs.stepwise import ACTIONS, Job
from mhc_lab.jobs.verify import is_rot
from mhc_lab.services import damage
from mhc_lab.services.damage import StoredFile
from mhc_lab.storage import digests
from mhc_lab.storage.digests import DigestCache
from mhc_lab.storage.store import BLOCK_BYTES, FoundFile, Store
from mhc_lab.workbench import Workbench

KIND = "media repair"
STEP_FILES = 20
"""Files per transaction: their bytes are copied within it."""


@dataclass(frozen=True, slots=True)
class RepairPlan(Plan):
    """Which files get their bytes back, and which cannot."""

    kind: ClassVar[str] = KIND
    actions: tuple[Mend, ...]
    left: tuple[tuple[str, str], ...] = field(default=())
    """Place and reason of files that stay as they are although other copies of them are registered."""
    without_copy_count: int = 0
    """Nowhere else are their bytes registered."""

    def __str__(self) -> str:
        said = f"Mend {display.plural(len(self.actions), 'file')} from good copies"
        said += f"; {len(self.left):,} stay as they are" if self.left else ""
        return f"{said}; {self.without_copy_count:,} have no other copy" if self.without_copy_count else said

    def words(self) -> str:
        """Every file and what mends it, then those that stay as they are."""
        lines = [f"  {one.name}: {one.reason}" for one in self.actions]
        return "\n".join([str(self), *lines, *(f"  left as it is: {place}: {why}" for place, why in self.left)])

    def _repr_html_(self) -> str:
        import polars as pl

        rows = [(one.place, str(one.ill), one.good_place) for one in self.actions]
        rows += [(place, f"left as it is: {why}", "") for place, why in self.left]
        frame = pl.DataFrame(rows, schema=["file", "what is wrong", "good copy"], orient="row")
        return display.table(frame, caption=str(self))


def plan_repair(wb: Workbench, *, progress: Progress = SILENT) -> RepairPlan:
    """A plan that mends what a verification found to be missing, rotten or cut off, where a copy with the right bytes was read now.

    Nothing is changed. Edited files are told, and stay.
    """
    with wb.reader as session:
        ill = damage.found(session)
        copies = damage.copies(session, {file.byte_id for file in ill})
    curable = [file for file in ill if copies.get(file.byte_id)]
    actions: list[Mend] = []
    left: list[tuple[str, str]] = []
    with DigestCache.open(wb.settings.home / digests.FILE_NAME) as cache:
        looking = _Looking(stores.Opened(wb), cache)
        for count, file in enumerate(curable, start=1):
            said = looking.mend(file, copies[file.byte_id])
            if isinstance(said, Mend):
                actions.append(said)
            else:
                left.append((file.place, said))
            progress(count, len(curable), "files looked at")
    return RepairPlan(wb.clock.now(), tuple(actions), tuple(left), len(ill) - len(curable))


def apply_repair(wb: Workbench, plan: Approved[RepairPlan], *, progress: Progress = SILENT) -> Receipt:
    """Mend what the plan names; see :func:`mhc_lab.jobs.stepwise.apply`."""
    return stepwise.apply(wb, REPAIR, plan, progress=progress)


def restore(wb: Workbench, receipt: Receipt, *, progress: Progress = SILENT) -> Receipt:
    """Put the bad files back as they were; see :func:`mhc_lab.jobs.stepwise.restore`."""
    return stepwise.restore(wb, REPAIR, receipt, progress=progress)


# what is wrong, and whether it can be mended


class _Looking:
    """Looks at bad files and their copies while a plan is made."""

    def __init__(self, opened: stores.Opened, cache: DigestCache) -> None:
        self._opened, self._cache = opened, cache

    def mend(self, file: StoredFile, copies: Sequence[StoredFile]) -> Mend | str:
        """How ``file`` is mended, or why it stays as it is."""
        store = self._opened.of(file.storage)
        if isinstance(store, str):
            return store
        try:
            there = store.stat(file.relative_path)
        except FileNotFoundError:
            there = None
        except (OSError, RefusedError) as failure:
            return f"not readable: {failure}"
        found = next(store.digests([there])) if there else None
        if there and found is None:
            return "not readable"
        if found == file.byte_id:
            return "it has its bytes again: verify it"
        good = next((one for one in copies if self._has_bytes(one)), None)
        if good is None:
            return self._why_no_good_one(copies)
        ill = "missing" if there is None else self._ill(file, there, found, good)
        if ill is None:
            return "edited or replaced by somebody"
        size = there.size_bytes if there else 0
        return Mend(
            file.id, file.storage_id, file.place, file.relative_path, file.byte_id, ill, found, size, good.id, good.place
        )  # fmt: skip

    def _why_no_good_one(self, copies: Sequence[StoredFile]) -> str:
        """What is said of a file whose copies were not found good: some could perhaps not be asked."""
        away = {one.storage: why for one in copies if isinstance(why := self._opened.of(one.storage), str)}
        if away:
            told = ", ".join(f"{name} ({why})" for name, why in sorted(away.items()))
            return f"a copy is on {told}: have it there, and plan again"
        return "no copy that is registered has its bytes any more"

    def _ill(self, file: StoredFile, there: FoundFile, found: ByteId | None, good: StoredFile) -> Ill | None:
        """What befell a file that is there with other bytes; None: somebody wrote to it."""
        if there.size_bytes == file.size_bytes:
            (recalled,) = self._cache.recall([there])
            return "bit rot" if is_rot(there, file.byte_id, file.modified_at, recalled) else None
        if there.size_bytes > file.size_bytes:
            return None
        store = self._opened.of(good.storage)
        begins = None if isinstance(store, str) else _beginning(store, good.relative_path, there.size_bytes)
        return "cut off" if begins == found else None

    def _has_bytes(self, copy: StoredFile) -> bool:
        store = self._opened.of(copy.storage)
        if isinstance(store, str):
            return False
        try:
            return next(store.digests([store.stat(copy.relative_path)])) == copy.byte_id
        except (OSError, RefusedError):
            return False


def _beginning(store: Store, path: str, size: int) -> ByteId:
    """The digest of the first ``size`` bytes."""
    digest = hashlib.sha256()
    with store.read(path) as source:
        while size and (block := source.read(min(size, BLOCK_BYTES))):
            digest.update(block)
            size -= len(block)
    return ByteId(digest.hexdigest())


# the job


_MENDS = TypeAdapter(list[Mend])


def _steps(session: Session, plan: RepairPlan) -> Iterator[Step]:
    shares = (plan.actions[start : start + STEP_FILES] for start in range(0, len(plan.actions), STEP_FILES))
    return (
        Step(number, {ACTIONS: _MENDS.dump_python(list(share), mode="json")}, {})
        for number, share in enumerate(shares, start=1)
    )


def _title(count: int, is_restore: bool) -> str:  # noqa: FBT001 - called by position
    files = display.plural(count, "file")
    return f"{files} as bad as before" if is_restore else f"{files} mended from good copies"


REPAIR = Job(
    KIND, "steps", _steps, repair_steps.reverse, repair_steps.do, _title, settle=repair_steps.settle, gate=GATE
)
