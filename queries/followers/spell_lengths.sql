-- question: How long have those who came in the window stayed, as exactly as lists and feeds can tell?
-- grain: one row per kind of spell, in microseconds; gap_us is NULL for those there before we looked
-- params: direction, since, until, provisional
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

spells AS (
    SELECT
        date_sub('microsecond', follow_spells.started_after, follow_spells.started_at) AS gap_us,
        date_sub('microsecond', follow_spells.started_at, least(follow_spells.last_seen_at, $until)) AS left_us,
        CASE
            WHEN $provisional = 'open' AND follow_spells.end_status = 'provisional' THEN NULL
            WHEN follow_spells.ended_at <= $until
                THEN date_sub('microsecond', follow_spells.last_seen_at, follow_spells.ended_at)
        END AS doubt_us
    FROM follow_spells
    ANTI JOIN excluded ON follow_spells.person_id = excluded.id
    WHERE
        follow_spells.direction = $direction
        AND follow_spells.started_at > $since
        AND follow_spells.started_at <= $until
),

-- Lists make few kinds of spells, which are kept as they are. A start that is known exactly makes as many as there are
-- spells: these are counted in steps of 2^34 microseconds (4 h 46 min), because a shift is all that such a step costs.
stepped AS (
    SELECT
        gap_us,
        left_us,
        doubt_us,
        CASE WHEN gap_us > 0 THEN 0 ELSE 34 END AS places
    FROM spells
),

counted AS (
    SELECT
        gap_us,
        left_us >> places AS left_steps,
        doubt_us >> places AS doubt_steps,
        count(*) AS spell_count
    FROM stepped
    GROUP BY ALL
)

SELECT
    gap_us::BIGINT AS gap_us,
    0::BIGINT AS entry_us,
    (left_steps << CASE WHEN gap_us > 0 THEN 0 ELSE 34 END)::BIGINT AS left_us,
    (doubt_steps << CASE WHEN gap_us > 0 THEN 0 ELSE 34 END)::BIGINT AS doubt_us,
    spell_count::BIGINT AS spell_count
FROM counted
ORDER BY ALL
