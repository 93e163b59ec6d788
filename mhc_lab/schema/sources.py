"""What outside services said about a person at an instant: one row per observation, never changed.

Rows are only ever added; a trigger refuses everything else, and they go only with their person. What a field did not say is NULL: an
empty list was said, and a zero too, except where CBHours writes it for "not known". Broadcasts, and the state of a person now, are
worked out from these rows.
"""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.base import Json, Texts, instant, metadata, person_reference, stamped

_RAW = "The entry as it came, less links that carry an affiliate code."

affiliate_api_snapshots = sa.Table(
    "affiliate_api_snapshots",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    person_reference(),
    instant("observed_at", required=True),
    sa.Column("display_name", sa.Text),
    sa.Column("gender", sa.Text),
    sa.Column("age", sa.Integer),
    sa.Column("birthday", sa.Text, comment="As the source writes it: YYYY-MM-DD, or anything."),
    sa.Column("location", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("spoken_languages", Texts),
    sa.Column("current_show", sa.Text),
    sa.Column("room_subject", sa.Text),
    sa.Column("tags", Texts),
    sa.Column("is_new", sa.Boolean),
    sa.Column("is_hd", sa.Boolean),
    sa.Column("num_users", sa.BigInteger, comment="Viewers now."),
    sa.Column("num_followers", sa.BigInteger),
    sa.Column("seconds_online", sa.BigInteger, comment="Since the start of the broadcast."),
    sa.Column(
        "session_start",
        sa.DateTime(timezone=True),
        comment="observed_at less seconds_online: jitters from one observation of a broadcast to the next.",
    ),
    sa.Column("image_url", sa.Text),
    sa.Column("image_url_360x270", sa.Text),
    sa.Column("image_path", sa.Text),
    sa.Column("image_path_360x270", sa.Text),
    sa.Column("raw_payload", Json, comment=_RAW),
    stamped(),
    sa.UniqueConstraint("person_id", "observed_at"),
    comment="One row per person and observation of the affiliate feed: they were online then. Append only.",
)

cbhours_live_stats = sa.Table(
    "cbhours_live_stats",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    person_reference(),
    instant("checked_at", required=True),
    sa.Column("room_status", sa.Text, comment="Online or Offline; the other columns are filled when Online only."),
    sa.Column("gender", sa.Text),
    sa.Column("is_new", sa.Boolean),
    sa.Column("rank", sa.BigInteger),
    sa.Column("grank", sa.BigInteger, comment="Rank within the gender."),
    sa.Column("viewers", sa.BigInteger),
    sa.Column("followers", sa.BigInteger),
    sa.Column("current_show", sa.Text),
    sa.Column("room_subject", sa.Text),
    sa.Column("tags", Texts),
    sa.Column("raw_payload", Json, comment=_RAW),
    stamped(),
    sa.UniqueConstraint("person_id", "checked_at"),
    comment="One row per person and live answer of CBHours; zeros of rank, viewers and followers are NULL. Append only.",
)

cbhours_activity = sa.Table(
    "cbhours_activity",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    person_reference(),
    instant("segment_at", required=True),
    sa.Column("show_type", sa.Text, comment="public, private, group, ticket and others."),
    sa.Column("rank", sa.BigInteger),
    sa.Column("grank", sa.BigInteger, comment="Rank within the gender."),
    sa.Column("followers", sa.BigInteger),
    sa.Column("viewers", sa.BigInteger),
    sa.Column("gender", sa.Text),
    sa.Column("raw_payload", Json, comment=_RAW),
    stamped(),
    sa.UniqueConstraint("person_id", "segment_at"),
    comment="One row per person and three minutes online, as CBHours tells them afterwards; zeros are NULL. Append only.",
)
