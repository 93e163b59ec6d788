"""Relationships between persons, and every change of them."""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import Json, key, metadata, one_of, person_reference, stamped

TYPES = ("friend", "dom", "sub", "partner", "acquaintance", "blocked", "custom")
STATUSES = ("potential", "occasional", "active", "on_hold", "inactive", "decommissioned", "banished")

profile_relationships = sa.Table(
    "profile_relationships",
    metadata,
    key(),
    person_reference(),
    person_reference("related_person_id"),
    sa.Column("type", sa.Text, nullable=False, comment="What related_person_id is to person_id."),
    sa.Column("custom_label", sa.Text, nullable=False, server_default="", comment="What a custom one is called."),
    sa.Column("tier", sa.SmallInteger, nullable=False, server_default="1", comment="1 is the closest."),
    sa.Column("status", sa.Text, nullable=False, server_default="active"),
    sa.Column("started_on", sa.Date),
    sa.Column("ended_on", sa.Date),
    sa.Column("notes", sa.Text, nullable=False, server_default=""),
    stamped(),
    stamped("updated_at"),
    one_of("type", *TYPES),
    one_of("status", *STATUSES),
    sa.CheckConstraint("tier BETWEEN 1 AND 3", name="tier"),
    sa.CheckConstraint(r"(type = 'custom') = (custom_label ~ '\S')", name="custom_label"),
    sa.CheckConstraint("person_id <> related_person_id", name="self"),
    sa.CheckConstraint("ended_on >= started_on", name="dates"),
    sa.UniqueConstraint(
        "person_id", "related_person_id", "type", "custom_label", name="profile_relationships_kind_key"
    ),
    sa.Index(None, "related_person_id"),
    comment="One row per kind of relationship from one person to another.",
)

profile_relationship_history = sa.Table(
    "profile_relationship_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("relationship_id", sa.Uuid, nullable=False, comment="Also of relationships that are gone."),
    person_reference(),
    person_reference("related_person_id"),
    sa.Column("before", Json, comment="NULL: it was added."),
    sa.Column("after", Json, comment="NULL: it was removed."),
    stamped("changed_at"),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.CheckConstraint("before IS NOT NULL OR after IS NOT NULL", name="change"),
    sa.Index(None, "relationship_id"),
    sa.Index(None, "person_id"),
    sa.Index(None, "related_person_id"),
    comment="One row per change of a relationship, written by a trigger. Append only.",
)
