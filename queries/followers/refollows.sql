-- question: How many of those who came had followed before?
-- grain: one row
-- params: direction
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
)

SELECT
    count(*) FILTER (WHERE follow_spells.started_after IS NOT NULL)::BIGINT AS follows,
    count(*) FILTER (WHERE follow_spells.started_after IS NOT NULL AND follow_spells.number > 1)::BIGINT AS refollows,
    count(*) FILTER (WHERE follow_spells.ended_at IS NOT NULL)::BIGINT AS unfollows
FROM follow_spells
ANTI JOIN excluded ON follow_spells.person_id = excluded.id
WHERE follow_spells.direction = $direction
