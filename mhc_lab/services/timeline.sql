-- question: What is there to tell of one person, each thing once?
-- grain: one row per thing: when, of which kind, in which table under which key
-- params: person
-- reads: profile_notes, attribute_history, profile_relationship_history, collaborations, alternate_accounts, person_aliases,
--        follow_history, event_logs, interactions
--
-- An interaction that names its event is that event. One that names none, as older programs wrote them and as people type them, is taken for
-- an event of the same act with the same tokens or words within a minute. Where several come close together, as many interactions go as there
-- are events, the nearest first: two tips that were told twice stay two.
WITH
acts (act, kind, method, type) AS (
    VALUES
    ('chat', 'chat', 'chatMessage', 'CHAT_MESSAGE'),
    ('message', 'message', 'privateMessage', 'PRIVATE_MESSAGE'),
    ('message', 'message', 'directMessage', 'DIRECT_MESSAGE'),
    ('tip', 'tip', 'tip', 'TIP_EVENT'),
    ('purchase', 'purchase', 'mediaPurchase', 'MEDIA_PURCHASE'),
    ('join', 'purchase', 'fanclubJoin', 'FANCLUB_JOIN'),
    ('enter', 'visit', 'userEnter', 'USER_ENTER'),
    ('leave', 'visit', 'userLeave', 'USER_LEAVE'),
    ('follow', 'follow', 'follow', 'FOLLOW'),
    ('unfollow', 'follow', 'unfollow', 'UNFOLLOW')
),

events AS (
    SELECT event_logs.id, event_logs.happened_at AS at, acts.act, acts.kind, event_logs.tokens, event_logs.content
    FROM event_logs
    LEFT JOIN acts ON event_logs.method = acts.method
    WHERE event_logs.person_id = :person
),

done AS (
    SELECT
        interactions.id,
        interactions.happened_at AS at,
        acts.act,
        acts.kind,
        CASE WHEN interactions.metadata ->> 'tokens' ~ '^[0-9]{1,18}$' THEN (interactions.metadata ->> 'tokens')::bigint END AS tokens,
        interactions.content,
        interactions.source
    FROM interactions
    LEFT JOIN acts ON interactions.type = acts.type
    WHERE
        interactions.person_id = :person
        AND NOT EXISTS (SELECT FROM events WHERE events.id = interactions.event_log_id)
),

told AS (
    SELECT id, at, act, tokens, content, true AS is_event
    FROM events
    WHERE act IS NOT NULL AND EXISTS (SELECT FROM done)
    UNION ALL
    SELECT id, at, act, tokens, content, false AS is_event
    FROM done
    WHERE act IS NOT NULL
),

likenesses AS (
    SELECT id, at, act, is_event, 'tokens ' || tokens AS likeness
    FROM told
    WHERE tokens IS NOT NULL
    UNION ALL
    SELECT id, at, act, is_event, 'words ' || md5(content) AS likeness
    FROM told
    WHERE content <> '' AND act IN ('chat', 'message', 'tip', 'purchase')
    UNION ALL
    SELECT id, at, act, is_event, 'nothing' AS likeness
    FROM told
    WHERE act NOT IN ('chat', 'message', 'tip', 'purchase')
),

steps AS (
    SELECT
        id,
        at,
        act,
        is_event,
        likeness,
        at - lag(at) OVER alike > interval '60 seconds' AS is_far,
        least(
            at - max(at) FILTER (WHERE is_event) OVER alike,
            min(at) FILTER (WHERE is_event) OVER backwards - at
        ) AS distance
    FROM likenesses
    WINDOW
        alike AS (PARTITION BY act, likeness ORDER BY at),
        backwards AS (PARTITION BY act, likeness ORDER BY at DESC)
),

islands AS (
    SELECT
        id,
        act,
        likeness,
        is_event,
        distance,
        count(*) FILTER (WHERE is_far) OVER (PARTITION BY act, likeness ORDER BY at) AS island
    FROM steps
),

counted AS (
    SELECT
        id,
        is_event,
        distance,
        count(*) FILTER (WHERE is_event) OVER (PARTITION BY act, likeness, island) AS event_count,
        row_number() OVER (PARTITION BY act, likeness, island, is_event ORDER BY distance, id) AS nearness
    FROM islands
),

repeated AS (
    SELECT id
    FROM counted
    WHERE NOT is_event AND distance <= interval '60 seconds' AND nearness <= event_count
),

things AS (
    SELECT noted_at AS at, 'note' AS kind, 'profile_notes' AS place, id::text AS key
    FROM profile_notes
    WHERE person_id = :person AND deleted_at IS NULL
    UNION ALL
    SELECT changed_at AS at, 'attribute' AS kind, 'attribute_history' AS place, lpad(id::text, 19, '0') AS key
    FROM attribute_history
    WHERE person_id = :person AND coalesce(old_value, false) <> new_value
    UNION ALL
    SELECT changed_at AS at, 'relationship' AS kind, 'profile_relationship_history' AS place, lpad(id::text, 19, '0') AS key
    FROM profile_relationship_history
    WHERE :person IN (person_id, related_person_id)
    UNION ALL
    SELECT first_seen_at AS at, 'collaboration' AS kind, 'collaborations' AS place, id::text AS key
    FROM collaborations
    WHERE :person IN (person_a_id, person_b_id)
    UNION ALL
    SELECT first_seen_at AS at, 'account' AS kind, 'alternate_accounts' AS place, id::text AS key
    FROM alternate_accounts
    WHERE :person IN (person_a_id, person_b_id)
    UNION ALL
    SELECT valid_to AS at, 'rename' AS kind, 'person_aliases' AS place, id::text AS key
    FROM person_aliases
    WHERE person_id = :person AND valid_to IS NOT NULL
    UNION ALL
    SELECT at, 'follow' AS kind, 'follow_history' AS place, id::text AS key
    FROM follow_history
    WHERE person_id = :person
    UNION ALL
    SELECT at, coalesce(kind, 'room') AS kind, 'event_logs' AS place, id::text AS key
    FROM events
    WHERE kind IS DISTINCT FROM 'follow'
    UNION ALL
    SELECT at, coalesce(kind, 'note') AS kind, 'interactions' AS place, id::text AS key
    FROM done
    WHERE (kind IS DISTINCT FROM 'follow' OR source <> 'cb_events') AND id NOT IN (SELECT id FROM repeated)
)

SELECT at, kind, place COLLATE "C" AS place, key COLLATE "C" AS key
FROM things
