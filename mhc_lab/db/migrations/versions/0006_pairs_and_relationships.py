"""Unordered pairs of persons, asked from either side, and relationships with their history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# {0} is the table, {1} the noun of the functions, {2} what the view calls the other one.
_PAIRS = (
    """
    CREATE VIEW {0}_view AS
    SELECT id, person_a_id AS person_id, person_b_id AS {2}_id, notes, first_seen_at, created_at FROM {0}
    UNION ALL
    SELECT id, person_b_id, person_a_id, notes, first_seen_at, created_at FROM {0}
    """,
    """
    CREATE FUNCTION add_{1}(one uuid, other uuid, what text DEFAULT NULL, seen timestamptz DEFAULT NULL)
    RETURNS uuid LANGUAGE sql AS $$
        INSERT INTO public.{0} AS known (person_a_id, person_b_id, notes, first_seen_at)
        VALUES (least(one, other), greatest(one, other), nullif(btrim(what), ''), coalesce(seen, now()))
        ON CONFLICT (person_a_id, person_b_id) DO UPDATE SET
            notes = coalesce(excluded.notes, known.notes),
            first_seen_at = least(known.first_seen_at, excluded.first_seen_at)
        RETURNING id
    $$
    """,
    """
    CREATE FUNCTION remove_{1}(one uuid, other uuid) RETURNS boolean LANGUAGE sql AS $$
        WITH gone AS (
            DELETE FROM public.{0}
            WHERE person_a_id = least(one, other) AND person_b_id = greatest(one, other)
            RETURNING id
        )
        SELECT EXISTS (SELECT FROM gone)
    $$
    """,
)
_PAIR_NAMES = (
    ("collaborations", "collaboration", "collaborator"), ("alternate_accounts", "alternate_account", "alternate"),
)  # fmt: skip

_HISTORY_KEPT = (
    """
    CREATE TRIGGER profile_relationship_history_sealed BEFORE UPDATE OR DELETE ON profile_relationship_history
    FOR EACH ROW EXECUTE FUNCTION rows_kept()
    """,
    """
    CREATE TRIGGER profile_relationship_history_kept BEFORE TRUNCATE ON profile_relationship_history
    FOR EACH STATEMENT EXECUTE FUNCTION rows_kept()
    """,
)

_RELATIONSHIP_CHANGED = (
    """
    CREATE FUNCTION relationship_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        quiet constant text[] := '{id,person_id,related_person_id,created_at,updated_at}';
        was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - quiet END;
        becomes jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - quiet END;
        about public.profile_relationships := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    BEGIN
        IF was IS DISTINCT FROM becomes AND current_setting('mhc.job', true) IS DISTINCT FROM 'merge' THEN
            INSERT INTO public.profile_relationship_history
                (relationship_id, person_id, related_person_id, before, after, changed_by)
            SELECT about.id, about.person_id, about.related_person_id, was, becomes, public.mhc_actor()
            WHERE 2 = (SELECT count(*) FROM public.persons WHERE id IN (about.person_id, about.related_person_id));
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER profile_relationships_changed AFTER INSERT OR UPDATE OR DELETE ON profile_relationships
    FOR EACH ROW EXECUTE FUNCTION relationship_changed()
    """,
    """
    CREATE TRIGGER profile_relationships_kept BEFORE TRUNCATE ON profile_relationships
    FOR EACH STATEMENT EXECUTE FUNCTION rows_kept()
    """,
)


def upgrade() -> None:
    _create_collaborations()
    _create_alternate_accounts()
    for names in _PAIR_NAMES:
        for statement in _PAIRS:
            op.execute(statement.format(*names))
    _create_profile_relationships()
    _create_profile_relationship_history()
    for statement in (*_RELATIONSHIP_CHANGED, *_HISTORY_KEPT):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("profile_relationship_history")
    op.execute("DROP TRIGGER profile_relationships_changed ON profile_relationships")
    op.execute("DROP FUNCTION relationship_changed()")
    op.drop_table("profile_relationships")
    for table, noun, _ in reversed(_PAIR_NAMES):
        op.execute(f"DROP FUNCTION remove_{noun}(uuid, uuid)")
        op.execute(f"DROP FUNCTION add_{noun}(uuid, uuid, text, timestamptz)")
        op.execute(f"DROP VIEW {table}_view")
        op.drop_table(table)


def _create_collaborations() -> None:
    op.create_table(
        "collaborations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_a_id", sa.Uuid(), nullable=False),
        sa.Column("person_b_id", sa.Uuid(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("person_a_id < person_b_id", name=op.f("collaborations_ordered_check")),
        sa.ForeignKeyConstraint(
            ["person_a_id"], ["persons.id"], name=op.f("collaborations_person_a_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_b_id"], ["persons.id"], name=op.f("collaborations_person_b_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("collaborations_pkey")),
        sa.UniqueConstraint("person_a_id", "person_b_id", name=op.f("collaborations_person_a_id_person_b_id_key")),
        comment="One row per two persons who were on camera together; ask collaborations_view from either side.",
    )
    op.create_index(op.f("collaborations_person_b_id_idx"), "collaborations", ["person_b_id"])


def _create_alternate_accounts() -> None:
    op.create_table(
        "alternate_accounts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_a_id", sa.Uuid(), nullable=False),
        sa.Column("person_b_id", sa.Uuid(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("person_a_id < person_b_id", name=op.f("alternate_accounts_ordered_check")),
        sa.ForeignKeyConstraint(
            ["person_a_id"], ["persons.id"], name=op.f("alternate_accounts_person_a_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_b_id"], ["persons.id"], name=op.f("alternate_accounts_person_b_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("alternate_accounts_pkey")),
        sa.UniqueConstraint("person_a_id", "person_b_id", name=op.f("alternate_accounts_person_a_id_person_b_id_key")),
        comment="One row per two accounts of one human; ask alternate_accounts_view from either side.",
    )
    op.create_index(op.f("alternate_accounts_person_b_id_idx"), "alternate_accounts", ["person_b_id"])


def _create_profile_relationships() -> None:
    op.create_table(
        "profile_relationships",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("related_person_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False, comment="What related_person_id is to person_id."),
        sa.Column("custom_label", sa.Text(), server_default="", nullable=False, comment="What a custom one is called."),
        sa.Column("tier", sa.SmallInteger(), server_default="1", nullable=False, comment="1 is the closest."),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(type = 'custom') = (custom_label ~ '\\S')", name=op.f("profile_relationships_custom_label_check")
        ),
        sa.CheckConstraint(
            "status IN ('potential', 'occasional', 'active', 'on_hold', 'inactive', 'decommissioned', 'banished')",
            name=op.f("profile_relationships_status_check"),
        ),
        sa.CheckConstraint(
            "type IN ('friend', 'dom', 'sub', 'partner', 'acquaintance', 'blocked', 'custom')",
            name=op.f("profile_relationships_type_check"),
        ),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("profile_relationships_dates_check")),
        sa.CheckConstraint("person_id <> related_person_id", name=op.f("profile_relationships_self_check")),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name=op.f("profile_relationships_tier_check")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("profile_relationships_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["related_person_id"],
            ["persons.id"],
            name=op.f("profile_relationships_related_person_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("profile_relationships_pkey")),
        sa.UniqueConstraint(
            "person_id",
            "related_person_id",
            "type",
            "custom_label",
            name="profile_relationships_kind_key",
        ),
        comment="One row per kind of relationship from one person to another.",
    )
    op.create_index(op.f("profile_relationships_related_person_id_idx"), "profile_relationships", ["related_person_id"])


def _create_profile_relationship_history() -> None:
    op.create_table(
        "profile_relationship_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("relationship_id", sa.Uuid(), nullable=False, comment="Also of relationships that are gone."),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("related_person_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="NULL: it was added."),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="NULL: it was removed."),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "before IS NOT NULL OR after IS NOT NULL", name=op.f("profile_relationship_history_change_check")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("profile_relationship_history_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["related_person_id"],
            ["persons.id"],
            name=op.f("profile_relationship_history_related_person_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("profile_relationship_history_pkey")),
        comment="One row per change of a relationship, written by a trigger. Append only.",
    )
    op.create_index(op.f("profile_relationship_history_person_id_idx"), "profile_relationship_history", ["person_id"])
    op.create_index(
        op.f("profile_relationship_history_related_person_id_idx"),
        "profile_relationship_history",
        ["related_person_id"],
    )
    op.create_index(
        op.f("profile_relationship_history_relationship_id_idx"), "profile_relationship_history", ["relationship_id"]
    )
