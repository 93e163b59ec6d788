"""One snapshot of PostgreSQL → a new file beside the old → answers to keep → proof → pointer.

All tables, and the views that are copied with them, come from one exported repeatable-read snapshot, so that figures of one mirror fit
together. Nobody waits for a refresh and no refresh waits for a reader: the published file is never touched. A refresh that is killed
leaves a temporary file that the next one removes.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mhc_lab.core import display
from mhc_lab.core.clock import Clock
from mhc_lab.core.errors import InternalError, MirrorError
from mhc_lab.core.home import locked, sync_folder
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role
from mhc_lab.mirror import answers, proof
from mhc_lab.mirror.answers import Question
from mhc_lab.mirror.connection import Mirror
from mhc_lab.mirror.manifest import Manifest, file_name, publish, status
from mhc_lab.mirror.projection import Projection, project
from mhc_lab.mirror.sql import CLOSED, literal, quoted
from mhc_lab.mirror.tables import Column, Table, readable

log = logging.getLogger(__name__)

Questions: TypeAlias = Callable[[Mirror], Iterable[Question]]
"""What is to be asked of a mirror, which may depend on what is in it."""
_Source = psycopg.Connection[tuple[Any, ...]]
_Crossing = tuple[tuple[Column, Projection], ...]

_KEPT = 2
_BUILDING = ".building-"
_EXTENSION = "duckdb_extension_postgres_scanner"

# Texts must not depend on how the server is set up, and a long copy must not be cut off.
_SESSION = """
-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=1
-c statement_timeout=0 -c idle_in_transaction_session_timeout=0
"""


def no_questions(mirror: Mirror) -> Iterable[Question]:
    """None to keep an answer of."""
    return ()


def refresh(
    database: Database, folder: Path, *, clock: Clock, progress: Progress = SILENT, questions: Questions = no_questions
) -> Manifest:
    """The manifest of a new mirror in ``folder``, proved and published; the one before it stays for those who read it.

    The answers of ``questions`` are kept in it.

    Raises
    ------
    MirrorError
        A column cannot be mirrored, or the copy does not have the rows of the snapshot. The published mirror stays as it was.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    with locked(folder / "refresh.lock"):
        _sweep(folder)
        version = _next_version(folder)
        building = folder / f"{_BUILDING}{version}.duckdb"
        conninfo = _conninfo(database)
        with _snapshot(conninfo) as (source, snapshot):
            made_at = clock.now()
            revision = str(_one_row(source, "SELECT version_num FROM alembic_version")[0])
            tables = readable(source, as_of=made_at)
            crossings = {table: tuple((one, project(one)) for one in table.columns) for table in tables}
            rows = {table.name: _count(source, table, crossing) for table, crossing in crossings.items()}
            _copy(building, crossings, conninfo=conninfo, snapshot=snapshot, progress=progress)
        copied = Manifest(version, file_name(version), made_at, revision, rows, "", 0, proved=False)
        manifest = _prove(building, _keep(building, copied, questions))
        _publish(folder, building, manifest)
    log.info("%s", manifest)
    return manifest


def _conninfo(database: Database) -> str:
    """The analyst's address, with our settings behind any the user gave."""
    theirs = database.conninfo(Role.ANALYST)
    return make_conninfo(theirs, options=f"{conninfo_to_dict(theirs).get('options', '')} {_SESSION}")


@contextmanager
def _snapshot(conninfo: str) -> Iterator[tuple[_Source, str]]:
    """A transaction of the analyst and the name under which others may see what it sees, while it lasts."""
    with psycopg.connect(conninfo) as source:
        source.isolation_level, source.read_only = IsolationLevel.REPEATABLE_READ, True
        yield source, str(_one_row(source, "SELECT pg_export_snapshot()")[0])


def _one_row(source: _Source, statement: str) -> tuple[Any, ...]:
    row = source.execute(statement.encode()).fetchone()
    if row is None:
        raise InternalError(f"PostgreSQL answered nothing to: {statement}")
    return row


def _count(source: _Source, table: Table, crossing: _Crossing) -> int:
    """The rows of ``table``; refused when a value among them cannot cross."""
    narrow = [(column, how) for column, how in crossing if how.misfit]
    counted = ["count(*)", *(f"count(*) FILTER (WHERE {how.misfit})" for _, how in narrow)]
    total, *lost = _one_row(source, f"SELECT {', '.join(counted)} FROM {table.source}")  # noqa: S608 - quoted names of ours
    for (column, how), rows in zip(narrow, lost, strict=True):
        if rows:
            raise MirrorError(
                f'"{table.name}.{column.name}" ({column.declared}) holds what DuckDB\'s {how.type} cannot, in '
                f"{display.plural(rows, 'row')}: {how.misfit}. Correct it, or revoke the analyst's SELECT on the column."
            )
    return int(total)


