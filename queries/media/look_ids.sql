-- question: Which pictures are there to be compared by what they look like, each once for each person?
-- grain: one row per byte id and person, of nobody known too, among live files with a look id; the oldest copy
-- params: none
-- reads: media_locator, file_storages, persons
SELECT
    media_locator.id::VARCHAR AS media_id,
    media_locator.person_id::VARCHAR AS person_id,
    persons.username,
    file_storages.name || ':' || media_locator.relative_path AS place,
    media_locator.byte_id,
    media_locator.width::INTEGER AS width,
    media_locator.height::INTEGER AS height,
    media_locator.size_bytes::BIGINT AS size_bytes,
    ('0x' || substr(media_locator.look_id, 8))::UBIGINT AS look
FROM media_locator
INNER JOIN file_storages ON media_locator.storage_id = file_storages.id
LEFT JOIN persons ON media_locator.person_id = persons.id
WHERE
    media_locator.deleted_at IS NULL
    AND media_locator.look_id LIKE 'phash1:%'
    AND NOT coalesce(persons.is_excluded, FALSE)
QUALIFY
    row_number() OVER (
        PARTITION BY media_locator.byte_id, media_locator.person_id ORDER BY media_locator.created_at, media_locator.id
    ) = 1
ORDER BY media_locator.byte_id, media_locator.person_id
