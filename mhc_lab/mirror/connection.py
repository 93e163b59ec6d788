"""``Mirror``: the published copy, opened behind closed doors, asked by name.

A hub in memory attaches the one published file, read-only, and then locks itself: no other file, no network, no extension, no
setting. A mirror is what it was when it was opened, however often others refresh; so an answer that was kept with it stays true.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import duckdb
import polars as pl

from mhc_lab.core.errors import MirrorError, UserError
from mhc_lab.mirror import answers, proof, queries
from mhc_lab.mirror.frames import registered
from mhc_lab.mirror.manifest import REMEDY, Manifest, status
from mhc_lab.mirror.sql import CLOSED, literal, quoted

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Mirror:
    """The rows of one snapshot, read-only."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
        self.manifest = manifest
        self._connection, self._lock = connection, threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The mirror published in ``folder``; size and counts are checked, the digest only by ``mhc mirror verify``.

        Raises
        ------
        MirrorError
            There is none, or it is damaged.
        """
        manifest = status(folder)
        if manifest is None:
            raise MirrorError(f"There is no mirror in {folder}. {REMEDY}")
        path = folder / manifest.file
        if not path.exists() or path.stat().st_size != manifest.size_bytes:
            raise MirrorError(f"The mirror {path} is missing or not as long as it was made. {REMEDY}")
        connection = _hub()
        try:
            _attach(connection, path)
            findings = proof.differences(manifest.rows, proof.counts(connection, manifest.rows))
        except duckdb.Error as damage:
            connection.close()
            raise MirrorError(f"The mirror {path} is damaged. {REMEDY}") from damage
        if findings:
            connection.close()
            raise MirrorError(f"The mirror {path} is not what was published: {' '.join(findings)} {REMEDY}")
        return cls(connection, manifest)

    @classmethod
    def from_tables(cls, tables: Mapping[str, pl.DataFrame], *, made_at: datetime = _EPOCH) -> Self:
        """A mirror in memory of these tables, for tests and examples."""
        connection = _hub()
        for name, frame in tables.items():
            with registered(connection, {"frame": frame}):
                connection.execute(f"CREATE TABLE {quoted(name)} AS FROM frame")
        rows = {name: frame.height for name, frame in tables.items()}
        _lock(connection)
        return cls(connection, Manifest(0, ":memory:", made_at, "memory", rows, "", 0, proved=False))

    @property
    def version(self) -> int:
        """The number of this mirror: it grows with every refresh."""
        return self.manifest.version

    @property
    def made_at(self) -> datetime:
        """The instant all of its rows are from."""
        return self.manifest.made_at

    @property
    def revision(self) -> str:
        """The revision of the schema it was made from."""
        return self.manifest.revision

    def query(
        self, name: str, /, *, frames: Mapping[str, pl.DataFrame] | None = None, **params: object
    ) -> pl.DataFrame:
        """The answer of ``queries/<name>.sql``; ``frames`` are tables that it may read besides, for this one question.

        Raises
        ------
        NotFoundError
            There is no such query.
        UserError
            Its parameters are others than those given.
        MirrorError
            It reads a table that this mirror does not have, or the mirror's file is damaged.
        """
        query, frames = queries.load(name), frames or {}
        query.check(params)
        self._check_tables(query, frames)
        with self._lock, registered(self._connection, frames):
            try:
                kept = answers.kept(self._connection, name, params) if name in self.manifest.answers else None
                return pl.DataFrame(self._connection.sql(query.sql, params=params)) if kept is None else kept
            except (duckdb.IOException, duckdb.FatalException) as damage:
                raise MirrorError(f"The mirror {self.manifest.file} is damaged. {REMEDY}") from damage

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _check_tables(self, query: queries.Query, frames: Mapping[str, pl.DataFrame]) -> None:
        missing = query.reads - self.manifest.tables.keys() - frames.keys()
        if missing:
            raise MirrorError(
                f"The query {query.name} reads {', '.join(sorted(missing))}, which {self!r} does not have. {REMEDY}"
            )
        covered = frames.keys() & self.manifest.tables.keys()
        if covered:
            raise UserError(
                f"A frame may not be named like a table of the mirror: {', '.join(sorted(covered))}. Rename it."
            )

    def __repr__(self) -> str:
        return repr(self.manifest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _hub() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config=CLOSED)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the file at ``path`` all that ``connection`` can see."""
    connection.execute(f"ATTACH {literal(str(path))} AS mirror (READ_ONLY)")
    connection.execute("USE mirror")
    _lock(connection)


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
