"""``mhc exclude plan | show | approve | apply | status | restore``."""

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
    help="Leave persons out of every figure, and count them again.",
)


@app.command()
def plan(
    usernames: Annotated[list[str], typer.Argument(help="Who.")],
    reason: Annotated[str, typer.Option(help="Why: shown wherever they are missing.")],
    as_json: Json = False,
) -> None:
    """Write down whom to leave out and why; nothing is changed yet.

    Example: mhc exclude plan spam_account_1 spam_account_2 --reason "spam"
    """
    from mhc_lab.jobs import exclusion

    with opened() as wb:
        made = exclusion.plan_exclusion(wb, usernames, reason=reason)
        verbs.answer_plan(made, wb.folder("plans"), as_json=as_json)


def _job() -> tuple[type[Plan], Job[Any]]:
    from mhc_lab.jobs import exclusion

    return exclusion.ExclusionPlan, exclusion.EXCLUSION


verbs.add(app, "exclude", _job)