def _copy(
    building: Path, crossings: Mapping[Table, _Crossing], *, conninfo: str, snapshot: str, progress: Progress
) -> None:
    with duckdb.connect(str(building), config=CLOSED) as target:
        target.execute(f"LOAD {literal(str(_extension()))}")
        target.execute(f"ATTACH {literal(conninfo)} AS pg (TYPE postgres, READ_ONLY)")
        target.begin()
        target.execute("CALL postgres_execute('pg', ?)", [f"SET TRANSACTION SNAPSHOT {literal(snapshot)}"])
        for done, (table, crossing) in enumerate(crossings.items()):
            progress(done, len(crossings), "mirror")
            _copy_table(target, table, crossing)
        target.commit()
        target.execute("DETACH pg")
    progress(len(crossings), len(crossings), "mirror")


def _copy_table(target: duckdb.DuckDBPyConnection, table: Table, crossing: _Crossing) -> None:
    """Make ``table`` and fill it. It gets no keys: DuckDB's indexes would make the file many times as large."""
    name = quoted(table.name)
    target.execute(f"CREATE TABLE {name} ({', '.join(f'{quoted(one.name)} {how.type}' for one, how in crossing)})")
    wanted = f"SELECT {', '.join(how.source for _, how in crossing)} FROM {table.source}"  # noqa: S608 - quoted names
    try:
        target.execute(f"INSERT INTO {name} FROM postgres_query('pg', ?)", [wanted])
    except duckdb.Error as failure:  # its message may quote a row, so ours does not
        why = f'"{table.name}" could not be copied: {type(failure).__name__}; the cause is above.'
        raise MirrorError(why) from failure
    comments = {f"TABLE {name}": table.comment}
    comments |= {f"COLUMN {name}.{quoted(column.name)}": column.comment for column in table.columns}
    for what, comment in comments.items():
        if comment:
            target.execute(f"COMMENT ON {what} IS {literal(comment)}")


def _keep(building: Path, copied: Manifest, questions: Questions) -> Manifest:
    """Ask the copy what every mirror is asked, and keep the answers in it."""
    with duckdb.connect(str(building), config=CLOSED) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        mirror = Mirror(connection, copied)
        return replace(copied, answers=answers.keep(connection, mirror.query, questions(mirror)))


def _prove(building: Path, copied: Manifest) -> Manifest:
    """Read it once more: each table has its rows, and the file is what the manifest says from now on."""
    with duckdb.connect(str(building), read_only=True, config=CLOSED) as connection:
        if findings := proof.differences(copied.rows, proof.counts(connection, copied.rows)):
            raise MirrorError(
                f"The copy is not the snapshot: {' '.join(findings)} Nothing was published; refresh again."
            )
        fingerprint = proof.fingerprint(connection, copied.tables, revision=copied.revision)
    sha256, size_bytes = proof.digest(building), building.stat().st_size
    return replace(copied, sha256=sha256, size_bytes=size_bytes, proved=True, fingerprint=fingerprint)


def _publish(folder: Path, building: Path, manifest: Manifest) -> None:
    """Under its final name, on the disk, pointed to; then all but the two newest files go."""
    building.chmod(0o400)
    handle = os.open(building, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    building.rename(folder / manifest.file)
    sync_folder(folder)
    publish(folder, manifest)
    for path in sorted(folder.glob(file_name("*")), key=_version)[:-_KEPT]:
        path.unlink()


def _sweep(folder: Path) -> None:
    """Remove what a killed refresh left: nobody else is building while we hold the lock."""
    for path in folder.glob(f"{_BUILDING}*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _next_version(folder: Path) -> int:
    """One more than any version there was: a number is never used twice, because open files are known by their names."""
    try:
        published = status(folder)
    except MirrorError:
        published = None
    seen = [_version(path) for path in folder.glob(file_name("*"))]
    return 1 + max([*seen, published.version if published else 0])


def _version(path: Path) -> int:
    number = path.stem.removeprefix("mirror-")
    return int(number) if number.isdecimal() else 0


def _extension() -> Path:
    """DuckDB's reader of PostgreSQL, from its wheel: nothing is downloaded."""
    spec = importlib.util.find_spec(_EXTENSION)
    package = Path(spec.origin).parent if spec and spec.origin else None
    found = package / "extensions" / f"v{duckdb.__version__}" / "postgres_scanner.duckdb_extension" if package else None
    if found is None or not found.exists():
        raise InternalError(
            f"DuckDB {duckdb.__version__} has no postgres extension in this installation. Install the package again."
        )
    return found
