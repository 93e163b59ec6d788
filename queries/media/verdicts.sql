-- question: What are the files, and which of them cannot be read?
-- grain: one row per verdict; files nobody has looked into yet are "waiting"
-- params: none
-- reads: media_locator
SELECT
    coalesce(verdict, 'waiting') AS verdict,
    count(*) AS file_count,
    sum(size_bytes)::BIGINT AS size_bytes
FROM media_locator
WHERE deleted_at IS NULL
GROUP BY ALL
ORDER BY verdict
