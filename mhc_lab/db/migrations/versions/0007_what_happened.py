"""What happened: events of rooms in every shape they were kept in, and what persons did; counted in the current state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# An event was kept as its inner object, in an envelope around that, or as text inside JSON: all three are read alike. What it is about is
# the inner object, with method, id and room of the envelope where it has none of its own. NULL: it is no event. Blocks that catch errors
# may not run in parallel before PostgreSQL 17.
_EVENT_READERS = (
    """
    CREATE FUNCTION opened_json(raw jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $$
    DECLARE
        value jsonb := raw;
    BEGIN
        FOR depth IN 1..4 LOOP
            EXIT WHEN jsonb_typeof(value) <> 'string';
            value := (value #>> '{}')::jsonb;
        END LOOP;
        RETURN value;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION room_event(raw jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT AS $$
    DECLARE
        event constant jsonb := public.opened_json(raw);
        about jsonb;
    BEGIN
        IF event IS NULL OR jsonb_typeof(event) <> 'object' THEN
            RETURN NULL;
        END IF;
        about := public.opened_json(event -> 'object');
        IF about IS NULL OR jsonb_typeof(about) <> 'object' THEN
            RETURN event;
        END IF;
        IF coalesce(about -> 'broadcaster', 'null') IN ('null', '""') THEN
            about := about - 'broadcaster';
        END IF;
        RETURN (event - 'object') || about;
    END
    $$
    """,
    """
    CREATE FUNCTION room_event_content(raw jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT
    RETURN coalesce((
        SELECT said.told #>> '{}'
        FROM room_event(raw) AS event, unnest(ARRAY[
            event #> '{tip,message}', event #> '{message,message}', event -> 'message', event #> '{media,name}', event -> 'subject'
        ]) WITH ORDINALITY AS said (told, place)
        WHERE jsonb_typeof(said.told) = 'string' AND said.told <> '""'
        ORDER BY said.place LIMIT 1
    ), '')
    """,
    """
    CREATE FUNCTION room_event_tokens(raw jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT
    RETURN (
        SELECT paid.amount::bigint
        FROM room_event(raw) AS event, unnest(ARRAY[
            event #>> '{tip,tokens}', event #>> '{media,tokens}'
        ]) WITH ORDINALITY AS paid (amount, place)
        WHERE paid.amount ~ '^[0-9]{1,18}$'
        ORDER BY paid.place LIMIT 1
    )
    """,
)

# As before, with interactions counted, and the oldest of them as the source of who is on no snapshot.
_STATE = """
    CREATE OR REPLACE FUNCTION person_current_state(as_of timestamptz) RETURNS TABLE (
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
        (SELECT count(*) FROM interactions WHERE interactions.person_id = persons.id AND interactions.happened_at <= as_of),
        snapshots.row_count + answers.row_count,
        affiliate.observed_at, cbhours.checked_at,
        profiles.has_cbhours_trophy,
        CASE
            WHEN snapshots.first_at <= coalesce(answers.first_at, 'infinity') THEN 'affiliate_api'
            WHEN answers.first_at IS NOT NULL THEN 'cbhours'
            ELSE coalesce((
                SELECT done.source FROM interactions AS done
                WHERE done.person_id = persons.id AND done.happened_at <= as_of ORDER BY done.happened_at, done.source LIMIT 1
            ), (
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
_STATE_BEFORE = """
    CREATE OR REPLACE FUNCTION person_current_state(as_of timestamptz) RETURNS TABLE (
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


def upgrade() -> None:
    for function in _EVENT_READERS:
        op.execute(function)
    _create_event_logs()
    _create_interactions()
    op.execute(_STATE)


def downgrade() -> None:
    op.execute(_STATE_BEFORE)
    op.drop_table("interactions")
    op.drop_table("event_logs")
    for function in ("room_event_tokens", "room_event_content", "room_event", "opened_json"):
        op.execute(f"DROP FUNCTION {function}(jsonb)")


def _create_event_logs() -> None:
    op.create_table(
        "event_logs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column(
            "broadcaster", sa.Text(), server_default="", nullable=False, comment="Whose room; empty: outside any room."
        ),
        sa.Column("username", sa.Text(), server_default="", nullable=False, comment="The name as the event wrote it."),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("raw_event", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "content",
            sa.Text(),
            sa.Computed("room_event_content(raw_event)", persisted=True),
            nullable=True,
            comment="What was said, bought, or is the new subject.",
        ),
        sa.Column(
            "tokens", sa.BigInteger(), sa.Computed("room_event_tokens(raw_event)", persisted=True), nullable=True
        ),
        sa.Column(
            "reference", sa.Text(), nullable=False, comment="The event's own id, or a digest: tells it from others."
        ),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("event_logs_person_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("event_logs_pkey")),
        sa.UniqueConstraint("reference", name=op.f("event_logs_reference_key")),
        comment="One row per event of a room, raw.",
    )
    op.create_index(op.f("event_logs_happened_at_idx"), "event_logs", ["happened_at"])
    op.create_index(op.f("event_logs_person_id_happened_at_idx"), "event_logs", ["person_id", "happened_at"])


def _create_interactions() -> None:
    op.create_table(
        "interactions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("event_log_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(metadata) = 'object'", name=op.f("interactions_metadata_check")),
        sa.CheckConstraint(
            "source IN ('cb_events', 'statbate_plus', 'manual', 'dm_import')", name=op.f("interactions_source_check")
        ),
        sa.CheckConstraint(
            "type IN ('CHAT_MESSAGE', 'PRIVATE_MESSAGE', 'DIRECT_MESSAGE', 'TIP_EVENT', 'PROFILE_PASTE', 'CHAT_IMPORT', 'MANUAL_NOTE', 'FOLLOW', 'UNFOLLOW', 'USER_ENTER', 'USER_LEAVE', 'FANCLUB_JOIN', 'MEDIA_PURCHASE')",
            name=op.f("interactions_type_check"),
        ),
        sa.ForeignKeyConstraint(
            ["event_log_id"], ["event_logs.id"], name=op.f("interactions_event_log_id_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name=op.f("interactions_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("interactions_pkey")),
        sa.UniqueConstraint("event_log_id", name=op.f("interactions_event_log_id_key")),
        comment="One row per thing a person did or that was noted about them.",
    )
    op.create_index(op.f("interactions_person_id_happened_at_idx"), "interactions", ["person_id", "happened_at"])
