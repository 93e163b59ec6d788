"""Rows × files × snapshots set right: one pass over everything, a plan of single actions, and back again.

The plan only reads: rows first and stores afterwards, so that what is written meanwhile can look like a file without a row, which is looked
at again before it gets one, but never like a row without its file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import partial
from sys import intern
from typing import Any, cast

import polars as pl
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.core.garbage import uncollected
from mhc_lab.core.ids import RunId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import journal, mending_files, mending_rows, setting_aside, stepwise, stores, views
from mhc_lab.jobs.baseline import GATE
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.mending import PROBLEMS, Bench, Mending
from mhc_lab.jobs.plan import Approved, Receipt
from mhc_lab.jobs.reconcile_plan import KIND, Finding, Listed, ReconcilePlan, Total
from mhc_lab.jobs.stepwise import Job, Signed
from mhc_lab.reconciliation.classes import CLASSES, GET_ROWS, REMEDIES, Class, Kind, Remedy
from mhc_lab.reconciliation.classify import FILES, Classified, classify, described, names_said
from mhc_lab.reconciliation.records import is_absolute, is_nowhere
from mhc_lab.services import audit_log, media_audit, people, quarantine, storages
from mhc_lab.services.storages import Storage
from mhc_lab.storage import digests
from mhc_lab.storage.digests import DigestCache
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.store import FoundFile, Store
from mhc_lab.workbench import Workbench

STEP_ACTIONS = 500
"""So many of one remedy are done in one transaction."""
_FEWEST = 0.5
"""A store that has less than this share of the files it should have is not believed."""
_AT_ONCE = 10_000
"""Things that become objects at once."""


def plan_reconcile(
    wb: Workbench,
    *,
    storages: Collection[str] = (),
    quarantine: Collection[str] = (),
    believe: Collection[str] = (),
    progress: Progress = SILENT,
) -> ReconcilePlan:
    """A plan that sets right what rows, files and snapshots say of each other; nothing is changed.

    Parameters
    ----------
    storages
        Only these are looked through; without any, all that are in use.
    quarantine
        What of the files that nobody knows, of artefacts and of litter is to be set aside: names as the plan lists them, or classes.
    believe
        Storages whose listing is believed however few of their files are there.

    Raises
    ------
    NotFoundError
        There is no such storage.
    RefusedError
        A storage is not in use, or what should be set aside is nothing the plan would list.
    """
    with uncollected():
        looked, result = _classified(wb, storages, believe, progress)
        planned = _Planned(looked, result, quarantine)
        return ReconcilePlan(
            wb.clock.now(),
            tuple(planned.actions),
            tuple(looked.names_of[number] for number in looked.checked),
            tuple(_totals(result)),
            tuple(planned.listed),
            tuple(looked.findings),
            tuple(dict.fromkeys(believe)),
        )


def apply_reconcile(wb: Workbench, plan: Approved[ReconcilePlan], *, progress: Progress = SILENT) -> Receipt:
    """Set right what the plan names; see :func:`mhc_lab.jobs.stepwise.apply`."""
    return stepwise.apply(wb, RECONCILE, plan, progress=progress)


def restore(wb: Workbench, receipt: Receipt, *, progress: Progress = SILENT) -> Receipt:
    """Put everything back that nobody has changed since; see :func:`mhc_lab.jobs.stepwise.restore`."""
    return stepwise.restore(wb, RECONCILE, receipt, progress=progress)


# what there is


@dataclass(frozen=True, slots=True)
class _Looked:
    """What is known of the storages."""

    names_of: Sequence[str]
    """The name of each storage, by its number."""
    checked: Sequence[int]
    findings: Sequence[Finding]
    leaving: Collection[tuple[str, str]]
    """Places whose files a run that is not finished takes away or brings back."""


def _classified(
    wb: Workbench, wanted: Collection[str], believed: Collection[str], progress: Progress
) -> tuple[_Looked, Classified]:
    """Everything that there is, in its class."""
    with wb.reader as session:
        known = storages.listed(session)
        chosen = _chosen(session, known, wanted)
        for name in believed:
            storages.get(session, name)
        rows = media_audit.rows(session, [storage.id for storage in known])
        paths = media_audit.paths(session)
        moving = quarantine.in_state(session, "leaving", "purging")
    frames, checked, findings = [pl.DataFrame(schema=FILES)], [], []
    for number, storage in chosen:
        try:
            listing = _listing(wb, stores.opened(wb, storage), number, progress)
        except ConfigurationError as offline:
            findings.append(Finding(storage.name, str(offline)))
            continue
        frames.append(listing)
        doubt = _doubt(storage.name, rows.filter(pl.col("storage") == number), listing)
        if doubt and storage.name not in believed:
            findings.append(Finding(storage.name, doubt))
        else:
            checked.append(number)
    found = described(pl.concat(frames))
    with wb.reader as session:
        names = {name: str(person) for name, person in people.find(session, names_said(found)).items()}
    waiting = [number for number, one in enumerate(known) if one.is_active and number not in checked]
    leaving = {(file.storage, file.relative_path) for file in moving}
    looked = _Looked([one.name for one in known], checked, findings, leaving)
    return looked, classify(rows, found, paths, names=names, checked=checked, waiting=waiting)


def _chosen(session: Session, known: Sequence[Storage], wanted: Collection[str]) -> list[tuple[int, Storage]]:
    """The storages to look through, with their numbers."""
    for name in wanted:
        if not storages.get(session, name).is_active:
            raise RefusedError(
                f"The storage {name} is not in use. Use it again with `mhc storage reactivate {name}`.",
                rule="storage in use",
            )
    return [(number, one) for number, one in enumerate(known) if one.is_active and (not wanted or one.name in wanted)]


def _listing(wb: Workbench, store: Store, number: int, progress: Progress) -> pl.DataFrame:
    """What a store lists, as columns; which bytes a file has only where somebody read it before."""
    found = store.files(progress)
    listed = _columns(found)
    is_disk = isinstance(store, DiskStore)  # else there are no folders, and no stamps by which a file is known again
    closed = _columns([FoundFile(path if is_disk else path.rstrip("/"), 0, None) for path in store.unreadable])
    known = _recalled(wb, found) if is_disk else None
    parts = [
        listed.with_columns(byte_id=known, is_readable=True, is_litter=False),
        _columns(store.litter).with_columns(byte_id=None, is_readable=True, is_litter=True),
        closed.with_columns(byte_id=None, is_readable=False, is_litter=False),
    ]
    whole = pl.concat(parts, how="vertical_relaxed").with_columns(storage=number)
    return whole.select(pl.col(name).cast(type_) for name, type_ in FILES.items())


def _columns(files: Sequence[FoundFile]) -> pl.DataFrame:
    columns = [[file[place] for file in files] for place in range(3)]
    return pl.DataFrame(columns, schema={name: FILES[name] for name in ("path", "size", "written_ns")}, orient="col")


def _recalled(wb: Workbench, found: Sequence[FoundFile]) -> pl.Series:
    """Which bytes files had when they were last read, as far as they were not touched since."""
    with DigestCache.open(wb.settings.home / digests.FILE_NAME) as cache:
        return pl.Series(cache.recall(found), dtype=pl.String)


def _doubt(name: str, rows: pl.DataFrame, found: pl.DataFrame) -> str:
    """Why a listing is not believed; empty when it is. What was told to be missing already is no reason."""
    path = pl.col("path")
    placed = rows.filter(
        ~pl.col("is_deleted"), pl.col("problem").ne_missing("missing"), ~is_absolute(path), ~is_nowhere(path)
    )
    there = placed.join(found, on="path", how="semi").height
    if there >= placed.height * _FEWEST:
        return ""
    return (
        f"of {placed.height:,} files that should be there it lists {there:,}. Look whether it is the right disk and whole: "
        f"nothing is planned for it. When they are gone indeed, plan with `--believe {name}`, or choose it under Gone indeed."
    )


def _totals(result: Classified) -> Iterator[Total]:
    frames: dict[Kind, pl.DataFrame] = {"row": result.rows, "file": result.files, "path": result.paths}
    counts = {kind: dict(frame["class"].value_counts().rows()) for kind, frame in frames.items()}
    for kind, found in CLASSES:
        if count := counts[kind].get(found):
            yield Total(kind, found, count)


# what would be done


class _Planned:
    """Every thing as an action, as listed, or as neither; only those of which something is said become objects."""

    def __init__(self, looked: _Looked, result: Classified, wanted: Collection[str]) -> None:
        self._names_of, self._leaving = dict(enumerate(looked.names_of)), looked.leaving
        self._wanted = {name.removeprefix("file ") for name in wanted}
        self._named: set[str] = set()
        self.actions: list[Mending] = []
        self.listed: list[Listed] = []
        self._plan("row", _told_of(result.rows), self._row)
        self._plan("file", result.files, partial(self._file, result.files))
        self._plan("path", result.paths, self._path)
        by_name = {found for kind, found in CLASSES if CLASSES[kind, found].by_name}
        if strange := self._wanted - self._named - by_name:
            raise RefusedError(
                f"Nothing that the plan lists is called {', '.join(sorted(strange))}. Make a plan without, and name what it lists.",
                rule="named files",
            )

    def _plan(self, kind: Kind, things: pl.DataFrame, plan: Callable[[Class, pl.DataFrame], None]) -> None:
        for class_ in (CLASSES[key] for key in CLASSES if key[0] == kind):
            some = things.filter(pl.col("class") == class_.name)
            if not some.is_empty():
                plan(class_, some)

    def _row(self, class_: Class, rows: pl.DataFrame) -> None:
        if class_.waits:
            places = rows.select("storage", "path").rows()
            self.listed += [Listed("row", class_.name, f"{self._names_of[storage]}:{path}") for storage, path in places]
        stale = class_.name not in PROBLEMS and class_.remedy is None
        remedy: Remedy | None = "flag" if stale else class_.remedy
        if remedy == "flag":
            rows = rows.filter(pl.col("problem").is_not_null() if stale else pl.col("problem").ne_missing(class_.name))
        told = _each(rows, "storage", "path", "id", "size", "byte_id", "to_storage", "to_path", "other", "problem")
        for number, path, id_, size, byte_id, to, to_path, other, problem in told:
            storage = self._names_of[number]
            if remedy and (storage, path) not in self._leaving:
                there = (self._names_of.get(to, ""), to_path or "", other or "", "", problem)
                self.actions.append(
                    Mending("row", class_.name, remedy, storage, path, id_, size, None, byte_id, *there)
                )

    def _file(self, every: pl.DataFrame, class_: Class, files: pl.DataFrame) -> None:
        if not (class_.remedy or class_.is_listed):
            return
        files = _kept(class_, files, every)
        told = _each(files, "storage", "path", "size", "written_ns", "to_path", "person", "is_kept")
        for number, path, size, written_ns, to_path, person, is_kept in told:
            storage = self._names_of[number]
            if class_.remedy is None or not (
                self._is_wanted(class_, f"{storage}:{path}") if class_.by_name else is_kept
            ):
                self.listed.append(Listed("file", class_.name, f"{storage}:{path}"))
            elif (storage, path) not in self._leaving:
                known = ("", size, written_ns, "", "", to_path or "", "", intern(person or ""))
                self.actions.append(Mending("file", class_.name, class_.remedy, storage, path, *known))

    def _path(self, class_: Class, paths: pl.DataFrame) -> None:
        told = _each(paths, "snapshot", "which", "path", "to_storage", "to_path")
        if class_.is_listed:
            self.listed += [Listed("path", class_.name, f"{one[0]} {one[1]}: {one[2]}") for one in told]
        elif remedy := class_.remedy:
            self.actions += [
                Mending("path", class_.name, remedy, self._names_of[to], to_path, f"{snapshot} {which}")
                for snapshot, which, _, to, to_path in told
            ]

    def _is_wanted(self, class_: Class, place: str) -> bool:
        """Whether a file was named, or all of its class; a folder of a system never leaves."""
        if place.endswith("/"):
            return False
        if place in self._wanted:
            self._named.add(place)
            return True
        return class_.name in self._wanted


def _told_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows without those that are deleted, or not checked: of these nothing is said."""
    return rows.filter(~pl.col("class").is_in(["deleted", "not_checked"]))


