-- question: Between which hours did people leave?
-- grain: one row per stretch of hours (UTC, from 1970) in which somebody left; a known instant is its whole hour
-- params: direction, since, until
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

ended AS (
    SELECT
        epoch_us(follow_spells.last_seen_at) AS last_seen_us,
        epoch_us(follow_spells.ended_at) AS ended_us
    FROM follow_spells
    ANTI JOIN excluded ON follow_spells.person_id = excluded.id
    WHERE
        follow_spells.direction = $direction
        AND follow_spells.ended_at > $since
        AND follow_spells.ended_at <= $until
),

placed AS (
    SELECT
        CASE WHEN last_seen_us < ended_us THEN last_seen_us / 3600e6 ELSE ended_us // 3600000000 END AS from_hour,
        CASE WHEN last_seen_us < ended_us THEN ended_us / 3600e6 ELSE ended_us // 3600000000 + 1 END AS to_hour
    FROM ended
)

SELECT
    from_hour::DOUBLE AS from_hour,
    to_hour::DOUBLE AS to_hour,
    count(*)::BIGINT AS unfollow_count
FROM placed
GROUP BY ALL
ORDER BY from_hour, to_hour
