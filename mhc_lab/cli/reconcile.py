"""``mhc media reconcile plan | show | approve | apply | status | restore``."""

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
    help="Set right what rows, files and snapshots say of each other.",
)


@app.command()
def plan(
    storage: Annotated[list[str] | None, typer.Option(help="Look through this storage only; may be repeated.")] = None,
    quarantine: Annotated[
        list[str] | None,
        typer.Option(help="Set this aside, as the plan lists it, or all of a class, like litter; may be repeated."),
    ] = None,
    believe: Annotated[
        list[str] | None,
        typer.Option(help="Believe what this storage lists, however few of its files are there; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write down what could be set right. Every row, every file and every path of a snapshot is looked through; nothing is changed yet.

    Exit code 1 when a storage could not be looked through.

    Example: mhc media reconcile plan --quarantine litter
    """
    from mhc_lab.jobs import reconcile

    with opened() as wb:
        made = reconcile.plan_reconcile(
            wb, storages=storage or (), quarantine=quarantine or (), believe=believe or (), progress=wb.progress
        )
        verbs.answer_plan(made, wb.folder("plans"), as_json=as_json)
    if made.findings:
        raise typer.Exit(1)


def _job() -> tuple[type[Plan], Job[Any]]:
    from mhc_lab.jobs.reconcile import RECONCILE
    from mhc_lab.jobs.reconcile_plan import ReconcilePlan

    return ReconcilePlan, RECONCILE


verbs.add(app, "media reconcile", _job)
