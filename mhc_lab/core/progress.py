"""How long work says how far it is.

Work over two seconds takes ``progress: Progress = SILENT`` and calls it as often as it likes; whoever shows it decides how
often is worth looking at.
"""

from __future__ import annotations

import logging
from typing import Protocol


class Progress(Protocol):
    """Told what is being done, how much of it, and out of how much (None: not known)."""

    def __call__(self, done: int, total: int | None, doing: str) -> None:
        """Note that ``done`` of ``total`` of ``doing`` is behind us."""


def SILENT(done: int, total: int | None, doing: str) -> None:  # noqa: N802 - a constant that happens to be a function
    """Show nothing."""


class LogProgress:
    """A log line per tenth of the work: what papermill and pipes can show."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._seen: tuple[str, int] | None = None

    def __call__(self, done: int, total: int | None, doing: str) -> None:
        """Log when a new tenth of ``doing`` is reached."""
        tenth = 10 * done // total if total else 0
        if self._seen != (doing, tenth):
            self._seen = (doing, tenth)
            self._log.info("%s: %s of %s", doing, done, total if total is not None else "?")
