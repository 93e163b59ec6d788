"""Rows × files × snapshots set right: one pass over everything, a plan of single actions, and back again.

The plan only reads: rows first and stores afterwards, so that what is written meanwhile can look like a file without a row, which is looked
at again before it gets one, but never like a row without its file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, cast

import polars as pl
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.core.ids import RunId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import journal, mending_files, mending_rows, setting_aside, stepwise, stores, views
from mhc_lab.jobs.journal import Step
from mhc_lab.jobs.mending import PROBLEMS, Bench, Mending
from mhc_lab.jobs.plan import Approved, Receipt
from mhc_lab.jobs.reconcile_plan import KIND, Finding, Listed, ReconcilePlan, Total
from mhc_lab.jobs.stepwise import Job, Signed
from mhc_lab.reconciliation.classes import CLASSES, REMEDIES, Kind, Remedy
from mhc_lab.reconciliation.classify import FILES, Classified, classify, names_said
from mhc_lab.reconciliation.records import is_absolute, is_nowhere
from mhc_lab.services import audit_log, media_audit, people, quarantine, storages
from mhc_lab.services.storages import Storage
from mhc_lab.storage import digests
from mhc_lab.storage.digests import DigestCache
from mhc_lab.storage.store import FoundFile, Store
from mhc_lab.workbench import Workbench

STEP_ACTIONS = 500
"""So many of one remedy are done in one transaction."""
_FEWEST = 0.5
"""A store that has less than this share of the files it should have is not believed."""
_GET_ROWS = ("in_order", "known_person", "named_by_snapshot")


def plan_reconcile(
    wb: Workbench, *, storages: Collection[str] = (), quarantine: Collection[str] = (), progress: Progress = SILENT
) -> ReconcilePlan:
    """A plan that sets right what rows, files and snapshots say of each other; nothing is changed.

    Parameters
    ----------
    storages
        Only these are looked through; without any, all that are in use.
    quarantine
        What of the files that nobody knows, of artefacts and of litter is to be set aside: names as the plan lists them, or classes.

    Raises
    ------
    NotFoundError
        There is no such storage.
    RefusedError
        A storage is not in use, or what should be set aside is nothing the plan would list.
    """
    looked = _looked(wb, storages, progress)
    result = classify(
        looked.rows, looked.files, looked.paths, names=looked.names, checked=looked.checked, is_whole=looked.is_whole
    )
    planned = _Planned(looked, result, quarantine)
    return ReconcilePlan(
        wb.clock.now(),
        tuple(planned.actions),
        tuple(looked.names_of[number] for number in looked.checked),
        tuple(_totals(result)),
        tuple(planned.listed),
        tuple(looked.findings),
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
    """Everything that was read."""

    rows: pl.DataFrame
    files: pl.DataFrame
    paths: pl.DataFrame
    names: Mapping[str, str]
    """Who carries the names that folders and files say."""
    names_of: Sequence[str]
    """The name of each storage, by its number."""
    checked: Sequence[int]
    findings: Sequence[Finding]
    is_whole: bool
    leaving: Collection[tuple[str, str]]
    """Places whose files a run that is not finished takes away or brings back."""


def _looked(wb: Workbench, wanted: Collection[str], progress: Progress) -> _Looked:
    with wb.reader as session:
        known = storages.listed(session)
        chosen = _chosen(session, known, wanted)
        rows = media_audit.rows(session, [storage.id for storage in known])
        paths = media_audit.paths(session)
        moving = quarantine.in_state(session, "leaving", "returning", "purging")
    frames, checked, findings = [pl.DataFrame(schema=FILES)], [], []
    for number, storage in chosen:
        try:
            found = _listing(wb, stores.opened(wb, storage), number, progress)
        except ConfigurationError as offline:
            findings.append(Finding(storage.name, str(offline)))
            continue
        frames.append(found)
        doubt = _doubt(rows.filter(pl.col("storage") == number), found)
        if doubt:
            findings.append(Finding(storage.name, doubt))
        else:
            checked.append(number)
    files = pl.concat(frames)
    with wb.reader as session:
        names = {name: str(person) for name, person in people.find(session, names_said(files)).items()}
    is_whole = len(checked) == sum(storage.is_active for storage in known)
    leaving = {(file.storage, file.relative_path) for file in moving}
    return _Looked(rows, files, paths, names, [one.name for one in known], checked, findings, is_whole, leaving)


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
    """What a store lists, as columns; which bytes a file has only where that was found out before."""
    found = store.files(progress)
    with DigestCache.open(wb.settings.home / digests.FILE_NAME) as cache:
        known = cache.recall(found) if any(file.stamp for file in found) else [None] * len(found)
    return pl.concat(
        [
            _columns(number, found, known, is_litter=False),
            _columns(number, store.litter, [None] * len(store.litter), is_litter=True),
            pl.DataFrame({"path": store.unreadable}, schema={"path": pl.String}).select(
                storage=pl.lit(number, pl.UInt16), path="path", size=pl.lit(None, pl.Int64), written_ns=pl.lit(None, pl.Int64),
                byte_id=pl.lit(None, pl.String), is_readable=pl.lit(value=False), is_litter=pl.lit(value=False),
            ),
        ]
    )  # fmt: skip


def _columns(number: int, files: Sequence[FoundFile], known: Sequence[str | None], *, is_litter: bool) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "path": [file.relative_path for file in files],
            "size": [file.size_bytes for file in files],
            "written_ns": [file.written_ns for file in files],
            "byte_id": known,
        },
        schema={name: FILES[name] for name in ("path", "size", "written_ns", "byte_id")},
    )
    return frame.select(
        pl.lit(number, pl.UInt16).alias("storage"), "path", "size", "written_ns", "byte_id",
        is_readable=pl.lit(value=True), is_litter=pl.lit(is_litter),
    )  # fmt: skip


def _doubt(rows: pl.DataFrame, found: pl.DataFrame) -> str:
    """Why a listing is not believed; empty when it is."""
    path = pl.col("path")
    placed = rows.filter(~pl.col("is_deleted"), ~is_absolute(path), ~is_nowhere(path))
    there = placed.join(found, on="path", how="semi").height
    if there >= placed.height * _FEWEST:
        return ""
    return (
        f"of {placed.height:,} files that should be there it lists {there:,}. Look whether it is the right disk and whole: "
        "nothing is planned for it."
    )


def _totals(result: Classified) -> Iterator[Total]:
    frames: dict[Kind, pl.DataFrame] = {"row": result.rows, "file": result.files, "path": result.paths}
    counts = {kind: dict(frame["class"].value_counts().rows()) for kind, frame in frames.items()}
    for kind, found in CLASSES:
        if count := counts[kind].get(found):
            yield Total(kind, found, count)


# what would be done


class _Planned:
    """Every thing as an action, as listed, or as neither."""

    def __init__(self, looked: _Looked, result: Classified, wanted: Collection[str]) -> None:
        self._looked, self._result = looked, result
        self._wanted = {name.removeprefix("file ") for name in wanted}
        self._named: set[str] = set()
        self.actions: list[Mending] = []
        self.listed: list[Listed] = []
        frames: dict[Kind, pl.DataFrame] = {"row": result.rows, "file": self._files(), "path": result.paths}
        make = {"row": self._row, "file": self._file, "path": self._path}
        for kind, frame in frames.items():
            groups = {name: group for (name,), group in frame.group_by("class", maintain_order=True)}
            for _, found in (key for key in CLASSES if key[0] == kind and key[1] in groups):
                for thing in groups[found].iter_rows(named=True):
                    make[kind](found, thing)
        if strange := self._wanted - self._named - {found for kind, found in CLASSES if CLASSES[kind, found].by_name}:
            raise RefusedError(
                f"Nothing that the plan lists is called {', '.join(sorted(strange))}. Make a plan without, and name what it lists.",
                rule="named files",
            )

    def _files(self) -> pl.DataFrame:
        """Files; of copies with whether what they copy has a row, or gets one."""
        files = self._result.files
        rowed = files.filter(pl.col("class").is_in(_GET_ROWS)).select(
            "storage", to_path="path", is_kept=pl.lit(value=True)
        )
        copies = files.filter(pl.col("class") == "link_copy").join(rowed, on=["storage", "to_path"], how="left")
        rest = files.filter(pl.col("class") != "link_copy").with_columns(is_kept=pl.col("to_path").is_not_null())
        return pl.concat([rest, copies])

    def _row(self, found: str, row: Mapping[str, Any]) -> None:
        class_, storage = CLASSES["row", found], self._looked.names_of[row["storage"]]
        if class_.waits:
            self.listed.append(Listed("row", found, f"{storage}:{row['path']}"))
        is_stale = row["problem"] and found not in PROBLEMS and class_.remedy is None and not row["is_deleted"]
        remedy: Remedy | None = "flag" if is_stale and found != "not_checked" else class_.remedy
        is_known = remedy == "flag" and row["problem"] == found
        if remedy is None or is_known or (storage, row["path"]) in self._looked.leaving:
            return
        to = self._looked.names_of[row["to_storage"]] if row["to_storage"] is not None else ""
        self.actions.append(
            Mending(
                "row", found, remedy, storage, row["path"], row["id"], row["size"], None, row["byte_id"], to,
                row["to_path"] or "", row["other"] or "", "", row["problem"],
            )
        )  # fmt: skip

    def _file(self, found: str, file: Mapping[str, Any]) -> None:
        class_, storage = CLASSES["file", found], self._looked.names_of[file["storage"]]
        place = f"{storage}:{file['path']}"
        remedy = class_.remedy
        if class_.by_name:
            remedy = remedy if self._is_wanted(found, place) and not place.endswith("/") else None
        elif found in {"link_copy", "wrong_prefix"} and not file["is_kept"]:
            remedy = None
        if remedy is None:
            if class_.remedy or class_.is_listed:
                self.listed.append(Listed("file", found, place))
        elif (storage, file["path"]) not in self._looked.leaving:
            self.actions.append(
                Mending(
                    "file", found, remedy, storage, file["path"], "", file["size"], file["written_ns"],
                    to_path=file["to_path"] or "", person=file["person"] or "",
                )
            )  # fmt: skip

    def _path(self, found: str, path: Mapping[str, Any]) -> None:
        class_, subject = CLASSES["path", found], f"{path['snapshot']} {path['which']}"
        if class_.is_listed:
            self.listed.append(Listed("path", found, f"{subject}: {path['path']}"))
        elif class_.remedy:
            storage = self._looked.names_of[path["to_storage"]]
            self.actions.append(Mending("path", found, class_.remedy, storage, path["to_path"], subject))

    def _is_wanted(self, found: str, place: str) -> bool:
        if place in self._wanted:
            self._named.add(place)
            return True
        return found in self._wanted


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


def _steps(session: Session, plan: ReconcilePlan) -> list[Step]:
    """Steps of one remedy each, in the order in which one needs the other. Each action is checked when it is done."""
    strange = next((one for one in plan.actions if (one.kind, one.found) not in CLASSES), None)
    if strange or len({one.name for one in plan.actions}) < len(plan.actions):
        raise RefusedError("The plan names a class there is not, or something twice. Make a new one.", rule="plan file")
    by_remedy: dict[Remedy, list[Mending]] = {remedy: [] for remedy in REMEDIES}
    for action in plan.actions:
        by_remedy[action.remedy].append(action)
    shares = [(remedy, share) for remedy, actions in by_remedy.items() for share in _shares(actions)]
    return [
        Step(number, {"remedy": remedy, stepwise.ACTIONS: [_written(one) for one in share]}, {})
        for number, (remedy, share) in enumerate(shares, start=1)
    ]


def _reverse(session: Session, steps: list[Step]) -> list[Step]:
    """The last one first, in each step, too. What was changed since is found when a step is done."""
    done = [(step.action["remedy"], cast("list[Any]", step.before["undo"])) for step in reversed(steps)]
    return [
        Step(number, {"remedy": remedy, "is_back": True, stepwise.ACTIONS: undo[::-1]}, {})
        for number, (remedy, undo) in enumerate((one for one in done if one[1]), start=1)
    ]


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
    """Let the bytes of what was set aside follow, and views show what is registered now.

    Where copies of links left there are no views until somebody asks for them: links would lie where these copies come back to.
    """
    with wb.reader as session:
        done = journal.steps(session, run, state="done")
    listed = [one for step in done for one in cast("list[dict[str, str]]", step.action[stepwise.ACTIONS])]
    copied = {one["storage"] for one in listed if one.get("found") == "link_copy"}
    views.follow(wb, {name for one in listed for name in (one.get("storage"), one.get("to_storage")) if name} - copied)
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


RECONCILE = Job(KIND, "steps", _steps, _reverse, _do, _title, settle=_settle)
