"""A migrated database of its own for one measurement, with the server and the home under it, gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mhc_lab.core.settings import Settings
from mhc_lab.db import embedded, migrate
from mhc_lab.db.engine import Database
from mhc_lab.workbench import Workbench


@contextmanager
def temporary_database() -> Iterator[Database]:
    """A database without rows in a home that nobody else knows."""
    with temporary_workbench() as wb:
        yield wb.database


@contextmanager
def temporary_workbench() -> Iterator[Workbench]:
    """A workbench over such a database."""
    with temporary_settings() as settings, Workbench.open(settings) as wb:
        yield wb


@contextmanager
def temporary_settings() -> Iterator[Settings]:
    """What leads to such a database: any number of workbenches can be opened over it."""
    home = Path(tempfile.mkdtemp(prefix="mhc-bench-"))
    settings = Settings(home=home, user="bench")
    try:
        with closing(Database.open(settings)) as database:
            migrate.upgrade(database)
        yield settings
    finally:
        server = embedded.locate(home)
        embedded.stop(home)
        for folder in (home, server.cluster.parent, server.socket):
            shutil.rmtree(folder, ignore_errors=True)
