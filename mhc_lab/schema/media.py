"""Where files may lie, and the one table of every file."""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import flag, instant, key, metadata, one_of, person_reference, stamped

file_storages = sa.Table(
    "file_storages",
    metadata,
    key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("root", sa.Text, nullable=False, comment="A folder, or a bucket with its prefix."),
    sa.Column("marker", sa.Uuid, nullable=False, comment="What the marker file in the root must say."),
    sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true()),
    instant("checked_at"),
    stamped(),
    sa.UniqueConstraint("name"),
    sa.UniqueConstraint("marker"),
    one_of("kind", "disk", "s3"),
    comment="One row per disk root or bucket.",
)

media_locator = sa.Table(
    "media_locator",
    metadata,
    key(),
    person_reference(required=False),
    sa.Column("storage_id", sa.Uuid, sa.ForeignKey("file_storages.id", ondelete="RESTRICT"), nullable=False),
    sa.Column("relative_path", sa.Text, nullable=False),
    sa.Column("byte_id", sa.Text, nullable=False, comment="SHA-256 of the file."),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("format", sa.Text),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("source", sa.Text, nullable=False, server_default="imported"),
    sa.Column("original_name", sa.Text, nullable=False),
    instant("modified_at"),
    flag("is_primary"),
    flag("is_favorite"),
    instant("deleted_at"),
    instant("verified_at"),
    stamped(),
    sa.CheckConstraint("byte_id ~ '^[0-9a-f]{64}$'", name="byte_id"),
    sa.CheckConstraint("size_bytes >= 0", name="size_bytes"),
    one_of("verdict", "readable", "video", "corrupt", "refused", "opaque"),
    one_of(
        "source", "affiliate_api", "manual_upload", "external", "imported", "screensnap", "profile", "following_snap"
    ),
    sa.Index(
        "media_locator_place_idx",
        "storage_id",
        "relative_path",
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    ),
    sa.Index("media_locator_one_primary_idx", "person_id", unique=True, postgresql_where=sa.text("is_primary")),
    sa.Index(None, "person_id"),
    sa.Index(None, "byte_id"),
    comment="One row per copy of a file: the single source of truth for where it lies and what it is.",
)
