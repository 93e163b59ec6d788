-- question: What is wrong with files, how large are they, and since when is it known?
-- grain: one row per storage and problem
-- params: none
-- reads: media_locator, file_storages
SELECT
    file_storages.name AS storage,
    media_locator.problem,
    count(*) AS file_count,
    sum(media_locator.size_bytes)::BIGINT AS size_bytes,
    min(media_locator.problem_at) AS first_found_at
FROM media_locator
INNER JOIN file_storages ON media_locator.storage_id = file_storages.id
WHERE media_locator.deleted_at IS NULL AND media_locator.problem IS NOT NULL
GROUP BY file_storages.name, media_locator.problem
ORDER BY file_storages.name, media_locator.problem
