-- question: What was set aside, and how much of it has a copy that stays?
-- grain: one row per storage and state, without what came back or was purged
-- params: none
-- reads: quarantined_files, file_storages
SELECT
    file_storages.name AS storage,
    quarantined_files.state,
    count(*) AS file_count,
    sum(quarantined_files.size_bytes)::BIGINT AS size_bytes,
    count(quarantined_files.keeper_id) AS kept_elsewhere_count,
    min(quarantined_files.set_aside_at) AS first_set_aside_at
FROM quarantined_files
INNER JOIN file_storages ON quarantined_files.storage_id = file_storages.id
WHERE quarantined_files.state NOT IN ('back', 'purged')
GROUP BY file_storages.name, quarantined_files.state
ORDER BY file_storages.name, quarantined_files.state
