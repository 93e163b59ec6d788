"""``mhc media verify``: whether everything is still there, with its bytes.

Exit code 1 when anything is not as it should be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mhc_lab.cli.output import Json, answer, opened

if TYPE_CHECKING:
    from mhc_lab.jobs.verify import Verified

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
    """Look for every registered file: is it there, has it its size and, with --read-data, its bytes.

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
