"""Which user names and which relative paths are accepted.

Both rules refuse instead of repairing: two names that differ never become one.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.texts import storable

_USERNAME = re.compile(r"[a-z0-9_]{1,25}")


def username(text: str) -> str:
    """``text`` trimmed and lower-cased, when that is a user name.

    Only ASCII letters are folded: a name whose lower-case form would come out of Unicode folding (``K`` the Kelvin sign) is
    refused before it could become somebody else's.

    Raises
    ------
    RefusedError
        It is not 1 to 25 of ``a-z 0-9 _``.
    """
    trimmed = text.strip()
    name = trimmed.lower() if trimmed.isascii() else trimmed
    if not _USERNAME.fullmatch(name):
        shown = storable(trimmed if len(trimmed) <= 40 else f"{trimmed[:40]}…")
        raise RefusedError(
            f'"{shown}" is not a user name: 1 to 25 of the letters a-z, digits and _ are. Correct it and try again.',
            rule="user name",
        )
    return name


def relative_path(text: str) -> str:
    """``text`` when it stays below the root it is joined to: posix, relative, no ``..``, no NUL.

    Raises
    ------
    RefusedError
        It is absolute, empty, or climbs out.
    """
    path = PurePosixPath(text)
    if not text or "\x00" in text or path.is_absolute() or ".." in path.parts or str(path) == ".":
        raise RefusedError(f"{text!r} is not a path below the root of a store.", rule="relative path")
    return str(path)
