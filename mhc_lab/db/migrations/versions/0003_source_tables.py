"""What outside services say about persons, kept as observed, and the state of everybody as of any instant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_RAW = "The entry as it came, less links that carry an affiliate code."
_TABLES = ("affiliate_api_snapshots", "cbhours_live_stats", "cbhours_activity")

# A row is deleted together with its person only: in the cascade the person is gone already, at any other time they are not, for the
# foreign key holds them. The name is qualified so that no temporary table can take its place.
_SEAL = """
    CREATE FUNCTION observation_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            IF NOT EXISTS (SELECT FROM public.persons WHERE id = OLD.person_id) THEN
                RETURN OLD;
            END IF;
        END IF;
        RAISE EXCEPTION '% is append only; its rows go only with their person', TG_TABLE_NAME;
    END
    $$
"""
_SEALED = (
    """
    CREATE TRIGGER {0}_sealed BEFORE UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION observation_sealed()
    """,
    """
    CREATE TRIGGER {0}_kept BEFORE TRUNCATE ON {0}
    FOR EACH STATEMENT EXECUTE FUNCTION observation_sealed()
    """,
)

# Which source is believed, column by column. Of each source its newest answer speaks; what it left empty falls to the next source, and
# a follower count that neither gives is the last one known. Both write 0 for viewers, followers and ranks they do not know; an empty list
# of tags was said and does not fall through. The affiliate feed is polled every 5 minutes and CBHours every 30: an answer that is older
# than 10 or 30 says nothing about who is live now. Interactions are not kept yet, so they are not counted.
# Columns are named one by one: who may read only some of a table must still be able to ask.
# A function, so that the state can be asked as of any instant (a mirror's, a test's); plain SQL, so that the planner sees through it
# and a question about one person touches that person's rows only.
_STATE = """
    CREATE FUNCTION person_current_state(as_of timestamptz) RETURNS TABLE (
        id uuid, username text, platform text, role text, is_excluded boolean,
        first_seen_at timestamptz, last_seen_at timestamptz,
        display_name text, age integer, gender text, location text, country text,
        current_show text, room_subject text, followers bigint, viewers bigint, rank bigint, grank bigint, tags text[],
        image_url text, image_path text,
        following boolean, follower boolean, following_checked_at timestamptz, follower_checked_at timestamptz,
        interaction_count bigint, snapshot_count bigint, affiliate_last_seen timestamptz, cbhours_last_seen timestamptz,
        has_cbhours_trophy boolean, source text
    ) LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
    SELECT
        persons.id, persons.username, persons.platform, persons.role, persons.is_excluded,
        persons.first_seen_at, persons.last_seen_at,
        coalesce(nullif(affiliate.display_name, ''), nullif(profiles.display_name, '')),
        coalesce(affiliate.age, profiles.age),
        coalesce(nullif(affiliate.gender, ''), nullif(cbhours.gender, ''), nullif(profiles.gender, '')),
        coalesce(nullif(affiliate.location, ''), nullif(profiles.location, '')),
        coalesce(nullif(affiliate.country, ''), nullif(profiles.country, '')),
        coalesce(
            CASE WHEN affiliate.is_fresh THEN nullif(affiliate.current_show, '') END,
            CASE WHEN cbhours.is_online THEN nullif(cbhours.current_show, '') END
        ),
        coalesce(nullif(affiliate.room_subject, ''), nullif(cbhours.room_subject, '')),
        coalesce(nullif(cbhours.followers, 0), nullif(affiliate.num_followers, 0), (
            SELECT known.followers
            FROM (
                (
                    SELECT older.followers, older.checked_at AS at FROM cbhours_live_stats AS older
                    WHERE older.person_id = persons.id AND older.checked_at <= as_of AND older.followers > 0
                    ORDER BY older.checked_at DESC LIMIT 1
                )
                UNION ALL
                (
                    SELECT older.num_followers, older.observed_at FROM affiliate_api_snapshots AS older
                    WHERE older.person_id = persons.id AND older.observed_at <= as_of AND older.num_followers > 0
                    ORDER BY older.observed_at DESC LIMIT 1
                )
            ) AS known (followers, at)
            ORDER BY known.at DESC LIMIT 1
        )),
        coalesce(
            CASE WHEN cbhours.is_online THEN nullif(cbhours.viewers, 0) END,
            CASE WHEN affiliate.is_fresh THEN nullif(affiliate.num_users, 0) END
        ),
        nullif(cbhours.rank, 0), nullif(cbhours.grank, 0),
        coalesce(affiliate.tags, cbhours.tags, profiles.tags),
        nullif(affiliate.image_url, ''), nullif(affiliate.image_path, ''),
        coalesce(profiles.following, false), coalesce(profiles.follower, false),
        profiles.following_checked_at, profiles.follower_checked_at,
        NULL::bigint,
        snapshots.row_count + answers.row_count,
        affiliate.observed_at, cbhours.checked_at,
        profiles.has_cbhours_trophy,
        CASE
            WHEN snapshots.first_at <= coalesce(answers.first_at, 'infinity') THEN 'affiliate_api'
            WHEN answers.first_at IS NOT NULL THEN 'cbhours'
            ELSE coalesce((
                SELECT told.source FROM follow_history AS told
                WHERE told.person_id = persons.id AND told.at <= as_of ORDER BY told.at, told.source LIMIT 1
            ), 'manual')
        END
    FROM persons
    LEFT JOIN profiles ON profiles.person_id = persons.id
    LEFT JOIN LATERAL (
        SELECT
            newest.observed_at, newest.observed_at >= as_of - interval '10 minutes' AS is_fresh,
            newest.display_name, newest.age, newest.gender, newest.location, newest.country,
            newest.current_show, newest.room_subject, newest.tags, newest.num_users, newest.num_followers,
            newest.image_url, newest.image_path
        FROM affiliate_api_snapshots AS newest
        WHERE newest.person_id = persons.id AND newest.observed_at <= as_of
        ORDER BY newest.observed_at DESC LIMIT 1
    ) AS affiliate ON true
    LEFT JOIN LATERAL (
        SELECT
            newest.checked_at,
            newest.room_status = 'Online' AND newest.checked_at >= as_of - interval '30 minutes' AS is_online,
            newest.gender, newest.current_show, newest.room_subject, newest.tags,
            newest.viewers, newest.followers, newest.rank, newest.grank
        FROM cbhours_live_stats AS newest
        WHERE newest.person_id = persons.id AND newest.checked_at <= as_of
        ORDER BY newest.checked_at DESC LIMIT 1
    ) AS cbhours ON true
    CROSS JOIN LATERAL (
        SELECT count(*) AS row_count, min(every.observed_at) AS first_at
        FROM affiliate_api_snapshots AS every
        WHERE every.person_id = persons.id AND every.observed_at <= as_of
    ) AS snapshots
    CROSS JOIN LATERAL (
        SELECT count(*) AS row_count, min(every.checked_at) AS first_at
        FROM cbhours_live_stats AS every
        WHERE every.person_id = persons.id AND every.checked_at <= as_of
    ) AS answers
    WHERE NOT persons.is_excluded;
    END
