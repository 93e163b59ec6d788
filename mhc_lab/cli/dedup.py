"""``mhc dedup find | plan | show | approve | apply | status | restore``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhc_lab.cli import verbs
from mhc_lab.cli.output import Json, answer, opened

if TYPE_CHECKING:
    from mhc_lab.jobs.plan import Plan
    from mhc_lab.jobs.stepwise import Job

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Keep one copy of each file; set aside others, or bring them back.",
)


@app.command()
def find(
    storage: Annotated[str, typer.Option(help="The storage; without it that of MHC_MEDIA_ROOT, or the only one.")] = "",
    as_json: Json = False,
) -> None:
    """List the files of a storage that are there more than once. Every byte is read, registered or not; nothing is changed.

    What was read is remembered, so a second look reads only what is new. Exit code 1 when a file could not be read.

    Example: mhc dedup find --storage ssd
    """
    from mhc_lab.jobs import same_bytes, stores

    with opened() as wb:
        found = same_bytes.find(wb, stores.chosen(wb, storage)[0], progress=wb.progress)
    groups = [[file.relative_path for file in group] for group in found.groups]
    lines = [*("\n  = ".join(group) for group in groups), *(f"could not be read: {one}" for one in found.unreadable)]
    said = {"groups": groups, "reclaimable_bytes": found.reclaimable_bytes, "unreadable": found.unreadable}
    answer(said, as_json=as_json, words="\n".join([*lines, str(found)]))
    if found.unreadable:
        raise typer.Exit(1)


@app.command()
def plan(
    across_persons: Annotated[
        bool,
        typer.Option("--across-persons", help="Also copies of other persons' files, and of files of nobody known."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write down which copies could go, which one stays, and why. Nothing is changed yet.

    Example: mhc dedup plan
    """
    from mhc_lab.jobs import dedup

    with opened() as wb:
        made = dedup.plan_dedup(wb, across_persons=across_persons, progress=wb.progress)
        verbs.answer_plan(made, wb.folder("plans"), as_json=as_json)


def _job() -> tuple[type[Plan], Job[Any]]:
    from mhc_lab.jobs import dedup

    return dedup.DedupPlan, dedup.DEDUP


verbs.add(app, "dedup", _job)
