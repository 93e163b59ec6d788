from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from mhc_lab.core.errors import MirrorError
from mhc_lab.mirror import proof
from mhc_lab.mirror.connection import Mirror
from mhc_lab.mirror.manifest import Manifest, publish


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published mirror of one table, made by hand."""
    path = tmp_path / "mirror-1.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE persons AS SELECT 'ann' AS username")
    manifest = Manifest(
        version=1, file=path.name, made_at=datetime(2026, 7, 1, 4, tzinfo=UTC), revision="0001", tables={"persons": 1},
        sha256=proof.digest(path), size_bytes=path.stat().st_size, proved=True,
    )  # fmt: skip
    publish(tmp_path, manifest)
    return tmp_path


def test_an_open_mirror_says_what_it_is(folder: Path) -> None:
    with Mirror.open(folder) as mirror:
        said = repr(mirror)

    assert said == "mirror 1 of 2026-07-01 04:00 UTC · 1 table, 1 row"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "ATTACH '{folder}/other.duckdb' AS other",
        "COPY (SELECT 1) TO '{folder}/stolen.csv'",
        "COPY (SELECT 1) TO '{folder}/mirror-1.duckdb'",
        "SELECT * FROM read_text('{folder}/current.json')",
        "INSTALL httpfs",
        "LOAD postgres_scanner",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "DELETE FROM mirror.persons",
        "CREATE TABLE mirror.strange (a int)",
    ],
)
def test_an_open_mirror_reaches_nothing_but_its_rows(folder: Path, statement: str) -> None:
    with (
        Mirror.open(folder) as mirror,
        pytest.raises(Exception, match=r"disabled|locked|read-only|Cannot access|Cannot execute"),
    ):
        mirror._connection.execute(statement.format(folder=folder))

    assert proof.verify(folder).holds


def test_a_pointer_to_another_file_is_refused(folder: Path) -> None:
    pointer = folder / "current.json"
    pointer.write_text(pointer.read_text().replace("mirror-1.duckdb", "../mirror-1.duckdb"))

    with pytest.raises(MirrorError, match=r"names a strange file"):
        Mirror.open(folder)


def test_a_table_with_fewer_rows_than_were_published_is_damage(folder: Path) -> None:
    pointer = folder / "current.json"
    pointer.write_text(pointer.read_text().replace('"persons": 1', '"persons": 2'))

    with pytest.raises(MirrorError, match='"persons" has 1 rows and should have 2'):
        Mirror.open(folder)
