"""``PlanReview``: look through a plan, untick what should not be done, approve the rest. ``JobReview``: then do it, and undo it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import compress
from typing import Any, Generic, TypeVar

import ipywidgets as ipw
import polars as pl

from mhc_lab.core import display
from mhc_lab.core.errors import IntegrityError, RefusedError
from mhc_lab.core.ids import MediaId
from mhc_lab.jobs import stepwise
from mhc_lab.jobs.plan import Approved, Plan, Receipt, files, group
from mhc_lab.jobs.previews import previews
from mhc_lab.jobs.stepwise import Job
from mhc_lab.services import media
from mhc_lab.workbench import Workbench
from widgets._action_line import ActionLine
from widgets._pages import Pages
from widgets._view import Freshness, Gauge, Sight, View, held, told

P = TypeVar("P", bound=Plan)

PAGE = 50
"""So many actions are one page."""
BREATH = 0.01
"""Seconds between two pictures in which what a person does is heeded."""
FEW = 10
"""So many actions need no search."""
ANY, OTHER = "", "other"


class PlanReview(View, Generic[P]):
    """A plan of any length, a page of its actions at a time: each with its reason, its tick, and the pictures it is about.

    Actions are found by class and by words; all that are found are ticked or unticked at once. The approval is bound to exactly what is
    ticked: :attr:`plan` is the plan as ticked, :attr:`approved` what the button made of it; a tick changed afterwards takes that back.
    """

    def __init__(self, plan: P, *, by: str, wb: Workbench | None = None) -> None:
        self.whole: P = plan
        self.by, self.wb = by, wb
        self.approved: Approved[P] | None = None
        self.ticked = bytearray(b"\1") * len(plan.actions)
        self.found: Sequence[int] = range(len(plan.actions))
        self._groups = [group(action) or OTHER for action in plan.actions]
        self._planned = Counter(self._groups)
        self._texts: list[str] = []
        self._is_seen = False
        self._awaited: Iterator[bool] = iter(())
        self._deck: list[ActionLine] = []
        self.title, self.classes, self.where = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.count, self.outcome, self.sight = ipw.HTML(), ipw.HTML(), Sight()
        self.group = ipw.Dropdown(description="Class", options=self._offered())
        self.words = ipw.Text(description="Name or reason", placeholder="a piece of it", continuous_update=False)
        self.all, self.none = ipw.Button(), ipw.Button()
        self.pages = Pages(PAGE, on_turn=self._show)
        self.lines = ipw.VBox()
        self.approve = ipw.Button(description="Approve", button_style="primary")
        self.standing = ipw.HBox([self.count, self.approve, self.outcome])
        super().__init__(self._laid_out())
        self._listen()
        self.title.value = display.facts(str(plan), [])
        self._find()
        self._count()

    @property
    def plan(self) -> P:
        """The plan without what is not ticked."""
        return self.whole.narrowed(self.ticked)

    @property
    def ticks(self) -> list[ipw.Checkbox]:
        """The ticks of the page that is shown."""
        return [line.tick for line in self.lines.children]

    def seen(self) -> None:
        """Somebody has the page before them: bring the pictures."""
        self._is_seen = True
        self._bring_pictures()

    def still(self) -> str:
        """What the plan would do, by class, and its first actions; pictures of people are not handed on."""
        rows = [(action.name, action.reason) for action in self.whole.actions[:PAGE]]
        frame = pl.DataFrame(rows, schema={"what": pl.String, "why": pl.String}, orient="row")
        shown = f"The first {len(rows)} of {len(self.ticked):,} actions" if len(rows) < len(self.ticked) else "Actions"
        table = display.table(frame, caption=shown) if rows else ""
        return f"{self.title.value}{self._by_class()}{table}"

    # what is found

    def _find(self) -> None:
        """Begin at the first page of what has the class and the words."""
        wanted, words = self.group.value, self.words.value.strip().casefold()
        self.found = range(len(self.ticked))
        if wanted != ANY:
            self.found = [place for place in self.found if self._groups[place] == wanted]
        if words:
            self._texts = self._texts or [f"{one.name}\n{one.reason}".casefold() for one in self.whole.actions]
            self.found = [place for place in self.found if words in self._texts[place]]
        self.pages.fit(len(self.found))
        self._show()

    def _show(self) -> None:
        """Put a page of actions on the lines there are; a line is used again, because the page would keep every one it ever had."""
        begin = self.pages.begin
        places = self.found[begin : begin + PAGE]
        while len(self._deck) < len(places):
            self._deck.append(ActionLine(on_tick=self._tick))
        for line, place in zip(self._deck, places, strict=False):
            line.show(place, self.whole.actions[place], ticked=bool(self.ticked[place]))
        self.lines.children = self._deck[: len(places)]
        shown = f"{begin + 1:,} to {begin + len(places):,} of {display.plural(len(self.found), 'action')}"
        self.where.value = display.note(shown if places else "No such action.")
        for button, verb in ((self.all, "Tick"), (self.none, "Untick")):
            button.description, button.disabled = f"{verb} all {len(self.found):,}", not places
            button.tooltip = f"{verb} everything of this class and with these words, on every page"
        self._bring_pictures()

    # what is ticked

    def _tick(self, line: ActionLine) -> None:
        self.ticked[line.place] = line.tick.value
        self._changed()

    def _tick_all(self, *, value: bool) -> None:
        for place in self.found:
            self.ticked[place] = value
        for line in self.lines.children:
            line.set_tick(value=value)
        self._changed()

    def _changed(self) -> None:
        self.approved = None
        self.outcome.value = ""
        self._count()

    def _count(self) -> None:
        """Say how many are ticked, by class where there are several."""
        ticked = Counter(compress(self._groups, self.ticked))
        self.count.value = display.note(f"{ticked.total():,} of {len(self.ticked):,} ticked")
        self.classes.value = self._by_class(ticked)

    def _by_class(self, ticked: Counter[str] | None = None) -> str:
        """How many are planned of each class, where there are several, and how many of them are ``ticked``."""
        frame = pl.DataFrame(self._planned.most_common(), schema=["class", "planned"], orient="row")
        if ticked is not None:
            frame = frame.with_columns(pl.Series("ticked", [ticked[name] for name in frame["class"]]))
        return display.table(frame, caption="By class") if len(self._planned) > 1 else ""

    def _approve(self) -> None:
        with told(self.outcome):
            plan = self.plan
            if not plan.actions:
                raise RefusedError("Nothing is ticked, so there is nothing to approve.", rule="approval")
            self.approved = plan.approve(by=self.by)
            self.outcome.value = display.note(f"Approved by {self.approved.by}. Nothing is done yet.", kind="good")

    # pictures

    def _bring_pictures(self) -> None:
        """Bring the pictures of the page, a line at a time, so that a click in between is heeded; those of the page before are given up."""
        pictured = [line for line in self.lines.children if files(line.action)] if self._is_seen and self.wb else []
        self._awaited = self._brought(self.wb, pictured) if self.wb and pictured else iter(())
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # there is no page
            with told(self.outcome):
                deque(self._awaited, maxlen=0)
        else:
            loop.call_soon(self._next_picture, loop, self._awaited)

    def _next_picture(self, loop: asyncio.AbstractEventLoop, awaited: Iterator[bool]) -> None:
        with told(self.outcome):
            if awaited is self._awaited and next(awaited, False):
                loop.call_later(BREATH, self._next_picture, loop, awaited)

    def _brought(self, wb: Workbench, lines: list[ActionLine]) -> Iterator[bool]:
        wanted: list[tuple[ActionLine, MediaId]] = [(line, one) for line in lines for one in files(line.action)]
        with wb.reader as session:
            known = media.those(session, {one for _, one in wanted})
        shown = [(line, known[one]) for line, one in wanted if one in known]
        for (line, file), (_, preview) in zip(shown, previews(wb, [file for _, file in shown]), strict=True):
            line.see(file, preview)
            yield True

    # how it is laid out

    def _offered(self) -> list[tuple[str, str]]:
        each = [(f"{name} ({count:,})", name) for name, count in self._planned.most_common()]
        return [(f"any ({len(self.ticked):,})", ANY), *each]

    def _listen(self) -> None:
        for field in (self.group, self.words):
            field.observe(lambda _: self._find(), "value")
        self.all.on_click(lambda _: self._tick_all(value=True))
        self.none.on_click(lambda _: self._tick_all(value=False))
        self.approve.on_click(lambda _: self._approve())
        self.sight.on_msg(lambda *_: self.seen())

    def _laid_out(self) -> list[Any]:
        filters = ipw.HBox([self.group, self.words] if len(self._planned) > 1 else [self.words])
        bulk = ipw.HBox([self.all, self.none])
        for widget, name in (
            (filters, "mhc-filters"), (self.lines, "mhc-actions"), (self.standing, "mhc-standing"),
        ):  # fmt: skip
            widget.add_class(name)
        if len(self.ticked) <= FEW:
            return [self.title, self.lines, self.standing, self.sight]
        return [
            self.title, self.classes, filters, bulk, self.where, self.lines, self.pages, self.standing, self.sight,
        ]  # fmt: skip


class JobReview(View, Generic[P]):
    """A plan from its review to its receipt, and back: nothing is done that is not approved, and what was done can be undone."""

    def __init__(self, wb: Workbench, job: Job[P], plan: P, *, verb: str, undo: str = "Undo") -> None:
        self.wb, self.job = wb, job
        self.receipt: Receipt | None = None
        self.review = PlanReview(plan, by=wb.user, wb=wb)
        self.apply = ipw.Button(description=verb, tooltip="Do what is approved", disabled=not plan.actions)
        self.undo = ipw.Button(description=undo, tooltip="Let everything be as it was before", disabled=True)
        self.done = ipw.HTML()
        review = self.review
        deeds = [self.apply] if job.reverse is None else [self.apply, self.undo]
        review.standing.children = [review.count, review.approve, *deeds, review.outcome, self.done]
        self.apply.on_click(lambda _: self._apply())
        self.undo.on_click(lambda _: self._undo())
        super().__init__([self.review, Freshness(wb, on_refresh=lambda: None)])

    def still(self) -> str:
        """What the plan would do; a report does nothing."""
        return self.review.still()

    def _apply(self) -> None:
        is_finished = False
        with told(self.done), held(self.apply):
            if self.review.approved is None:
                raise RefusedError("The plan is not approved yet.", rule="approval")
            with self._gated():
                receipt = stepwise.apply(self.wb, self.job, self.review.approved, progress=Gauge(self.done))
                self.done.value, is_finished = _said(receipt), True
            self.receipt = stepwise.undoable(self.wb, self.job, self.review.approved.plan_hash)
        if self.receipt is not None:
            self.apply.disabled, self.undo.disabled, self.review.approve.disabled = is_finished, False, True

    def _undo(self) -> None:
        if self.receipt is None:
            return
        with told(self.done), held(self.undo), self._gated():
            receipt = stepwise.restore(self.wb, self.job, self.receipt, progress=Gauge(self.done))
            self.receipt, self.done.value = None, _said(receipt)
        self.undo.disabled = self.receipt is None

    @contextmanager
    def _gated(self) -> Iterator[None]:
        """Say what a gate says: it names what is worse than before, and how to undo the run."""
        try:
            yield
        except IntegrityError as worse:
            self.done.value = display.note(str(worse), kind="bad")


def _said(receipt: Receipt) -> str:
    """What was done, and what was not because the world is not as the plan says any more."""
    left = display.more(f"{len(receipt.refused):,} left as they are", receipt.refused[: display.SHOWN_ROWS])
    told_ = display.note(receipt.headline, kind="good") + (left if receipt.refused else "")
    return told_ + display.note("Figures change with the next refresh.")
