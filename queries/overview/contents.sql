-- question: What is in the workbench, and how new is the newest of each kind?
-- grain: one row per kind of thing, also of kinds there are none of
-- params: none
-- reads: persons, follow_scrapes, follow_history, follow_spells, file_storages, media_locator, job_runs, audit_runs
WITH kinds (place, kind) AS (
    VALUES
    (1, 'persons'),
    (2, 'excluded persons'),
    (3, 'follow lists'),
    (4, 'follow events'),
    (5, 'followers now'),
    (6, 'storages'),
    (7, 'files'),
    (8, 'job runs'),
    (9, 'audit runs')
),

included AS (
    SELECT id AS person_id
    FROM persons
    WHERE NOT is_excluded
),

things AS (
    SELECT
        CASE WHEN is_excluded THEN 'excluded persons' ELSE 'persons' END AS kind,
        coalesce(excluded_at, created_at) AS since_at
    FROM persons

    UNION ALL

    SELECT
        'follow lists' AS kind,
        observed_at AS since_at
    FROM follow_scrapes

    UNION ALL

    SELECT
        'follow events' AS kind,
        follow_history.at AS since_at
    FROM follow_history
    SEMI JOIN included ON follow_history.person_id = included.person_id

    UNION ALL

    SELECT
        'followers now' AS kind,
        follow_spells.started_at AS since_at
    FROM follow_spells
    SEMI JOIN included ON follow_spells.person_id = included.person_id
    WHERE
        follow_spells.direction = 'followers'
        AND follow_spells.ended_at IS NULL

    UNION ALL

    SELECT
        'storages' AS kind,
        created_at AS since_at
    FROM file_storages

    UNION ALL

    SELECT
        'files' AS kind,
        created_at AS since_at
    FROM media_locator
    WHERE deleted_at IS NULL

    UNION ALL

    SELECT
        'job runs' AS kind,
        started_at AS since_at
    FROM job_runs

    UNION ALL

    SELECT
        'audit runs' AS kind,
        started_at AS since_at
    FROM audit_runs
)

SELECT
    kinds.kind,
    count(things.kind) AS row_count,
    max(things.since_at) AS newest_at
FROM kinds
LEFT JOIN things ON kinds.kind = things.kind
GROUP BY kinds.place, kinds.kind
ORDER BY kinds.place
