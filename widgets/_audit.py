"""``Audit``: what takes a while to find out. On a page a button does it; a report has found it out already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import ipywidgets as ipw

from mhc_lab.core import display
from mhc_lab.core.surface import Surface, surface
from mhc_lab.jobs.plan import Plan
from mhc_lab.jobs.stepwise import Job
from mhc_lab.services import storages
from mhc_lab.workbench import Workbench
from widgets._view import Gauge, View, held, told
from widgets.review import JobReview

P = TypeVar("P", bound=Plan)


@dataclass(frozen=True, slots=True)
class Found:
    """What an audit found: its parts to look at, its numbers, and how many things somebody has to see to."""

    parts: Sequence[View | ipw.HTML]
    recorded: Mapping[str, int] = field(default_factory=dict)
    finding_count: int = 0


class Audit(View):
    """Fields, a button that looks, and what was found; looked through again by the same button after something was set right.

    An audit overrides :meth:`look`. In a report it looks at once, and what goes wrong breaks the notebook.
    """

    children: Any

    def __init__(self, wb: Workbench, *fields: Any, verb: str) -> None:
        self.wb = wb
        self.found = Found(())
        self.start = ipw.Button(description=verb, button_style="primary")
        self.outcome, self.parts = ipw.HTML(), ipw.VBox()
        self.start.on_click(lambda _: self.show(self.start, self.look))
        super().__init__([ipw.HBox([*fields, self.start]), self.outcome, self.parts])
        if surface() is Surface.REPORT:
            self.found = self.look()

    def look(self) -> Found:
        """Find it out, with what the fields say."""
        raise NotImplementedError

    def still(self) -> str:
        """All that was found, as safe HTML that needs nothing else."""
        return "".join(part.still() if isinstance(part, View) else part.value for part in self.found.parts)

    def show(self, pressed: ipw.Button, look: Callable[[], Found]) -> None:
        """Look, and show what was found in place of what was found before."""
        with held(pressed), told(self.outcome):
            self.parts.children = ()
            self.found = look()
            self.outcome.value = ""
            self.parts.children = self.found.parts

    @property
    def _progress(self) -> Gauge:
        return Gauge(self.outcome)


def storage_choice(
    wb: Workbench, chosen: str, *, description: str = "Storage", without_one: str = "all"
) -> ipw.Dropdown:
    """One storage in use, or none of them, which means all unless ``without_one`` says something else."""
    with wb.reader as session:
        names = [one.name for one in storages.listed(session) if one.is_active]
        if chosen:
            storages.get(session, chosen)  # says which there are
    options = [(without_one, ""), *((name, name) for name in names)]
    return ipw.Dropdown(description=description, options=options, value=chosen)


def reviewed(wb: Workbench, job: Job[P], plan: P, *, verb: str, undo: str) -> View | ipw.HTML:
    """The plan to be looked through, or that there is nothing to do."""
    if plan.actions:
        return JobReview(wb, job, plan, verb=verb, undo=undo)
    return ipw.HTML(display.note(f"{plan}: nothing to do.", kind="good"))
