"""What audits find and set aside, which pictures snapshots mean, baselines; marks that come back with a restored file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_LIVE = sa.text("deleted_at IS NULL")
_AT = sa.text("coalesce(taken_at, modified_at, created_at)")
_PROBLEMS = "problem IN ('missing', 'size_differs', 'bytes_differ', 'unreadable')"
_STATES = "state IN ('leaving', 'aside', 'returning', 'back', 'purging', 'purged')"

# A deleted file stands for nobody, by whatever way it was deleted; brought back, it does again unless another was chosen meanwhile.
_PRIMARY_KEPT = (
    """
    CREATE FUNCTION primary_mark_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.deleted_at IS NOT NULL THEN
            NEW.was_primary := OLD.is_primary;
            NEW.is_primary := false;
        ELSE
            NEW.is_primary := OLD.was_primary AND NOT EXISTS (
                SELECT FROM public.media_locator AS other
                WHERE other.person_id = NEW.person_id AND other.is_primary AND other.id <> NEW.id
            );
            NEW.was_primary := false;
        END IF;
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE TRIGGER media_locator_primary_kept BEFORE UPDATE OF deleted_at ON media_locator
    FOR EACH ROW WHEN ((OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL))
    EXECUTE FUNCTION primary_mark_kept()
    """,
)

# A set that is skipped only because a picture of it was taken away may be fetched again when none of it is away any more.
_SET_ALLOWED = (
    """
    CREATE FUNCTION photoset_allowed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM public.skipped_photosets
        WHERE person_id = NEW.person_id AND photoset_id = NEW.photoset_id AND reason = 'a picture of it was taken away'
          AND NOT EXISTS (
              SELECT FROM public.media_locator
              WHERE person_id = NEW.person_id AND photoset_id = NEW.photoset_id AND deleted_at IS NOT NULL
          );
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER media_locator_set_allowed AFTER UPDATE OF deleted_at ON media_locator
    FOR EACH ROW WHEN (
        OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL AND NEW.photoset_id IS NOT NULL AND NEW.person_id IS NOT NULL
    )
    EXECUTE FUNCTION photoset_allowed()
    """,
)


def upgrade() -> None:
    for column in _file_columns():
        op.add_column("media_locator", column)
    op.create_check_constraint(op.f("media_locator_problem_check"), "media_locator", _PROBLEMS)
    op.create_check_constraint(
        op.f("media_locator_problem_told_check"), "media_locator", "(problem IS NULL) = (problem_at IS NULL)"
    )
    op.create_check_constraint(
        op.f("media_locator_was_primary_check"), "media_locator", "NOT (was_primary AND deleted_at IS NULL)"
    )
    op.create_index("media_locator_at_idx", "media_locator", [_AT], postgresql_where=_LIVE)
    # A btree holds no address of more than 2.7 kB.
    op.drop_index("media_locator_source_url_idx", table_name="media_locator")
    _create_source_url_index("hash")
    op.add_column("audit_runs", sa.Column("data_fingerprint", sa.Text(), server_default="", nullable=False))
    _create_tables()
    for statement in (*_PRIMARY_KEPT, *_SET_ALLOWED):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER media_locator_set_allowed ON media_locator")
    op.execute("DROP FUNCTION photoset_allowed()")
    op.execute("DROP TRIGGER media_locator_primary_kept ON media_locator")
    op.execute("DROP FUNCTION primary_mark_kept()")
    for table in ("media_verifications", "media_baselines", "quarantined_files", "snapshot_pictures"):
        op.drop_table(table)
    op.drop_column("audit_runs", "data_fingerprint")
    op.drop_index("media_locator_source_url_idx", table_name="media_locator")
    _create_source_url_index("btree")
    op.drop_index("media_locator_at_idx", table_name="media_locator")
    for rule in ("was_primary", "problem_told", "problem"):
        op.drop_constraint(op.f(f"media_locator_{rule}_check"), "media_locator")
    for column in _file_columns():
        op.drop_column("media_locator", column.name)


def _create_source_url_index(kind: str) -> None:
    op.create_index(
        "media_locator_source_url_idx",
        "media_locator",
        ["source_url"],
        postgresql_using=kind,
        postgresql_where=sa.text("source_url IS NOT NULL"),
    )


def _file_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("was_primary", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("problem", sa.Text(), comment="What an audit found last; NULL: nothing."),
        sa.Column("problem_at", _INSTANT),
    ]


def _create_tables() -> None:
    op.create_table(
        "snapshot_pictures",
        sa.Column("snapshot_id", sa.BigInteger(), nullable=False),
        sa.Column("which", sa.Text(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("which IN ('image', 'image_360x270')", name=op.f("snapshot_pictures_which_check")),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["affiliate_api_snapshots.id"],
            name=op.f("snapshot_pictures_snapshot_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media_locator.id"], name=op.f("snapshot_pictures_media_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "which", name=op.f("snapshot_pictures_pkey")),
        comment="One row per picture a snapshot names by a path: the file it means.",
    )
    op.create_index(op.f("snapshot_pictures_media_id_idx"), "snapshot_pictures", ["media_id"])
    op.create_table(
        "quarantined_files",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), comment="NULL: it had no row."),
        sa.Column("storage_id", sa.Uuid(), nullable=False),
        sa.Column("relative_path", sa.Text(), nullable=False, comment="Where it lay."),
        sa.Column("quarantine_path", sa.Text(), nullable=False),
        sa.Column("byte_id", sa.Text(), nullable=False, comment="SHA-256 of the file."),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("keeper_id", sa.Uuid(), comment="The file with the same bytes that stays, if there is one."),
        sa.Column("state", sa.Text(), nullable=False, comment="leaving and returning: a run was killed over it."),
        sa.Column("set_aside_at", _INSTANT, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.CheckConstraint("byte_id ~ '^[0-9a-f]{64}$'", name=op.f("quarantined_files_byte_id_check")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("quarantined_files_size_bytes_check")),
        sa.CheckConstraint(_STATES, name=op.f("quarantined_files_state_check")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["job_runs.id"], name=op.f("quarantined_files_run_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media_locator.id"], name=op.f("quarantined_files_media_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["storage_id"], ["file_storages.id"], name=op.f("quarantined_files_storage_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["keeper_id"], ["media_locator.id"], name=op.f("quarantined_files_keeper_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("quarantined_files_pkey")),
        sa.UniqueConstraint(
            "storage_id", "quarantine_path", name=op.f("quarantined_files_storage_id_quarantine_path_key")
        ),
        comment="One row per file that was set aside: where it lay, where it lies, and why.",
    )
    op.create_index(op.f("quarantined_files_run_id_idx"), "quarantined_files", ["run_id"])
    op.create_index(op.f("quarantined_files_media_id_idx"), "quarantined_files", ["media_id"])
    op.create_table(
        "media_baselines",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Uuid(), comment="The run it was recorded before."),
        sa.Column("persons", postgresql.JSONB(), nullable=False, comment="What was found, by person."),
        sa.ForeignKeyConstraint(
            ["run_id"], ["job_runs.id"], name=op.f("media_baselines_run_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("media_baselines_pkey")),
        comment="One row per baseline: how many pictures of whom could be shown.",
    )
    op.create_table(
        "media_verifications",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("storage_id", sa.Uuid(), nullable=False),
        sa.Column("slice_number", sa.Integer(), nullable=False),
        sa.Column("slice_count", sa.Integer(), nullable=False),
        sa.Column("reads_data", sa.Boolean(), nullable=False),
        sa.Column("checked_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("finished_at", _INSTANT),
        sa.CheckConstraint("slice_number BETWEEN 1 AND slice_count", name=op.f("media_verifications_slice_check")),
        sa.ForeignKeyConstraint(
            ["storage_id"], ["file_storages.id"], name=op.f("media_verifications_storage_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("media_verifications_pkey")),
        comment="One row per verification of a slice of a storage; one without an end is taken up again.",
    )
