"""A migrated database of its own for one measurement, with the server and the home under it, gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    home = Path(tempfile.mkdtemp(prefix="mhc-bench-"))
    settings = Settings(home=home, user="bench")
    database = Database.open(settings)
    try:
        migrate.upgrade(database)
        with Workbench.open(settings) as wb:
            yield wb
    finally:
        database.close()
        server = embedded.locate(home)
        embedded.stop(home)
        for folder in (home, server.cluster.parent, server.socket):
            shutil.rmtree(folder, ignore_errors=True)
