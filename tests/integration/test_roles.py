"""Three logins out of one: what each may not do, tried with plain SQL."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.exc import InternalError

from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import Settings
from mhc_lab.db import passfile
from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role, derive


def run(database: Database, role: Role, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.url(role), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_the_three_roles_are_three_logins(database: Database) -> None:
    who = [run(database, role, "SELECT current_user")[0][0] for role in Role]

    assert len(set(who)) == 3
    assert database.separation.separate


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO persons (username, first_seen_at, last_seen_at) VALUES ('x', now(), now())",
        "BEGIN READ WRITE; DELETE FROM persons; COMMIT",
        "SET default_transaction_read_only = off; UPDATE persons SET username = 'x'",
        "CREATE TABLE mine (n int)",
        "SELECT * FROM pg_authid",
    ],
)
def test_the_analyst_can_only_read(database: Database, statement: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
        run(database, Role.ANALYST, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (n int)",
        "ALTER TABLE persons ADD COLUMN x int",
        "ALTER TABLE audit_log DISABLE TRIGGER ALL",
        "TRUNCATE persons CASCADE",
        "UPDATE audit_log SET actor = 'nobody'",
        "DELETE FROM audit_log",
        "UPDATE alembic_version SET version_num = 'x'",
    ],
)
def test_the_app_changes_no_table_and_no_line_of_the_log(database: Database, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(database, Role.APP, statement)


@pytest.mark.parametrize("role", [Role.APP, Role.ANALYST])
@pytest.mark.parametrize("target", list(Role))
def test_no_role_can_become_another(database: Database, role: Role, target: Role) -> None:
    me, other = database.login(role).role, database.login(target).role
    if me == other:
        assert run(database, role, "SELECT current_user") == [(me,)]
        return

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(database, role, f'SET ROLE "{other}"')


def test_even_the_owner_cannot_change_the_log(database: Database) -> None:
    run(
        database,
        Role.APP,
        "INSERT INTO audit_log (actor, action, subject, previous_hash, hash) VALUES ('a','b','c','','')",
    )

    for statement in ("UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(psycopg.errors.RaiseException, match="append only"):
            run(database, Role.OWNER, statement)


def test_a_table_of_tomorrow_is_readable_by_the_analyst_without_a_grant(database: Database) -> None:
    run(database, Role.OWNER, "CREATE TABLE tomorrow AS SELECT 1 AS n")

    assert run(database, Role.ANALYST, "SELECT n FROM tomorrow") == [(1,)]


def test_no_url_holds_a_password(database: Database) -> None:
    for role in Role:
        secret = passfile.password(database.home, database.login(role))
        assert secret is not None
        assert secret.reveal() not in database.url(role) + database.conninfo(role) + repr(database.engine(role).url)


def test_the_same_url_gives_the_same_passwords_everywhere() -> None:
    passwords = {derive(Secret("owner's"), name).reveal() for name in ("mhc_app", "mhc_app", "mhc_analyst")}

    assert len(passwords) == 2
    assert derive(Secret("other"), "mhc_app").reveal() not in passwords


def test_a_second_home_with_the_same_url_does_not_lock_the_first_one_out(database: Database, tmp_path) -> None:  # type: ignore[no-untyped-def]
    known = passfile.password(database.home, database.owner)
    assert known is not None
    url = f"postgresql://{database.owner.role}:{known.reveal()}@/{database.owner.database}?host={database.owner.host}"
    (tmp_path / "second").mkdir()

    second = Database.open(Settings(home=tmp_path / "second", database_url=Secret(url)))

    assert second.separation.separate
    assert run(database, Role.ANALYST, "SELECT 1") == run(second, Role.ANALYST, "SELECT 1")


def test_an_owner_who_may_not_create_roles_shares_one_login_and_says_so(copies, tmp_path) -> None:  # type: ignore[no-untyped-def]
    settings = copies.settings(tmp_path / "home")
    name = settings.database_url.reveal().split("@/")[1].split("?")[0]
    copies.run("CREATE ROLE {} LOGIN PASSWORD 'p:w\\@'", f"{name}_plain")
    copies.run("ALTER DATABASE {} OWNER TO {}", name, f"{name}_plain")
    url = f"postgresql://{name}_plain:p%3Aw%5C%40@/{name}?host={copies.login.host}"

    database = Database.open(Settings(home=settings.home, database_url=Secret(url)))

    assert str(database.separation) == "shared (the login in MHC_DATABASE_URL may not create roles)"
    with database.engine(Role.ANALYST).connect() as connection, pytest.raises(InternalError, match="read-only"):
        connection.exec_driver_sql("CREATE TABLE x (n int)")
    database.close()
    copies.drop()
    copies.run("DROP ROLE {}", f"{name}_plain")
