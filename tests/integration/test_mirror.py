"""The mirror on a real PostgreSQL: equal to its source, from one instant, never half done, never in anybody's way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa
from polars.testing import assert_frame_equal
from psycopg.types.string import TextLoader

from mhc_lab.analytics.kept import asked_of_every
from mhc_lab.core.errors import MirrorError
from mhc_lab.db.engine import Database
from mhc_lab.db.revision import head
from mhc_lab.db.roles import Role
from mhc_lab.mirror.connection import Mirror
from mhc_lab.mirror.manifest import POINTER, status
from mhc_lab.mirror.proof import verify
from mhc_lab.mirror.refresh import refresh
from mhc_lab.workbench import Workbench
from tests.support.clock import FrozenClock

_PAIR = """
WITH person AS (
    INSERT INTO persons (username, first_seen_at, last_seen_at)
    VALUES ('p' || substr(md5(random()::text), 1, 12), now(), now()) RETURNING id
)
INSERT INTO profiles (person_id, spoken_languages, social_links) SELECT id, '{en,NULL}', '{"a": [1, 2.50]}' FROM person
"""
_FOLLOWS = """
INSERT INTO follow_spells (person_id, direction, number, started_after, started_at, last_seen_at)
SELECT id, 'followers', 1, '2025-12-31T00:00Z', '2025-12-31T00:00Z', '2025-12-31T00:00Z' FROM persons
"""
_DIES = """
import os, signal, sys
from pathlib import Path
from mhc_lab.core.clock import SystemClock
from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import Settings
from mhc_lab.db.engine import Database
from mhc_lab.mirror.refresh import refresh

def die(done, total, doing):
    if done == 3:
        os.kill(os.getpid(), signal.SIGKILL)

