-- question: Who came, who came back, and who left in the window?
-- grain: one row per person and change, newest first
-- params: direction, since, until
-- reads: persons, follow_spells
WITH spells AS (
    SELECT
        persons.username,
        persons.role,
        follow_spells.person_id,
        follow_spells.number,
        follow_spells.started_at,
        follow_spells.started_after,
        follow_spells.last_seen_at,
        follow_spells.ended_at,
        follow_spells.end_status
    FROM follow_spells
    INNER JOIN persons ON follow_spells.person_id = persons.id
    WHERE
        NOT persons.is_excluded
        AND follow_spells.direction = $direction
),

begun AS (
    SELECT
        spells.username,
        spells.role,
        spells.started_after AS after_at,
        spells.started_at AS changed_at,
        NULL AS status,
        CASE WHEN earlier.ended_at IS NULL THEN 'came' ELSE 'came back' END AS change,
        epoch(spells.started_at - earlier.ended_at) / 86400 AS days_away
    FROM spells
    LEFT JOIN spells AS earlier ON spells.person_id = earlier.person_id AND spells.number = earlier.number + 1
    WHERE
        spells.started_after IS NOT NULL
        AND spells.started_at > $since
        AND spells.started_at <= $until
),

ended AS (
    SELECT
        username,
        role,
        last_seen_at AS after_at,
        ended_at AS changed_at,
        end_status AS status,
        'left' AS change,
        epoch(ended_at - started_at) / 86400 AS days_followed
    FROM spells
    WHERE
        ended_at > $since
        AND ended_at <= $until
)

SELECT
    username,
    change,
    status,
    after_at,
    changed_at,
    NULL::DOUBLE AS days_followed,
    days_away,
    role
FROM begun

UNION ALL

SELECT
    username,
    change,
    status,
    after_at,
    changed_at,
    days_followed,
    NULL::DOUBLE AS days_away,
    role
FROM ended
ORDER BY changed_at DESC, username ASC, change ASC
