"""Attributes: yes-or-no facts about persons, who defines which, and every change of every value."""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import flag, key, metadata, one_of, person_reference, stamped

COLORS = (
    "gray", "red", "orange", "amber", "yellow", "green", "emerald", "teal", "blue", "indigo", "purple", "pink",
)  # fmt: skip

attribute_definitions = sa.Table(
    "attribute_definitions",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False, server_default=""),
    sa.Column("color", sa.Text, nullable=False, server_default="gray"),
    sa.Column("icon", sa.Text, nullable=False, server_default="", comment="A character or two shown before the label."),
    sa.Column("is_system", sa.Boolean, nullable=False, server_default=sa.false(), comment="Cannot be deleted."),
    sa.Column("is_auto_derived", sa.Boolean, nullable=False, server_default=sa.false(), comment="Nobody sets it."),
    flag("show_as_badge"),
    sa.Column("sort_order", sa.Integer, nullable=False, server_default="0"),
    stamped(),
    sa.UniqueConstraint("key"),
    sa.CheckConstraint("key ~ '^[a-z][a-z0-9_]{0,49}$'", name="key"),
    sa.CheckConstraint(r"label ~ '\S' AND length(label) <= 100", name="label"),
    sa.CheckConstraint("length(icon) <= 8", name="icon"),
    one_of("color", *COLORS),
    comment="One row per attribute that a person may have.",
)

attribute_lookup = sa.Table(
    "attribute_lookup",
    metadata,
    key(),
    person_reference(),
    sa.Column("attribute_key", sa.Text, sa.ForeignKey("attribute_definitions.key", ondelete="CASCADE"), nullable=False),
    sa.Column("value", sa.Boolean, nullable=False, server_default=sa.true()),
    stamped("set_at"),
    sa.UniqueConstraint("person_id", "attribute_key"),
    sa.Index(None, "attribute_key"),
    comment="One row per person and attribute that is set; no row means no.",
)

attribute_history = sa.Table(
    "attribute_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    person_reference(),
    sa.Column("attribute_key", sa.Text, nullable=False, comment="Also of definitions that are gone."),
    sa.Column("old_value", sa.Boolean, comment="NULL: it was not set before."),
    sa.Column("new_value", sa.Boolean, nullable=False),
    stamped("changed_at"),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Index(None, "person_id", "id"),
    sa.Index(None, "attribute_key"),
    comment="One row per change of a value, written by a trigger. Append only.",
)
