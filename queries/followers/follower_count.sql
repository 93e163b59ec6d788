-- question: How long was each list, and may it be believed?
-- grain: one row per follow list
-- params: direction
-- reads: follow_scrapes
SELECT
    observed_at,
    listed_count::BIGINT AS listed_count,
    reported_total::BIGINT AS reported_total,
    verdict,
    why
FROM follow_scrapes
WHERE direction = $direction
ORDER BY observed_at, file_name, id
