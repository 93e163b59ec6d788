-- question: Of those who came in the same week or month, how many still follow so many weeks later?
-- grain: one row per cohort and week of age that anybody of it was watched for
-- params: direction, as_of, every
-- reads: persons, follow_spells
WITH excluded AS (
    SELECT id
    FROM persons
    WHERE is_excluded
),

-- Whole microseconds: a division is all that a week costs. Those who were there before we looked are no cohort.
spells AS (
    SELECT
        epoch_us(follow_spells.started_at) AS started_us,
        epoch_us(follow_spells.ended_at) - epoch_us(follow_spells.started_at) AS stayed_us,
        epoch_us($as_of) - epoch_us(follow_spells.started_at) AS watched_us
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

dated AS (
    SELECT
        cohort_number,
        gone_week,
        watched_week,
        spell_count,
        CASE
            WHEN $every = 'week' THEN TIMESTAMP '1969-12-29' + to_days(7 * cohort_number::INTEGER)
            ELSE TIMESTAMP '1970-01-01' + to_months(cohort_number::INTEGER)
        END AS cohort_from,
        CASE
            WHEN $every = 'week' THEN TIMESTAMP '1970-01-05' + to_days(7 * cohort_number::INTEGER)
            ELSE TIMESTAMP '1970-01-01' + to_months(cohort_number::INTEGER + 1)
        END AS cohort_to
    FROM aged
),

members AS (
    SELECT
        cohort_number,
        cohort_from,
        cohort_to,
        sum(spell_count) AS member_count,
        max(watched_week) AS oldest_week
    FROM dated
    GROUP BY ALL
),

cells AS (
    SELECT
        cohort_number,
        cohort_from,
        cohort_to,
        member_count,
        unnest(generate_series(0, oldest_week)) AS age_weeks
    FROM members
)

SELECT
    cells.cohort_from::DATE AS cohort_on,
    cells.age_weeks::BIGINT AS age_weeks,
    cells.member_count::BIGINT AS member_count,
    sum(dated.spell_count)::BIGINT AS observed_count,
    coalesce(sum(dated.spell_count) FILTER (WHERE coalesce(dated.gone_week > cells.age_weeks, TRUE)), 0)::BIGINT
        AS retained_count,
    epoch_us(cells.cohort_to) + cells.age_weeks * 604800000000 <= epoch_us($as_of) AS is_complete
FROM cells
INNER JOIN dated ON cells.cohort_number = dated.cohort_number AND cells.age_weeks <= dated.watched_week
GROUP BY ALL
ORDER BY cohort_on, age_weeks
