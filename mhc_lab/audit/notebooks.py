"""The notebooks that ship with the workbench: what each one asks, and which of them a fresh workbench runs first.

A notebook says the rest about itself in its metadata: ``{"mhc": {"start": true, "dashboard": "Short title", "order": 10}}``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhc_lab.core import shipped
from mhc_lab.core.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook: where it lies, its name, and the question in its title."""

    path: Path
    name: str
    title: str
    is_start: bool

    @classmethod
    def read(cls, path: Path) -> Notebook:
        """The notebook at ``path``, named by its folder and file: ``20_followers/who_left_and_when``."""
        content = json.loads(path.read_text(encoding="utf-8"))
        about = content["metadata"].get("mhc", {})
        name = f"{path.parent.name}/{path.stem}"
        return cls(path, name, _title(content["cells"]) or path.stem, about.get("start") is True)

    @property
    def short_name(self) -> str:
        """The file's own name, which no two notebooks share."""
        return self.path.stem


def catalogue() -> tuple[Notebook, ...]:
    """Every notebook, in the order of the folders."""
    return tuple(Notebook.read(path) for path in sorted(shipped.folder("notebooks").glob("[0-9]*/*.ipynb")))


def start_set() -> tuple[Notebook, ...]:
    """The notebooks that ``make run`` runs."""
    return tuple(notebook for notebook in catalogue() if notebook.is_start)


def find(name: str) -> Notebook:
    """The notebook called ``name``, with or without its folder.

    Raises
    ------
    NotFoundError
        There is none; near names are suggested.
    """
    known = {key: notebook for notebook in catalogue() for key in (notebook.short_name, notebook.name)}
    wanted = name.removesuffix(".ipynb")
    if wanted not in known:
        raise NotFoundError("notebook", name, known=known, hint="`mhc audit list` shows them all.")
    return known[wanted]


def source(cell: dict[str, Any]) -> str:
    """The text of a cell, which a file may keep as one string or as lines."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def _title(cells: list[dict[str, Any]]) -> str:
    headings = (line for cell in cells if cell["cell_type"] == "markdown" for line in source(cell).splitlines())
    return next((line.removeprefix("# ").strip() for line in headings if line.startswith("# ")), "")
