-- question: Which lists were taken in, and what became of them?
-- grain: one row per follow list
-- params: direction
-- reads: follow_scrapes
SELECT
    file_name,
    observed_at,
    verdict,
    why,
    rejected_rows,
    duplicate_count::BIGINT AS duplicate_count
FROM follow_scrapes
WHERE direction = $direction
ORDER BY observed_at, file_name, id
