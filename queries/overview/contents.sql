-- question: What is in the workbench, and how new is the newest of each kind?
-- grain: one row per kind of thing, also of kinds there are none of
-- params: none
-- reads: persons, follow_scrapes, follow_history, follow_spells, profile_notes, collaborations, profile_relationships,
--        event_logs, interactions, file_storages, media_locator, job_runs, audit_runs
WITH kinds (place, kind) AS (
    VALUES
    (1, 'persons'),
    (2, 'excluded persons'),
    (3, 'follow lists'),
    (4, 'follow events'),
    (5, 'followers now'),
    (6, 'notes'),
    (7, 'collaborations'),
    (8, 'relationships'),
    (9, 'room events'),
    (10, 'interactions'),
    (11, 'storages'),
    (12, 'files'),
    (13, 'job runs'),
    (14, 'audit runs')
),

included AS (
    SELECT id AS person_id
    FROM persons
    WHERE NOT is_excluded
),

excluded AS (
    SELECT id AS person_id
    FROM persons
    WHERE is_excluded
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
        'notes' AS kind,
        profile_notes.created_at AS since_at
    FROM profile_notes
    SEMI JOIN included ON profile_notes.person_id = included.person_id
    WHERE profile_notes.deleted_at IS NULL

    UNION ALL

    SELECT
        'collaborations' AS kind,
        collaborations.first_seen_at AS since_at
    FROM collaborations
    SEMI JOIN included AS one ON collaborations.person_a_id = one.person_id
    SEMI JOIN included AS other ON collaborations.person_b_id = other.person_id

    UNION ALL

    SELECT
        'relationships' AS kind,
        profile_relationships.created_at AS since_at
    FROM profile_relationships
    SEMI JOIN included AS one ON profile_relationships.person_id = one.person_id
    SEMI JOIN included AS other ON profile_relationships.related_person_id = other.person_id

    UNION ALL

    SELECT
        'room events' AS kind,
        event_logs.happened_at AS since_at
    FROM event_logs
    ANTI JOIN excluded ON event_logs.person_id = excluded.person_id

    UNION ALL

    SELECT
        'interactions' AS kind,
        interactions.happened_at AS since_at
    FROM interactions
    SEMI JOIN included ON interactions.person_id = included.person_id

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
