"""``mhc purge plan | show | approve | apply | status``."""

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
    help="Remove for good what was set aside long ago and is elsewhere.",
)


@app.command()
def plan(
    older_than_days: Annotated[
        int, typer.Option("--older-than", min=0, help="Set aside more than so many days ago.")
    ] = 30,
    as_json: Json = False,
) -> None:
    """Write down what could be removed for good. And what cannot, and why; nothing is changed yet.

    Example: mhc purge plan --older-than 90
    """
    from mhc_lab.jobs import purge

    with opened() as wb:
        made = purge.plan_purge(wb, older_than_days=older_than_days)
        verbs.answer_plan(made, wb.folder("plans"), as_json=as_json)


def _job() -> tuple[type[Plan], Job[Any]]:
    from mhc_lab.jobs import purge

    return purge.PurgePlan, purge.PURGE


verbs.add(app, "purge", _job, is_reversible=False)
