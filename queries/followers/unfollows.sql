-- question: Who left in the window, when, how long had they been here, and are they back?
-- grain: one row per unfollow that fits what is asked for, newest first; a filter that is NULL lets everything through
-- params: direction, since, until, status, role, source, least_days, most_days, name_prefix, has_returned
-- reads: persons, follow_spells, follow_history
WITH ended AS (
    SELECT
        persons.username,
        persons.role,
        follow_spells.person_id,
        follow_spells.number,
        follow_spells.started_at,
        follow_spells.started_after,
        follow_spells.last_seen_at,
        follow_spells.ended_at,
        follow_spells.end_status,
        epoch(follow_spells.ended_at - follow_spells.started_at) / 86400 AS days_followed
    FROM follow_spells
    INNER JOIN persons ON follow_spells.person_id = persons.id
    WHERE
        NOT persons.is_excluded
        AND follow_spells.direction = $direction
        AND follow_spells.ended_at > $since
        AND follow_spells.ended_at <= $until
),

learned AS (
    SELECT
        follow_history.person_id,
        follow_history.at AS learned_at,
        follow_history.source,
        follow_history.reason
    FROM follow_history
    WHERE
        follow_history.direction = $direction
        AND follow_history.action = 'unfollow'
        AND follow_history.at > $since
        AND follow_history.at <= $until
),

returned AS (
    SELECT
        person_id,
        number - 1 AS number,
        started_at AS returned_at
    FROM follow_spells
    WHERE
        direction = $direction
        AND started_at > $since
)

SELECT
    ended.username,
    ended.started_at AS followed_at,
    ended.last_seen_at,
    ended.ended_at AS first_missing_at,
    ended.days_followed,
    ended.end_status AS status,
    ended.started_after IS NULL AS is_left_truncated,
    learned.source,
    coalesce(learned.reason, '') AS reason,
    returned.returned_at,
    returned.returned_at IS NOT NULL AS has_returned,
    ended.role
FROM ended
LEFT JOIN learned ON ended.person_id = learned.person_id AND ended.ended_at = learned.learned_at
LEFT JOIN returned ON ended.person_id = returned.person_id AND ended.number = returned.number
WHERE
    ($status::TEXT IS NULL OR ended.end_status = $status)
    AND (
        $role::TEXT IS NULL
        OR ended.role = $role
        OR (ended.role = 'BOTH' AND $role IN ('MODEL', 'VIEWER'))
    )
    AND ($source::TEXT IS NULL OR learned.source = $source)
    AND ($least_days::DOUBLE IS NULL OR ended.days_followed >= $least_days)
    AND ($most_days::DOUBLE IS NULL OR ended.days_followed <= $most_days)
    AND ($name_prefix::TEXT IS NULL OR starts_with(ended.username, $name_prefix))
    AND ($has_returned::BOOLEAN IS NULL OR (returned.returned_at IS NOT NULL) = $has_returned)
ORDER BY first_missing_at DESC, ended.username ASC
