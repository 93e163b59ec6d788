"""What a world that was made for show holds, written down beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import TypeAdapter

from mhc_lab.core import home

FILE = "truth.json"


class Saved:
    """A dataclass that is kept as a file."""

    __slots__ = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """What was saved at ``path``."""
        return TypeAdapter(cls).validate_json(path.read_bytes())

    def save(self, path: Path) -> None:
        """Write it down at ``path``, the same bytes for the same world."""
        home.replace_text(path, TypeAdapter(type(self)).dump_json(self, indent=1).decode() + "\n")
