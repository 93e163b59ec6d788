-- question: How many files came from each source, how large are they, and how are they marked?
-- grain: one row per source
-- params: none
-- reads: media_locator
SELECT
    source,
    count(*) FILTER (WHERE deleted_at IS NULL) AS file_count,
    coalesce(sum(size_bytes) FILTER (WHERE deleted_at IS NULL), 0)::BIGINT AS size_bytes,
    count(*) FILTER (WHERE deleted_at IS NULL AND is_favorite) AS favorite_count,
    count(*) FILTER (WHERE deleted_at IS NULL AND len(tags) > 0) AS tagged_count,
    count(*) FILTER (WHERE deleted_at IS NULL AND verdict IN ('corrupt', 'refused')) AS flawed_count,
    count(*) FILTER (WHERE deleted_at IS NULL AND verdict IS NULL) AS unexamined_count,
    count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted_count
FROM media_locator
GROUP BY source
ORDER BY source
