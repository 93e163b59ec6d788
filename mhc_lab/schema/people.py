"""Persons, the names they had, the profile data that is kept for each with where it came from, and whom to look at next."""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import Json, Texts, flag, instant, key, metadata, one_of, person_reference, stamped

_NAME_RULE = "~ '^[a-z0-9_]{1,25}$'"

persons = sa.Table(
    "persons",
    metadata,
    key(),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("platform", sa.Text, nullable=False, server_default="chaturbate"),
    sa.Column("role", sa.Text, nullable=False, server_default="UNKNOWN"),
    sa.Column("rid", sa.BigInteger, comment="The platform's numeric room id: survives a rename."),
    sa.Column("did", sa.BigInteger),
    flag("is_self"),
    flag("is_excluded"),
    sa.Column("excluded_reason", sa.Text),
    instant("excluded_at"),
    instant("first_seen_at", required=True),
    instant("last_seen_at", required=True),
    stamped(),
    stamped("updated_at"),
    sa.UniqueConstraint("username", "platform"),
    sa.CheckConstraint(f"username {_NAME_RULE}", name="username"),
    one_of("role", "MODEL", "VIEWER", "BOTH", "UNKNOWN"),
    sa.CheckConstraint(
        "is_excluded = (excluded_at IS NOT NULL) AND is_excluded = (excluded_reason IS NOT NULL)", name="exclusion"
    ),
    sa.Index("persons_one_self_idx", "is_self", unique=True, postgresql_where=sa.text("is_self")),
    sa.Index("persons_username_prefix_idx", "username", postgresql_ops={"username": "text_pattern_ops"}),
    sa.Index("persons_rid_idx", "rid", postgresql_where=sa.text("rid IS NOT NULL")),
    comment="One row per account on a platform.",
)

person_aliases = sa.Table(
    "person_aliases",
    metadata,
    key(),
    person_reference(),
    sa.Column("alias", sa.Text, nullable=False),
    sa.Column("platform", sa.Text, nullable=False, server_default="chaturbate"),
    instant("valid_from", required=True),
    instant("valid_to"),
    stamped(),
    sa.UniqueConstraint("alias", "platform", "valid_from"),
    sa.CheckConstraint(f"alias {_NAME_RULE}", name="alias"),
    sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="validity"),
    sa.Index(None, "person_id"),
    sa.Index("person_aliases_alias_prefix_idx", "alias", postgresql_ops={"alias": "text_pattern_ops"}),
    comment="One row per name a person had before: from valid_from, up to but not at valid_to.",
)

profiles = sa.Table(
    "profiles",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    person_reference(),
    sa.Column("display_name", sa.Text),
    sa.Column("bio", sa.Text),
    sa.Column("location", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("age", sa.Integer),
    sa.Column("gender", sa.Text),
    sa.Column("birthday_public", sa.Text),
    sa.Column("spoken_languages", Texts),
    sa.Column("tags", Texts),
    sa.Column("social_links", Json),
    sa.Column("rating", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column(
        "smoke_drink", sa.Text, comment="As the profile says it; the attribute profile_smoke is derived from it."
    ),
    sa.Column("real_name", sa.Text),
    sa.Column("irl_name", sa.Text, comment="What they are called outside the platform."),
    sa.Column("identity_name", sa.Text),
    sa.Column("address_as", Texts, comment="How they want to be addressed."),
    flag("following"),
    flag("follower"),
    instant("following_since"),
    instant("follower_since"),
    instant("unfollowed_at"),
    instant("unfollower_at"),
    instant("following_checked_at"),
    instant("follower_checked_at"),
    sa.Column("has_cbhours_trophy", sa.Boolean, comment="Whether CBHours knows the room; NULL before it was asked."),
    sa.Column("data_source", sa.Text),
    instant("scraped_at"),
    stamped(),
    stamped("updated_at"),
    sa.UniqueConstraint("person_id"),
    sa.CheckConstraint("rating BETWEEN 0 AND 5", name="rating"),
    sa.Index("profiles_follower_idx", "follower_since", postgresql_where=sa.text("follower")),
    sa.Index("profiles_following_idx", "following_since", postgresql_where=sa.text("following")),
    comment="One row per person: cached profile data; the follow columns are computed from the follow history.",
)

profile_field_history = sa.Table(
    "profile_field_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    person_reference(),
    sa.Column("field", sa.Text, nullable=False, comment="The column of profiles."),
    sa.Column("old_value", Json),
    sa.Column("new_value", Json),
    sa.Column("source", sa.Text, nullable=False, comment="Who said so: manual, a service, or sql."),
    stamped("changed_at"),
    sa.Column("changed_by", sa.Text, nullable=False),
    sa.Index(None, "person_id", "field", "id"),
    comment="One row per change of a profile field; the newest says where the value came from. By a trigger; append only.",
)

priority_lookups = sa.Table(
    "priority_lookups",
    metadata,
    key(),
    sa.Column("username", sa.Text, nullable=False, comment="Also a name that nobody here has yet."),
    sa.Column("priority_level", sa.SmallInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default="pending"),
    sa.Column("notes", sa.Text, nullable=False, server_default=""),
    stamped(),
    instant("completed_at"),
    instant("last_checked_at"),
    sa.UniqueConstraint("username"),
    sa.CheckConstraint(f"username {_NAME_RULE}", name="username"),
    sa.CheckConstraint("priority_level IN (1, 2)", name="priority_level"),
    one_of("status", "pending", "active", "completed"),
    sa.CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name="completion"),
    comment="One row per name to look at next: level 1 once, level 2 again and again.",
)
