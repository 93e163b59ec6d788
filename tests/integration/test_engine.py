"""A database URL that is wrong: said in words, with the next step, and never with the password."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from mhc_lab.core.errors import ConfigurationError
from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import Settings
from mhc_lab.db import engine
from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role

PASSWORD = "hunter2-secret"


def refusal(url: str, home: Path) -> str:
    """What is said of ``url``, the traceback included."""
    with pytest.raises(ConfigurationError) as refused:
        Database.open(Settings(home=home, database_url=Secret(url)))
    assert refused.value.setting == "MHC_DATABASE_URL"
    return "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{PASSWORD}@h:port/d",
        f"mysql://u:{PASSWORD}@h/d",
        f"u:{PASSWORD}@h/d",
        f"postgresql://u:{PASSWORD}@h:5432:1/d",
        f"postgresql://u:{PASSWORD}@h/d?nonsense=1",
        f"postgresql://u:{PASSWORD}%zz@h/d",
        f"postgresql://u:pre@{PASSWORD}@127.0.0.1:1/d",
        f"postgresql://u:1/{PASSWORD}@127.0.0.1:1/d",
        f"postgresql://u:pre@/d?host={PASSWORD}@127.0.0.1",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_showing_it(url: str, tmp_path: Path) -> None:
    said = refusal(url, tmp_path)

    assert "cannot be read as a database address" in said
    assert PASSWORD not in said


def test_a_wrong_password_is_said_and_never_shown(home: Path, tmp_path: Path, copies) -> None:  # type: ignore[no-untyped-def]
    url = f"postgresql://mhc_owner:{PASSWORD}@/mhc?host={copies.login.host}"

    said = refusal(url, tmp_path)

    assert 'refused the password of "mhc_owner"' in said
    assert PASSWORD not in said


def test_a_wrong_password_does_not_replace_the_right_one(home: Path, tmp_path: Path, copies) -> None:  # type: ignore[no-untyped-def]
    address = f"@/mhc?host={copies.login.host}"
    right, wrong, kept = (
        Settings(home=tmp_path, database_url=Secret(f"postgresql://mhc_owner{word}{address}"))
        for word in (f":{copies.password.reveal()}", f":{PASSWORD}", "")
    )
    Database.open(right).close()

    with pytest.raises(ConfigurationError):
        Database.open(wrong)

    Database.open(kept).close()  # with the password that got in before


def test_a_value_that_the_library_refuses_is_not_quoted(tmp_path: Path) -> None:
    said = refusal(f"postgresql://u:p@127.0.0.1:1/d?sslmode={PASSWORD}", tmp_path)

    assert 'Could not connect to "d" on 127.0.0.1:1' in said
    assert PASSWORD not in said


def test_a_server_that_does_not_answer_is_said_with_its_address(tmp_path: Path) -> None:
    said = refusal(f"postgresql://u:{PASSWORD}@127.0.0.1:1/d", tmp_path)

    assert 'No PostgreSQL answers for "d" on 127.0.0.1:1' in said
    assert PASSWORD not in said


def test_a_database_that_is_not_there_is_said(copies, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    url = f"postgresql://mhc_owner:{copies.password.reveal()}@/nowhere?host={copies.login.host}"

    said = refusal(url, tmp_path)

    assert "no such database or role" in said
    assert copies.password.reveal() not in said


def test_a_server_that_is_too_old_is_refused(copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    settings = copies.settings(tmp_path / "home")
    monkeypatch.setattr(engine, "MINIMUM_SERVER", 99)

    with pytest.raises(ConfigurationError, match="runs PostgreSQL 18; 99 or later is needed"):
        Database.open(settings)


def test_a_password_in_the_environment_is_the_owners_and_nobody_elses(
    copies,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = copies.settings(tmp_path / "home")
    url = settings.database_url.reveal().replace(f":{copies.password.reveal()}@", "@")
    monkeypatch.setenv("PGPASSWORD", copies.password.reveal())

    database = Database.open(Settings(home=settings.home, database_url=Secret(url)))

    assert database.separation.separate
    with database.engine(Role.ANALYST).connect() as connection:
        assert connection.exec_driver_sql("SELECT current_user").scalar() == f"{database.owner.database}_analyst"
    database.close()


def test_a_url_with_the_drivers_name_in_it_is_read_too(copies, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings = copies.settings(tmp_path / "home")
    url = settings.database_url.reveal().replace("postgresql://", "postgresql+psycopg://")

    database = Database.open(Settings(home=settings.home, database_url=Secret(url)))

    assert not database.embedded
    database.close()
