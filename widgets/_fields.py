"""Fields that know something: names of persons, stretches of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import ipywidgets as ipw
from sqlalchemy.orm import Session
from traitlets import Unicode

from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.core.names import username
from mhc_lab.services import people
from mhc_lab.services.people import Completion
from mhc_lab.workbench import Workbench

SUGGESTIONS = 20
"""More than this are not read; another letter brings them down."""


class PersonPicker(ipw.VBox):
    """A user name, completed from PostgreSQL while it is typed, former names too; says what there is to know about that person."""

    value = Unicode(help="The name as it is typed.")

    def __init__(self, wb: Workbench, *, value: str = "", description: str = "Person") -> None:
        self.wb, self.description = wb, description
        self.name = ipw.Combobox(description=description, placeholder="user name", continuous_update=True)
        self.hint = ipw.HTML()
        self.name.observe(lambda _: self._typed(), "value")
        super().__init__([self.name, self.hint])
        self.observe(lambda change: setattr(self.name, "value", change.new), "value")
        self.value = value

    def meant(self, session: Session) -> PersonId | None:
        """Whom the name means, today's or a former one; None as long as it is nobody's."""
        try:
            name = username(self.value)
        except RefusedError:
            return None
        return people.find(session, [name]).get(name)

    def _typed(self) -> None:
        self.value = typed = str(self.name.value).strip()
        found: list[Completion] = []
        if typed:
            with self.wb.reader as session:
                found = people.complete(session, typed, limit=SUGGESTIONS)
        self.name.options = [one.name for one in found]
        meant = next((one for one in found if one.name == typed.lower()), None)
        self.hint.value = _hint(meant) if meant else ""


def first_instant(day: date | None, *, after: int = 0) -> datetime | None:
    """The first instant of a day (UTC), or of one so many days after it."""
    return None if day is None else _midnight(day + timedelta(days=after))


def _hint(meant: Completion) -> str:
    renamed = display.note(f"{meant.name} is called {meant.username} today.") if meant.name != meant.username else ""
    reason = meant.excluded_reason
    return renamed + (display.note(f"Left out of every figure: {reason}") if reason else "")


class WindowPicker(ipw.HBox):
    """A stretch of time: so many days up to the newest list, everything, or days of your own.

    ``on_change`` is called once for every choice, also when that sets several fields.
    """

    EVERYTHING, OWN_DAYS = "everything", "own days"

    def __init__(
        self, *, oldest: datetime, newest: datetime, value: Window | None = None, on_change: Callable[[], None]
    ) -> None:
        self.oldest, self.newest, self.on_change = oldest, newest, on_change
        choices: list[tuple[str, object]] = [(f"last {days} days", days) for days in (7, 30, 90, 180)]
        choices += [(name, name) for name in (self.EVERYTHING, self.OWN_DAYS)]
        begin = 90 if value is None else self.EVERYTHING if value == self._everything() else self.OWN_DAYS
        self.preset = ipw.Dropdown(description="Window", options=choices, value=begin)
        self.since, self.until = ipw.DatePicker(description="From"), ipw.DatePicker(description="To")
        self._given = value or self.value
        self._quiet = False
        self._show(self._given)
        self.preset.observe(lambda _: self._chosen(), "value")
        for field in (self.since, self.until):
            field.observe(lambda _: self._typed(), "value")
        super().__init__([self.preset, self.since, self.until], layout={"flex_flow": "row wrap"})

    @property
    def value(self) -> Window:
        """The chosen window; a ``UserError`` when its days are the wrong way round."""
        if self.preset.value == self.OWN_DAYS:
            return self._own()
        if self.preset.value == self.EVERYTHING:
            return self._everything()
        return Window(self.newest - timedelta(days=self.preset.value), self.newest)

    def renew(self) -> None:
        """Show the days that the choice means by now; days of one's own stay."""
        if self.preset.value != self.OWN_DAYS:
            self._show(self.value)

    def _everything(self) -> Window:
        return Window(min(self.oldest, self.newest - timedelta(days=1)), self.newest)

    def _own(self) -> Window:
        """The days as typed, the last one included; the window given at first as long as its days stand there."""
        since, until = self.since.value or self.oldest.date(), self.until.value or self.newest.date()
        if (since, until) == _days(self._given):
            return self._given
        return Window(_midnight(since), _midnight(until + timedelta(days=1)))

    def _chosen(self) -> None:
        if not self._quiet:
            self._show(self.value)
            self.on_change()

    def _typed(self) -> None:
        if not self._quiet:
            self._quiet = True
            self.preset.value = self.OWN_DAYS
            self._quiet = False
            self.on_change()

    def _show(self, window: Window) -> None:
        self._quiet = True
        self.since.value, self.until.value = _days(window)
        self._quiet = False


def _days(window: Window) -> tuple[date, date]:
    """The first and the last day that ``window`` touches."""
    return window.start.date(), (window.end - timedelta(microseconds=1)).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(tzinfo=UTC))
