"""``mhc exclude plan | show | approve | apply | status | restore``: the verbs every job has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from mhc_lab.cli.output import Json, answer, opened
from mhc_lab.core.errors import NotFoundError
from mhc_lab.core.ids import RunId

if TYPE_CHECKING:
    from mhc_lab.jobs.exclusion import ExclusionPlan

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Leave persons out of every figure, and count them again.",
)

PlanFile = Annotated[Path, typer.Argument(help="The plan's file, as `plan` printed it.", exists=True, dir_okay=False)]


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
        path = made.save(wb.folder("plans") / f"exclude-{made.hash[:8]}.json")
    words = f"{_in_words(made)}\nNext: mhc exclude approve {path} --by YOUR_NAME"
    answer({"plan": path, "hash": made.hash, "actions": made.actions}, as_json=as_json, words=words)


@app.command()
def show(plan_file: PlanFile, as_json: Json = False) -> None:
    """Show every single action of a plan.

    Example: mhc exclude show PLAN
    """
    made = _load(plan_file)
    answer(made, as_json=as_json, words=_in_words(made))


@app.command()
def approve(plan_file: PlanFile, by: Annotated[str, typer.Option(help="Who approves.")], as_json: Json = False) -> None:
    """Approve a plan exactly as it is now; edit the file before to leave actions out.

    Example: mhc exclude approve PLAN --by ada
    """
    approved = _load(plan_file).approve(by=by)
    path = approved.save(plan_file.with_suffix(".approved.json"))
    words = f"Approved by {approved.by}.\nNext: mhc exclude apply {path}"
    answer({"approved": path, "by": approved.by, "hash": approved.plan_hash}, as_json=as_json, words=words)


@app.command()
def apply(approved_file: PlanFile, as_json: Json = False) -> None:
    """Do what an approved plan says; a run that was killed is taken up again, a finished one does nothing.

    Example: mhc exclude apply PLAN.approved.json
    """
    from mhc_lab.jobs import exclusion
    from mhc_lab.jobs.plan import load_approved

    with opened() as wb:
        approved = load_approved(exclusion.ExclusionPlan, approved_file)
        receipt = exclusion.apply_exclusion(wb, approved, progress=wb.progress)
    answer(receipt, as_json=as_json, words=f"{receipt}\nFigures follow with the next `mhc mirror refresh`.")


@app.command()
def status(as_json: Json = False) -> None:
    """List the latest runs, newest first.

    Example: mhc exclude status
    """
    from mhc_lab.jobs import exclusion, journal

    with opened() as wb, wb.reader as session:
        runs = journal.recent(session, exclusion.KIND)
    lines = [
        f"{run.id}  {run.started_at:%Y-%m-%d %H:%M}  {run.state:9} by {run.approved_by}{_undoes(run.restores)}"
        for run in runs
    ]
    answer(runs, as_json=as_json, words="\n".join(lines) or "No runs yet.")


@app.command()
def restore(
    run: Annotated[str, typer.Argument(help="The run's id, as `status` lists it.")], as_json: Json = False
) -> None:
    """Undo a run: everybody is counted, or left out, as before.

    Example: mhc exclude restore 0c9f3f4e-…
    """
    from mhc_lab.jobs import exclusion

    try:
        wanted = RunId(UUID(run))
    except ValueError:
        raise NotFoundError("exclude run", run, hint="List them with `mhc exclude status`.") from None
    with opened() as wb:
        receipt = exclusion.restore(wb, exclusion.receipt_of(wb, wanted), progress=wb.progress)
    answer(receipt, as_json=as_json, words=f"{receipt}\nFigures follow with the next `mhc mirror refresh`.")


def _load(path: Path) -> ExclusionPlan:
    from mhc_lab.jobs.exclusion import ExclusionPlan

    return ExclusionPlan.load(path)


def _in_words(made: ExclusionPlan) -> str:
    actions = [
        f"  {action.username}: {action.reason} (until now: {action.reason_before or 'counted'})"
        for action in made.actions
    ]
    return "\n".join([str(made), *actions])


def _undoes(run: RunId | None) -> str:
    return f", undoes {run}" if run else ""
