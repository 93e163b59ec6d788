-- question: How long have those who came in the window stayed, as exactly as lists and feeds can tell?
-- grain: one row per kind of spell, in whole steps of 2^30 microseconds (18 min); gap_steps is NULL for those there before we looked
-- params: direction, since, until, provisional
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

spells AS (
    SELECT
        (epoch_us(follow_spells.started_at) - epoch_us(follow_spells.started_after)) >> 30 AS gap_steps,
        epoch_us(least(follow_spells.last_seen_at, $until)) - epoch_us(follow_spells.started_at) AS seen_us,
        CASE
            WHEN $provisional = 'open' AND follow_spells.end_status = 'provisional' THEN NULL
            WHEN follow_spells.ended_at <= $until
                THEN epoch_us(follow_spells.ended_at) - epoch_us(follow_spells.last_seen_at)
        END AS doubt_us
    FROM follow_spells
    ANTI JOIN excluded ON follow_spells.person_id = excluded.id
    WHERE
        follow_spells.direction = $direction
        AND follow_spells.started_at > $since
        AND follow_spells.started_at <= $until
),

-- A shift of whole microseconds is all that a step costs. Lists make few kinds of spells; a known start makes as many as there are steps,
-- so these are counted in steps 16 times as wide.
counted AS (
    SELECT
        gap_steps,
        seen_us >> CASE WHEN gap_steps = 0 THEN 34 ELSE 30 END AS left_steps,
        doubt_us >> CASE WHEN gap_steps = 0 THEN 34 ELSE 30 END AS doubt_steps,
        count(*) AS spell_count
    FROM spells
    GROUP BY ALL
)

SELECT
    gap_steps::INTEGER AS gap_steps,
    0::INTEGER AS entry_steps,
    (left_steps * CASE WHEN gap_steps = 0 THEN 16 ELSE 1 END)::INTEGER AS left_steps,
    (doubt_steps * CASE WHEN gap_steps = 0 THEN 16 ELSE 1 END)::INTEGER AS doubt_steps,
    spell_count::BIGINT AS spell_count
FROM counted
ORDER BY ALL
