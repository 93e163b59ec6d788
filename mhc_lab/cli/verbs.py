"""The verbs that every job has besides ``plan``: show, approve, apply, status, restore."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from mhc_lab.cli.output import Json, answer, opened
from mhc_lab.core.errors import NotFoundError
from mhc_lab.core.ids import RunId

if TYPE_CHECKING:
    from mhc_lab.jobs.plan import Plan
    from mhc_lab.jobs.stepwise import Job

PlanFile = Annotated[Path, typer.Argument(help="The plan's file, as `plan` printed it.", exists=True, dir_okay=False)]
AFTERWARDS = "Figures follow with the next `mhc mirror refresh`."


def answer_plan(made: Plan, folder: Path, *, as_json: bool) -> None:
    """Save a plan that was just made, show it, and say how to go on."""
    plan_hash = made.hash
    path = made.save(folder / f"{made.kind.replace(' ', '-')}-{plan_hash[:8]}.json")
    if as_json:
        answer(made.content() | {"plan": path, "hash": plan_hash}, as_json=True)
    else:
        answer(made, as_json=False, words=f"{made.words()}\nNext: mhc {made.kind} approve {path} --by YOUR_NAME")


def add(
    app: typer.Typer, kind: str, load: Callable[[], tuple[type[Plan], Job[Any]]], *, is_reversible: bool = True
) -> None:
    """Give ``app`` the verbs of the job ``kind``; ``load`` imports its plan class and the job when one of them is called.

    There is no ``restore`` where there is no way back.
    """

    @app.command(help=f"Show every single action of a plan.\n\nExample: mhc {kind} show PLAN")
    def show(plan_file: PlanFile, as_json: Json = False) -> None:
        made = load()[0].load(plan_file)
        answer(made, as_json=as_json, words=made.words())

    @app.command(
        help="Approve a plan exactly as it is now. Edit the file before, to leave actions out."
        f"\n\nExample: mhc {kind} approve PLAN --by ada"
    )
    def approve(
        plan_file: PlanFile, by: Annotated[str, typer.Option(help="Who approves.")], as_json: Json = False
    ) -> None:
        approved = load()[0].load(plan_file).approve(by=by)
        path = approved.save(plan_file.with_suffix(".approved.json"))
        words = f"Approved by {approved.by}.\nNext: mhc {kind} apply {path}"
        answer({"approved": path, "by": approved.by, "hash": approved.plan_hash}, as_json=as_json, words=words)

    @app.command(
        help="Do what an approved plan says. A run that was killed is taken up again, a finished one does nothing."
        f"\n\nExample: mhc {kind} apply PLAN.approved.json"
    )
    def apply(approved_file: PlanFile, as_json: Json = False) -> None:
        from mhc_lab.jobs import stepwise
        from mhc_lab.jobs.plan import load_approved

        plan_class, job = load()
        with opened() as wb:
            receipt = stepwise.apply(wb, job, load_approved(plan_class, approved_file), progress=wb.progress)
        answer(receipt, as_json=as_json, words=f"{receipt}\n{AFTERWARDS}")

    @app.command(help=f"List the latest runs, newest first.\n\nExample: mhc {kind} status")
    def status(as_json: Json = False) -> None:
        from mhc_lab.jobs import journal

        with opened() as wb, wb.reader as session:
            runs = journal.recent(session, kind)
        lines = [
            f"{run.id}  {run.started_at:%Y-%m-%d %H:%M}  {run.state:9} by {run.approved_by}{_undoes(run.restores)}"
            for run in runs
        ]
        answer(runs, as_json=as_json, words="\n".join(lines) or "No runs yet.")

    if not is_reversible:
        return

    @app.command(help=f"Undo a run: everything is as it was before.\n\nExample: mhc {kind} restore 0c9f3f4e-…")
    def restore(
        run: Annotated[str, typer.Argument(help="The run's id, as `status` lists it.")], as_json: Json = False
    ) -> None:
        from mhc_lab.jobs import stepwise

        try:
            wanted = RunId(UUID(run))
        except ValueError:
            raise NotFoundError(f"{kind} run", run, hint=f"List them with `mhc {kind} status`.") from None
        _, job = load()
        with opened() as wb:
            receipt = stepwise.restore(wb, job, stepwise.receipt_of(wb, job, wanted), progress=wb.progress)
        answer(receipt, as_json=as_json, words=f"{receipt}\n{AFTERWARDS}")


def _undoes(run: RunId | None) -> str:
    return f", undoes {run}" if run else ""
