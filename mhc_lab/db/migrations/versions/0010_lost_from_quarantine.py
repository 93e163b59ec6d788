"""A file that was to be set aside and is nowhere any more is told apart from one in quarantine; keepers are found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_CHECK = "quarantined_files_state_check"
_BEFORE = "state IN ('leaving', 'aside', 'returning', 'back', 'purging', 'purged')"
_AFTER = "state IN ('leaving', 'aside', 'lost', 'back', 'purging', 'purged')"
_TOLD_BEFORE = "leaving and returning: a run was killed over it."
_TOLD_AFTER = "leaving and purging: a run was killed over it; lost: it was in neither place."


def upgrade() -> None:
    _exchange(_AFTER, comment=_TOLD_AFTER, existing=_TOLD_BEFORE)
    op.create_index(op.f("quarantined_files_keeper_id_idx"), "quarantined_files", ["keeper_id"])


def downgrade() -> None:
    op.drop_index(op.f("quarantined_files_keeper_id_idx"), table_name="quarantined_files")
    op.execute(sa.text("UPDATE quarantined_files SET state = 'aside' WHERE state = 'lost'"))
    _exchange(_BEFORE, comment=_TOLD_BEFORE, existing=_TOLD_AFTER)


def _exchange(states: str, *, comment: str, existing: str) -> None:
    op.drop_constraint(op.f(_CHECK), "quarantined_files", type_="check")
    op.create_check_constraint(op.f(_CHECK), "quarantined_files", states)
    op.alter_column(
        "quarantined_files",
        "state",
        existing_type=sa.Text(),
        existing_nullable=False,
        comment=comment,
        existing_comment=existing,
    )
