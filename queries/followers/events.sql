-- question: Who followed and who unfollowed, in order of time?
-- grain: one row per follow or unfollow
-- params: direction, since, until
-- reads: persons, follow_history, follow_spells
SELECT
    follow_history.action AS event,
    persons.username,
    follow_history.at,
    follow_history.is_baseline,
    follow_history.last_seen_at,
    follow_history.first_missing_at,
    epoch(ended.ended_at - ended.started_at) / 86400 AS days_followed,
    follow_history.status,
    follow_history.source,
    follow_history.reason
FROM follow_history
INNER JOIN persons ON follow_history.person_id = persons.id
LEFT JOIN follow_spells AS ended
    ON
        follow_history.person_id = ended.person_id
        AND follow_history.direction = ended.direction
        AND follow_history.at = ended.ended_at
        AND follow_history.action = 'unfollow'
WHERE
    NOT persons.is_excluded
    AND follow_history.direction = $direction
    AND follow_history.at > $since
    AND follow_history.at <= $until
ORDER BY follow_history.at ASC, persons.username ASC, follow_history.action DESC
