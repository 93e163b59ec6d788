"""Finds the folders that ship beside the package: ``queries`` and ``notebooks``.

In a wheel they lie inside the package, in a checkout beside it.
"""

from __future__ import annotations

from pathlib import Path

from mhc_lab.core.errors import InternalError


def folder(name: str) -> Path:
    """The shipped folder ``name``, wherever this installation keeps it."""
    package = Path(__file__).parents[1]
    for candidate in (package / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise InternalError(f"The folder {name}/ is missing from this installation. Install the package again.")
