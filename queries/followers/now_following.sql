-- question: Who follows now?
-- grain: one row per person
-- params: direction
-- reads: persons, follow_spells
SELECT
    persons.username,
    follow_spells.started_at,
    follow_spells.last_seen_at
FROM follow_spells
INNER JOIN persons ON follow_spells.person_id = persons.id
WHERE
    NOT persons.is_excluded
    AND follow_spells.direction = $direction
    AND follow_spells.ended_at IS NULL
ORDER BY persons.username
