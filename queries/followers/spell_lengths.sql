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
        epoch_us(follow_spells.started_at) - epoch_us(follow_spells.started_after) AS gap_us,
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

-- Lists make few kinds of spells, which are kept as they are. A start that is known exactly makes as many as there are
-- spells: these are counted in steps of 2^34 microseconds (4 h 46 min), because a shift is all that such a step costs.
counted AS (
    SELECT
        gap_us,
        CASE WHEN gap_us > 0 THEN seen_us ELSE seen_us >> 34 << 34 END AS left_us,
        CASE WHEN gap_us > 0 THEN doubt_us ELSE doubt_us >> 34 << 34 END AS doubt_us,
        count(*) AS spell_count
    FROM spells
    GROUP BY ALL
)

SELECT
    gap_us::BIGINT AS gap_us,
    0::BIGINT AS entry_us,
    left_us::BIGINT AS left_us,
    doubt_us::BIGINT AS doubt_us,
    spell_count::BIGINT AS spell_count
FROM counted
ORDER BY ALL
