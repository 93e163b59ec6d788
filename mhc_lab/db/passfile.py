"""The password file of a home: every other place names it instead of holding a password.

The format is libpq's ``pgpass``, so that psql, psycopg and DuckDB read it alike. It is always replaced whole, with mode 0600.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mhc_lab.core.home import locked, replace_text
from mhc_lab.core.secrets import Secret


@dataclass(frozen=True, slots=True)
class Login:
    """One role on one server."""

    host: str
    port: int
    database: str
    role: str

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The lines of this login up to its password: two for a socket, since libpq calls its own default folder localhost."""
        hosts = (self.host, "localhost") if self.host.startswith(("/var/run/", "/run/")) else (self.host,)
        return tuple(self._line(host) for host in hosts)

    def _line(self, host: str) -> str:
        parts = (host, str(self.port), self.database, self.role)
        return "".join(part.replace("\\", "\\\\").replace(":", "\\:") + ":" for part in parts)


def location(home: Path) -> Path:
    """Where the password file of ``home`` lies."""
    return home / "pgpass"


def password(home: Path, login: Login) -> Secret | None:
    """The password kept for exactly this login, or None."""
    for line in _lines(home):
        if line.startswith(login.prefixes[0]):
            return Secret(line.removeprefix(login.prefixes[0]).replace("\\:", ":").replace("\\\\", "\\"))
    return None


def keep(home: Path, passwords: Mapping[Login, Secret]) -> None:
    """Write ``passwords`` into the file; what it says of other logins stays."""
    with locked(home / "pgpass.lock"):
        old = _lines(home)
        mine = tuple(prefix for login in passwords for prefix in login.prefixes)
        new = [line for line in old if not line.startswith(mine)] if mine else list(old)
        new += [
            prefix + secret.reveal().replace("\\", "\\\\").replace(":", "\\:")
            for login, secret in passwords.items()
            for prefix in login.prefixes
        ]
        if sorted(new) != sorted(old):
            replace_text(location(home), "".join(f"{line}\n" for line in new))


def _lines(home: Path) -> list[str]:
    try:
        return location(home).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
