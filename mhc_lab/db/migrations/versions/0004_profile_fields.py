"""What is kept of a profile and where it came from, names to look at next, drafts; rows that are never changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Who changes something: the user that the connection says it serves, else the login.
_ACTOR = """
    CREATE FUNCTION mhc_actor() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(nullif(current_setting('mhc.user', true), ''), session_user)
"""

# A row is deleted together with its person only: in the cascade the person is gone already, at any other time they are not, for the
# foreign key holds them. A merge of two persons moves rows from one to the other, and takes away what both have; its journal keeps it.
# Names are qualified so that no temporary table can take their place.
_KEPT = """
    CREATE FUNCTION rows_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        whose constant text[] := '{person_id,related_person_id}';
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF current_setting('mhc.job', true) = 'merge' OR EXISTS (
                SELECT FROM jsonb_each_text(to_jsonb(OLD)) AS field
                WHERE field.key = ANY(whose) AND NOT EXISTS (SELECT FROM public.persons WHERE id = field.value::uuid)
            ) THEN
                RETURN OLD;
            END IF;
        ELSIF TG_OP = 'UPDATE' THEN
            IF current_setting('mhc.job', true) = 'merge' AND to_jsonb(NEW) - whose = to_jsonb(OLD) - whose THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION '% is append only; its rows go only with their person', TG_TABLE_NAME;
    END
    $$
"""
_KEPT_TRIGGERS = (
    "CREATE TRIGGER {0}_sealed BEFORE UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION {1}()",
    "CREATE TRIGGER {0}_kept BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION {1}()",
)
_SEALED_BEFORE = """
    CREATE FUNCTION observation_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF NOT EXISTS (SELECT FROM public.persons WHERE id = OLD.person_id) THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION '% is append only; its rows go only with their person', TG_TABLE_NAME;
    END
    $$
"""
_SNAPSHOTS = ("affiliate_api_snapshots", "cbhours_live_stats", "cbhours_activity")

_FIELDS = (
    "display_name", "bio", "location", "country", "age", "gender", "birthday_public", "spoken_languages", "tags", "social_links",
    "rating", "smoke_drink", "real_name", "irl_name", "identity_name", "address_as",
)  # fmt: skip
# Also noted, when mhc.noted names the field: that somebody else says now what it says already.
_NOTED = """
    CREATE FUNCTION profile_fields_noted() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        before jsonb := '{"rating": 0}';
    BEGIN
        IF current_setting('mhc.job', true) = 'merge' THEN
            RETURN NULL;
        ELSIF TG_OP = 'UPDATE' THEN
            before := to_jsonb(OLD);
        END IF;
        INSERT INTO public.profile_field_history (person_id, field, old_value, new_value, source, changed_by)
        SELECT
            NEW.person_id, field.key, nullif(before -> field.key, 'null'), nullif(field.value, 'null'),
            coalesce(nullif(current_setting('mhc.source', true), ''), 'sql'), public.mhc_actor()
        FROM jsonb_each(to_jsonb(NEW)) AS field
        WHERE field.key = ANY(TG_ARGV) AND (
            nullif(before -> field.key, 'null') IS DISTINCT FROM nullif(field.value, 'null')
            OR field.key = current_setting('mhc.noted', true)
        )
        ORDER BY array_position(TG_ARGV, field.key);
        RETURN NULL;
    END
    $$
