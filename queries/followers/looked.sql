-- question: When did we look last, when before that, and up to when is anything known?
-- grain: one row
-- params: direction
-- reads: follow_scrapes, follow_spells
WITH complete AS (
    SELECT DISTINCT observed_at
    FROM follow_scrapes
    WHERE
        direction = $direction
        AND verdict = 'complete'
),

known AS (
    SELECT observed_at AS known_at
    FROM follow_scrapes
    WHERE
        direction = $direction
        AND verdict IN ('complete', 'partial')

    UNION ALL

    SELECT greatest(max(started_at), max(last_seen_at), max(ended_at)) AS known_at
    FROM follow_spells
    WHERE direction = $direction
)

SELECT
    (SELECT max(complete.observed_at) FROM complete) AS newest_complete_at,
    (
        SELECT max(earlier.observed_at)
        FROM complete AS earlier
        WHERE earlier.observed_at < (SELECT max(complete.observed_at) FROM complete)
    ) AS previous_complete_at,
    (SELECT max(known.known_at) FROM known) AS newest_at
