-- question: Of those who came in the same week or month, how many still follow so many weeks later?
-- grain: one row per cohort and week of age that anybody of it was watched for
-- params: direction, as_of, every
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

-- Whole microseconds: a division is all that a week costs. Spells that go on have a far end (2200): arithmetic with
-- NULLs costs more. Those who were there before we looked are no cohort.
spells AS (
    SELECT
        epoch_us(follow_spells.started_at) AS started_us,
        coalesce(
            date_sub('microsecond', follow_spells.started_at, follow_spells.ended_at), 7258118400000000
        ) AS stayed_us,
        date_sub('microsecond', follow_spells.started_at, $as_of) AS watched_us
    FROM follow_spells
    ANTI JOIN excluded ON follow_spells.person_id = excluded.id
    WHERE
        follow_spells.direction = $direction
        AND follow_spells.started_after IS NOT NULL
        AND follow_spells.started_at <= $as_of
),

-- The first week of age without them, and the last that could be watched. 1970-01-01 was a Thursday.
aged AS (
    SELECT
        CASE
            WHEN $every = 'week' THEN (started_us + 259200000000) // 604800000000
            ELSE date_diff('month', TIMESTAMP '1970-01-01', make_timestamp(started_us))
        END AS cohort_number,
        (stayed_us + 604799999999) // 604800000000 AS gone_week,
        watched_us // 604800000000 AS watched_week,
        count(*) AS spell_count
    FROM spells
    GROUP BY ALL
),

-- Everybody is watched and there at first; then some go, and of some, gone or not, nothing is known any more.
steps AS (
    SELECT
        cohort_number,
        gone_week AS age_weeks,
        spell_count AS gone_count,
        0 AS unwatched_count,
        0 AS unwatched_open_count
    FROM aged
    WHERE gone_week <= watched_week

    UNION ALL

    SELECT
        cohort_number,
        watched_week + 1 AS age_weeks,
        0 AS gone_count,
        spell_count AS unwatched_count,
        CASE WHEN gone_week <= watched_week THEN 0 ELSE spell_count END AS unwatched_open_count
    FROM aged
),

summed AS (
    SELECT
        cohort_number,
        age_weeks,
        sum(gone_count) AS gone_count,
        sum(unwatched_count) AS unwatched_count,
        sum(unwatched_open_count) AS unwatched_open_count
    FROM steps
    GROUP BY cohort_number, age_weeks
),

members AS (
    SELECT
        cohort_number,
        sum(spell_count) AS member_count,
        max(watched_week) AS oldest_week,
        CASE
            WHEN $every = 'week' THEN TIMESTAMP '1969-12-29' + to_days(7 * cohort_number::INTEGER)
            ELSE TIMESTAMP '1970-01-01' + to_months(cohort_number::INTEGER)
        END AS cohort_from,
        CASE
            WHEN $every = 'week' THEN TIMESTAMP '1970-01-05' + to_days(7 * cohort_number::INTEGER)
            ELSE TIMESTAMP '1970-01-01' + to_months(cohort_number::INTEGER + 1)
        END AS cohort_to
    FROM aged
    GROUP BY cohort_number
),

cells AS (
    SELECT
        cohort_number,
        cohort_from,
        cohort_to,
        member_count,
        unnest(generate_series(0, oldest_week)) AS age_weeks
    FROM members
),

counted AS (
    SELECT
        cells.cohort_from,
        cells.cohort_to,
        cells.age_weeks,
        cells.member_count,
        cells.member_count - sum(coalesce(summed.unwatched_count, 0)) OVER older AS observed_count,
        cells.member_count
        - sum(coalesce(summed.gone_count, 0) + coalesce(summed.unwatched_open_count, 0)) OVER older AS retained_count
    FROM cells
    LEFT JOIN summed ON cells.cohort_number = summed.cohort_number AND cells.age_weeks = summed.age_weeks
    WINDOW older AS (
        PARTITION BY cells.cohort_number
        ORDER BY cells.age_weeks ROWS UNBOUNDED PRECEDING
    )
)

SELECT
    cohort_from::DATE AS cohort_on,
    age_weeks::BIGINT AS age_weeks,
    member_count::BIGINT AS member_count,
    observed_count::BIGINT AS observed_count,
    retained_count::BIGINT AS retained_count,
    epoch_us(cohort_to) + age_weeks * 604800000000 <= epoch_us($as_of) AS is_complete
FROM counted
ORDER BY cohort_on, age_weeks
