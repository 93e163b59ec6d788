"""What a published mirror is, and the pointer that publishes it.

Manifest and pointer are one small file, ``current.json``, replaced in one step: a reader finds the old mirror or the new one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from mhc_lab.core import display
from mhc_lab.core.errors import MirrorError
from mhc_lab.core.home import replace_text

POINTER = "current.json"
REMEDY = "Run `mhc mirror refresh`."


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """What a mirror holds."""

    version: int
    file: str
    made_at: datetime
    """The instant of its snapshot."""
    revision: str
    """The schema's revision."""
    tables: dict[str, int]
    """Rows by table."""
    sha256: str
    size_bytes: int
    proved: bool
    """Whether PostgreSQL counted the same rows of the tables in the same snapshot."""
    answers: dict[str, int] = field(default_factory=dict)
    """Rows by query, of the answers that are kept beside the tables."""
    fingerprint: str = ""
    """Equal for two mirrors only when their tables hold the same rows."""

    @property
    def rows(self) -> dict[str, int]:
        """Rows by table, those of kept answers among them."""
        return self.tables | self.answers

    def __repr__(self) -> str:
        holds = f"{display.plural(len(self.tables), 'table')}, {display.plural(sum(self.tables.values()), 'row')}"
        return f"mirror {self.version} of {self.made_at:%Y-%m-%d %H:%M} UTC · {holds}"


def file_name(version: int | str) -> str:
    """The file of mirror ``version``; of any with ``"*"``."""
    return f"mirror-{version}.duckdb"


def status(folder: Path) -> Manifest | None:
    """The published mirror of ``folder``; None before the first.

    Raises
    ------
    MirrorError
        The pointer cannot be read.
    """
    try:
        said = json.loads((folder / POINTER).read_text(encoding="utf-8"))
        manifest = Manifest(**{**said, "made_at": datetime.fromisoformat(said["made_at"])})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError) as damage:
        raise MirrorError(f"The mirror's pointer {folder / POINTER} cannot be read. {REMEDY}") from damage
    if manifest.file != file_name(manifest.version):
        raise MirrorError(f"The mirror's pointer {folder / POINTER} names a strange file, {manifest.file!r}. {REMEDY}")
    return manifest


def publish(folder: Path, manifest: Manifest) -> None:
    """Make ``manifest`` the mirror that is read from now on."""
    said = {**asdict(manifest), "made_at": manifest.made_at.isoformat()}
    replace_text(folder / POINTER, json.dumps(said, indent=2) + "\n")
