"""What files show and are marked with, storages that are checked, sets that are not fetched again, and placeholders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_CHECKS = {
    "file_storages": {
        "deactivation": "is_active = (deactivated_at IS NULL) AND is_active = (deactivated_reason IS NULL)"
    },
    "media_locator": {
        "examined": "examined_at IS NULL OR verdict IS NOT NULL",
        "primary_is_live": "NOT (is_primary AND deleted_at IS NOT NULL)",
        "position": "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180",
    },
}

# Whoever takes a picture of a set away does not want the set back, by whatever way it was taken away.
_SET_SKIPPED = (
    """
    CREATE FUNCTION photoset_skipped() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO public.skipped_photosets (person_id, photoset_id, reason)
        VALUES (NEW.person_id, NEW.photoset_id, 'a picture of it was taken away')
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER media_locator_set_skipped AFTER UPDATE OF deleted_at ON media_locator
    FOR EACH ROW WHEN (
        OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL AND NEW.photoset_id IS NOT NULL AND NEW.person_id IS NOT NULL
    )
    EXECUTE FUNCTION photoset_skipped()
    """,
)


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
        for name, rule in _CHECKS[table].items():
            op.create_check_constraint(op.f(f"{table}_{name}_check"), table, rule)
    op.alter_column(
        "media_locator",
        "verdict",
        nullable=True,
        comment="NULL: nobody has looked into it yet.",
        existing_type=sa.Text(),
    )
    op.create_index(
        op.f("media_locator_content_id_idx"),
        "media_locator",
        ["content_id"],
        postgresql_where=sa.text("content_id IS NOT NULL"),
    )
    op.create_index(
        "media_locator_source_url_idx",
        "media_locator",
        ["source_url"],
        postgresql_where=sa.text("source_url IS NOT NULL"),
    )
    op.create_index(
        "media_locator_tags_idx",
        "media_locator",
        ["tags"],
        postgresql_using="gin",
        postgresql_where=sa.text("tags <> '{}'"),
    )
    _create_lists()
    for statement in _SET_SKIPPED:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER media_locator_set_skipped ON media_locator")
    op.execute("DROP FUNCTION photoset_skipped()")
    op.drop_table("placeholder_pictures")
    op.drop_table("skipped_photosets")
    for index in ("media_locator_tags_idx", "media_locator_source_url_idx", op.f("media_locator_content_id_idx")):
        op.drop_index(index, table_name="media_locator")
    # What nobody has looked into has no place in the older schema that tells the truth; nothing else is known of it.
    op.execute("UPDATE media_locator SET verdict = 'opaque' WHERE verdict IS NULL")
    op.alter_column("media_locator", "verdict", nullable=False, comment=None, existing_type=sa.Text())
    for table, columns in _columns().items():
        for name in _CHECKS[table]:
            op.drop_constraint(op.f(f"{table}_{name}_check"), table)
        for column in columns:
            op.drop_column(table, column.name)


def _create_lists() -> None:
    op.create_table(
        "skipped_photosets",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("photoset_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("skipped_photosets_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "photoset_id", name=op.f("skipped_photosets_pkey")),
        comment="One row per set of pictures that is not to be fetched again.",
    )
    op.create_table(
        "placeholder_pictures",
        sa.Column("byte_id", sa.Text(), nullable=False, comment="SHA-256 of the file."),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("byte_id ~ '^[0-9a-f]{64}$'", name=op.f("placeholder_pictures_byte_id_check")),
        sa.PrimaryKeyConstraint("byte_id", name=op.f("placeholder_pictures_pkey")),
        comment="One row per picture that stands for no picture: it is never taken in.",
    )


def _columns() -> dict[str, list[sa.Column[object]]]:
    return {
        "file_storages": [
            sa.Column("is_reachable", sa.Boolean(), comment="When it was checked last."),
            sa.Column("total_bytes", sa.BigInteger()),
            sa.Column("free_bytes", sa.BigInteger()),
            sa.Column("deactivated_at", _INSTANT),
            sa.Column("deactivated_reason", sa.Text()),
        ],
        "media_locator": [
            sa.Column("content_id", sa.Text(), comment="The coded picture: mci1:<format>:<SHA-256>."),
            sa.Column("look_id", sa.Text(), comment="What it looks like, for suggestions only: phash1:<16 hex>."),
            sa.Column("orientation", sa.SmallInteger(), comment="As EXIF numbers it."),
            sa.Column("taken_at", _INSTANT),
            sa.Column("is_zone_known", sa.Boolean(), server_default=sa.text("false"), nullable=False),
            sa.Column("latitude", sa.Double()),
            sa.Column("longitude", sa.Double()),
            sa.Column("duration_seconds", sa.Double()),
            sa.Column("codec", sa.Text()),
            sa.Column("author", sa.Text()),
            sa.Column("camera_make", sa.Text()),
            sa.Column("camera_model", sa.Text()),
            sa.Column("camera_serial", sa.Text()),
            sa.Column("unique_id", sa.Text(), comment="What the camera calls the picture; shared by companions."),
            sa.Column("source_url", sa.Text(), comment="Where it was fetched."),
            sa.Column("photoset_id", sa.Text(), comment="The set on the site that it belongs to."),
            sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
            sa.Column("examined_at", _INSTANT),
        ],
    }
