"""Every error the project raises on purpose.

::

    MhcError
    ├── UserError               someone at the keyboard can act; shown without a traceback
    │   ├── NotFoundError         nothing has that name; suggests near ones
    │   ├── ConflictError         someone else changed it first; carries both versions
    │   ├── StalePlanError        the world moved since the plan was made; carries what moved
    │   ├── RefusedError          it would be unsafe or is not allowed; says which rule
    │   └── ConfigurationError    a setting or the machine is not as needed; names the setting
    └── InternalError           a bug or a broken invariant; full traceback
        ├── IntegrityError        stored bytes and their digest differ
        └── MirrorError           mirror and schema disagree

A message says what, with which values, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MhcError(Exception):
    """The root: catch it to catch everything that this project raises on purpose."""


class UserError(MhcError):
    """Someone at the keyboard can act on it, so it is shown as one paragraph."""

    def _render_traceback_(self) -> list[str]:
        """Answer IPython's question how to show this error: kind and message, no stack."""
        return [f"{type(self).__name__}: {self}"]


class NotFoundError(UserError):
    """Nothing has that name."""

    def __init__(self, what: str, key: str, *, known: Iterable[str] = (), hint: str = "") -> None:
        near = difflib.get_close_matches(key, list(known), n=3, cutoff=0.5)
        parts = [f'No {what} named "{key}".']
        if near:
            parts.append(f"Did you mean {' or '.join(near)}?")
        if hint:
            parts.append(hint)
        super().__init__(" ".join(parts))
        self.what, self.key, self.near = what, key, tuple(near)


class ConflictError(UserError):
    """Someone else changed the same thing first."""

    def __init__(self, message: str, *, mine: object, theirs: object) -> None:
        super().__init__(message)
        self.mine, self.theirs = mine, theirs


class StalePlanError(UserError):
    """The facts under a plan are no longer true."""

    def __init__(self, message: str, *, moved: Iterable[str]) -> None:
        super().__init__(message)
        self.moved = tuple(moved)


class RefusedError(UserError):
    """It would be unsafe, or a rule forbids it."""

    def __init__(self, message: str, *, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


class ConfigurationError(UserError):
    """A setting, or the machine it describes, is not as it has to be."""

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message)
        self.setting = setting


class InternalError(MhcError):
    """A bug or a broken invariant: the traceback is wanted."""


class IntegrityError(InternalError):
    """Stored bytes and their recorded digest differ."""


class MirrorError(InternalError):
    """The mirror and the schema disagree, or a published mirror is damaged."""
