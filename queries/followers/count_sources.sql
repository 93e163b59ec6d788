-- question: How many followers did each source tell, and when?
-- grain: one row per source and bucket of the window, the newest in it; and the newest before the window
-- params: since, until, bucket_us
-- reads: persons, follow_scrapes, affiliate_api_snapshots, cbhours_live_stats, cbhours_activity
WITH broadcaster AS (
    SELECT id
    FROM persons
    WHERE is_self
),

told AS (
    SELECT
        'list' AS source,
        observed_at AS told_at,
        listed_count AS follower_count
    FROM follow_scrapes
    WHERE
        direction = 'followers'
        AND verdict = 'complete'

    UNION ALL

    SELECT
        'affiliate' AS source,
        affiliate_api_snapshots.observed_at AS told_at,
        affiliate_api_snapshots.num_followers AS follower_count
    FROM affiliate_api_snapshots
    SEMI JOIN broadcaster ON affiliate_api_snapshots.person_id = broadcaster.id

    UNION ALL

    SELECT
        'cbhours' AS source,
        cbhours_live_stats.checked_at AS told_at,
        cbhours_live_stats.followers AS follower_count
    FROM cbhours_live_stats
    SEMI JOIN broadcaster ON cbhours_live_stats.person_id = broadcaster.id

    UNION ALL

    SELECT
        'cbhours' AS source,
        cbhours_activity.segment_at AS told_at,
        cbhours_activity.followers AS follower_count
    FROM cbhours_activity
    SEMI JOIN broadcaster ON cbhours_activity.person_id = broadcaster.id
),

-- A source says 0 when it does not know; a list of no names is held, so it is not here.
placed AS (
    SELECT
        source,
        told_at,
        follower_count,
        CASE
            WHEN told_at > $since THEN (epoch_us(told_at) - epoch_us($since)) // $bucket_us
            ELSE -1
        END AS bucket
    FROM told
    WHERE
        follower_count > 0
        AND told_at <= $until
)

SELECT
    source,
    max(told_at) AS told_at,
    arg_max(follower_count, told_at)::BIGINT AS follower_count
FROM placed
GROUP BY source, bucket
ORDER BY told_at, source
