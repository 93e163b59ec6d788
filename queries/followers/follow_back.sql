-- question: How long after I began to follow somebody did they follow me?
-- grain: one row per spell of mine in which I follow somebody
-- params: none
-- reads: persons, follow_spells
WITH spells AS (
    SELECT
        follow_spells.person_id,
        persons.username,
        follow_spells.direction,
        follow_spells.number,
        follow_spells.started_after,
        follow_spells.started_at,
        follow_spells.last_seen_at,
        follow_spells.ended_at,
        coalesce(follow_spells.started_after, follow_spells.started_at) AS earliest_at,
        coalesce(follow_spells.ended_at, 'infinity') AS over_at
    FROM follow_spells
    INNER JOIN persons ON follow_spells.person_id = persons.id
    WHERE NOT persons.is_excluded
),

mine AS (
    SELECT *
    FROM spells
    WHERE direction = 'following'
),

theirs AS (
    SELECT *
    FROM spells
    WHERE direction = 'followers'
),

-- The first spell of theirs that was not over when I began and did not begin after I had stopped.
answers AS (
    SELECT
        mine.username,
        mine.started_after AS i_after_at,
        mine.started_at AS i_by_at,
        mine.last_seen_at AS i_last_seen_at,
        mine.ended_at AS i_ended_at,
        theirs.started_after AS they_after_at,
        theirs.started_at AS they_by_at
    FROM mine
    LEFT JOIN theirs
        ON
            mine.person_id = theirs.person_id
            AND mine.earliest_at < theirs.over_at
            AND mine.over_at > theirs.earliest_at
    QUALIFY row_number() OVER (PARTITION BY mine.person_id, mine.number ORDER BY theirs.started_at) = 1
),

watched AS (
    SELECT max(coalesce(ended_at, last_seen_at)) AS until_at
    FROM theirs
),

told AS (
    SELECT
        *,
        CASE
            WHEN i_after_at IS NULL THEN 'my start unknown'
            WHEN they_by_at IS NULL THEN 'not yet'
            WHEN they_by_at <= i_after_at THEN 'already followed'
            WHEN they_after_at IS NULL THEN 'their start unknown'
            WHEN they_after_at >= i_by_at THEN 'followed back'
            ELSE 'order unknown'
        END AS outcome,
        least(
            CASE WHEN i_ended_at IS NOT NULL THEN i_last_seen_at END,
            (SELECT watched.until_at FROM watched)
        ) AS watched_until_at
    FROM answers
)

SELECT
    username,
    i_after_at,
    i_by_at,
    they_after_at,
    they_by_at,
    outcome,
    CASE
        WHEN outcome = 'not yet' THEN greatest(coalesce(epoch(watched_until_at - i_by_at), 0), 0) / 86400
        WHEN outcome IN ('followed back', 'order unknown') THEN greatest(epoch(they_after_at - i_by_at), 0) / 86400
    END::DOUBLE AS left_days,
    CASE
        WHEN outcome IN ('followed back', 'order unknown') THEN epoch(they_by_at - i_after_at) / 86400
    END::DOUBLE AS right_days
FROM told
ORDER BY i_by_at, username
