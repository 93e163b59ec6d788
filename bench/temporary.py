"""A migrated database of its own for one measurement, with the server under it, gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mhc_lab.core.settings import Settings
from mhc_lab.db import embedded, migrate
from mhc_lab.db.engine import Database


@contextmanager
def temporary_database() -> Iterator[Database]:
    """A database without rows in a home that nobody else knows."""
    home = Path(tempfile.mkdtemp(prefix="mhc-bench-"))
    database = Database.open(Settings(home=home, user="bench"))
    try:
        migrate.upgrade(database)
        yield database
    finally:
        database.close()
        server = embedded.locate(home)
        embedded.stop(home)
        for folder in (home, server.cluster.parent, server.socket):
            shutil.rmtree(folder, ignore_errors=True)
