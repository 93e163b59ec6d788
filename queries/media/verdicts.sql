-- question: What are the files, and which of them cannot be read?
-- grain: one row per verdict
-- params: none
-- reads: media_locator
SELECT
    verdict,
    count(*) AS file_count,
    sum(size_bytes)::BIGINT AS size_bytes
FROM media_locator
WHERE deleted_at IS NULL
GROUP BY verdict
ORDER BY verdict
