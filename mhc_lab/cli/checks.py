"""``mhc media verify | report | repair | baseline``: whether everything is still there, with its bytes, and can be shown.

Exit code 1 when anything is not as it should be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhc_lab.cli import verbs
from mhc_lab.cli.output import Json, answer, opened

if TYPE_CHECKING:
    import polars as pl

    from mhc_lab.analytics.storage_report import StorageReport
    from mhc_lab.jobs.plan import Plan
    from mhc_lab.jobs.stepwise import Job
    from mhc_lab.jobs.verify import Verified
    from mhc_lab.services.baselines import PersonPictures

baseline = typer.Typer(no_args_is_help=True, help="Whether everybody's pictures can be shown as before.")

repair = typer.Typer(no_args_is_help=True, help="Mend what is missing or damaged from another copy.")

_SHOWN = 50
"""Findings listed for a person; a program gets all."""


def verify(
    storage: Annotated[str, typer.Argument(help="Only this storage; without it every one in use.")] = "",
    read_data: Annotated[
        bool, typer.Option("--read-data", help="Read every byte and compare; without it, presence and size.")
    ] = False,
    subset: Annotated[str, typer.Option(help="Only a part: 2/7 is the second of seven.")] = "1/1",
    as_json: Json = False,
) -> None:
    """Look whether every registered file is as it should be. It is looked for, measured and, with --read-data, read.

    One that was stopped goes on where it was. Exit code 1 when a file is not as registered, or a store cannot be looked at.

    Example: mhc media verify ssd --read-data --subset 2/7
    """
    from mhc_lab.jobs import verify as job
    from mhc_lab.services import storages
    from mhc_lab.services.verifications import Slice

    part = Slice.parse(subset)
    with opened() as wb:
        with wb.reader as session:
            known = [one for one in storages.listed(session) if one.is_active]
            chosen = [storages.get(session, storage)] if storage else known
        verified = [job.verify(wb, one, reads_data=read_data, part=part, progress=wb.progress) for one in chosen]
    words = "\n".join(map(_verified_words, verified)) or "There is no storage yet. Add one: mhc storage add FOLDER"
    answer([_plain(one) for one in verified], as_json=as_json, words=words)
    if any(one.has_findings for one in verified):
        raise typer.Exit(1)


def report(
    limit_bytes: Annotated[int, typer.Option(min=0, help="What one person may take; 0: no limit.")] = 0,
    top: Annotated[int, typer.Option(min=1, max=1000, help="So many of the largest files and persons.")] = 20,
    as_json: Json = False,
) -> None:
    """The library as a whole: what is where, and what is wrong.

    By storage and source, its growth, the largest files, who takes the room, what was set aside.

    Example: mhc media report --limit-bytes 5000000000
    """
    from mhc_lab.analytics.storage_report import storage_report

    with opened() as wb:
        wb.refresh_mirror()
        said = storage_report(wb.mirror, limit_bytes=limit_bytes or None, shown=top)
    parts = [_facts(said), *(f"{caption}\n{_lines(frame)}" for caption, frame in said.tables().items())]
    frames = {
        name: getattr(said, name) for name in ("contents", "growth", "largest", "persons", "problems", "quarantined")
    }
    plain = {
        "file_count": said.files,
        "size_bytes": said.size_bytes,
        "problem_count": said.problem_count,
        "missing_bytes": said.missing_bytes,
        "unverified_count": said.unverified,
        "quarantined_bytes": said.quarantined_bytes,
        "near_limit": said.near_limit,
        **{name: frame.to_dicts() for name, frame in frames.items()},
    }
    answer(plain, as_json=as_json, words="\n\n".join(parts))


def _facts(said: StorageReport) -> str:
    from mhc_lab.core import display

    return "\n".join(f"{name}: {display.text(value)}" for name, value in said.facts().items())


def _lines(frame: pl.DataFrame) -> str:
    """A table for a terminal."""
    from mhc_lab.core import display

    rows = [
        [name.replace("_", " ") for name in frame.columns],
        *([display.text(one) for one in row] for row in frame.rows()),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


@repair.command()
def plan(as_json: Json = False) -> None:
    """Write down what can be mended, from which copy. Nothing is changed yet. Verify before: what was not found is not mended.

    Example: mhc media repair plan
    """
    from mhc_lab.jobs.repair import plan_repair

    with opened() as wb:
        verbs.answer_plan(plan_repair(wb, progress=wb.progress), wb.folder("plans"), as_json=as_json)


def _repair() -> tuple[type[Plan], Job[Any]]:
    from mhc_lab.jobs.repair import REPAIR, RepairPlan

    return RepairPlan, REPAIR


verbs.add(repair, "media repair", _repair)


@baseline.command()
def record(
    persons: Annotated[list[str] | None, typer.Argument(help="Names of persons to look at in any case.")] = None,
    random: Annotated[int, typer.Option(min=0, help="So many others, by chance.")] = 5,
    everybody: Annotated[bool, typer.Option("--everybody", help="Everybody who has pictures.")] = False,
    as_json: Json = False,
) -> None:
    """Keep which pictures of whom can be shown. Each is read, compared with its digest, and decoded.

    Example: mhc media baseline record amber_otter --random 10
    """
    from mhc_lab.jobs import baseline as job

    with opened() as wb:
        recorded = job.record(wb, persons=persons or (), random=random, everybody=everybody, progress=wb.progress)
    plain = {"id": recorded.id, "persons": [_plain_person(one) for one in recorded.persons]}
    answer(plain, as_json=as_json, words=f"{recorded}\nCompare later: mhc media baseline check {recorded.id}")


@baseline.command()
def check(
    baseline_id: Annotated[str, typer.Argument(help="The baseline's id; without it the newest.")] = "",
    as_json: Json = False,
) -> None:
    """Look at the same persons again. Exit code 1 when one of them has a working picture less, a broken one more, or lost the primary.

    Example: mhc media baseline check
    """
    from mhc_lab.jobs import baseline as job
    from mhc_lab.services import baselines

    with opened() as wb:
        with wb.reader as session:
            recorded = baselines.get(session, baseline_id)
        compared = job.check(wb, recorded, progress=wb.progress)
    worse = [{"username": one.before.username, "reasons": one.reasons} for one in compared.worse]
    plain = {
        "id": recorded.id,
        "is_good": compared.is_good,
        "worse": worse,
        "before": [_plain_person(one) for one in recorded.persons],
        "now": [_plain_person(one) for one in compared.now],
    }
    answer(plain, as_json=as_json, words=str(compared))
    if not compared.is_good:
        raise typer.Exit(1)


def _plain_person(one: PersonPictures) -> dict[str, object]:
    return {
        "username": one.username,
        "working_count": len(one.working),
        "broken_count": len(one.broken),
        "unseen_count": len(one.unseen),
        "total_count": one.total,
        "primary": one.primary,
    }


def _verified_words(verified: Verified) -> str:
    lines = [f"  {one.file.relative_path}: {one.why}" for one in verified.findings[:_SHOWN]]
    left = len(verified.findings) - _SHOWN
    lines += [f"  … and {left:,} more: --json lists them all"] * (left > 0)
    lines += ["What has a second copy can be mended: mhc media repair plan"] * bool(verified.findings)
    return "\n".join([str(verified), *lines])


def _plain(verified: Verified) -> dict[str, object]:
    findings = [
        {"id": one.file.id, "relative_path": one.file.relative_path, "problem": one.problem, "why": one.why}
        for one in verified.findings
    ]
    return {
        "storage": verified.storage,
        "slice": str(verified.part),
        "reads_data": verified.reads_data,
        "looked_at_count": verified.looked_at_count,
        "counts": verified.counts(),
        "findings": findings,
        "mended": verified.mended,
        "stopped": verified.stopped,
    }
