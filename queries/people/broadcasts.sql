-- question: When did a person broadcast, and what came of each broadcast?
-- grain: one row per broadcast, the oldest first
-- params: username
-- reads: persons, affiliate_api_snapshots
WITH observations AS (
    SELECT
        persons.username,
        snapshots.person_id,
        snapshots.observed_at,
        snapshots.session_start,
        snapshots.num_users,
        nullif(snapshots.num_followers, 0) AS followers,
        coalesce(snapshots.tags, []) AS tags
    FROM affiliate_api_snapshots AS snapshots
    INNER JOIN persons ON snapshots.person_id = persons.id
    WHERE
        NOT persons.is_excluded
        AND CASE WHEN $username = '' THEN persons.is_self ELSE persons.username = lower($username) END
        AND snapshots.session_start IS NOT NULL
),

-- The start that a snapshot tells jitters: starts, each at most ten minutes after the one before, are one and the same.
marked AS (
    SELECT
        *,
        session_start > lag(session_start) OVER by_start + INTERVAL 10 MINUTES AS is_next
    FROM observations
    WINDOW by_start AS (PARTITION BY person_id ORDER BY session_start, observed_at)
),

numbered AS (
    SELECT
        *,
        count(*) FILTER (WHERE is_next) OVER (
            PARTITION BY person_id
            ORDER BY session_start, observed_at
            ROWS UNBOUNDED PRECEDING
        ) AS broadcast_number
    FROM marked
)

SELECT
    any_value(username) AS username,
    min(session_start) AS started_at,
    max(observed_at) AS last_seen_at,
    count(*) AS snapshot_count,
    max(num_users)::BIGINT AS peak_viewers,
    avg(num_users)::DOUBLE AS mean_viewers,
    arg_min(followers, observed_at)::BIGINT AS followers_first,
    arg_max(followers, observed_at)::BIGINT AS followers_last,
    (arg_max(followers, observed_at) - arg_min(followers, observed_at))::BIGINT AS follower_change,
    list_sort(list_distinct(flatten(list(tags))))::VARCHAR[] AS tags
FROM numbered
GROUP BY person_id, broadcast_number
ORDER BY started_at, username
