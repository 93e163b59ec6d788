"""``Verification``: whether every file is still what it was. ``BaselineCheck``: whether everybody's pictures can still be shown."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as ipw
import polars as pl

from mhc_lab.core import display
from mhc_lab.core.errors import NotFoundError
from mhc_lab.jobs import baseline
from mhc_lab.jobs.baseline import Comparison
from mhc_lab.jobs.repair import REPAIR, plan_repair
from mhc_lab.jobs.verify import Verified, verify
from mhc_lab.services import storages
from mhc_lab.services.baselines import PersonPictures
from mhc_lab.services.verifications import Slice
from mhc_lab.workbench import Workbench
from widgets._audit import Audit, Found, reviewed, storage_choice

_PROBLEMS = {
    "missing": "missing", "of another size": "other_size", "with bit rot": "bit_rot", "edited": "edited", "not readable": "unreadable",
}  # fmt: skip
"""What :meth:`Verified.counts` calls what is wrong, and how it is recorded."""


class Verification(Audit):
    """Whether every registered file is in its place, as it was; and what can be mended from a good copy."""

    def __init__(self, wb: Workbench, *, storage: str = "", reads_data: bool = False, part: str = "1/1") -> None:
        self.storage = storage_choice(wb, storage)
        self.reads = ipw.Checkbox(description="Read every byte", value=reads_data, indent=False)
        self.part = ipw.Text(description="Part", value=part, placeholder="2/7 is the second of seven")
        super().__init__(wb, self.storage, self.part, self.reads, verb="Verify")

    def look(self) -> Found:
        """Look for every file; what is found is written down with each."""
        part = Slice.parse(self.part.value)
        with self.wb.reader as session:
            active = [one for one in storages.listed(session) if one.is_active]
        chosen = [one for one in active if self.storage.value in {"", one.name}]
        verified = [
            verify(self.wb, one, reads_data=self.reads.value, part=part, progress=self._progress) for one in chosen
        ]
        plan = plan_repair(self.wb, progress=self._progress)
        mending = [reviewed(self.wb, REPAIR, plan, verb="Mend", undo="Undo")] if plan.actions else []
        finding_count = sum(len(one.findings) + bool(one.stopped) for one in verified)
        return Found([ipw.HTML(_verified(verified)), *mending], _verified_numbers(verified), finding_count)


class BaselineCheck(Audit):
    """Whether the pictures of some persons can be shown as they could when the newest baseline was recorded."""

    def __init__(self, wb: Workbench, *, persons: str = "", random: int = 5) -> None:
        self.persons = ipw.Text(description="Persons", value=persons, placeholder="user names, apart by spaces")
        self.random = ipw.BoundedIntText(description="Others by chance", value=random, min=0, max=100_000)
        self.record = ipw.Button(
            description="Record a baseline", tooltip="Compare with what can be shown now, from now on"
        )
        self.record.on_click(lambda _: self.show(self.record, self.recorded))
        super().__init__(wb, self.persons, self.random, self.record, verb="Compare with the newest")

    def look(self) -> Found:
        """Compare with the newest baseline; without one, record the first."""
        try:
            compared = baseline.check(self.wb, progress=self._progress)
        except NotFoundError:
            return self.recorded()
        return Found([ipw.HTML(_compared(compared))], _counted(compared.now), len(compared.worse))

    def recorded(self) -> Found:
        """A new baseline of the persons that the fields name."""
        names = self.persons.value.replace(",", " ").split()
        new = baseline.record(self.wb, persons=names, random=self.random.value, progress=self._progress)
        title = f"Recorded {display.text(new.recorded_at)} UTC: what the next one is compared with"
        return Found([ipw.HTML(_pictures(title, new.persons))], _counted(new.persons))


def _verified(verified: Sequence[Verified]) -> str:
    """What was found, by storage, then file by file."""
    rows = [(one.storage, one.looked_at_count, *_problems(one), len(one.mended), one.stopped) for one in verified]
    names = ["storage", "looked at", *_PROBLEMS, "as registered again", "not to the end because"]
    kinds = [pl.String, *[pl.Int64] * (len(_PROBLEMS) + 2), pl.String]
    frame = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    files = [(f"{one.storage}:{seen.file.relative_path}", seen.why) for one in verified for seen in one.findings]
    listed = pl.DataFrame(files, schema={"file": pl.String, "what is wrong": pl.String}, orient="row")
    return display.table(frame, caption="By storage") + (
        display.table(listed, caption="Not as registered") if files else ""
    )


def _problems(verified: Verified) -> list[int]:
    counts = verified.counts()
    return [counts.get(kind, 0) for kind in _PROBLEMS]


def _verified_numbers(verified: Sequence[Verified]) -> dict[str, int]:
    sums = [sum(each) for each in zip(*map(_problems, verified), strict=True)] or [0] * len(_PROBLEMS)
    return {
        "looked_at": sum(one.looked_at_count for one in verified),
        **dict(zip(_PROBLEMS.values(), sums, strict=True)),
        "not_reached": sum(bool(one.stopped) for one in verified),
    }


def _compared(compared: Comparison) -> str:
    """Who has less than before and why, or that nobody has; then how it is now."""
    if compared.is_good:
        return display.note(str(compared), kind="good") + _pictures("Now", compared.now)
    rows = [(one.before.username, "; ".join(one.reasons)) for one in compared.worse]
    worse = pl.DataFrame(rows, schema={"person": pl.String, "what is worse": pl.String}, orient="row")
    since = f"Less than on {display.text(compared.baseline.recorded_at)} UTC"
    return display.table(worse, caption=since) + _pictures("Now", compared.now)


def _pictures(title: str, persons: Sequence[PersonPictures]) -> str:
    rows = [
        (
            one.username,
            len(one.working),
            len(one.broken),
            len(one.unseen),
            one.left_out_count,
            one.total,
            bool(one.primary),
        )
        for one in persons
    ]
    names = ["person", "working", "broken", "out of reach", "not looked at", "total", "primary"]
    kinds = [pl.String, *[pl.Int64] * 5, pl.Boolean]
    return display.table(pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row"), caption=title)


def _counted(persons: Sequence[PersonPictures]) -> dict[str, int]:
    return {
        "persons": len(persons),
        "working": sum(len(one.working) for one in persons),
        "broken": sum(len(one.broken) for one in persons),
        "out_of_reach": sum(len(one.unseen) for one in persons),
        "without_primary": sum(one.primary is None for one in persons),
    }
