-- question: How many came and left in each period, out of how many, and how long were they watched?
-- grain: one row per calendar period of the window (UTC, weeks from Monday); the window may cut the first and the last
-- params: direction, since, until, every
-- reads: persons, follow_spells, follow_scrapes
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

spells AS (
    SELECT
        follow_spells.started_at,
        follow_spells.started_after,
        follow_spells.last_seen_at,
        follow_spells.ended_at,
        follow_spells.end_status
    FROM follow_spells
    ANTI JOIN excluded ON follow_spells.person_id = excluded.id
    WHERE
        follow_spells.direction = $direction
        AND follow_spells.started_at <= $until
),

-- A spell enters when it begins; it is left when it ends, and watched no longer than it was seen.
moves AS (
    SELECT
        started_at AS moved_at,
        1 AS entered,
        0 AS gone,
        0 AS provisional,
        (started_after IS NULL)::INTEGER AS baseline,
        1 AS watched
    FROM spells

    UNION ALL

    SELECT
        coalesce(ended_at, last_seen_at) AS moved_at,
        0 AS entered,
        (ended_at IS NOT NULL)::INTEGER AS gone,
        (end_status IS NOT DISTINCT FROM 'provisional')::INTEGER AS provisional,
        0 AS baseline,
        -1 AS watched
    FROM spells
),

-- What happens at the first instant of a period belongs to the one before it.
placed AS (
    SELECT
        CASE
            WHEN moved_at > $since THEN date_trunc($every, make_timestamp(epoch_us(moved_at) - 1))
        END AS calendar_from,
        epoch_us(moved_at) - epoch_us($since) AS offset_us,
        entered,
        gone,
        provisional,
        baseline,
        watched
    FROM moves
    WHERE moved_at <= $until
),

summed AS (
    SELECT
        calendar_from,
        sum(entered) AS entered,
        sum(gone) AS gone,
        sum(provisional) AS provisional,
        sum(baseline) AS baseline,
        sum(watched) AS watched,
        sum(watched * offset_us) AS watched_us
    FROM placed
    GROUP BY calendar_from
),

looked AS (
    SELECT
        date_trunc($every, make_timestamp(epoch_us(observed_at) - 1)) AS calendar_from,
        count(*) AS list_count
    FROM follow_scrapes
    WHERE
        direction = $direction
        AND verdict = 'complete'
        AND observed_at > $since
        AND observed_at <= $until
    GROUP BY calendar_from
),

step AS (
    SELECT
        CASE $every
            WHEN 'month' THEN INTERVAL 1 MONTH
            WHEN 'week' THEN INTERVAL 7 DAY
            ELSE INTERVAL 1 DAY
        END AS length,
        make_timestamp(epoch_us($since)) AS since,
        make_timestamp(epoch_us($until)) AS until
),

calendar AS (
    SELECT
        unnest(generate_series(date_trunc($every, since), until - INTERVAL 1 MICROSECOND, length)) AS calendar_from,
        length,
        since,
        until
    FROM step
),

-- The row without a place in the calendar holds all that was before.
periods AS (
    SELECT
        NULL::TIMESTAMP AS calendar_from,
        NULL::TIMESTAMP AS period_from,
        since AS period_to,
        FALSE AS is_whole
    FROM step

    UNION ALL

    SELECT
        calendar_from,
        greatest(calendar_from, since) AS period_from,
        least(calendar_from + length, until) AS period_to,
        calendar_from >= since AND calendar_from + length <= until AS is_whole
    FROM calendar
),

counted AS (
    SELECT
        periods.calendar_from,
        periods.period_from,
        periods.period_to,
        periods.is_whole,
        coalesce(summed.entered - summed.baseline, 0) AS gains,
        coalesce(summed.baseline, 0) AS baseline,
        coalesce(summed.gone, 0) AS losses,
        coalesce(summed.provisional, 0) AS provisional,
        sum(coalesce(summed.entered - summed.gone, 0)) OVER (ORDER BY periods.period_to) AS at_end,
        (epoch_us(periods.period_to) - epoch_us($since))
        * sum(coalesce(summed.watched, 0)) OVER (ORDER BY periods.period_to)
        - sum(coalesce(summed.watched_us, 0)) OVER (ORDER BY periods.period_to) AS watched_us
    FROM periods
    LEFT JOIN summed ON periods.calendar_from IS NOT DISTINCT FROM summed.calendar_from
),

chained AS (
    SELECT
        calendar_from,
        period_from,
        period_to,
        is_whole,
        gains,
        baseline,
        losses,
        provisional,
        at_end,
        lag(at_end) OVER (ORDER BY period_to) AS at_start,
        (watched_us - lag(watched_us) OVER (ORDER BY period_to)) / 86400e6 AS person_days
    FROM counted
)

SELECT
    chained.period_from::TIMESTAMPTZ AS starts_at,
    chained.period_to::TIMESTAMPTZ AS ends_at,
    chained.is_whole,
    coalesce(looked.list_count, 0)::BIGINT AS list_count,
    chained.at_start::BIGINT AS at_start,
    chained.gains::BIGINT AS gains,
    chained.baseline::BIGINT AS baseline,
    chained.losses::BIGINT AS losses,
    chained.provisional::BIGINT AS provisional,
    chained.at_end::BIGINT AS at_end,
    chained.person_days::DOUBLE AS person_days
FROM chained
LEFT JOIN looked ON chained.calendar_from = looked.calendar_from
WHERE chained.calendar_from IS NOT NULL
ORDER BY starts_at
