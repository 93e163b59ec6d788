-- question: Which files are there more than once, byte for byte, and what would one copy each save?
-- grain: one row per byte id that more than one live copy has, the largest saving first
-- params: none
-- reads: media_locator, file_storages, persons
SELECT
    media_locator.byte_id,
    count(*) AS copy_count,
    any_value(media_locator.size_bytes)::BIGINT AS size_bytes,
    ((count(*) - 1) * any_value(media_locator.size_bytes))::BIGINT AS reclaimable_bytes,
    list(media_locator.relative_path ORDER BY file_storages.name, media_locator.relative_path) AS paths,
    list(DISTINCT file_storages.name ORDER BY file_storages.name) AS storages,
    coalesce(
        list(DISTINCT persons.username ORDER BY persons.username) FILTER (WHERE persons.username IS NOT NULL), []
    ) AS persons
FROM media_locator
INNER JOIN file_storages ON media_locator.storage_id = file_storages.id
LEFT JOIN persons ON media_locator.person_id = persons.id AND NOT persons.is_excluded
WHERE media_locator.deleted_at IS NULL
GROUP BY media_locator.byte_id
HAVING count(*) > 1
ORDER BY reclaimable_bytes DESC, media_locator.byte_id ASC
