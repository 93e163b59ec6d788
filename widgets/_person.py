"""``AboutPerson``: a picker, and below it what there is to do about the person who is picked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from mhc_lab.core import display
from mhc_lab.services import people
from mhc_lab.services.people import Person
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker
from widgets._view import told


class AboutPerson(ipw.VBox):
    """What ``make`` makes of the person who is picked; of one who is given, without a picker that could lead elsewhere."""

    children: Any

    def __init__(self, wb: Workbench, make: Callable[[Person], Any], *, person: str = "") -> None:
        self.wb, self.make = wb, make
        self.form: Any = None
        self.hint = ipw.HTML()
        self.person = PersonPicker(wb, value=person)
        super().__init__([])
        self.person.observe(lambda _: self.renew(), "value")
        self._picked = [] if person else [self.person]
        self.renew()

    def renew(self) -> None:
        """Show what there is to do about the person by now."""
        self.form, self.hint.value = None, ""
        if self.person.value.strip():
            with told(self.hint):
                with self.wb.reader as session:
                    found = people.get(session, self.person.value)
                self.form = self.make(found)
        else:
            self.hint.value = display.note("Choose a person.")
        self.children = [*self._picked, self.hint, *([self.form] if self.form is not None else [])]
