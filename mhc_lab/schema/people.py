"""Persons, the names they had, and the profile data that is cached for each."""

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
