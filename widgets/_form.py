"""``Form``: fields become a value, the value is submitted, the result is shown.

What goes wrong stands under the button in one sentence, and what was typed stays, also when the page is loaded again: every change is
kept as a draft until the form is saved. Every form can be driven without a browser: set its fields, call ``form.save.click()``, read
``form.result``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Generic, TypeVar

import ipywidgets as ipw
from sqlalchemy.orm import Session
from traitlets import TraitError

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError
from mhc_lab.core.texts import unstorable
from mhc_lab.services import drafts
from mhc_lab.services.drafts import DraftKey
from mhc_lab.workbench import Workbench
from widgets._view import told

QUIET_SECONDS = 0.3
"""When nothing has come from the page for so long, nothing is on its way."""

Value = TypeVar("Value")
Result = TypeVar("Result")


class Form(ipw.VBox, Generic[Value, Result]):
    """Fields, a button that says what it does, and the outcome under it.

    A form overrides :attr:`value` and :meth:`submit`. A field is a widget whose ``value`` can be observed, described by a label of its
    own within the form; after a success all are as they were at first. ``subject`` tells the drafts of two forms of one kind apart.
    """

    def __init__(self, wb: Workbench, *fields: Any, verb: str, subject: str = "") -> None:
        self.wb = wb
        self.result: Result | None = None
        self.fields = fields
        self.save = ipw.Button(description=verb, button_style="primary")
        self.outcome = ipw.HTML()
        self.draft = Draft(wb, DraftKey(wb.user, type(self).__name__, subject), fields)
        self.save.on_click(lambda _: self._clicked())
        super().__init__([*fields, self.save, self.outcome, self.draft])

    @property
    def value(self) -> Value:
        """What the fields say; a ``UserError`` when they do not go together."""
        raise NotImplementedError

    def submit(self, session: Session) -> Result:
        """Hand :attr:`value` to a service, inside the transaction of ``session``."""
        raise NotImplementedError

    def carry_out(self) -> Result:
        """Submit in one transaction; a form over a job, which has its own, does the job instead."""
        with self.wb.transaction() as session:
            return self.submit(session)

    def shown(self, result: Result) -> str:
        """``result`` as safe HTML."""
        return display.note(str(result), kind="good")

    def disputed(self, conflict: ConflictError) -> str:
        """What somebody else made of it meanwhile, beside what was to be saved, as safe HTML."""
        pairs = [("yours, not saved", conflict.mine), ("theirs, saved", conflict.theirs)]
        return display.note(str(conflict), kind="bad") + display.versions(pairs)

    def _clicked(self) -> None:
        """Save what the page shows, not only what has come from it so far.

        A page sends what is typed piece by piece, each when the one before has been dealt with, but a click at once: who types fast and
        presses the button would save half a sentence.
        """
        self.save.disabled = True
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # there is no page
            self._save()
        else:
            loop.call_later(QUIET_SECONDS, self._save_when_quiet, loop, self._now())

    def _save_when_quiet(self, loop: asyncio.AbstractEventLoop, seen: list[Any]) -> None:
        now = self._now()
        if now == seen:
            self._save()
        else:
            loop.call_later(QUIET_SECONDS, self._save_when_quiet, loop, now)

    def _now(self) -> list[Any]:
        return [field.value for field in self.fields]

    def _save(self) -> None:
        self.save.disabled = True
        try:
            with told(self.outcome):
                try:
                    self.result = self.carry_out()
                except ConflictError as conflict:
                    self.outcome.value = self.disputed(conflict)
                    return
                self.outcome.value = self.shown(self.result)
                self.draft.clear()
        finally:
            self.save.disabled = False


class Draft(ipw.HBox):
    """Keeps what is typed into ``fields``, puts it back when the page is loaded again, and says so with a way to start over."""

    children: Any

    def __init__(self, wb: Workbench, key: DraftKey, fields: tuple[Any, ...]) -> None:
        self.wb, self.key, self.fields = wb, key, fields
        self._blank = [field.value for field in fields]
        self._quiet = False
        self.text = ipw.HTML()
        self.over = ipw.Button(description="Start over", tooltip="Empty the fields")
        self.over.on_click(lambda _: self.clear())
        super().__init__([])
        self._restore()
        for field in fields:
            field.observe(lambda _: self._keep(), "value")

    def clear(self) -> None:
        """Make every field as it was at first, and forget the draft."""
        self._fill(self._blank)
        self._forget()
        self.children = ()

    def rest_on(self, values: Sequence[Any]) -> None:
        """Let the fields begin with ``values`` from now on: those that nobody touched show them, what was typed stays."""
        shown = [
            new if field.value == before else field.value
            for field, before, new in zip(self.fields, self._blank, values, strict=True)
        ]
        self._blank = list(values)
        self._fill(shown)

    def _restore(self) -> None:
        with self.wb.transaction() as session:
            draft = drafts.find(session, self.key)
        if draft is None:
            return
        kept = _by_label(self.fields, draft.fields)
        self._fill([now if given is None else given for now, given in zip(self._blank, kept, strict=True)])
        self.text.value = display.note(f"What you had begun at {display.text(draft.saved_at)} UTC is here again.")
        self.children = [self.text, self.over]

    def _fill(self, values: list[Any]) -> None:
        self._quiet = True
        for field, value in zip(self.fields, values, strict=True):
            try:
                field.value = value
            except TraitError:  # a choice that there is no more
                continue
        self._quiet = False

    def _keep(self) -> None:
        if self._quiet:
            return
        now = [field.value for field in self.fields]
        if now == self._blank:
            self._forget()
            return
        fields = {
            field.description: _plain(value)
            for field, value, before in zip(self.fields, now, self._blank, strict=True)
            if value != before  # what nobody touched may be something else by the time the draft is read
        }
        with self.wb.transaction() as session:
            drafts.keep(session, self.key, fields, at=self.wb.clock.now())

    def _forget(self) -> None:
        with self.wb.transaction() as session:
            drafts.discard(session, self.key)


def _plain(value: Any) -> object:
    """The value of a field as JSON holds it; what it cannot hold is not kept."""
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, str) and unstorable(value) is not None:
        return None
    return value if isinstance(value, str | int | float) else None


def _by_label(fields: tuple[Any, ...], kept: Mapping[str, object]) -> list[Any]:
    """What was kept for each field; None when nothing was."""
    return [_given(kept.get(field.description)) for field in fields]


def _given(kept: object) -> object:
    if isinstance(kept, dict):
        return date.fromisoformat(str(kept.get("date")))
    if isinstance(kept, list):
        return tuple(_given(one) for one in kept)
    return kept
