-- question: What is registered in each storage, from which source, and how much of it is missing or damaged?
-- grain: one row per storage and source
-- params: none
-- reads: media_locator, file_storages
WITH counted AS (
    SELECT
        storage_id,
        source,
        count(*) FILTER (WHERE deleted_at IS NULL) AS file_count,
        coalesce(sum(size_bytes) FILTER (WHERE deleted_at IS NULL), 0)::BIGINT AS size_bytes,
        count(*) FILTER (WHERE deleted_at IS NOT NULL) AS deleted_count,
        count(*) FILTER (WHERE deleted_at IS NULL AND problem IS NOT NULL) AS problem_count,
        coalesce(sum(size_bytes) FILTER (WHERE deleted_at IS NULL AND problem = 'missing'), 0)::BIGINT AS missing_bytes,
        count(*) FILTER (WHERE deleted_at IS NULL AND verified_at IS NULL) AS unverified_count
    FROM media_locator
    GROUP BY storage_id, source
)

SELECT
    file_storages.name AS storage,
    file_storages.is_active,
    counted.source,
    counted.file_count,
    counted.size_bytes,
    counted.deleted_count,
    counted.problem_count,
    counted.missing_bytes,
    counted.unverified_count
FROM counted
INNER JOIN file_storages ON counted.storage_id = file_storages.id
ORDER BY file_storages.name, counted.source
