"""A value that must never be printed.

It shows itself as ``***`` wherever Python would turn it into text; only :meth:`Secret.reveal` gives it away, so that every
place that needs it can be found by searching for that word.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that prints as ``***``."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself: pass it on at once, never keep or show it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"
