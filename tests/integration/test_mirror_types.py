"""Every type crosses into the mirror exactly, or is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.core.errors import MirrorError
from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role
from mhc_lab.mirror.connection import Mirror
from mhc_lab.mirror.refresh import refresh
from tests.support.clock import FrozenClock

# What PostgreSQL is told the column is, what is put in, what DuckDB stores it as, what DuckDB reads.
CROSSINGS = [
    ("boolean", "true", "BOOLEAN", "true"),
    ("smallint", "-32768", "SMALLINT", "-32768"),
    ("integer", "2147483647", "INTEGER", "2147483647"),
    ("bigint", "-9223372036854775808", "BIGINT", "-9223372036854775808"),
    ("oid", "4294967295", "UINTEGER", "4294967295"),
    ("real", "0.1", "FLOAT", "0.1"),
    ("double precision", "-0", "DOUBLE", "-0.0"),
    ("double precision", "NaN", "DOUBLE", "nan"),
    ("double precision", "-Infinity", "DOUBLE", "-inf"),
    ("double precision", "1.7976931348623157e308", "DOUBLE", "1.7976931348623157e+308"),
    ("numeric(12,2)", "-1234567890.10", "DECIMAL(12,2)", "-1234567890.10"),
    (
        "numeric(38,10)",
        "1234567890123456789012345678.0123456789",
        "DECIMAL(38,10)",
        "1234567890123456789012345678.0123456789",
    ),
    ("numeric(5,-2)", "1234567", "DECIMAL(7,0)", "1234600"),
    ("numeric(3,5)", "0.00123", "DECIMAL(5,5)", ".00123"),
    ("numeric(50,5)", "1.5", "VARCHAR", "1.50000"),
    (
        "numeric",
        "12345678901234567890123456789012345678901.25",
        "VARCHAR",
        "12345678901234567890123456789012345678901.25",
    ),
    ("numeric", "NaN", "VARCHAR", "NaN"),
    ("money", "1234.56", "VARCHAR", "1234.56"),
    ("text", "ö'\\n🎈", "VARCHAR", "ö'\\n🎈"),
    ("varchar(5)", "abc  ", "VARCHAR", "abc  "),
    ("char(5)", "abc", "VARCHAR", "abc"),
    ("name", "abc", "VARCHAR", "abc"),
    ('"char"', "x", "VARCHAR", "x"),
    ("uuid", "3ac2ed93-0f77-43a9-8016-6b44bd644dee", "UUID", "3ac2ed93-0f77-43a9-8016-6b44bd644dee"),
    ("bytea", "\\x00ff", "BLOB", "\\x00\\xFF"),
    ("date", "4713-01-01 BC", "DATE", "4713-01-01 (BC)"),
    ("date", "infinity", "DATE", "infinity"),
    ("time", "24:00:00", "TIME", "24:00:00"),
    ("time", "23:59:59.999999", "TIME", "23:59:59.999999"),
    ("timetz", "12:00:00+05:30", "TIME WITH TIME ZONE", "12:00:00+05:30"),
    ("timestamp", "2026-03-29 02:30:00.000001", "TIMESTAMP", "2026-03-29 02:30:00.000001"),
    ("timestamptz", "2026-03-29 02:30:00.123456+02", "TIMESTAMP WITH TIME ZONE", "2026-03-29 00:30:00.123456+00"),
    ("timestamptz", "-infinity", "TIMESTAMP WITH TIME ZONE", "-infinity"),
    ("timestamptz", "4713-01-01 00:00+00 BC", "TIMESTAMP WITH TIME ZONE", "4713-01-01 (BC) 00:00:00+00"),
    ("interval", "1 year 2 mons -3 days 04:05:06.789", "INTERVAL", "1 year 2 months -3 days 04:05:06.789"),
    ("json", '{"a" : 1.0, "a": [1e3]}', "JSON", '{"a" : 1.0, "a": [1e3]}'),
    ("jsonb", '{"b": 12345678901234567890.120}', "JSON", '{"b": 12345678901234567890.120}'),
    ("mood", "sad", "VARCHAR", "sad"),
    ("mood[]", "{sad,NULL}", "VARCHAR[]", "[sad, NULL]"),
    ("age", "42", "INTEGER", "42"),
    ("price", "9.90", "DECIMAL(10,2)", "9.90"),
    ("dear", "9.90", "DECIMAL(10,2)", "9.90"),
    ("prices", "{9.90,NULL}", "DECIMAL(10,2)[]", "[9.90, NULL]"),
    ("text[]", '{a,NULL,"b c"}', "VARCHAR[]", "[a, NULL, b c]"),
    ("text[]", "{}", "VARCHAR[]", "[]"),
    ("integer[][]", "{1,2}", "INTEGER[]", "[1, 2]"),
    ("uuid[]", "{3ac2ed93-0f77-43a9-8016-6b44bd644dee}", "UUID[]", "[3ac2ed93-0f77-43a9-8016-6b44bd644dee]"),
    ("numeric[]", "{1.50,NaN}", "VARCHAR[]", "[1.50, NaN]"),
    (
        "timestamptz[]",
        "{2026-01-01 00:00+00,infinity}",
        "TIMESTAMP WITH TIME ZONE[]",
        "['2026-01-01 00:00:00+00', infinity]",
    ),
    ("jsonb[]", '{"{\\"a\\": 1}",NULL}', "JSON[]", '[{"a": 1}, NULL]'),
    ("inet", "10.0.0.1/8", "VARCHAR", "10.0.0.1/8"),
    ("cidr", "10.0.0.0/8", "VARCHAR", "10.0.0.0/8"),
    ("macaddr", "08:00:2b:01:02:03", "VARCHAR", "08:00:2b:01:02:03"),
    ("bit(3)", "101", "VARCHAR", "101"),
    ("bit varying(5)", "10", "VARCHAR", "10"),
    ("int4range", "[1,5)", "VARCHAR", "[1,5)"),
    ("tstzrange", "[2026-01-01 00:00+00,)", "VARCHAR", '["2026-01-01 00:00:00+00",)'),
    ("int4multirange", "{[1,2),[4,5)}", "VARCHAR", "{[1,2),[4,5)}"),
    ("tsvector", "a b", "VARCHAR", "'a' 'b'"),
    ("point", "(1.5,2)", "VARCHAR", "(1.5,2)"),
    ("path", "[(0,0),(1,1)]", "VARCHAR", "[(0,0),(1,1)]"),
    ("pg_lsn", "16/B374D848", "VARCHAR", "16/B374D848"),
    ("jsonpath", "$.a", "VARCHAR", '$."a"'),
]
OWN_TYPES = (
    "CREATE TYPE mood AS ENUM ('sad', 'glad')",
    "CREATE DOMAIN age AS integer CHECK (VALUE > 0)",
    "CREATE DOMAIN price AS numeric(10,2)",
    "CREATE DOMAIN dear AS price",
    "CREATE DOMAIN prices AS price[]",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the mirrors of a test lie."""
    return tmp_path / "mirror"


