"""``mhc dedup plan | show | approve | apply | status | restore``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhc_lab.cli import verbs
from mhc_lab.cli.output import Json, opened

if TYPE_CHECKING:
    from mhc_lab.jobs.plan import Plan
    from mhc_lab.jobs.stepwise import Job

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Keep one copy of each file, set the others aside, and bring them back.",
)


@app.command()
def plan(
    across_persons: Annotated[
        bool,
        typer.Option("--across-persons", help="Also copies of other persons' files, and of files of nobody known."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write down which copies of the same bytes could go, which one stays, and why; nothing is changed yet.

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
