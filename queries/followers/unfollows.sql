-- question: Who left in the window, when, and how long had they been here?
-- grain: one row per unfollow, newest first
-- params: direction, since, until
-- reads: persons, follow_spells
SELECT
    persons.username,
    follow_spells.started_at AS followed_at,
    follow_spells.last_seen_at,
    follow_spells.ended_at AS first_missing_at,
    epoch(follow_spells.ended_at - follow_spells.started_at) / 86400 AS days_followed,
    follow_spells.end_status AS status,
    follow_spells.started_after IS NULL AS is_left_truncated
FROM follow_spells
INNER JOIN persons ON follow_spells.person_id = persons.id
WHERE
    NOT persons.is_excluded
    AND follow_spells.direction = $direction
    AND follow_spells.ended_at > $since
    AND follow_spells.ended_at <= $until
ORDER BY first_missing_at DESC, persons.username ASC
