"""Metadata, naming convention and the column shapes that all tables share."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

Instant = sa.DateTime(timezone=True)
Json = postgresql.JSONB
Texts = postgresql.ARRAY(sa.Text)


def key() -> sa.Column[object]:
    """A uuid primary key the database makes up itself."""
    return sa.Column("id", sa.Uuid, primary_key=True, server_default=sa.text("gen_random_uuid()"))


def instant(name: str, *, required: bool = False) -> sa.Column[object]:
    """A moment in UTC; optional ones mean "has not happened"."""
    return sa.Column(name, Instant, nullable=not required)


def stamped(name: str = "created_at") -> sa.Column[object]:
    """A moment that the database fills in when nobody says otherwise."""
    return sa.Column(name, Instant, nullable=False, server_default=sa.func.now())


def flag(name: str) -> sa.Column[object]:
    """A yes or no that starts as no."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def person_reference(name: str = "person_id", *, required: bool = True) -> sa.Column[object]:
    """A person; their rows go with them."""
    rule = "CASCADE" if required else "SET NULL"
    return sa.Column(name, sa.Uuid, sa.ForeignKey("persons.id", ondelete=rule), nullable=not required)


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """``column`` holds one of ``values``."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)
