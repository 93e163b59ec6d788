"""Decisions about follow lists, observations of single persons, and the numbers behind each verdict."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COUNTED = {
    "at_risk_count": "How many followed just before this list.",
    "added_count": "How many on it did not follow before.",
    "missing_count": "How many of those at risk are not on it.",
}
_DOUBTS = "Why it is not whole although it was said to be."
_EXPECTED = "How many of them the known rate lets expect; NULL before it is known."
_HISTORY = "One row per follow or unfollow; an unfollow lies between last_seen_at and first_missing_at"
_SPELLS = "One row per unbroken stretch of following; started_after is NULL when it was open before we looked"


def upgrade() -> None:
    op.add_column(
        "follow_scrapes", sa.Column("doubts", sa.ARRAY(sa.Text()), server_default="{}", nullable=False, comment=_DOUBTS)
    )
    for name, comment in _COUNTED.items():
        op.add_column("follow_scrapes", sa.Column(name, sa.Integer(), nullable=True, comment=comment))
    op.add_column("follow_scrapes", sa.Column("expected_missing", sa.Double(), nullable=True, comment=_EXPECTED))
    op.add_column("follow_scrapes", sa.Column("is_folded", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("follow_history", sa.Column("reason", sa.Text(), server_default="", nullable=False))
    op.drop_constraint("follow_history_order_check", "follow_history")
    op.create_check_constraint(op.f("follow_history_order_check"), "follow_history", "last_seen_at <= first_missing_at")
    op.create_table_comment(
        "follow_history", f"{_HISTORY}; equal: it is known exactly.", existing_comment=f"{_HISTORY}."
    )
    op.create_table_comment(
        "follow_spells", f"{_SPELLS}, and equals started_at when that is known exactly.", existing_comment=f"{_SPELLS}."
    )
    op.create_table(
        "follow_decisions",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("scrape_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decision IN ('complete', 'partial', 'refused', 'automatic')", name=op.f("follow_decisions_decision_check")
        ),
        sa.ForeignKeyConstraint(
            ["scrape_id"], ["follow_scrapes.id"], name=op.f("follow_decisions_scrape_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("follow_decisions_pkey")),
        comment="One row per decision a person took about a list; the newest counts, and 'automatic' takes the others back.",
    )
    op.create_index(op.f("follow_decisions_scrape_id_number_idx"), "follow_decisions", ["scrape_id", "number"])
    op.create_table(
        "follow_observations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("is_following", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("username", sa.Text(), nullable=False, comment="The name as the source wrote it."),
        sa.Column(
            "reference", sa.Text(), nullable=False, comment="What tells it from others: the event's id, or a digest."
        ),
        sa.Column("is_folded", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("direction IN ('followers', 'following')", name=op.f("follow_observations_direction_check")),
        sa.CheckConstraint(
            "source IN ('events_api', 'profile_scrape', 'manual_import')", name=op.f("follow_observations_source_check")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("follow_observations_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("follow_observations_pkey")),
        sa.UniqueConstraint(
            "direction", "source", "reference", name=op.f("follow_observations_direction_source_reference_key")
        ),
        comment="One row per statement about one person: the event feed says when, a profile page says that it is so.",
    )
    op.create_index(
        op.f("follow_observations_person_id_direction_at_idx"), "follow_observations", ["person_id", "direction", "at"]
    )
    for table in (
        "follow_spells",
        "profiles",
    ):  # every list says of everybody on it when they were seen last: room for that
        op.execute(f"ALTER TABLE {table} SET (fillfactor = 60)")


def downgrade() -> None:
    for table in ("follow_spells", "profiles"):
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
    op.drop_table("follow_observations")
    op.drop_table("follow_decisions")
    op.create_table_comment("follow_spells", f"{_SPELLS}.", existing_comment=None)
    op.create_table_comment("follow_history", f"{_HISTORY}.", existing_comment=None)
    op.execute("DELETE FROM follow_history WHERE last_seen_at = first_missing_at")  # computed, and unknown to 0001
    op.drop_constraint(op.f("follow_history_order_check"), "follow_history")
    op.create_check_constraint(op.f("follow_history_order_check"), "follow_history", "last_seen_at < first_missing_at")
    op.drop_column("follow_history", "reason")
    for name in ("is_folded", "expected_missing", *reversed(_COUNTED), "doubts"):
        op.drop_column("follow_scrapes", name)
