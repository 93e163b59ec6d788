"""What happened: events of rooms as they were told, and what persons did, made from them or entered.

An event keeps its raw form, of which there are three (``room_event()`` reads them alike); what was said and how much was paid are read from
it by the database. An interaction that was made from an event
names it, so that the two are shown once.
"""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import Json, instant, key, metadata, one_of, person_reference, stamped

TYPES = (
    "CHAT_MESSAGE", "PRIVATE_MESSAGE", "DIRECT_MESSAGE", "TIP_EVENT", "PROFILE_PASTE", "CHAT_IMPORT", "MANUAL_NOTE", "FOLLOW",
    "UNFOLLOW", "USER_ENTER", "USER_LEAVE", "FANCLUB_JOIN", "MEDIA_PURCHASE",
)  # fmt: skip

event_logs = sa.Table(
    "event_logs",
    metadata,
    key(),
    instant("happened_at", required=True),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column(
        "broadcaster", sa.Text, nullable=False, server_default="", comment="Whose room; empty: outside any room."
    ),
    sa.Column("username", sa.Text, nullable=False, server_default="", comment="The name as the event wrote it."),
    person_reference(required=False),
    sa.Column("raw_event", Json, nullable=False),
    sa.Column(
        "content",
        sa.Text,
        sa.Computed("room_event_content(raw_event)", persisted=True),
        comment="What was said, bought, or is the new subject.",
    ),
    sa.Column("tokens", sa.BigInteger, sa.Computed("room_event_tokens(raw_event)", persisted=True)),
    sa.Column("reference", sa.Text, nullable=False, comment="The event's own id, or a digest: tells it from others."),
    stamped("imported_at"),
    sa.UniqueConstraint("reference"),
    sa.Index(None, "person_id", "happened_at"),
    sa.Index(None, "happened_at"),
    comment="One row per event of a room, raw.",
)

interactions = sa.Table(
    "interactions",
    metadata,
    key(),
    person_reference(),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    instant("happened_at", required=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("metadata", Json),
    sa.Column("event_log_id", sa.Uuid, sa.ForeignKey("event_logs.id", ondelete="SET NULL")),
    stamped(),
    one_of("type", *TYPES),
    one_of("source", "cb_events", "statbate_plus", "manual", "dm_import"),
    sa.CheckConstraint("jsonb_typeof(metadata) = 'object'", name="metadata"),
    sa.UniqueConstraint("event_log_id"),
    sa.Index(None, "person_id", "happened_at"),
    comment="One row per thing a person did or that was noted about them.",
)
