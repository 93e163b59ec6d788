"""``mhc db upgrade | downgrade | current | check``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from mhc_lab.cli.output import Json, answer
from mhc_lab.core import display, home
from mhc_lab.core.errors import RefusedError
from mhc_lab.core.settings import read_settings

if TYPE_CHECKING:
    from mhc_lab.db.engine import Database

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="The schema: upgrade, downgrade, current, check.",
)


@contextmanager
def _database() -> Iterator[Database]:
    from mhc_lab.db.engine import Database

    settings = read_settings()
    home.prepare(settings.home)
    database = Database.open(settings)
    yield database
    database.close()


@app.command()
def upgrade(revision: Annotated[str, typer.Argument(help="How far up.")] = "head", as_json: Json = False) -> None:
    """Bring the schema up to date.

    Example: mhc db upgrade
    """
    from mhc_lab.db import migrate

    with _database() as database:
        reached = migrate.upgrade(database, revision)
    answer({"revision": reached}, as_json=as_json, words=f"The schema is at revision {reached}.")


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="How far down; `base` removes every table.")],
    discard_rows: Annotated[
        bool, typer.Option("--discard-rows", help="Yes, the rows of removed tables may go.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take the schema down. Refused while rows would be lost, unless that is said.

    Example: mhc db downgrade base --discard-rows
    """
    from mhc_lab.db import migrate

    with _database() as database:
        rows = migrate.row_count(database)
        if rows and not discard_rows:
            raise RefusedError(
                f"The database holds {display.plural(rows, 'row')}, which a downgrade may throw away. "
                "Back it up (pg_dump), then add --discard-rows.",
                rule="no rows are lost unasked",
            )
        reached = migrate.downgrade(database, revision)
    answer({"revision": reached}, as_json=as_json, words=f"The schema is at revision {reached or 'none'}.")


@app.command()
def current(as_json: Json = False) -> None:
    """The revision the database is at.

    Example: mhc db current
    """
    from mhc_lab.db import revision

    with _database() as database:
        at, head = revision.current(database), revision.head()
    answer({"revision": at, "head": head}, as_json=as_json, words=f"{at or 'none'} (head: {head})")


@app.command()
def check(as_json: Json = False) -> None:
    """Compare the database with what is expected of it. Exit code 1 when it differs, or its log was tampered with.

    Example: mhc db check
    """
    from mhc_lab.db import migrate, revision
    from mhc_lab.db.session import reader
    from mhc_lab.services import audit_log

    with _database() as database:
        differences = migrate.check(database)
        if revision.current(database) == revision.head():
            with reader(database) as session:
                broken = audit_log.broken_at(session)
            differences += [f"The audit log was tampered with at line {broken}."] if broken else []
    answer(
        {"differences": differences}, as_json=as_json, words="\n".join(differences) or "The schema is as it should be."
    )
    if differences:
        raise typer.Exit(1)
