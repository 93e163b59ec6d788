"""Notes about persons: what was written or pasted, as it was given, with every earlier version."""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import Json, instant, key, metadata, one_of, person_reference, stamped

CATEGORIES = ("note", "pm", "dm", "public_chat", "tip_menu", "tips")

profile_notes = sa.Table(
    "profile_notes",
    metadata,
    key(),
    person_reference(),
    sa.Column("category", sa.Text, nullable=False, server_default="note"),
    sa.Column("content", sa.Text, nullable=False, comment="As it was typed or pasted; never markup."),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("source_url", sa.Text),
    sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False, comment="The date it is about; can be edited."),
    sa.Column("version", sa.Integer, nullable=False, server_default="1", comment="One more with every change."),
    instant("deleted_at"),
    sa.Column("deleted_by", sa.Text),
    stamped(),
    stamped("updated_at"),
    one_of("category", *CATEGORIES),
    sa.CheckConstraint(r"content ~ '\S' AND length(content) <= 4000000", name="content"),
    sa.CheckConstraint("source_url ~* '^https?://[^[:space:]]+$'", name="source_url"),
    sa.CheckConstraint("(deleted_at IS NULL) = (deleted_by IS NULL)", name="deletion"),
    sa.Index(None, "person_id", "noted_at"),
    sa.Index("profile_notes_search_idx", sa.text("note_words(content)"), postgresql_using="gin"),
    comment="One row per note about a person; a deleted one stays, marked.",
)

profile_note_history = sa.Table(
    "profile_note_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("note_id", sa.Uuid, sa.ForeignKey("profile_notes.id", ondelete="CASCADE"), nullable=False),
    person_reference(),
    sa.Column("version", sa.Integer, nullable=False, comment="The version that was replaced."),
    sa.Column(
        "before", Json, nullable=False, comment="Category, content, source_url, noted_at, deleted_at until then."
    ),
    stamped("changed_at"),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.UniqueConstraint("note_id", "version"),
    sa.Index(None, "person_id"),
    comment="One row per replaced version of a note, written by a trigger. Append only.",
)
