-- question: How long have those who came stayed, by when they came, what they are, or whether the following is mutual?
-- grain: one row per group and kind of spell, in microseconds; gap_us is NULL for those there before we looked
-- params: direction, since, until, provisional, by
-- reads: persons, follow_spells
WITH spells AS (
    SELECT
        follow_spells.person_id,
        follow_spells.number,
        persons.role,
        follow_spells.started_after AS not_yet_at,
        follow_spells.started_at AS came_at,
        least(follow_spells.last_seen_at, $until) AS seen_at,
        CASE
            WHEN $provisional = 'open' AND follow_spells.end_status = 'provisional' THEN NULL
            WHEN follow_spells.ended_at <= $until THEN follow_spells.ended_at
        END AS gone_at
    FROM follow_spells
    INNER JOIN persons ON follow_spells.person_id = persons.id
    WHERE
        NOT persons.is_excluded
        AND follow_spells.direction = $direction
        AND follow_spells.started_at > $since
        AND follow_spells.started_at <= $until
),

-- From when on it was mutual, if it was while they were seen. It stays so, whatever I do afterwards.
mutual AS (
    SELECT
        spells.person_id,
        spells.number,
        min(greatest(others.started_at, spells.came_at)) AS mutual_at
    FROM spells
    INNER JOIN follow_spells AS others ON spells.person_id = others.person_id
    WHERE
        $by = 'reciprocity'
        AND spells.not_yet_at IS NOT NULL
        AND others.direction <> $direction
        AND others.started_at <= spells.seen_at
        AND coalesce(others.ended_at > spells.came_at, TRUE)
    GROUP BY ALL
),

-- Nobody is counted as mutual before they were: a spell that becomes it is two parts, the second watched from then on.
parts AS (
    SELECT
        CASE $by
            WHEN 'joined' THEN strftime(spells.came_at, '%Y') || '-Q' || quarter(spells.came_at)
            WHEN 'role' THEN lower(spells.role)
            ELSE 'one-sided'
        END AS group_name,
        spells.not_yet_at,
        spells.came_at,
        spells.came_at AS watched_at,
        coalesce(mutual.mutual_at, spells.seen_at) AS seen_at,
        CASE WHEN mutual.mutual_at IS NULL THEN spells.gone_at END AS gone_at
    FROM spells
    LEFT JOIN mutual ON spells.person_id = mutual.person_id AND spells.number = mutual.number
    WHERE mutual.mutual_at IS NULL OR mutual.mutual_at > spells.came_at

    UNION ALL

    SELECT
        'mutual' AS group_name,
        spells.not_yet_at,
        spells.came_at,
        mutual.mutual_at AS watched_at,
        spells.seen_at,
        spells.gone_at
    FROM spells
    INNER JOIN mutual ON spells.person_id = mutual.person_id AND spells.number = mutual.number
),

lengths AS (
    SELECT
        group_name,
        date_sub('microsecond', not_yet_at, came_at) AS gap_us,
        date_sub('microsecond', came_at, watched_at) AS entry_us,
        date_sub('microsecond', came_at, seen_at) AS left_us,
        date_sub('microsecond', seen_at, gone_at) AS doubt_us
    FROM parts
),

-- A start that is known exactly makes as many kinds as there are spells: these are counted in steps of 2^34 µs
-- (4 h 46 min).
stepped AS (
    SELECT
        group_name,
        gap_us,
        CASE WHEN gap_us > 0 THEN entry_us ELSE entry_us >> 34 << 34 END AS entry_us,
        CASE WHEN gap_us > 0 THEN left_us ELSE left_us >> 34 << 34 END AS left_us,
        CASE WHEN gap_us > 0 THEN doubt_us ELSE doubt_us >> 34 << 34 END AS doubt_us
    FROM lengths
)

SELECT
    group_name::TEXT AS group_name,
    gap_us::BIGINT AS gap_us,
    entry_us::BIGINT AS entry_us,
    left_us::BIGINT AS left_us,
    doubt_us::BIGINT AS doubt_us,
    count(*)::BIGINT AS spell_count
FROM stepped
GROUP BY ALL
ORDER BY ALL
