"""A clock that stands still until it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FrozenClock:
    """Says the same time until :meth:`tick`."""

    def __init__(self, now: datetime = datetime(2026, 7, 2, 12, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def tick(self, *, seconds: float = 1) -> None:
        self._now += timedelta(seconds=seconds)
