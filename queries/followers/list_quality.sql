-- question: How good is each list, and what was made of it?
-- grain: one row per follow list
-- params: direction
-- reads: follow_scrapes, follow_decisions
WITH decided AS (
    SELECT
        scrape_id,
        decision,
        reason,
        decided_by,
        decided_at
    FROM follow_decisions
    QUALIFY row_number() OVER (PARTITION BY scrape_id ORDER BY number DESC) = 1
),

lists AS (
    SELECT
        id,
        observed_at,
        file_name,
        listed_count,
        reported_total,
        at_risk_count,
        added_count,
        missing_count,
        expected_missing,
        duplicate_count,
        verdict,
        why,
        coalesce(len(rejected_rows), 0) AS rejected_count,
        lag(observed_at) OVER (ORDER BY observed_at, file_name, id) AS previous_at
    FROM follow_scrapes
    WHERE direction = $direction
),

-- A run begins with every complete list on which something changed; those behind it say the same as it does.
believed AS (
    SELECT
        id,
        expected_missing,
        observed_at,
        file_name,
        coalesce(added_count = 0 AND missing_count = 0, FALSE) AS is_unchanged
    FROM lists
    WHERE verdict = 'complete'
),

numbered AS (
    SELECT
        id,
        expected_missing,
        observed_at,
        file_name,
        is_unchanged,
        count(*) FILTER (WHERE NOT is_unchanged) OVER (
            ORDER BY observed_at, file_name, id ROWS UNBOUNDED PRECEDING
        ) AS run
    FROM believed
),

runs AS (
    SELECT
        id,
        count(*) FILTER (WHERE is_unchanged) OVER following_run AS unchanged_in_a_row,
        sum(expected_missing) FILTER (WHERE is_unchanged) OVER following_run AS unchanged_expected
    FROM numbered
    WINDOW following_run AS (
        PARTITION BY run
        ORDER BY observed_at, file_name, id ROWS UNBOUNDED PRECEDING
    )
)

SELECT
    lists.id::TEXT AS scrape_id,
    lists.observed_at,
    lists.listed_count::BIGINT AS listed_count,
    lists.reported_total::BIGINT AS reported_total,
    lists.at_risk_count::BIGINT AS at_risk_count,
    lists.added_count::BIGINT AS added_count,
    lists.missing_count::BIGINT AS missing_count,
    lists.expected_missing,
    lists.verdict,
    lists.why,
    decided.decision,
    decided.reason AS decision_reason,
    decided.decided_by,
    decided.decided_at,
    lists.duplicate_count::BIGINT AS duplicate_count,
    lists.rejected_count::BIGINT AS rejected_count,
    epoch(lists.observed_at - lists.previous_at) / 3600 AS hours_since_previous,
    coalesce(runs.unchanged_in_a_row, 0)::BIGINT AS unchanged_in_a_row,
    runs.unchanged_expected,
    lists.file_name
FROM lists
LEFT JOIN decided ON lists.id = decided.scrape_id
LEFT JOIN runs ON lists.id = runs.id
ORDER BY lists.observed_at, lists.file_name, lists.id
