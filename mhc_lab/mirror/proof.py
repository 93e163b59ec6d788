"""Whether a mirror is what its manifest says: counts on both sides, damage found by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mhc_lab.core.errors import MirrorError
from mhc_lab.mirror.manifest import REMEDY, Manifest, status
from mhc_lab.mirror.sql import CLOSED, quoted

_LEDGER = "audit_runs"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found when a mirror was checked byte by byte and table by table."""

    manifest: Manifest
    findings: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __repr__(self) -> str:
        return f"{self.manifest} · {'as it was proved' if self.holds else ' '.join(self.findings)}"


def verify(folder: Path) -> Proof:
    """The published mirror of ``folder``, read from its first byte to its last.

    Raises
    ------
    MirrorError
        There is none, or its pointer cannot be read.
    """
    manifest = status(folder)
    if manifest is None:
        raise MirrorError(f"There is no mirror in {folder}. {REMEDY}")
    path = folder / manifest.file
    if not path.exists():
        return Proof(manifest, (f"{manifest.file} is missing. {REMEDY}",))
    if digest(path) != manifest.sha256:
        return Proof(manifest, (f"{manifest.file} is not the file that was published. {REMEDY}",))
    with duckdb.connect(str(path), read_only=True, config=CLOSED) as connection:
        return Proof(manifest, differences(manifest.rows, counts(connection, manifest.rows)))


def digest(path: Path) -> str:
    """SHA-256 of the file at ``path``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def counts(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> dict[str, int]:
    """Rows by table, of those among ``tables`` that are there."""
    there = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    return {name: _count(connection, name) for name in tables if name in there}


def fingerprint(connection: duckdb.DuckDBPyConnection, tables: Iterable[str], *, revision: str) -> str:
    """A digest of all rows of ``tables``, whatever their order; what the ledger of audits says of itself is left out."""
    digest_ = hashlib.sha256(revision.encode())
    for table in sorted(set(tables) - {_LEDGER}):
        name = quoted(table)
        row = connection.execute(f"SELECT count(*), sum(CAST(hash(one) AS hugeint)) FROM {name} AS one").fetchone()  # noqa: S608
        digest_.update(f"{table} {row}".encode())
    return digest_.hexdigest()


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()  # noqa: S608 - a quoted name of ours
    return int(row[0]) if row else 0


def differences(expected: Mapping[str, int], found: Mapping[str, int]) -> tuple[str, ...]:
    """One sentence for each table whose rows are not as many as expected."""
    return tuple(
        f'"{table}" has {found.get(table, "no")} rows and should have {rows}.'
        for table, rows in expected.items()
        if found.get(table) != rows
    )
