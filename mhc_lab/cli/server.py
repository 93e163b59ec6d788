"""``mhc up | down | status``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mhc_lab.cli.output import Json, answer
from mhc_lab.core import display, home
from mhc_lab.core.errors import MirrorError, UserError
from mhc_lab.core.settings import Settings, read_settings

if TYPE_CHECKING:
    from mhc_lab.services.storages import Storage

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def up(as_json: Json = False) -> None:
    """Start the embedded database; one that runs already is left alone.

    Example: mhc up
    """
    from mhc_lab.db import embedded

    settings = read_settings()
    if settings.database_url:
        raise typer.BadParameter("MHC_DATABASE_URL names a server of your own: start that one.")
    server = embedded.start(home.prepare(settings.home))
    answer({"running": True, "cluster": server.cluster}, as_json=as_json, words=f"PostgreSQL runs: {server.cluster}")


@app.command()
def down(as_json: Json = False) -> None:
    """Stop the embedded database; nothing is lost.

    Example: mhc down
    """
    from mhc_lab.db import embedded

    settings = read_settings()
    stopped = settings.home.is_dir() and embedded.stop(settings.home)
    answer(
        {"stopped": stopped}, as_json=as_json, words="PostgreSQL stopped." if stopped else "No PostgreSQL was running."
    )


@app.command()
def status(as_json: Json = False) -> None:
    """Where database, mirror and stores are, and how they are. Starts no server.

    Example: mhc status --json
    """
    settings = read_settings()
    answer(_status(settings), as_json=as_json)


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """What is known of the database without starting it."""

    url: str | None
    embedded: bool
    running: bool
    revision: str | None
    server: int | None = None
    roles: str | None = None
    problem: str | None = None
    cluster: Path | None = None
    """Where the files of the embedded server lie."""

    def lines(self) -> list[str]:
        """For a person."""
        kind = "embedded" if self.embedded else "your server"
        where = [f"          cluster {self.cluster}"] if self.cluster else []
        if not self.running:
            return [f"database  {kind}, {self.problem or 'not running: mhc up'}", *where]
        state = f"PostgreSQL {self.server}, revision {self.revision or 'none: mhc db upgrade'}, roles {self.roles}"
        return [f"database  {kind}, {state}", f"          {self.url}", *where]


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """What is published."""

    version: int | None
    made_at: datetime | None
    proved: bool
    problem: str | None = None

    def lines(self) -> list[str]:
        """For a person."""
        if self.problem:
            return [f"mirror    {self.problem}"]
        if self.version is None or self.made_at is None:
            return ["mirror    none yet: mhc mirror refresh"]
        proved = "proved" if self.proved else "not proved"
        return [f"mirror    version {self.version} of {display.text(self.made_at)} UTC, {proved}"]


@dataclass(frozen=True, slots=True)
class Status:
    """Where everything is."""

    home: Path
    database: DatabaseStatus
    mirror: MirrorStatus
    stores: list[Storage]

    def __str__(self) -> str:
        stores = [f"          {store.name}: {store.root}" for store in self.stores]
        count = f"storages  {len(self.stores)}"
        return "\n".join([f"home      {self.home}", *self.database.lines(), *self.mirror.lines(), count, *stores])


def _status(settings: Settings) -> Status:
    database, stores = _database(settings)
    return Status(settings.home, database, _mirror(settings), stores)


def _mirror(settings: Settings) -> MirrorStatus:
    from mhc_lab.mirror.manifest import status as published

    try:
        manifest = published(settings.home / "mirror")
    except MirrorError as damaged:
        return MirrorStatus(None, None, proved=False, problem=str(damaged))
    if manifest is None:
        return MirrorStatus(None, None, proved=False)
    return MirrorStatus(manifest.version, manifest.made_at, manifest.proved)


def _database(settings: Settings) -> tuple[DatabaseStatus, list[Storage]]:
    from mhc_lab.db import embedded, revision
    from mhc_lab.db.engine import Database
    from mhc_lab.db.roles import Role
    from mhc_lab.db.session import reader
    from mhc_lab.services import storages

    ours = settings.database_url is None
    server = embedded.locate(settings.home) if ours else None
    down = DatabaseStatus(None, ours, running=False, revision=None, cluster=server.cluster if server else None)
    if server and not embedded.is_running(server):
        return down, []
    try:
        database = Database.open(settings)
    except UserError as wrong:
        return replace(down, problem=str(wrong)), []
    at, roles = revision.current(database), str(database.separation)
    url = database.url(Role.ANALYST)
    up = replace(down, url=url, running=True, revision=at, server=database.server_version, roles=roles)
    if at is None:
        return up, []
    with reader(database) as session:
        return up, storages.listed(session)