def _kept(class_: Class, files: pl.DataFrame, every: pl.DataFrame) -> pl.DataFrame:
    """Files of a class with whether they can be set right: what a copy is of has a row or gets one, and where a file belongs is free."""
    if class_.name == "link_copy":
        rowed = every.join(files, left_on="path", right_on="to_path", how="semi").filter(
            pl.col("class").is_in(GET_ROWS)
        )
        rowed = rowed.select("storage", to_path="path", is_kept=pl.lit(value=True))
        kept = files.join(rowed, on=["storage", "to_path"], how="left", maintain_order="left")
        return kept.with_columns(pl.col("is_kept").fill_null(value=False))
    is_misplaced = class_.name == "wrong_prefix"
    return files.with_columns(is_kept=pl.col("to_path").is_not_null() if is_misplaced else pl.lit(value=True))


def _each(things: pl.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """One thing after the other; half a million tuples at once would be more than all their actions."""
    return things.select(columns).iter_rows(buffer_size=_AT_ONCE)


# how it is done and undone

_FORWARD = {
    "re-point": mending_rows.point,
    "move": mending_files.move,
    "register": mending_files.register,
    "reference": mending_rows.refer,
    "absorb": mending_rows.absorb,
    "flag": mending_rows.flag,
    "quarantine": mending_files.quarantine,
}
_BACK = {
    "re-point": mending_rows.point_back,
    "move": mending_files.move_back,
    "register": mending_files.register_back,
    "reference": mending_rows.refer_back,
    "absorb": mending_rows.absorb_back,
    "flag": mending_rows.flag_back,
    "quarantine": mending_files.quarantine_back,
}
_UNSAID = {one.name: one.default for one in fields(Mending) if one.default is not MISSING}


def _steps(session: Session, plan: ReconcilePlan) -> Iterator[Step]:
    """Steps of one remedy each, in the order in which one needs the other. Each action is checked when it is done."""
    if not all(map(_is_known, plan.actions)) or len({one.name for one in plan.actions}) < len(plan.actions):
        raise RefusedError(
            "The plan names a class there is not, a remedy that is not its own, or something twice. Make a new one.",
            rule="plan file",
        )
    by_remedy: dict[Remedy, list[Mending]] = {remedy: [] for remedy in REMEDIES}
    for action in plan.actions:
        by_remedy[action.remedy].append(action)
    shares = ((remedy, share) for remedy, actions in by_remedy.items() for share in _shares(actions))
    return (
        Step(number, {"remedy": remedy, stepwise.ACTIONS: [_written(one) for one in share]}, {})
        for number, (remedy, share) in enumerate(shares, start=1)
    )


def _is_known(action: Mending) -> bool:
    """Whether the remedy is the one of its class; a row of every class can say what it is, or no more what it was."""
    known = CLASSES.get((action.kind, action.found))
    return known is not None and (action.remedy == known.remedy or (action.kind, action.remedy) == ("row", "flag"))


def _reverse(session: Session, steps: Iterable[Step]) -> Iterator[Step]:
    """The last one first, in each step, too. What was changed since is found when a step is done."""
    done = ((step.action["remedy"], cast("list[Any]", step.before["undo"])) for step in steps)
    return (
        Step(number, {"remedy": remedy, "is_back": True, stepwise.ACTIONS: undo[::-1]}, {})
        for number, (remedy, undo) in enumerate((one for one in done if one[1]), start=1)
    )


def _do(session: Session, step: Step, signed: Signed) -> dict[str, object]:
    remedy, listed = str(step.action["remedy"]), cast("list[dict[str, Any]]", step.action[stepwise.ACTIONS])
    bench = Bench(signed.wb, session)
    undo: list[dict[str, Any]] = []
    if step.action.get("is_back"):
        refused = [f"{name}: {why}" for name, why in _BACK[remedy](session, bench, listed, signed)]
    else:
        out = _FORWARD[remedy](session, bench, [Mending(**one) for one in listed], signed)
        undo, refused = out.undo, out.refused
    verb = "media.reconcile_back" if step.action.get("is_back") else "media.reconcile"
    details = {"remedy": remedy, "count": len(listed) - len(refused)}
    audit_log.append(session, actor=signed.by, action=verb, subject=str(signed.run), details=details)
    return {"undo": undo, stepwise.REFUSED: refused}


def _settle(wb: Workbench, run: RunId, progress: Progress) -> None:
    """Let views show what is registered now, and the bytes of what was set aside follow."""
    with wb.reader as session:
        names = journal.listed_texts(session, run, stepwise.ACTIONS, "storage", "to_storage")
    views.follow(wb, names)
    setting_aside.settle(wb, run, progress)


def _written(action: Mending) -> dict[str, object]:
    """An action as JSON values, without what goes without saying."""
    said = {name: getattr(action, name) for name in Mending.__slots__}
    return {name: value for name, value in said.items() if name not in _UNSAID or value != _UNSAID[name]}


def _shares(actions: Sequence[Mending]) -> Iterator[Sequence[Mending]]:
    for start in range(0, len(actions), STEP_ACTIONS):
        yield actions[start : start + STEP_ACTIONS]


def _title(count: int, is_restore: bool) -> str:  # noqa: FBT001 - called by position
    things = display.plural(count, "thing")
    return f"{things} put back as before" if is_restore else f"{things} set right"


RECONCILE = Job(KIND, "steps", _steps, _reverse, _do, _title, settle=_settle, gate=GATE)
