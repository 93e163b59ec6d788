"""Where files may lie, and the one table of every file."""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import Json, Texts, flag, instant, key, metadata, one_of, person_reference, stamped

SOURCES = ("affiliate_api", "manual_upload", "external", "imported", "screensnap", "profile", "following_snap")
"""Where a file can have come from."""

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
    sa.Column("is_reachable", sa.Boolean, comment="When it was checked last."),
    sa.Column("total_bytes", sa.BigInteger),
    sa.Column("free_bytes", sa.BigInteger),
    instant("deactivated_at"),
    sa.Column("deactivated_reason", sa.Text),
    sa.CheckConstraint(
        "is_active = (deactivated_at IS NULL) AND is_active = (deactivated_reason IS NULL)", name="deactivation"
    ),
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
    sa.Column("verdict", sa.Text, comment="NULL: nobody has looked into it yet."),
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
    sa.Column("content_id", sa.Text, comment="The coded picture: mci1:<format>:<SHA-256>."),
    sa.Column("look_id", sa.Text, comment="What it looks like, for suggestions only: phash1:<16 hex>."),
    sa.Column("orientation", sa.SmallInteger, comment="As EXIF numbers it."),
    instant("taken_at"),
    flag("is_zone_known"),
    sa.Column("latitude", sa.Double),
    sa.Column("longitude", sa.Double),
    sa.Column("duration_seconds", sa.Double),
    sa.Column("codec", sa.Text),
    sa.Column("author", sa.Text),
    sa.Column("camera_make", sa.Text),
    sa.Column("camera_model", sa.Text),
    sa.Column("camera_serial", sa.Text),
    sa.Column("unique_id", sa.Text, comment="What the camera calls the picture; shared by companions."),
    sa.Column("source_url", sa.Text, comment="Where it was fetched."),
    sa.Column("photoset_id", sa.Text, comment="The set on the site that it belongs to."),
    sa.Column("tags", Texts, nullable=False, server_default="{}"),
    instant("examined_at"),
    flag("was_primary"),
    sa.Column("problem", sa.Text, comment="What an audit found last; NULL: nothing."),
    instant("problem_at"),
    sa.CheckConstraint("byte_id ~ '^[0-9a-f]{64}$'", name="byte_id"),
    sa.CheckConstraint("size_bytes >= 0", name="size_bytes"),
    one_of("verdict", "readable", "video", "corrupt", "refused", "opaque"),
    sa.CheckConstraint("examined_at IS NULL OR verdict IS NOT NULL", name="examined"),
    sa.CheckConstraint("NOT (is_primary AND deleted_at IS NOT NULL)", name="primary_is_live"),
    sa.CheckConstraint("NOT (was_primary AND deleted_at IS NULL)", name="was_primary"),
    one_of("problem", "missing", "size_differs", "bytes_differ", "unreadable"),
    sa.CheckConstraint("(problem IS NULL) = (problem_at IS NULL)", name="problem_told"),
    sa.CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="position"),
    one_of("source", *SOURCES),
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
    sa.Index(None, "content_id", postgresql_where=sa.text("content_id IS NOT NULL")),
    sa.Index(
        "media_locator_source_url_idx",
        "source_url",
        postgresql_using="hash",
        postgresql_where=sa.text("source_url IS NOT NULL"),
    ),
    sa.Index(
        "media_locator_at_idx",
        sa.text("coalesce(taken_at, modified_at, created_at)"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    ),
    sa.Index("media_locator_tags_idx", "tags", postgresql_using="gin", postgresql_where=sa.text("tags <> '{}'")),
    comment="One row per copy of a file: the single source of truth for where it lies and what it is.",
)

