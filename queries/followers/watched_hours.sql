-- question: How many were watched from which hour on?
-- grain: one row per hour (UTC, counted from 1970) at which that number changes, and the first one of the window
-- params: direction, since, until
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

spells AS (
    SELECT
        epoch_us(follow_spells.started_at) // 3600000000 AS from_hour,
        epoch_us(coalesce(follow_spells.ended_at, follow_spells.last_seen_at)) // 3600000000 AS to_hour
    FROM follow_spells
    ANTI JOIN excluded ON follow_spells.person_id = excluded.id
    WHERE
        follow_spells.direction = $direction
        AND follow_spells.started_at <= $until
),

moves AS (
    SELECT
        greatest(from_hour, epoch_us($since) // 3600000000) AS epoch_hour,
        1 AS step
    FROM spells

    UNION ALL

    SELECT
        greatest(to_hour, epoch_us($since) // 3600000000) AS epoch_hour,
        -1 AS step
    FROM spells
    WHERE to_hour <= epoch_us($until) // 3600000000
),

steps AS (
    SELECT
        epoch_hour,
        sum(step) AS step
    FROM moves
    GROUP BY epoch_hour
)

SELECT
    epoch_hour::BIGINT AS epoch_hour,
    (sum(step) OVER (ORDER BY epoch_hour))::BIGINT AS watched_count
FROM steps
ORDER BY epoch_hour
