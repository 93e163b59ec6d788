"""Brings the schema up and down, and says where it stands.

A released migration is never edited: its SHA-256 stands in ``migrations/checksums.txt``, and nothing runs while one differs.
Statements wait at most five seconds for a lock, so that a forgotten notebook stops a migration instead of everybody else.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from psycopg import errors

from mhc_lab.core.errors import ConfigurationError, NotFoundError, RefusedError
from mhc_lab.db.engine import Database
from mhc_lab.db.revision import FOLDER, current, head
from mhc_lab.db.roles import Role
from mhc_lab.schema import metadata

LOCK_TIMEOUT = "5s"


def upgrade(database: Database, revision: str = "head") -> str:
    """Bring the schema up to ``revision`` and grant the roles their rights on it; the revision reached.

    Raises
    ------
    RefusedError
        A released migration was edited, the database is ahead of this installation, or a table stayed locked for five seconds.
    """
    verify_checksums()
    with _prepared(database) as config:
        command.upgrade(config, revision)
    database.grant()
    return str(current(database))


def downgrade(database: Database, revision: str) -> str | None:
    """Take the schema down to ``revision`` (``base``: to nothing); the revision reached."""
    verify_checksums()
    with _prepared(database) as config:
        command.downgrade(config, revision)
    return current(database)


def check(database: Database) -> list[str]:
    """How the database differs from this installation's tables: one sentence each, none when it agrees."""
    verify_checksums()
    at = current(database)
    if at != head():
        return [f"The database is at revision {at or 'none'}, this installation at {head()}. Run `mhc db upgrade`."]
    with database.engine(Role.OWNER).connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    return [f"Not as expected: {_describe(difference)}." for difference in differences]


def row_count(database: Database) -> int:
    """How many rows a downgrade to nothing would throw away."""
    with database.engine(Role.OWNER).connect() as connection:
        present = set(sa.inspect(connection).get_table_names())
        tables = [table for table in metadata.sorted_tables if table.name in present]
        return sum(int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0) for table in tables)


def checksums() -> dict[str, str]:
    """SHA-256 of every migration file, by file name."""
    files = sorted((FOLDER / "versions").glob("*.py"))
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def verify_checksums() -> None:
    """Refuse to go on when a released migration is not as it was released."""
    found = checksums()
    for line in (FOLDER / "checksums.txt").read_text(encoding="utf-8").splitlines():
        digest, name = line.split()
        if found.get(name) != digest:
            what = "was edited" if name in found else "is missing"
            raise RefusedError(
                f"The released migration {name} {what}. Put it back as it was and write a new one for the change.",
                rule="released migrations are sealed",
            )


@contextlib.contextmanager
def _prepared(database: Database) -> Iterator[Config]:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    try:
        with database.engine(Role.OWNER).connect() as connection:
            connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            connection.commit()
            config.attributes["connection"] = connection
            yield config
            connection.commit()
            connection.exec_driver_sql("RESET lock_timeout")
    except sa.exc.OperationalError as failure:
        if isinstance(failure.orig, errors.LockNotAvailable):
            raise RefusedError(
                f"A table stayed locked by somebody else for {LOCK_TIMEOUT}, so nothing was changed. "
                "Close other notebooks and programs that use the database, then try again.",
                rule="lock timeout",
            ) from failure
        raise
    except CommandError as failure:
        if "Can't locate revision" in str(failure):
            raise NotFoundError(
                "revision", str(failure).rsplit(" ", 1)[-1].strip("'"),
                hint=f"This installation knows up to {head()}; a database that is ahead needs a newer mhc_lab.",
            ) from failure  # fmt: skip
        raise RefusedError(f"{failure}. `mhc db current` says where the schema stands.", rule="revision") from failure
    except sa.exc.ProgrammingError as failure:
        if isinstance(failure.orig, errors.InsufficientPrivilege):
            role, name = database.owner.role, database.owner.database
            raise ConfigurationError(
                f'"{role}" may not change "{name}": {failure.orig.diag.message_primary}. Let its administrator run: '
                f'ALTER DATABASE "{name}" OWNER TO "{role}"; then try again.',
                setting="MHC_DATABASE_URL",
            ) from failure
        raise


def _describe(difference: object) -> str:
    if isinstance(difference, list):
        return "; ".join(_describe(part) for part in difference)
    if isinstance(difference, tuple):
        return " ".join(str(getattr(part, "name", part)) for part in difference if part is not None)
    return str(difference)
