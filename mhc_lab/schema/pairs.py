"""Unordered pairs of persons: who was on camera together, and which accounts are the same human's.

A pair is one row, the smaller id first: the database refuses the other order, a pair with oneself, and a second row.
"""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import key, metadata, person_reference, stamped


def _pairs(name: str, comment: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        key(),
        person_reference("person_a_id"),
        person_reference("person_b_id"),
        sa.Column("notes", sa.Text),
        stamped("first_seen_at"),
        stamped(),
        sa.CheckConstraint("person_a_id < person_b_id", name="ordered"),
        sa.UniqueConstraint("person_a_id", "person_b_id"),
        sa.Index(None, "person_b_id"),
        comment=comment,
    )


collaborations = _pairs(
    "collaborations", "One row per two persons who were on camera together; ask collaborations_view from either side."
)
alternate_accounts = _pairs(
    "alternate_accounts", "One row per two accounts of one human; ask alternate_accounts_view from either side."
)
