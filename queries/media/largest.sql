-- question: Which files are the largest?
-- grain: one row per live file, the largest first
-- params: shown
-- reads: media_locator, file_storages, persons
SELECT
    file_storages.name AS storage,
    media_locator.relative_path,
    persons.username,
    media_locator.source,
    media_locator.size_bytes
FROM media_locator
INNER JOIN file_storages ON media_locator.storage_id = file_storages.id
LEFT JOIN persons ON media_locator.person_id = persons.id AND NOT persons.is_excluded
WHERE media_locator.deleted_at IS NULL
ORDER BY media_locator.size_bytes DESC, file_storages.name ASC, media_locator.relative_path ASC
LIMIT $shown