def test_every_classified_type_crosses_exactly(database: Database, folder: Path, clock: FrozenClock) -> None:
    columns = ", ".join(f"c{n} {declared}" for n, (declared, *_) in enumerate(CROSSINGS))
    values = ", ".join(f"{_text(value)}" for _, value, *_ in CROSSINGS)
    _run(database, *OWN_TYPES, f"CREATE TABLE crossings ({columns})", f"INSERT INTO crossings VALUES ({values})")

    refresh(database, folder, clock=clock)

    with Mirror.open(folder) as mirror:
        stored = mirror._connection.sql("FROM crossings")
        types = [str(one) for one in stored.types]
        names = ", ".join(f"{name}::VARCHAR" for name in stored.columns)
        read = mirror._connection.sql(f"SELECT {names} FROM crossings").fetchone()
    assert read is not None
    crossed = [(one[0], one[1], *got) for one, *got in zip(CROSSINGS, types, read, strict=True)]
    assert crossed == CROSSINGS


def test_null_crosses_as_null(database: Database, folder: Path, clock: FrozenClock) -> None:
    columns = ", ".join(f"c{n} {declared}" for n, (declared, *_) in enumerate(CROSSINGS))
    _run(database, *OWN_TYPES, f"CREATE TABLE crossings ({columns})", "INSERT INTO crossings (c0) VALUES (NULL)")

    refresh(database, folder, clock=clock)

    with Mirror.open(folder) as mirror:
        names = ", ".join(f"c{n}::VARCHAR" for n in range(len(CROSSINGS)))
        assert mirror._connection.sql(f"SELECT {names} FROM crossings").fetchall() == [(None,) * len(CROSSINGS)]


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("numeric(5,2)", "NaN"),
        ("timestamptz", "294276-12-31 00:00+00"),
        ("timestamp", "294276-12-31"),
        ("interval", "infinity"),
        ("integer[]", "{{1,2},{3,4}}"),
        ("integer[]", "[0:1]={1,2}"),
        ("numeric(5,2)[]", "{1,NaN}"),
        ("interval[]", "{infinity}"),
    ],
)
def test_a_value_that_duckdb_cannot_hold_is_refused_by_column(
    database: Database, folder: Path, clock: FrozenClock, declared: str, value: str
) -> None:
    _run(database, f"CREATE TABLE pets (age {declared})", f"INSERT INTO pets VALUES ({_text(value)})")

    with pytest.raises(MirrorError, match=r'"pets\.age".*cannot, in 1 row: '):
        refresh(database, folder, clock=clock)


@pytest.mark.parametrize("declared", ["hull", "bytea[]", "age_lists[]"])
def test_a_type_nobody_classified_is_refused_by_name(
    database: Database, folder: Path, clock: FrozenClock, declared: str
) -> None:
    _run(
        database,
        "CREATE TYPE hull AS (a int)",
        "CREATE DOMAIN age_lists AS int[]",
        f"CREATE TABLE pets (shape {declared})",
    )

    with pytest.raises(MirrorError, match=r'"pets\.shape".*classify it in mhc_lab/mirror/projection\.py'):
        refresh(database, folder, clock=clock)


def test_json_that_duckdb_cannot_read_is_refused_by_table(database: Database, folder: Path, clock: FrozenClock) -> None:
    _run(database, "CREATE TABLE pets (tags json)", """INSERT INTO pets VALUES ('["\\ud800"]')""")

    with pytest.raises(MirrorError, match='"pets" could not be copied'):
        refresh(database, folder, clock=clock)


def _run(database: Database, *statements: str) -> None:
    with database.engine(Role.OWNER).begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement.replace(":", r"\:")))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
