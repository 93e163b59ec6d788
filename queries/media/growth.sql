-- question: How many files came each month, and how large has the library been since?
-- grain: one row per month in which a live file was written, or registered when nobody says or that was earlier
-- params: none
-- reads: media_locator
WITH months AS (
    SELECT
        date_trunc('month', least(modified_at, created_at))::DATE AS month_on,
        count(*) AS file_count,
        sum(size_bytes)::BIGINT AS size_bytes
    FROM media_locator
    WHERE deleted_at IS NULL
    GROUP BY ALL
)

SELECT
    month_on,
    file_count,
    size_bytes,
    sum(file_count) OVER (ORDER BY month_on)::BIGINT AS total_count,
    sum(size_bytes) OVER (ORDER BY month_on)::BIGINT AS total_bytes
FROM months
ORDER BY month_on
