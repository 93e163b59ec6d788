-- question: Who follows me and is followed by me, who only the one, who only the other, and since when?
-- grain: one row per person who follows me or is followed by me at the instant asked about
-- params: at
-- reads: persons, follow_spells
WITH spells AS (
    SELECT
        persons.username,
        follow_spells.direction,
        follow_spells.started_at,
        follow_spells.started_after,
        follow_spells.ended_at,
        follow_spells.ended_at IS NULL OR follow_spells.ended_at > $at AS is_open
    FROM follow_spells
    INNER JOIN persons ON follow_spells.person_id = persons.id
    WHERE
        NOT persons.is_excluded
        AND follow_spells.started_at <= $at
),

sides AS (
    SELECT
        username,
        direction,
        max(started_at) FILTER (WHERE is_open) AS since_at,
        bool_or(started_after IS NULL) FILTER (WHERE is_open) AS is_left_truncated,
        max(ended_at) FILTER (WHERE NOT is_open) AS left_at
    FROM spells
    GROUP BY ALL
),

persons_now AS (
    SELECT
        username,
        max(since_at) FILTER (WHERE direction = 'followers') AS they_since_at,
        bool_or(is_left_truncated) FILTER (WHERE direction = 'followers') AS is_they_left_truncated,
        max(left_at) FILTER (WHERE direction = 'followers') AS they_left_at,
        max(since_at) FILTER (WHERE direction = 'following') AS i_since_at,
        bool_or(is_left_truncated) FILTER (WHERE direction = 'following') AS is_i_left_truncated,
        max(left_at) FILTER (WHERE direction = 'following') AS i_left_at
    FROM sides
    GROUP BY username
)

SELECT
    username,
    CASE
        WHEN i_since_at IS NULL THEN 'they only'
        WHEN they_since_at IS NULL THEN 'I only'
        ELSE 'mutual'
    END AS relation,
    they_since_at,
    is_they_left_truncated,
    they_left_at,
    i_since_at,
    is_i_left_truncated,
    i_left_at
FROM persons_now
WHERE they_since_at IS NOT NULL OR i_since_at IS NOT NULL
ORDER BY username
