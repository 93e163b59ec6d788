-- question: How many follow me and are followed by me, only the one, only the other, week by week?
-- grain: one row per week from the start of the window on, and one for its end
-- params: since, until
-- reads: persons, follow_spells
WITH spells AS (
    SELECT
        follow_spells.person_id,
        follow_spells.direction,
        follow_spells.started_at,
        follow_spells.ended_at
    FROM follow_spells
    INNER JOIN persons ON follow_spells.person_id = persons.id
    WHERE NOT persons.is_excluded
),

-- Both at once: where a spell of the one direction and one of the other overlap.
mutual AS (
    SELECT
        greatest(theirs.started_at, mine.started_at) AS started_at,
        least(theirs.ended_at, mine.ended_at) AS ended_at
    FROM spells AS theirs
    INNER JOIN spells AS mine
        ON
            theirs.person_id = mine.person_id
            AND theirs.direction = 'followers'
            AND mine.direction = 'following'
            AND greatest(theirs.started_at, mine.started_at) < least(theirs.ended_at, mine.ended_at, 'infinity')
),

stretches AS (
    SELECT
        direction AS who,
        started_at,
        ended_at
    FROM spells

    UNION ALL

    SELECT
        'mutual' AS who,
        started_at,
        ended_at
    FROM mutual
),

changes AS (
    SELECT
        started_at AS changed_at,
        who,
        1 AS change
    FROM stretches

    UNION ALL

    SELECT
        ended_at AS changed_at,
        who,
        -1 AS change
    FROM stretches
    WHERE ended_at IS NOT NULL
),

running AS (
    SELECT DISTINCT
        changed_at,
        sum(change) FILTER (WHERE who = 'mutual') OVER by_time AS mutual,
        sum(change) FILTER (WHERE who = 'followers') OVER by_time AS they,
        sum(change) FILTER (WHERE who = 'following') OVER by_time AS i
    FROM changes
    WINDOW by_time AS (ORDER BY changed_at)
),

weeks AS (
    SELECT unnest(generate_series($since, $until, INTERVAL 7 DAYS)) AS counted_at
    UNION
    SELECT $until AS counted_at
)

SELECT
    weeks.counted_at,
    coalesce(running.mutual, 0)::BIGINT AS mutual_count,
    (coalesce(running.they, 0) - coalesce(running.mutual, 0))::BIGINT AS they_only_count,
    (coalesce(running.i, 0) - coalesce(running.mutual, 0))::BIGINT AS i_only_count
FROM weeks
ASOF LEFT JOIN running ON weeks.counted_at >= running.changed_at
ORDER BY weeks.counted_at
