-- question: For how long do people follow, those who have left and those who are still here?
-- grain: one row per span of days, each twice as long as the one before
-- params: direction
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

spells AS (
    SELECT
        follow_spells.started_after IS NULL AS is_left_truncated,
        follow_spells.ended_at IS NOT NULL AS is_completed,
        greatest(
            epoch_us(coalesce(follow_spells.ended_at, follow_spells.last_seen_at))
            - epoch_us(follow_spells.started_at),
            0
        ) AS stayed_us
    FROM follow_spells
    ANTI JOIN excluded ON follow_spells.person_id = excluded.id
    WHERE follow_spells.direction = $direction
),

binned AS (
    SELECT
        is_left_truncated,
        is_completed,
        CASE WHEN stayed_us < 86400000000 THEN -1 ELSE floor(log2(stayed_us / 86400e6))::INTEGER END AS power
    FROM spells
)

SELECT
    CASE WHEN power < 0 THEN 0 ELSE pow(2, power) END::DOUBLE AS least_days,
    pow(2, power + 1)::DOUBLE AS most_days,
    count(*) FILTER (WHERE is_completed AND NOT is_left_truncated)::BIGINT AS completed_count,
    count(*) FILTER (WHERE NOT is_completed AND NOT is_left_truncated)::BIGINT AS open_count,
    count(*) FILTER (WHERE is_left_truncated)::BIGINT AS left_truncated_count
FROM binned
GROUP BY power
ORDER BY least_days
