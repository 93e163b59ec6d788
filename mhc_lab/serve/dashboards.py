"""Which notebooks are dashboards, and what they are about.

A notebook says so itself, in its metadata: ``{"mhc": {"dashboard": "Short title", "order": 10}}``. All others stay what they are,
notebooks, and are neither listed nor linked.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mhc_lab.core import shipped

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Dashboard:
    """A notebook that is shown as a page: its place and name in the navigation, where it lies, what it asks."""

    order: int
    title: str
    path: str
    question: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Dashboards about one thing; one that is alone gives the subject its name."""

    name: str
    dashboards: tuple[Dashboard, ...]


def subjects(folder: Path | None = None) -> tuple[Subject, ...]:
    """The dashboards below ``folder`` by the folder that they lie in, ``20_followers``, in the order of the first of each."""
    by_folder: dict[str, list[Dashboard]] = {}
    for dashboard in dashboards(folder):
        by_folder.setdefault(dashboard.path.rpartition("/")[0], []).append(dashboard)
    return tuple(
        Subject(_subject_name(place) if len(some) > 1 else some[0].title, tuple(some))
        for place, some in by_folder.items()
    )


def _subject_name(place: str) -> str:
    words = place.rpartition("/")[2].lstrip("0123456789_") or "others"
    return words.replace("_", " ").capitalize()


def dashboards(folder: Path | None = None) -> tuple[Dashboard, ...]:
    """Every dashboard below ``folder`` (default: the shipped notebooks), in the order of the navigation."""
    return tuple(sorted(_found(folder or shipped.folder("notebooks"))))


def _found(folder: Path) -> Iterator[Dashboard]:
    for path in folder.rglob("*.ipynb"):
        if ".ipynb_checkpoints" in path.parts:
            continue
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            log.warning("%s is not readable as a notebook, so it is not shown as a dashboard.", path)
            continue
        about = notebook.get("metadata", {}).get("mhc", {})
        if title := about.get("dashboard"):
            place = path.relative_to(folder).as_posix()
            yield Dashboard(about.get("order", 999), title, place, _question(notebook) or title)


def _question(notebook: dict[str, Any]) -> str:
    """The first heading of ``notebook``."""
    for cell in notebook.get("cells", ()):
        for line in "".join(cell["source"]).splitlines() if cell["cell_type"] == "markdown" else ():
            if line.startswith("# "):
                return line.removeprefix("# ").strip()
    return ""
