-- question: After how many days did those who left come back, and how long have the others been away?
-- grain: one row per number of days away, and whether they came back then or are still away
-- params: direction, as_of
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

spells AS (
    SELECT
        follow_spells.person_id,
        follow_spells.number,
        follow_spells.started_at,
        follow_spells.ended_at
    FROM follow_spells
    ANTI JOIN excluded ON follow_spells.person_id = excluded.id
    WHERE
        follow_spells.direction = $direction
        AND follow_spells.started_at <= $as_of
),

gaps AS (
    SELECT
        next.started_at IS NOT NULL AS has_returned,
        epoch_us(coalesce(next.started_at, $as_of)) - epoch_us(spells.ended_at) AS gap_us
    FROM spells
    LEFT JOIN spells AS next ON spells.person_id = next.person_id AND spells.number = next.number - 1
    WHERE spells.ended_at <= $as_of
)

-- Who came back on the third day was away for up to three; who is away for two and a half was watched for two.
SELECT
    CASE WHEN has_returned THEN (gap_us + 86399999999) // 86400000000 ELSE gap_us // 86400000000 END::BIGINT
        AS days_away,
    has_returned,
    count(*)::BIGINT AS spell_count
FROM gaps
GROUP BY ALL
ORDER BY days_away, has_returned
