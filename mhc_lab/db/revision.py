"""Where the schema stands and where it should: what every process asks on opening, so it waits for no Alembic."""

from __future__ import annotations

from pathlib import Path

from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role

FOLDER = Path(__file__).parent / "migrations"


def head() -> str:
    """The newest revision this installation knows: migrations are numbered, ``0001_first_tables.py`` is revision ``0001``."""
    return max(path.name.split("_", 1)[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def current(database: Database) -> str | None:
    """The revision the database is at; None before the first."""
    with database.engine(Role.OWNER).connect() as connection:
        known = connection.exec_driver_sql("SELECT to_regclass('public.alembic_version') IS NOT NULL").scalar()
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() if known else None
