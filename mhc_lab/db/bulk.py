"""Many rows at once, by COPY: many times as fast as INSERT, and all or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session


def copy(session: Session, table: sa.Table, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    """Write ``rows``, values in the order of ``columns``; the driver's own errors come through."""
    connection: Any = session.connection().connection.driver_connection
    statement = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as writer:
        for row in rows:
            writer.write_row(row)
