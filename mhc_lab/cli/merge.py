"""``mhc merge plan | show | approve | apply | status | restore``."""

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
    help="Make persons one who are the same, and part them again.",
)


@app.command()
def plan(
    keep: Annotated[str, typer.Argument(help="Who stays.")],
    others: Annotated[list[str], typer.Argument(help="Who is the same person: their names become former names.")],
    why: Annotated[str, typer.Option(help="Why: kept with the run.")],
    as_json: Json = False,
) -> None:
    """Write down who becomes part of whom. And what is known about them; nothing is changed yet.

    Example: mhc merge plan alicia alice --why "renamed in March, says so on her page"
    """
    from mhc_lab.jobs import merge

    with opened() as wb:
        made = merge.plan_merge(wb, keep, others, why=why)
        verbs.answer_plan(made, wb.folder("plans"), as_json=as_json)


def _job() -> tuple[type[Plan], Job[Any]]:
    from mhc_lab.jobs import merge

    return merge.MergePlan, merge.MERGE


verbs.add(app, "merge", _job)
