"""First tables: people, follow lists, media, operations; the audit log seals itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Each row's hash covers the row and the hash before it; an advisory lock keeps two writers from sharing a predecessor.
_SEAL = (
    """
    CREATE FUNCTION audit_log_hash(entry audit_log) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT encode(sha256(convert_to(jsonb_build_array(
            entry.number, extract(epoch FROM entry.at), entry.actor, entry.action, entry.subject, entry.details,
            entry.previous_hash
        )::text, 'UTF8')), 'hex')
    $$
    """,
    """
    CREATE FUNCTION audit_log_chain() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('audit_log'));
        NEW.at := clock_timestamp();
        NEW.previous_hash := coalesce((SELECT hash FROM audit_log ORDER BY number DESC LIMIT 1), '');
        NEW.hash := audit_log_hash(NEW);
        RETURN NEW;
    END
    $$
    """,
    "CREATE TRIGGER audit_log_chain BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_chain()",
    """
    CREATE FUNCTION audit_log_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'audit_log is append only';
    END
    $$
    """,
    """
    CREATE TRIGGER audit_log_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_sealed()
    """,
)


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("audit_log_pkey")),
        comment="One row per change worth remembering; each hash covers the row and the hash before it. Append only.",
    )
    op.create_table(
        "audit_runs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("notebook", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column(
            "recorded",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="The values the notebook recorded, by name.",
        ),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("mirror_version", sa.Integer(), nullable=True),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("outcome IN ('passed', 'findings', 'broken')", name=op.f("audit_runs_outcome_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_runs_pkey")),
        comment="One row per notebook run by papermill.",
    )
    op.create_index(op.f("audit_runs_notebook_started_at_idx"), "audit_runs", ["notebook", "started_at"], unique=False)
    op.create_table(
        "file_storages",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False, comment="A folder, or a bucket with its prefix."),
        sa.Column("marker", sa.Uuid(), nullable=False, comment="What the marker file in the root must say."),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('disk', 's3')", name=op.f("file_storages_kind_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("file_storages_pkey")),
        sa.UniqueConstraint("marker", name=op.f("file_storages_marker_key")),
        sa.UniqueConstraint("name", name=op.f("file_storages_name_key")),
        comment="One row per disk root or bucket.",
    )
    op.create_table(
        "follow_scrapes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_count", sa.Integer(), nullable=False),
        sa.Column("reported_total", sa.Integer(), nullable=True),
        sa.Column("is_declared_complete", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=False),
        sa.Column("rejected_rows", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("duplicate_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("direction IN ('followers', 'following')", name=op.f("follow_scrapes_direction_check")),
        sa.CheckConstraint(
            "verdict IN ('complete', 'partial', 'held', 'refused')", name=op.f("follow_scrapes_verdict_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("follow_scrapes_pkey")),
        sa.UniqueConstraint(
            "direction", "observed_at", "file_digest", name=op.f("follow_scrapes_direction_observed_at_file_digest_key")
        ),
        comment="One row per follow list that was taken in; verdict says whether it may end anybody's spell.",
    )
    op.create_index(
        op.f("follow_scrapes_direction_observed_at_idx"), "follow_scrapes", ["direction", "observed_at"], unique=False
    )
    op.create_table(
        "job_runs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("plan_hash", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("restores", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'done', 'restored')", name=op.f("job_runs_state_check")),
        sa.ForeignKeyConstraint(
            ["restores"], ["job_runs.id"], name=op.f("job_runs_restores_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("job_runs_pkey")),
        sa.UniqueConstraint("plan_hash", name=op.f("job_runs_plan_hash_key")),
        sa.UniqueConstraint("restores", name=op.f("job_runs_restores_key")),
        comment="One row per applied plan; restores names the run that this one undid.",
    )
    op.create_table(
        "persons",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), server_default="chaturbate", nullable=False),
        sa.Column("role", sa.Text(), server_default="UNKNOWN", nullable=False),
        sa.Column("rid", sa.BigInteger(), nullable=True, comment="The platform's numeric room id: survives a rename."),
        sa.Column("did", sa.BigInteger(), nullable=True),
        sa.Column("is_self", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_excluded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("excluded_reason", sa.Text(), nullable=True),
        sa.Column("excluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('MODEL', 'VIEWER', 'BOTH', 'UNKNOWN')", name=op.f("persons_role_check")),
        sa.CheckConstraint("username ~ '^[a-z0-9_]{1,25}$'", name=op.f("persons_username_check")),
        sa.CheckConstraint(
            "is_excluded = (excluded_at IS NOT NULL) AND is_excluded = (excluded_reason IS NOT NULL)",
            name=op.f("persons_exclusion_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("persons_pkey")),
        sa.UniqueConstraint("username", "platform", name=op.f("persons_username_platform_key")),
        comment="One row per account on a platform.",
    )
    op.create_index("persons_one_self_idx", "persons", ["is_self"], unique=True, postgresql_where=sa.text("is_self"))
    op.create_index("persons_rid_idx", "persons", ["rid"], unique=False, postgresql_where=sa.text("rid IS NOT NULL"))
    op.create_index(
        "persons_username_prefix_idx",
        "persons",
        ["username"],
        unique=False,
        postgresql_ops={"username": "text_pattern_ops"},
    )
    op.create_table(
        "follow_history",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_baseline", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_missing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(action = 'unfollow') = (first_missing_at IS NOT NULL AND last_seen_at IS NOT NULL)",
            name=op.f("follow_history_interval_check"),
        ),
        sa.CheckConstraint("action IN ('follow', 'unfollow')", name=op.f("follow_history_action_check")),
        sa.CheckConstraint("direction IN ('followers', 'following')", name=op.f("follow_history_direction_check")),
        sa.CheckConstraint(
            "source IN ('events_api', 'profile_scrape', 'list_scrape', 'manual_import')",
            name=op.f("follow_history_source_check"),
        ),
        sa.CheckConstraint("status IN ('provisional', 'confirmed')", name=op.f("follow_history_status_check")),
        sa.CheckConstraint("last_seen_at < first_missing_at", name=op.f("follow_history_order_check")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("follow_history_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("follow_history_pkey")),
        sa.UniqueConstraint(
            "person_id", "direction", "at", "action", name=op.f("follow_history_person_id_direction_at_action_key")
        ),
        comment="One row per follow or unfollow; an unfollow lies between last_seen_at and first_missing_at.",
    )
    op.create_index(
        op.f("follow_history_direction_action_at_idx"), "follow_history", ["direction", "action", "at"], unique=False
    )
    op.create_table(
        "follow_scrape_names",
        sa.Column("scrape_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="1 is the top of the list."),
        sa.Column("username", sa.Text(), nullable=False, comment="The name as it stood on the list."),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("follow_scrape_names_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["scrape_id"], ["follow_scrapes.id"], name=op.f("follow_scrape_names_scrape_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scrape_id", "person_id", name=op.f("follow_scrape_names_pkey")),
        sa.UniqueConstraint("scrape_id", "place", name=op.f("follow_scrape_names_scrape_id_place_key")),
        comment="One row per person on a follow list.",
    )
    op.create_index(op.f("follow_scrape_names_person_id_idx"), "follow_scrape_names", ["person_id"], unique=False)
    op.create_table(
        "follow_spells",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 is the first spell of this person."),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_status", sa.Text(), nullable=True),
        sa.CheckConstraint("direction IN ('followers', 'following')", name=op.f("follow_spells_direction_check")),
        sa.CheckConstraint("end_status IN ('provisional', 'confirmed')", name=op.f("follow_spells_end_status_check")),
        sa.CheckConstraint("(ended_at IS NULL) = (end_status IS NULL)", name=op.f("follow_spells_end_check")),
        sa.CheckConstraint("ended_at > started_at", name=op.f("follow_spells_order_check")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("follow_spells_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "direction", "number", name=op.f("follow_spells_pkey")),
        comment="One row per unbroken stretch of following; started_after is NULL when it was open before we looked.",
    )
    op.create_index(
        op.f("follow_spells_direction_started_at_idx"), "follow_spells", ["direction", "started_at"], unique=False
    )
    op.create_table(
        "job_steps",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("action", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "before", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="What a restore puts back."
        ),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('intended', 'done')", name=op.f("job_steps_state_check")),
        sa.ForeignKeyConstraint(["run_id"], ["job_runs.id"], name=op.f("job_steps_run_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "ordinal", name=op.f("job_steps_pkey")),
        comment="One row per single action of a run, written before it is done.",
    )
    op.create_table(
        "media_locator",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("storage_id", sa.Uuid(), nullable=False),
        sa.Column("relative_path", sa.Text(), nullable=False),
        sa.Column("byte_id", sa.Text(), nullable=False, comment="SHA-256 of the file."),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), server_default="imported", nullable=False),
        sa.Column("original_name", sa.Text(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_favorite", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("byte_id ~ '^[0-9a-f]{64}$'", name=op.f("media_locator_byte_id_check")),
        sa.CheckConstraint(
            "source IN ('affiliate_api', 'manual_upload', 'external', 'imported', 'screensnap', 'profile', 'following_snap')",
            name=op.f("media_locator_source_check"),
        ),
        sa.CheckConstraint(
            "verdict IN ('readable', 'video', 'corrupt', 'refused', 'opaque')", name=op.f("media_locator_verdict_check")
        ),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("media_locator_size_bytes_check")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("media_locator_person_id_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["storage_id"], ["file_storages.id"], name=op.f("media_locator_storage_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("media_locator_pkey")),
        comment="One row per copy of a file: the single source of truth for where it lies and what it is.",
    )
    op.create_index(op.f("media_locator_byte_id_idx"), "media_locator", ["byte_id"], unique=False)
    op.create_index(
        "media_locator_one_primary_idx",
        "media_locator",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("is_primary"),
    )
    op.create_index(op.f("media_locator_person_id_idx"), "media_locator", ["person_id"], unique=False)
    op.create_index(
        "media_locator_place_idx",
        "media_locator",
        ["storage_id", "relative_path"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "person_aliases",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), server_default="chaturbate", nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("alias ~ '^[a-z0-9_]{1,25}$'", name=op.f("person_aliases_alias_check")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("person_aliases_validity_check")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("person_aliases_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("person_aliases_pkey")),
        sa.UniqueConstraint(
            "alias", "platform", "valid_from", name=op.f("person_aliases_alias_platform_valid_from_key")
        ),
        comment="One row per name a person had before: from valid_from, up to but not at valid_to.",
    )
    op.create_index(op.f("person_aliases_person_id_idx"), "person_aliases", ["person_id"], unique=False)
    op.create_table(
        "profiles",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("birthday_public", sa.Text(), nullable=True),
        sa.Column("spoken_languages", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("social_links", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("rating", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("following", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("follower", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("following_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follower_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unfollowed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unfollower_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("following_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follower_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data_source", sa.Text(), nullable=True),
        sa.Column("scraped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rating BETWEEN 0 AND 5", name=op.f("profiles_rating_check")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("profiles_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("profiles_pkey")),
        sa.UniqueConstraint("person_id", name=op.f("profiles_person_id_key")),
        comment="One row per person: cached profile data; the follow columns are computed from the follow history.",
    )
    op.create_index(
        "profiles_follower_idx", "profiles", ["follower_since"], unique=False, postgresql_where=sa.text("follower")
    )
    op.create_index(
        "profiles_following_idx", "profiles", ["following_since"], unique=False, postgresql_where=sa.text("following")
    )
    for statement in _SEAL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("profiles_following_idx", table_name="profiles", postgresql_where=sa.text("following"))
    op.drop_index("profiles_follower_idx", table_name="profiles", postgresql_where=sa.text("follower"))
    op.drop_table("profiles")
    op.drop_index(op.f("person_aliases_person_id_idx"), table_name="person_aliases")
    op.drop_table("person_aliases")
    op.drop_index("media_locator_place_idx", table_name="media_locator", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_index(op.f("media_locator_person_id_idx"), table_name="media_locator")
    op.drop_index("media_locator_one_primary_idx", table_name="media_locator", postgresql_where=sa.text("is_primary"))
    op.drop_index(op.f("media_locator_byte_id_idx"), table_name="media_locator")
    op.drop_table("media_locator")
    op.drop_table("job_steps")
    op.drop_index(op.f("follow_spells_direction_started_at_idx"), table_name="follow_spells")
    op.drop_table("follow_spells")
    op.drop_index(op.f("follow_scrape_names_person_id_idx"), table_name="follow_scrape_names")
    op.drop_table("follow_scrape_names")
    op.drop_index(op.f("follow_history_direction_action_at_idx"), table_name="follow_history")
    op.drop_table("follow_history")
    op.drop_index("persons_username_prefix_idx", table_name="persons", postgresql_ops={"username": "text_pattern_ops"})
    op.drop_index("persons_rid_idx", table_name="persons", postgresql_where=sa.text("rid IS NOT NULL"))
    op.drop_index("persons_one_self_idx", table_name="persons", postgresql_where=sa.text("is_self"))
    op.drop_table("persons")
    op.drop_table("job_runs")
    op.drop_index(op.f("follow_scrapes_direction_observed_at_idx"), table_name="follow_scrapes")
    op.drop_table("follow_scrapes")
    op.drop_table("file_storages")
    op.drop_index(op.f("audit_runs_notebook_started_at_idx"), table_name="audit_runs")
    op.drop_table("audit_runs")
    op.execute("DROP FUNCTION audit_log_hash(audit_log)")
    op.drop_table("audit_log")
    op.execute("DROP FUNCTION audit_log_chain(), audit_log_sealed()")