"""
_NOTED_TRIGGERS = (
    f"""
    CREATE TRIGGER profiles_noted AFTER UPDATE OF {", ".join(_FIELDS)} ON profiles
    FOR EACH ROW EXECUTE FUNCTION profile_fields_noted({", ".join(map(repr, _FIELDS))})
    """,
    f"""
    CREATE TRIGGER profiles_begun AFTER INSERT ON profiles FOR EACH ROW
    WHEN (num_nonnulls({", ".join(f"NEW.{field}" for field in _FIELDS if field != "rating")}) > 0 OR NEW.rating <> 0)
    EXECUTE FUNCTION profile_fields_noted({", ".join(map(repr, _FIELDS))})
    """,
)


def upgrade() -> None:
    op.execute(_ACTOR)
    op.execute(_KEPT)
    for table in _SNAPSHOTS:
        _seal(table, "rows_kept")
    op.execute("DROP FUNCTION observation_sealed()")
    op.create_index(
        "person_aliases_alias_prefix_idx", "person_aliases", ["alias"], postgresql_ops={"alias": "text_pattern_ops"}
    )
    op.add_column(
        "profiles",
        sa.Column(
            "smoke_drink",
            sa.Text(),
            nullable=True,
            comment="As the profile says it; the attribute profile_smoke is derived from it.",
        ),
    )
    op.add_column("profiles", sa.Column("real_name", sa.Text(), nullable=True))
    op.add_column(
        "profiles",
        sa.Column("irl_name", sa.Text(), nullable=True, comment="What they are called outside the platform."),
    )
    op.add_column("profiles", sa.Column("identity_name", sa.Text(), nullable=True))
    op.add_column(
        "profiles",
        sa.Column("address_as", sa.ARRAY(sa.Text()), nullable=True, comment="How they want to be addressed."),
    )
    _create_profile_field_history()
    for trigger in _KEPT_TRIGGERS:
        op.execute(trigger.format("profile_field_history", "rows_kept"))
    op.execute(_NOTED)
    for trigger in _NOTED_TRIGGERS:
        op.execute(trigger)
    _create_priority_lookups()
    _create_form_drafts()


def downgrade() -> None:
    op.drop_table("form_drafts")
    op.drop_table("priority_lookups")
    op.execute("DROP TRIGGER profiles_noted ON profiles")
    op.execute("DROP TRIGGER profiles_begun ON profiles")
    op.execute("DROP FUNCTION profile_fields_noted()")
    op.drop_table("profile_field_history")
    for column in ("address_as", "identity_name", "irl_name", "real_name", "smoke_drink"):
        op.drop_column("profiles", column)
    op.drop_index("person_aliases_alias_prefix_idx", "person_aliases")
    op.execute(_SEALED_BEFORE)
    for table in _SNAPSHOTS:
        _seal(table, "observation_sealed")
    op.execute("DROP FUNCTION rows_kept()")
    op.execute("DROP FUNCTION mhc_actor()")


def _seal(table: str, function: str) -> None:
    """Let ``function`` watch over ``table`` in place of another one."""
    op.execute(f"DROP TRIGGER {table}_sealed ON {table}")
    op.execute(f"DROP TRIGGER {table}_kept ON {table}")
    for trigger in _KEPT_TRIGGERS:
        op.execute(trigger.format(table, function))


def _create_profile_field_history() -> None:
    op.create_table(
        "profile_field_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False, comment="The column of profiles."),
        sa.Column("old_value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("new_value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("source", sa.Text(), nullable=False, comment="Who said so: manual, a service, or sql."),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("profile_field_history_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("profile_field_history_pkey")),
        comment="One row per change of a profile field; the newest says where the value came from. By a trigger; append only.",
    )
    op.create_index(
        op.f("profile_field_history_person_id_field_id_idx"), "profile_field_history", ["person_id", "field", "id"]
    )


def _create_priority_lookups() -> None:
    op.create_table(
        "priority_lookups",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("username", sa.Text(), nullable=False, comment="Also a name that nobody here has yet."),
        sa.Column("priority_level", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'completed') = (completed_at IS NOT NULL)", name=op.f("priority_lookups_completion_check")
        ),
        sa.CheckConstraint("status IN ('pending', 'active', 'completed')", name=op.f("priority_lookups_status_check")),
        sa.CheckConstraint("username ~ '^[a-z0-9_]{1,25}$'", name=op.f("priority_lookups_username_check")),
        sa.CheckConstraint("priority_level IN (1, 2)", name=op.f("priority_lookups_priority_level_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("priority_lookups_pkey")),
        sa.UniqueConstraint("username", name=op.f("priority_lookups_username_key")),
        comment="One row per name to look at next: level 1 once, level 2 again and again.",
    )


def _create_form_drafts() -> None:
    op.create_table(
        "form_drafts",
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="What the form is about, when there is one for each."),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_name", "form", "subject", name=op.f("form_drafts_pkey")),
        comment="One row per form that somebody began and did not save yet; never mirrored.",
    )