"""
_VIEW = "CREATE VIEW v_person_current_state AS SELECT * FROM person_current_state(now())"
_VIEW_COMMENT = """
    COMMENT ON VIEW v_person_current_state IS
    'One row per person who is not excluded: what is known of them now, each column from the first source that knows it.'
"""


def upgrade() -> None:
    op.add_column(
        "profiles",
        sa.Column(
            "has_cbhours_trophy",
            sa.Boolean(),
            nullable=True,
            comment="Whether CBHours knows the room; NULL before it was asked.",
        ),
    )
    _create_affiliate_api_snapshots()
    _create_cbhours_live_stats()
    _create_cbhours_activity()
    op.execute(_SEAL)
    for table in _TABLES:
        for trigger in _SEALED:
            op.execute(trigger.format(table))
    for statement in (_STATE, _VIEW, _VIEW_COMMENT):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP VIEW v_person_current_state")
    op.execute("DROP FUNCTION person_current_state(timestamptz)")
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION observation_sealed()")
    op.drop_column("profiles", "has_cbhours_trophy")


def _create_affiliate_api_snapshots() -> None:
    op.create_table(
        "affiliate_api_snapshots",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("birthday", sa.Text(), nullable=True, comment="As the source writes it: YYYY-MM-DD, or anything."),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("spoken_languages", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("current_show", sa.Text(), nullable=True),
        sa.Column("room_subject", sa.Text(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("is_new", sa.Boolean(), nullable=True),
        sa.Column("is_hd", sa.Boolean(), nullable=True),
        sa.Column("num_users", sa.BigInteger(), nullable=True, comment="Viewers now."),
        sa.Column("num_followers", sa.BigInteger(), nullable=True),
        sa.Column("seconds_online", sa.BigInteger(), nullable=True, comment="Since the start of the broadcast."),
        sa.Column(
            "session_start",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="observed_at less seconds_online: jitters from one observation of a broadcast to the next.",
        ),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("image_url_360x270", sa.Text(), nullable=True),
        sa.Column("image_path", sa.Text(), nullable=True),
        sa.Column("image_path_360x270", sa.Text(), nullable=True),
        sa.Column(
            "raw_payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment=_RAW,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("affiliate_api_snapshots_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("affiliate_api_snapshots_pkey")),
        sa.UniqueConstraint("person_id", "observed_at", name=op.f("affiliate_api_snapshots_person_id_observed_at_key")),
        comment="One row per person and observation of the affiliate feed: they were online then. Append only.",
    )


def _create_cbhours_live_stats() -> None:
    op.create_table(
        "cbhours_live_stats",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "room_status",
            sa.Text(),
            nullable=True,
            comment="Online or Offline; the other columns are filled when Online only.",
        ),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("is_new", sa.Boolean(), nullable=True),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("grank", sa.BigInteger(), nullable=True, comment="Rank within the gender."),
        sa.Column("viewers", sa.BigInteger(), nullable=True),
        sa.Column("followers", sa.BigInteger(), nullable=True),
        sa.Column("current_show", sa.Text(), nullable=True),
        sa.Column("room_subject", sa.Text(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column(
            "raw_payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment=_RAW,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("cbhours_live_stats_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("cbhours_live_stats_pkey")),
        sa.UniqueConstraint("person_id", "checked_at", name=op.f("cbhours_live_stats_person_id_checked_at_key")),
        comment="One row per person and live answer of CBHours; zeros of rank, viewers and followers are NULL. Append only.",
    )


def _create_cbhours_activity() -> None:
    op.create_table(
        "cbhours_activity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("segment_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("show_type", sa.Text(), nullable=True, comment="public, private, group, ticket and others."),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("grank", sa.BigInteger(), nullable=True, comment="Rank within the gender."),
        sa.Column("followers", sa.BigInteger(), nullable=True),
        sa.Column("viewers", sa.BigInteger(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column(
            "raw_payload",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment=_RAW,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("cbhours_activity_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("cbhours_activity_pkey")),
        sa.UniqueConstraint("person_id", "segment_at", name=op.f("cbhours_activity_person_id_segment_at_key")),
        comment="One row per person and three minutes online, as CBHours tells them afterwards; zeros are NULL. Append only.",
    )
