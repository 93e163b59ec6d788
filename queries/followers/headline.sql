-- question: How many followed at both ends of the window, and how many came and left in between?
-- grain: one row
-- params: direction, since, until
-- reads: persons, follow_spells
WITH counted AS (
    SELECT
        follow_spells.started_at <= $since AS began_before,
        follow_spells.started_at <= $until AS began_by_end,
        coalesce(follow_spells.ended_at <= $since, FALSE) AS ended_before,
        coalesce(follow_spells.ended_at <= $until, FALSE) AS ended_by_end,
        follow_spells.started_after IS NULL AS is_baseline
    FROM follow_spells
    INNER JOIN persons ON follow_spells.person_id = persons.id
    WHERE
        NOT persons.is_excluded
        AND follow_spells.direction = $direction
)

SELECT
    count(*) FILTER (WHERE began_before AND NOT ended_before) AS at_start,
    count(*) FILTER (WHERE began_by_end AND NOT ended_by_end) AS at_end,
    count(*) FILTER (WHERE began_by_end AND NOT began_before AND NOT is_baseline) AS follows,
    count(*) FILTER (WHERE began_by_end AND NOT began_before AND is_baseline) AS baseline,
    count(*) FILTER (WHERE ended_by_end AND NOT ended_before) AS unfollows
FROM counted
