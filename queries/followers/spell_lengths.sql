-- question: How long have those who came in the window stayed, as precisely as lists and feeds can tell?
-- grain: one row per kind of spell, in steps of 2^34 microseconds (4 h 46 min)
-- params: direction, since, until, provisional
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

-- Whole microseconds, so that a shift is all that a step costs.
spells AS (
    SELECT
        epoch_us(follow_spells.started_after) AS not_yet_us,
        epoch_us(follow_spells.started_at) AS came_us,
        epoch_us(least(follow_spells.last_seen_at, $until)) AS seen_us,
        CASE
            WHEN $provisional = 'open' AND follow_spells.end_status = 'provisional' THEN NULL
            WHEN follow_spells.ended_at <= $until THEN epoch_us(follow_spells.ended_at)
        END AS gone_us
    FROM follow_spells
    ANTI JOIN excluded ON follow_spells.person_id = excluded.id
    WHERE
        follow_spells.direction = $direction
        AND follow_spells.started_at > $since
        AND follow_spells.started_at <= $until
),

-- What lies between two lists is rounded; what is known exactly lies in the step that has it.
stepped AS (
    SELECT
        CASE WHEN came_us > not_yet_us THEN greatest((came_us - not_yet_us + (1::BIGINT << 33)) >> 34, 1) ELSE came_us - not_yet_us END AS gap_steps,
        CASE WHEN not_yet_us IS NULL THEN 0 WHEN gone_us = seen_us THEN (seen_us - came_us) >> 34 ELSE (seen_us - came_us + (1::BIGINT << 33)) >> 34 END AS left_steps,
        CASE WHEN not_yet_us IS NULL THEN 0 WHEN gone_us = seen_us THEN 1 ELSE (gone_us - seen_us) >> 34 END AS doubt_steps
    FROM spells
)
SELECT gap_steps, left_steps, doubt_steps, count(*) AS spell_count FROM stepped GROUP BY ALL ORDER BY ALL
