-- question: How many followed, and so could leave, from when on?
-- grain: one row per instant at which their number changes, in the middle of the stretch in which somebody came or left
-- params: direction, since, until
-- reads: persons, follow_spells
WITH spells AS (
    SELECT
        coalesce(
            make_timestamptz((epoch_us(follow_spells.started_after) + epoch_us(follow_spells.started_at)) // 2),
            follow_spells.started_at
        ) AS began_at,
        make_timestamptz((epoch_us(follow_spells.last_seen_at) + epoch_us(follow_spells.ended_at)) // 2) AS left_at
    FROM follow_spells
    INNER JOIN persons ON follow_spells.person_id = persons.id
    WHERE
        NOT persons.is_excluded
        AND follow_spells.direction = $direction
),

changes AS (
    SELECT
        began_at AS changed_at,
        1 AS change
    FROM spells

    UNION ALL

    SELECT
        left_at AS changed_at,
        -1 AS change
    FROM spells
    WHERE left_at IS NOT NULL
),

in_window AS (
    SELECT
        greatest(changed_at, $since) AS changed_at,
        sum(change) AS change
    FROM changes
    WHERE changed_at <= $until
    GROUP BY ALL
)

SELECT
    changed_at,
    sum(change) OVER (ORDER BY changed_at)::BIGINT AS person_count
FROM in_window
ORDER BY changed_at
