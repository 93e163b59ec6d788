"""How rows and files are, so that two moments can be told apart to the last byte."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from mhc_lab.storage.store import QUARANTINE
from mhc_lab.workbench import Workbench

_TABLES = ("media_locator", "snapshot_pictures", "affiliate_api_snapshots")


@dataclass(frozen=True, slots=True)
class State:
    """Every row of the library and of snapshots, and every file, by digest."""

    rows: Mapping[str, frozenset[str]]
    """By table."""
    files: Mapping[str, bytes]
    """By path; empty folders are nothing."""

    @property
    def aside(self) -> list[str]:
        """Files in quarantine."""
        return [path for path in self.files if f"/{QUARANTINE}/" in path]

    def differences(self, other: State) -> int:
        """How many rows and files there are in one of the two only, or not the same in both."""
        rows = sum(len(self.rows[table] ^ other.rows[table]) for table in _TABLES)
        return rows + len(self.files.items() ^ other.files.items())


def now(wb: Workbench, folder: Path) -> State:
    """How the library is, and every file below ``folder``."""
    with wb.reader as session:
        rows = {
            table: frozenset(session.scalars(sa.text(f"SELECT md5({table}::text) FROM {table}"))) for table in _TABLES
        }
    return State(rows, dict(_files(folder)))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    root = str(folder)
    for here, _, names in os.walk(root):
        for name in names:
            path = f"{here}/{name}"
            with open(path, "rb") as file:  # noqa: PTH123 - not a Path for each of half a million files
                yield path[len(root) + 1 :], hashlib.sha256(file.read()).digest()