skipped_photosets = sa.Table(
    "skipped_photosets",
    metadata,
    sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("photoset_id", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    stamped(),
    comment="One row per set of pictures that is not to be fetched again.",
)

placeholder_pictures = sa.Table(
    "placeholder_pictures",
    metadata,
    sa.Column("byte_id", sa.Text, primary_key=True, comment="SHA-256 of the file."),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("added_by", sa.Text, nullable=False),
    stamped(),
    sa.CheckConstraint("byte_id ~ '^[0-9a-f]{64}$'", name="byte_id"),
    comment="One row per picture that stands for no picture: it is never taken in.",
)

snapshot_pictures = sa.Table(
    "snapshot_pictures",
    metadata,
    sa.Column(
        "snapshot_id", sa.BigInteger, sa.ForeignKey("affiliate_api_snapshots.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("which", sa.Text, primary_key=True),
    sa.Column("media_id", sa.Uuid, sa.ForeignKey("media_locator.id", ondelete="RESTRICT"), nullable=False),
    one_of("which", "image", "image_360x270"),
    sa.Index(None, "media_id"),
    comment="One row per picture a snapshot names by a path: the file it means.",
)

quarantined_files = sa.Table(
    "quarantined_files",
    metadata,
    key(),
    sa.Column("run_id", sa.Uuid, sa.ForeignKey("job_runs.id", ondelete="RESTRICT"), nullable=False),
    sa.Column(
        "media_id", sa.Uuid, sa.ForeignKey("media_locator.id", ondelete="RESTRICT"), comment="NULL: it had no row."
    ),
    sa.Column("storage_id", sa.Uuid, sa.ForeignKey("file_storages.id", ondelete="RESTRICT"), nullable=False),
    sa.Column("relative_path", sa.Text, nullable=False, comment="Where it lay."),
    sa.Column("quarantine_path", sa.Text, nullable=False),
    sa.Column("byte_id", sa.Text, nullable=False, comment="SHA-256 of the file."),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column(
        "keeper_id",
        sa.Uuid,
        sa.ForeignKey("media_locator.id", ondelete="RESTRICT"),
        comment="The file with the same bytes that stays, if there is one.",
    ),
    sa.Column(
        "state",
        sa.Text,
        nullable=False,
        comment="leaving and purging: a run was killed over it; lost: it was in neither place.",
    ),
    instant("set_aside_at", required=True),
    instant("changed_at", required=True),
    sa.CheckConstraint("byte_id ~ '^[0-9a-f]{64}$'", name="byte_id"),
    sa.CheckConstraint("size_bytes >= 0", name="size_bytes"),
    one_of("state", "leaving", "aside", "lost", "back", "purging", "purged"),
    sa.UniqueConstraint("storage_id", "quarantine_path"),
    sa.Index(None, "run_id"),
    sa.Index(None, "media_id"),
    sa.Index(None, "keeper_id"),
    comment="One row per file that was set aside: where it lay, where it lies, and why.",
)

media_baselines = sa.Table(
    "media_baselines",
    metadata,
    key(),
    instant("recorded_at", required=True),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column(
        "run_id",
        sa.Uuid,
        sa.ForeignKey("job_runs.id", ondelete="RESTRICT"),
        comment="The run it was recorded before.",
    ),
    sa.Column("persons", Json, nullable=False, comment="What was found, by person."),
    comment="One row per baseline: how many pictures of whom could be shown.",
)

media_verifications = sa.Table(
    "media_verifications",
    metadata,
    key(),
    sa.Column("storage_id", sa.Uuid, sa.ForeignKey("file_storages.id", ondelete="RESTRICT"), nullable=False),
    sa.Column("slice_number", sa.Integer, nullable=False),
    sa.Column("slice_count", sa.Integer, nullable=False),
    sa.Column("reads_data", sa.Boolean, nullable=False),
    sa.Column("checked_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("problem_count", sa.Integer, nullable=False, server_default="0"),
    instant("started_at", required=True),
    instant("finished_at"),
    sa.CheckConstraint("slice_number BETWEEN 1 AND slice_count", name="slice"),
    comment="One row per verification of a slice of a storage; one without an end is taken up again.",
)
