"""What Alembic runs: every migration in a transaction of its own, on the connection that ``migrate`` hands in."""

from __future__ import annotations

from alembic import context

from mhc_lab.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
