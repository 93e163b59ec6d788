"""Everything that a database holds, for tests that nothing else has changed."""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema import metadata
from mhc_lab.workbench import Workbench


def rows(wb: Workbench) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with wb.transaction() as session:
        return {
            table.name: sorted(map(tuple, session.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
        }
