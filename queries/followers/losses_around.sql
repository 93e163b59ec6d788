-- question: In which stretches of time did people leave, and how many in each?
-- grain: one row per stretch from the last list with somebody to the first without; both ends equal: the time is known
-- params: direction, since, until
-- reads: persons, follow_spells
SELECT
    follow_spells.last_seen_at,
    follow_spells.ended_at AS first_missing_at,
    count(*)::BIGINT AS unfollows,
    count(*) FILTER (WHERE follow_spells.end_status = 'provisional')::BIGINT AS provisional
FROM follow_spells
INNER JOIN persons ON follow_spells.person_id = persons.id
WHERE
    NOT persons.is_excluded
    AND follow_spells.direction = $direction
    AND follow_spells.ended_at > $since
    AND (follow_spells.last_seen_at < $until OR follow_spells.ended_at <= $until)
GROUP BY follow_spells.last_seen_at, follow_spells.ended_at
ORDER BY follow_spells.last_seen_at, first_missing_at
