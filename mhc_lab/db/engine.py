"""``Database``: one SQLAlchemy engine per role, opened from the settings.

Connections are made from parts, never from a URL with a password in it; passwords come from the home's password file.
"""

from __future__ import annotations

import getpass
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mhc_lab.core import home
from mhc_lab.core.errors import ConfigurationError
from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import Settings
from mhc_lab.db import embedded, passfile, roles
from mhc_lab.db.passfile import Login
from mhc_lab.db.roles import Role, Separation

MINIMUM_SERVER = 15
_SETTING = "MHC_DATABASE_URL"
_ADDRESS = re.compile(r"postgresql://([^@/]*@)?[^@/?]*(/[^@?]*)?(\?.*)?", re.DOTALL)
"""A URL whose password ends where libpq thinks it does: a second "@" would make the rest of the password a host or a database."""


@dataclass(slots=True)
class Database:
    """The open database: engines by role, and what is known of the server."""

    home: Path
    owner: Login
    extras: dict[str, str]
    embedded: bool
    server_version: int
    separation: Separation
    user: str = ""
    """Whom its connections serve: what triggers sign their rows with."""
    _engines: dict[Role, sa.Engine] = field(default_factory=dict)

    @classmethod
    def open(cls, settings: Settings) -> Database:
        """Connect as the owner, see that the server will do, and keep the three roles.

        Raises
        ------
        ConfigurationError
            The URL cannot be read, the server refuses, is unreachable or too old.
        """
        home.prepare(settings.home)
        inherited = os.environ.pop("PGPASSWORD", None)  # libpq would use it for every role, before the password file
        if settings.database_url is None:
            owner, extras, given = embedded.start(settings.home).owner, dict[str, str](), None
        else:
            owner, extras, given = _parse(settings.database_url)
            given = given or (Secret(inherited) if inherited else None)
        database = cls(
            settings.home,
            owner,
            extras,
            settings.database_url is None,
            0,
            Separation(separate=False, why=""),
            settings.user,
        )
        with database._connect(owner.role, given) as connection:
            if given:  # only now: one that is wrong must not replace one that was right
                passfile.keep(settings.home, {owner: given})
            database.server_version = connection.info.server_version // 10000
            if database.server_version < MINIMUM_SERVER:
                raise ConfigurationError(
                    f"The server runs PostgreSQL {database.server_version}; {MINIMUM_SERVER} or later is needed. "
                    f"Point {_SETTING} to another server, or unset it to use the embedded one.",
                    setting=_SETTING,
                )
            database.separation = database._separate(connection)
        database._engines = {role: database._make_engine(role) for role in Role}
        return database

    def login(self, role: Role) -> Login:
        """The login that ``role`` uses: its own, or the owner's when the server allows no others."""
        if role is Role.OWNER or not self.separation.separate:
            return self.owner
        return self._login(f"{self.owner.database}_{role}")

    def conninfo(self, role: Role) -> str:
        """Libpq's ``key=value`` text for ``role``, naming the password file."""
        return make_conninfo("", **self._parameters(self.login(role).role))

    def url(self, role: Role) -> str:
        """A URL that the same user can hand to psql: it names the password file and holds no password."""
        parts = self._parameters(self.login(role).role)
        user, name = quote(parts.pop("user")), quote(parts.pop("dbname"))
        return f"postgresql://{user}@/{name}?{urlencode(parts, safe='/')}"

    def engine(self, role: Role) -> sa.Engine:
        """The engine of ``role``; an analyst's transactions are read-only."""
        return self._engines[role]

    def grant(self) -> None:
        """Give app and analyst their rights on the tables there are now."""
        if self.separation.separate:
            with self._connect(self.owner.role) as connection:
                roles.grant(connection, app=self.login(Role.APP).role, analyst=self.login(Role.ANALYST).role)

    def close(self) -> None:
        """Close every connection; the server stays up."""
        for engine in self._engines.values():
            engine.dispose()

    def _make_engine(self, role: Role) -> sa.Engine:
        parameters = self._parameters(self.login(role).role)
        if role is Role.ANALYST:
            parameters["options"] = f"{parameters.get('options', '')} -c default_transaction_read_only=on".strip()
        return sa.create_engine(
            "postgresql+psycopg://", creator=lambda: self._signed(psycopg.connect(**parameters)), pool_pre_ping=True
        )

    def _signed(self, connection: psycopg.Connection[tuple[object, ...]]) -> psycopg.Connection[tuple[object, ...]]:
        """``connection``, which says whom it serves: ``mhc_actor()`` in the database answers with that name."""
        connection.execute("SELECT set_config('mhc.user', %s, false)", [self.user])
        connection.commit()
        return connection

    def _login(self, role_name: str) -> Login:
        return Login(self.owner.host, self.owner.port, self.owner.database, role_name)

    def _parameters(self, role_name: str) -> dict[str, Any]:
        login = self._login(role_name)
        where = {"host": login.host, "port": str(login.port), "dbname": login.database, "user": login.role}
        ours = {"passfile": str(passfile.location(self.home))} if passfile.password(self.home, login) else {}
        return {**self.extras, **where, **ours}

    def _connect(self, role_name: str, password: Secret | None = None) -> psycopg.Connection[tuple[object, ...]]:
        given = {"password": password.reveal()} if password else {}
        parameters = {"connect_timeout": "10", **self._parameters(role_name), **given}
        try:
            return psycopg.connect(**parameters, autocommit=True)
        except psycopg.OperationalError as failure:
            raise _explain(failure, self.owner) from None

    def _separate(self, connection: psycopg.Connection[tuple[object, ...]]) -> Separation:
        """See that app and analyst can log in; make or mend them when they cannot."""
        names = [self._login(f"{self.owner.database}_{role}") for role in (Role.APP, Role.ANALYST)]
        known = passfile.password(self.home, self.owner)
        passwords = {
            login: roles.derive(known, login.role)
            if known
            else passfile.password(self.home, login) or Secret(secrets.token_urlsafe(24))
            for login in names
        }
        passfile.keep(self.home, passwords)
        if all(self._gets_in(login) for login in names):
            return Separation(separate=True)
        why = roles.make(connection, self.owner.database, {login.role: secret for login, secret in passwords.items()})
        if why:
            return Separation(separate=False, why=why)
        roles.grant(connection, app=names[0].role, analyst=names[1].role)
        if not all(self._gets_in(login) for login in names):
            return Separation(
                separate=False, why="the server lets no new role log in with a password; see its pg_hba.conf"
            )
        return Separation(separate=True)

    def _gets_in(self, login: Login) -> bool:
        try:
            psycopg.connect(**self._parameters(login.role)).close()
        except psycopg.OperationalError:
            return False
        return True


