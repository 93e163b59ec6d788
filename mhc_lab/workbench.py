"""``Workbench``: opens and closes the handles everything else is given.

It holds no domain logic. What a function may touch stands in its first parameter; this object is where those parameters come from.
"""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mhc_lab.core import home
from mhc_lab.core.clock import Clock, SystemClock
from mhc_lab.core.errors import ConfigurationError, MirrorError
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.core.settings import Settings, read_settings
from mhc_lab.db import revision
from mhc_lab.db.engine import Database
from mhc_lab.db.session import reader, transaction
from mhc_lab.services import people

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mhc_lab.mirror.connection import Mirror
    from mhc_lab.mirror.manifest import Manifest

log = logging.getLogger(__name__)


class Workbench:
    """The open workbench: settings, database, mirror, clock and progress of one process."""

    def __init__(self, settings: Settings, database: Database, *, clock: Clock, progress: Progress) -> None:
        self.settings, self.database = settings, database
        self.clock, self.progress = clock, progress
        self._mirror: Mirror | None = None

    @classmethod
    def open(cls, settings: Settings | None = None, *, clock: Clock | None = None, progress: Progress = SILENT) -> Self:
        """The workbench that the settings describe; its database is started if need be and must be at the newest revision.

        Raises
        ------
        ConfigurationError
            The home folder or the database cannot be used as they are; the message says what to do.
        """
        settings = settings or read_settings()
        home.prepare(settings.home)
        database = Database.open(settings)
        at = revision.current(database)
        if at != revision.head():
            remedy = "Install a newer mhc_lab" if at and at > revision.head() else "Run `mhc db upgrade`"
            raise ConfigurationError(
                f"The database is at revision {at or 'none'}, this installation needs {revision.head()}. {remedy}.",
                setting="MHC_DATABASE_URL",
            )
        wb = cls(settings, database, clock=clock or SystemClock(), progress=progress)
        if settings.broadcaster:
            with wb.transaction() as session:
                people.mark_self(session, settings.broadcaster, at=wb.clock.now())
        return wb

    @property
    def user(self) -> str:
        """Who sits at the keyboard: signs approvals, notes and the audit log."""
        return self.settings.user

    def transaction(self) -> AbstractContextManager[Session]:
        """A session that may write; it commits when the ``with`` block ends well."""
        return transaction(self.database)

    @property
    def reader(self) -> AbstractContextManager[Session]:
        """A session that can only read: ``with wb.reader as session``."""
        return reader(self.database)

    def folder(self, name: str) -> Path:
        """The folder ``name`` in the home, made when missing."""
        path = self.settings.home / name
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    @property
    def mirror(self) -> Mirror:
        """The mirror as it was when first asked for; built when there is none or the published one is damaged."""
        if self._mirror is None:
            from mhc_lab.mirror.connection import Mirror

            try:
                self._mirror = Mirror.open(self.folder("mirror"))
            except MirrorError as damaged:
                log.warning("%s It is built again.", damaged)
                self.refresh_mirror()
                self._mirror = Mirror.open(self.folder("mirror"))
        return self._mirror

    def refresh_mirror(self) -> Manifest:
        """Copy the database into a new mirror, prove it, and read from it from now on."""
        from mhc_lab.analytics.kept import asked_of_every
        from mhc_lab.mirror.refresh import refresh

        manifest = refresh(
            self.database, self.folder("mirror"), clock=self.clock, progress=self.progress, questions=asked_of_every
        )
        self._forget_mirror()
        return manifest

    def close(self) -> None:
        """Close every handle; an embedded server stays up for the next process."""
        self._forget_mirror()
        self.database.close()

    def _forget_mirror(self) -> None:
        if self._mirror is not None:
            self._mirror.close()
            self._mirror = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
