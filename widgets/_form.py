"""``Form``: fields become a value, the value is submitted, the result is shown.

What goes wrong stands under the button in one sentence, and what was typed stays. Every form can be driven without a browser: set its
fields, call ``form.save.click()``, read ``form.result``.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.workbench import Workbench
from widgets._view import told

Value = TypeVar("Value")
Result = TypeVar("Result")


class Form(ipw.VBox, Generic[Value, Result]):
    """Fields, a button that says what it does, and the outcome under it.

    A form overrides :attr:`value` and :meth:`submit`. Fields have a ``value``; after a success they are as they were at first.
    """

    def __init__(self, wb: Workbench, *fields: Any, verb: str) -> None:
        self.wb = wb
        self.result: Result | None = None
        self.fields = fields
        self.save = ipw.Button(description=verb, button_style="primary")
        self.outcome = ipw.HTML()
        self._blank = [field.value for field in fields]
        self.save.on_click(lambda _: self._save())
        super().__init__([*fields, self.save, self.outcome])

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

    def _save(self) -> None:
        self.save.disabled = True
        try:
            with told(self.outcome):
                self.result = self.carry_out()
                self.outcome.value = self.shown(self.result)
                for field, blank in zip(self.fields, self._blank, strict=True):
                    field.value = blank
        finally:
            self.save.disabled = False