def _parse(url: Secret) -> tuple[Login, dict[str, str], Secret | None]:
    """The owner's login, the other connection parameters, and the password if the URL holds one."""
    plain = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url.reveal().strip())
    if not _ADDRESS.fullmatch(plain) or "sslpassword" in plain:  # a second secret, which could not be hidden
        raise _unreadable()
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(plain).items() if value is not None}
        port = int(parts.pop("port", "5432"))
    except (psycopg.ProgrammingError, ValueError):
        raise _unreadable() from None  # libpq's message quotes the URL, and with it the password
    given = parts.pop("password", None)
    user = parts.pop("user", None) or getpass.getuser()
    login = Login(parts.pop("host", "/var/run/postgresql"), port, parts.pop("dbname", user), user)
    if "@" in login.host:
        raise _unreadable()
    return login, parts, Secret(given) if given else None


def _unreadable() -> ConfigurationError:
    return ConfigurationError(
        f"{_SETTING} cannot be read as a database address. It looks like postgresql://USER:PASSWORD@HOST:5432/DATABASE; "
        "characters such as @ : / in the password are written as %40 %3A %2F.",
        setting=_SETTING,
    )


def _explain(failure: psycopg.OperationalError, owner: Login) -> ConfigurationError:
    said = str(failure)
    where = f'"{owner.database}" on {owner.host}:{owner.port}'
    if "password authentication failed" in said or "no password supplied" in said:
        message = f'The server refused the password of "{owner.role}" for {where}. Correct it in {_SETTING}.'
    elif "Connection refused" in said or "No such file or directory" in said:
        message = (
            f"No PostgreSQL answers for {where}. Start it, or correct {_SETTING}; unset, the embedded server is used."
        )
    elif "does not exist" in said:
        message = f"The server has no such database or role: {where}. Create it, or correct {_SETTING}."
    elif "could not translate host name" in said:
        message = f"No server has that name: {where}. Correct it in {_SETTING}."
    else:
        message = f"Could not connect to {where}{_reason(said)}. Check {_SETTING}."
    return ConfigurationError(message, setting=_SETTING)


def _reason(said: str) -> str:
    """What the server or the network answered; libpq's words before that may quote the URL, and are left out."""
    _, found, answer = said.strip().splitlines()[-1].rpartition(" failed: ")
    return f": {answer.strip().rstrip('.')}" if found else ""
