"""Owner, app and analyst: three logins out of one, and what each may do.

``docs/decisions/2026-11-21-three-roles-from-one-url.md`` says why it is done this way.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from psycopg import sql

from mhc_lab.core.secrets import Secret


class Role(StrEnum):
    """What a connection may do."""

    OWNER = "owner"
    """Migrations: owns every table."""
    APP = "app"
    """Services: reads and writes rows, changes no table."""
    ANALYST = "analyst"
    """Everything that only asks: reads."""


@dataclass(frozen=True, slots=True)
class Separation:
    """Whether the three roles are three logins, and if not, why."""

    separate: bool
    why: str = ""

    def __str__(self) -> str:
        return "separate" if self.separate else f"shared ({self.why})"


def derive(owner_password: Secret, role_name: str) -> Secret:
    """The password of ``role_name``: the same on every machine that knows the owner's, and no way back to it."""
    digest = hmac.new(owner_password.reveal().encode(), f"mhc_lab:{role_name}".encode(), hashlib.sha256)
    return Secret(digest.hexdigest())


def make(connection: psycopg.Connection[tuple[object, ...]], database: str, passwords: dict[str, Secret]) -> str:
    """Create or mend the login roles in ``passwords`` as the owner; why it could not be done, or an empty text."""
    me = connection.execute("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if not me or not me[0]:
        return "the login in MHC_DATABASE_URL may not create roles"
    connection.execute("SELECT pg_advisory_lock(hashtext('mhc_lab roles'))")
    try:
        for name, secret in passwords.items():
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
            verifier = connection.pgconn.encrypt_password(secret.reveal().encode(), name.encode(), b"scram-sha-256")
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN NOINHERIT PASSWORD {}").format(
                    sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(name), sql.Literal(verifier.decode())
                )
            )
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(name))
            )
    except psycopg.errors.InsufficientPrivilege as refused:
        return f"the server refused to change a role: {refused.diag.message_primary}"
    finally:
        connection.execute("SELECT pg_advisory_unlock(hashtext('mhc_lab roles'))")
    return ""


def grant(connection: psycopg.Connection[tuple[object, ...]], *, app: str, analyst: str) -> None:
    """Give app and analyst what they may do in ``public``, on tables of today and of tomorrow."""
    names = {"app": sql.Identifier(app), "analyst": sql.Identifier(analyst)}
    statements = [
        "GRANT USAGE ON SCHEMA public TO {app}, {analyst}",
        "REVOKE CREATE ON SCHEMA public FROM {app}, {analyst}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {app}",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {app}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {analyst}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {analyst}",
        "ALTER ROLE {analyst} SET default_transaction_read_only = on",
    ]
    for statement in statements:
        connection.execute(sql.SQL(statement).format(**names))
    kept_from = [
        ("app", "UPDATE, DELETE", "audit_log"),
        ("app", "INSERT, UPDATE, DELETE", "alembic_version"),
        ("analyst", "SELECT", "form_drafts"),  # nobody's half sentences are mirrored
    ]
    for role, rights, table in kept_from:
        if connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f"public.{table}"]).fetchone() == (True,):
            revoke = sql.SQL("REVOKE {} ON {} FROM {}").format(sql.SQL(rights), sql.Identifier(table), names[role])
            connection.execute(revoke)
