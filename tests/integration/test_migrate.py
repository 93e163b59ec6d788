"""The schema goes up, down and up again, and stands still when it should."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.db import embedded, migrate, revision
from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role


def dump(home: Path, database: Database) -> str:
    """The schema as pg_dump writes it, without its random keys."""
    tool = embedded.program(embedded.locate(home), "pg_dump")
    done = subprocess.run(
        [tool, "--schema-only", "--exclude-table=alembic_version", database.url(Role.OWNER)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith("\\"))


def test_up_down_up_gives_an_identical_schema(home: Path, copies, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    database = Database.open(copies.settings(tmp_path / "home"))
    migrate.upgrade(database)
    first = dump(home, database)

    migrate.downgrade(database, "base")
    nothing = dump(home, database)
    migrate.upgrade(database)

    assert dump(home, database) == first
    assert "CREATE TABLE" not in nothing
    assert "CREATE FUNCTION" not in nothing
    database.close()


def test_the_migrations_make_exactly_the_tables_of_the_schema(database: Database) -> None:
    assert migrate.check(database) == []


_WITHOUT_INDEX = """
    SELECT reference.conrelid::regclass::text || '.' || string_agg(attribute.attname, ', ')
    FROM pg_constraint AS reference
    JOIN pg_attribute AS attribute ON attribute.attrelid = reference.conrelid AND attribute.attnum = ANY(reference.conkey)
    WHERE reference.contype = 'f' AND NOT EXISTS (
        SELECT FROM pg_index WHERE indrelid = reference.conrelid AND indkey[0] = reference.conkey[1]
    )
    GROUP BY reference.oid
"""


def test_whoever_deletes_a_row_finds_what_refers_to_it_by_an_index(database: Database) -> None:
    with psycopg.connect(database.url(Role.OWNER)) as connection:
        found = {name for (name,) in connection.execute(_WITHOUT_INDEX)}

    assert found == {"media_baselines.run_id", "media_verifications.storage_id"}  # runs and storages are never deleted


def test_a_difference_is_named(database: Database) -> None:
    with psycopg.connect(database.url(Role.OWNER)) as connection:
        connection.execute("ALTER TABLE persons ADD COLUMN surprise int")

    assert any("surprise" in sentence for sentence in migrate.check(database))


def test_the_number_of_the_newest_file_is_the_head_of_the_chain() -> None:
    assert revision.head() == ScriptDirectory(str(revision.FOLDER)).get_current_head()


def test_every_released_migration_is_sealed() -> None:
    sealed = dict(reversed(line.split()) for line in (revision.FOLDER / "checksums.txt").read_text().splitlines())

    assert sealed == migrate.checksums()


def test_an_edited_released_migration_is_refused(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "versions").mkdir()
    for file in (revision.FOLDER / "versions").glob("*.py"):
        (tmp_path / "versions" / file.name).write_text(file.read_text() + "\n# a small change\n")
    (tmp_path / "checksums.txt").write_text((revision.FOLDER / "checksums.txt").read_text())
    monkeypatch.setattr(migrate, "FOLDER", tmp_path)

    with pytest.raises(RefusedError, match=r"was edited. Put it back as it was and write a new one"):
        migrate.upgrade(database)


def test_a_table_that_stays_locked_stops_the_migration_with_advice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "50ms")
    with psycopg.connect(database.url(Role.OWNER)) as forgotten:
        forgotten.execute("LOCK TABLE persons, media_locator, quarantined_files")

        with pytest.raises(RefusedError, match="stayed locked by somebody else"):
            migrate.downgrade(database, "base")

    assert migrate.check(database) == []


def test_a_lock_is_waited_for_five_seconds() -> None:
    assert migrate.LOCK_TIMEOUT == "5s"


def test_a_revision_nobody_knows_is_said(database: Database) -> None:
    with pytest.raises(NotFoundError, match="revision"):
        migrate.upgrade(database, "9999")


def test_upgrading_twice_is_upgrading_once(database: Database) -> None:
    assert migrate.upgrade(database) == migrate.upgrade(database) == revision.head()