home, url, folder = sys.argv[1:]
refresh(Database.open(Settings(home=Path(home), database_url=Secret(url))), Path(folder), clock=SystemClock(), progress=die)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the mirrors of a test lie."""
    return tmp_path / "mirror"


def test_a_mirror_holds_the_rows_of_its_source(wb: Workbench) -> None:
    wb.refresh_mirror()

    with psycopg.connect(wb.database.conninfo(Role.OWNER)) as source:
        source.adapters.register_loader("jsonb", TextLoader)  # as it is written, as the mirror keeps it
        for table in wb.mirror.manifest.tables:
            rows = source.execute(f"SELECT * FROM {table}").fetchall()
            copied = pl.DataFrame(wb.mirror._connection.sql(f"FROM {table}")).rows()
            assert _plain(copied) == _plain(rows), table


def test_all_tables_are_of_one_instant_while_others_write(database: Database, folder: Path, clock: FrozenClock) -> None:
    write(database, _PAIR)

    manifest = refresh(database, folder, clock=clock, progress=lambda done, total, doing: write(database, _PAIR))

    assert manifest.tables["persons"] == manifest.tables["profiles"] == 1
    assert verify(folder).holds


def test_a_manifest_says_what_when_and_from_which_schema(database: Database, folder: Path, clock: FrozenClock) -> None:
    write(database, _PAIR)

    manifest = refresh(database, folder, clock=clock)

    assert (manifest.version, manifest.file, manifest.made_at) == (1, "mirror-1.duckdb", clock.now())
    assert manifest.proved
    assert manifest.revision == head()
    assert "alembic_version" not in manifest.tables
    assert status(folder) == manifest


def test_a_fingerprint_is_the_same_for_the_same_rows_and_another_for_a_changed_value(
    database: Database, folder: Path, clock: FrozenClock
) -> None:
    write(database, _PAIR)
    first = refresh(database, folder, clock=clock)
    again = refresh(database, folder, clock=clock)
    write(database, "UPDATE persons SET last_seen_at = now() + interval '1 day'")

    changed = refresh(database, folder, clock=clock)

    assert first.fingerprint == again.fingerprint != ""
    assert first.tables == changed.tables
    assert first.fingerprint != changed.fingerprint


def test_what_the_analyst_may_not_read_is_not_mirrored(database: Database, folder: Path, clock: FrozenClock) -> None:
    analyst = database.login(Role.ANALYST).role
    write(
        database,
        "CREATE TABLE tokens (token text)",
        f"REVOKE SELECT ON tokens FROM {analyst}",
        "CREATE TABLE accounts (name text, password_hash text)",
        f"REVOKE SELECT ON accounts FROM {analyst}",
        f"GRANT SELECT (name) ON accounts TO {analyst}",
        "INSERT INTO accounts VALUES ('ann', 'secret')",
    )

    manifest = refresh(database, folder, clock=clock)

    assert "tokens" not in manifest.tables
    with Mirror.open(folder) as mirror:
        assert mirror._connection.sql("FROM accounts").fetchall() == [("ann",)]
    assert b"secret" not in (folder / manifest.file).read_bytes()


def test_a_kept_answer_is_the_one_that_would_be_worked_out(wb: Workbench) -> None:
    wb.refresh_mirror()
    kept = wb.mirror
    bare = Mirror(kept._connection, replace(kept.manifest, answers={}))

    questions = list(asked_of_every(kept))

    assert set(kept.manifest.answers) == {"followers/spell_lengths", "followers/cohorts"}
    for question in questions:
        found, worked_out = (mirror.query(question.name, **question.params) for mirror in (kept, bare))
        assert_frame_equal(found, worked_out)


def test_no_answer_is_kept_from_what_the_analyst_may_not_read(
    database: Database, folder: Path, clock: FrozenClock
) -> None:
    write(database, _PAIR, _FOLLOWS)
    told = refresh(database, folder, clock=clock, questions=asked_of_every)
    write(database, f"REVOKE SELECT ON follow_spells FROM {database.login(Role.ANALYST).role}")

    untold = refresh(database, folder, clock=clock, questions=asked_of_every)

    assert set(told.answers) == {"followers/spell_lengths", "followers/cohorts"}
    assert untold.answers == {}
    assert verify(folder).holds


def test_generated_columns_come_dropped_ones_do_not_and_partitions_count_once(
    database: Database, folder: Path, clock: FrozenClock
) -> None:
    write(
        database,
        "CREATE TABLE visits (gone int, day int, twice int GENERATED ALWAYS AS (day * 2) STORED) PARTITION BY RANGE (day)",
        "ALTER TABLE visits DROP COLUMN gone",
        "CREATE TABLE visits_early PARTITION OF visits FOR VALUES FROM (0) TO (10)",
        "INSERT INTO visits (day) VALUES (3)",
        "CREATE TABLE guests (name text)",
        "CREATE TABLE regulars () INHERITS (guests)",
        "INSERT INTO guests VALUES ('ann')",
        "INSERT INTO regulars VALUES ('bo')",
    )

    manifest = refresh(database, folder, clock=clock)

    assert "visits_early" not in manifest.tables
    with Mirror.open(folder) as mirror:
        assert mirror._connection.sql("FROM visits").fetchall() == [(3, 6)]
        assert mirror._connection.sql("FROM guests").fetchall() == [("ann",)]
        assert mirror._connection.sql("FROM regulars").fetchall() == [("bo",)]


def test_comments_come_along(database: Database, folder: Path, clock: FrozenClock) -> None:
    refresh(database, folder, clock=clock)

    with Mirror.open(folder) as mirror:
        said = mirror._connection.sql("SELECT comment FROM duckdb_tables() WHERE table_name = 'persons'").fetchall()
    assert said == [("One row per account on a platform.",)]


def test_names_that_differ_by_case_only_are_refused(database: Database, folder: Path, clock: FrozenClock) -> None:
    write(database, 'CREATE TABLE pets ("Id" int, id int)')

    with pytest.raises(MirrorError, match='columns of "pets" "Id" and "id"'):
        refresh(database, folder, clock=clock)


def test_odd_names_come_through(database: Database, folder: Path, clock: FrozenClock) -> None:
    write(
        database,
        """CREATE TABLE "sel""ect 'ö'" ("a b" int, "quote'd" text)""",
        """INSERT INTO "sel""ect 'ö'" VALUES (1, 'x')""",
    )

    manifest = refresh(database, folder, clock=clock)

    assert manifest.tables["sel\"ect 'ö'"] == 1


def test_a_refused_refresh_leaves_the_published_mirror(database: Database, folder: Path, clock: FrozenClock) -> None:
    before = refresh(database, folder, clock=clock)
    write(database, "CREATE TYPE hull AS (a int)", "CREATE TABLE pets (shape hull)")

    with pytest.raises(MirrorError, match=r'the type hull of "pets\.shape"'):
        refresh(database, folder, clock=clock)

    assert status(folder) == before
    assert verify(folder).holds


def test_a_killed_refresh_leaves_the_old_mirror_and_the_next_one_clears_up(
    database: Database, folder: Path, clock: FrozenClock
) -> None:
    before = refresh(database, folder, clock=clock)
    arguments = [str(database.home), database.url(Role.OWNER), str(folder)]

    died = subprocess.run([sys.executable, "-c", _DIES, *arguments], check=False)

    assert died.returncode == -signal.SIGKILL
    assert list(folder.glob(".building-*"))
    assert status(folder) == before
    after = refresh(database, folder, clock=clock)
    assert after.version == 2
    assert not list(folder.glob(".building-*"))


def test_readers_keep_what_they_opened_while_a_refresh_runs(
    database: Database, folder: Path, clock: FrozenClock
) -> None:
    refresh(database, folder, clock=clock)
    write(database, _PAIR)
    seen: list[int] = []

    with Mirror.open(folder) as old:
        refresh(database, folder, clock=clock, progress=lambda done, total, doing: seen.append(_persons(old)))
        kept = _persons(old)
    with Mirror.open(folder) as new:
        fresh = _persons(new)

    assert seen
    assert {*seen, kept} == {0}
    assert fresh == 1


def test_two_versions_are_kept(database: Database, folder: Path, clock: FrozenClock) -> None:
    for _ in range(3):
        refresh(database, folder, clock=clock)

    assert sorted(path.name for path in folder.glob("*.duckdb")) == ["mirror-2.duckdb", "mirror-3.duckdb"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.unlink(), id="deleted"),
        pytest.param(lambda path: _rewrite(path, path.read_bytes()[:-4096]), id="cut short"),
        pytest.param(lambda path: _rewrite(path, b"\0" * path.stat().st_size), id="overwritten"),
        pytest.param(lambda path: (path.parent / POINTER).write_text("{"), id="pointer broken"),
        pytest.param(lambda path: (path.parent / POINTER).unlink(), id="pointer deleted"),
    ],
)
def test_a_damaged_mirror_is_built_again_when_it_is_asked_for(empty_wb: Workbench, damage: object) -> None:
    assert callable(damage)
    first = empty_wb.refresh_mirror()
    damage(empty_wb.folder("mirror") / first.file)

    mirror = empty_wb.mirror

    assert mirror.version == 2
    assert verify(empty_wb.folder("mirror")).holds


def test_a_flipped_byte_is_found_by_verify(database: Database, folder: Path, clock: FrozenClock) -> None:
    path = folder / refresh(database, folder, clock=clock).file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    _rewrite(path, bytes(content))

    proof = verify(folder)

    assert not proof.holds
    assert "is not the file that was published" in repr(proof)


def test_without_a_mirror_the_error_names_the_command(folder: Path) -> None:
    folder.mkdir()

    with pytest.raises(MirrorError, match="mhc mirror refresh"):
        Mirror.open(folder)
    with pytest.raises(MirrorError, match="mhc mirror refresh"):
        verify(folder)


def write(database: Database, *statements: str) -> None:
    """Run ``statements`` as the owner."""
    with database.engine(Role.OWNER).begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement.replace(":", r"\:")))


def _persons(mirror: Mirror) -> int:
    row = mirror._connection.sql("SELECT count(*) FROM persons").fetchone()
    assert row is not None
    return int(row[0])


def _rewrite(path: Path, content: bytes) -> None:
    path.unlink()  # a published file is read-only
    path.write_bytes(content)


def _plain(rows: list[tuple[object, ...]]) -> list[str]:
    """Rows of either side in one spelling, in one order."""
    return sorted(str([_spelled(value) for value in row]) for row in rows)


def _spelled(value: object) -> str:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else str(value)
