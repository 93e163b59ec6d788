-- question: How many came and how many left, day by day?
-- grain: one row per UTC day on which something changed
-- params: direction, since, until
-- reads: persons, follow_spells
WITH spells AS (
    SELECT
        follow_spells.started_at,
        follow_spells.started_after,
        follow_spells.ended_at,
        follow_spells.end_status
    FROM follow_spells
    INNER JOIN persons ON follow_spells.person_id = persons.id
    WHERE
        NOT persons.is_excluded
        AND follow_spells.direction = $direction
),

changes AS (
    SELECT
        started_at AS changed_at,
        'follow' AS action,
        FALSE AS is_provisional
    FROM spells
    WHERE started_after IS NOT NULL

    UNION ALL

    SELECT
        ended_at AS changed_at,
        'unfollow' AS action,
        end_status = 'provisional' AS is_provisional
    FROM spells
    WHERE ended_at IS NOT NULL
)

SELECT
    changed_at::DATE AS changed_on,
    count(*) FILTER (WHERE action = 'follow') AS follows,
    count(*) FILTER (WHERE action = 'unfollow') AS unfollows,
    count(*) FILTER (WHERE is_provisional) AS provisional
FROM changes
WHERE
    changed_at > $since
    AND changed_at <= $until
GROUP BY changed_on
ORDER BY changed_on
