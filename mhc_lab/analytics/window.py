"""A stretch of time, open at its start and closed at its end: an event at the very start belongs to the window before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from mhc_lab.core.errors import UserError


@dataclass(frozen=True, slots=True)
class Window:
    """The instants after ``start``, up to and with ``end``; both aware, in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            moment: datetime = getattr(self, name)
            if moment.tzinfo is None:
                raise UserError(f'The time "{moment}" has no time zone. Write 2026-03-01T10:00Z, or a date: a UTC day.')
            try:
                object.__setattr__(self, name, moment.astimezone(UTC))
            except OverflowError:
                raise UserError(f'The time "{moment}" is before the first or after the last year there is.') from None
        if self.start >= self.end:
            raise UserError(
                f"A window from {_text(self.start)} to {_text(self.end)} holds no time. Its start comes first."
            )

    @classmethod
    def parse(cls, since: str, until: str) -> Window:
        """The window from ``since`` to ``until``, each a date (its first instant, UTC) or a time with its zone.

        >>> Window.parse("2026-01-01", "2026-07-01")
        2026-01-01 – 2026-07-01 UTC
        >>> Window.parse("2026-01-01T12:00+01:00", "2026-01-02").days
        0.5416666666666666

        Raises
        ------
        UserError
            One is not a time, has no zone, or the end is not after the start.
        """
        return cls(_moment(since), _moment(until))

    @property
    def days(self) -> float:
        """Its length in days."""
        return (self.end - self.start).total_seconds() / 86400

    def __repr__(self) -> str:
        return f"{_text(self.start)} – {_text(self.end)} UTC"


def _moment(text: str) -> datetime:
    try:
        if len(text.strip()) == len("2026-01-01"):
            return datetime.combine(date.fromisoformat(text.strip()), time(tzinfo=UTC))
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(
            f'"{text}" is not a time. Write a date like 2026-03-01, or a time like 2026-03-01T10:00Z.'
        ) from None


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}" if moment.time() == time() else f"{moment:%Y-%m-%d %H:%M}"


EVER = Window.parse("1970-01-01", "9999-01-01")
"""All time."""
