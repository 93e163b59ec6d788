-- question: Whose files take the most room, and who is near the limit?
-- grain: one row per person with live files, the most bytes first: the first ones, and everybody near the limit
-- params: limit_bytes, near_share, shown
-- reads: media_locator, persons
WITH totals AS (
    SELECT
        persons.username,
        count(*) AS file_count,
        sum(media_locator.size_bytes)::BIGINT AS size_bytes
    FROM media_locator
    INNER JOIN persons ON media_locator.person_id = persons.id
    WHERE media_locator.deleted_at IS NULL AND NOT persons.is_excluded
    GROUP BY persons.username
),

shares AS (
    SELECT
        username,
        file_count,
        size_bytes,
        size_bytes::DOUBLE / nullif($limit_bytes::BIGINT, 0) AS limit_share
    FROM totals
)

SELECT
    username,
    file_count,
    size_bytes,
    limit_share,
    coalesce(limit_share >= $near_share::DOUBLE, FALSE) AS is_near_limit
FROM shares
QUALIFY row_number() OVER (ORDER BY size_bytes DESC, username ASC) <= $shown OR limit_share >= $near_share::DOUBLE
ORDER BY size_bytes DESC, username ASC
