-- question: What does each of these things say?
-- grain: one row per thing of one person's timeline
-- params: person, longest, and the keys in each table
-- reads: profile_notes, attribute_history, attribute_definitions, profile_relationship_history, collaborations_view,
--        alternate_accounts_view, person_aliases, follow_history, event_logs, interactions, persons
WITH
me AS (
    SELECT username
    FROM persons
    WHERE is_self
),

ties AS (
    SELECT
        history.id,
        history.changed_by,
        history.after IS NULL AS is_over,
        history.person_id = :person AS is_theirs,
        other.username AS other,
        coalesce(history.after, history.before) AS said
    FROM profile_relationship_history AS history
    INNER JOIN persons AS other
        ON other.id = CASE WHEN history.person_id = :person THEN history.related_person_id ELSE history.person_id END
    WHERE history.id = ANY(:profile_relationship_history)
),

names AS (
    SELECT
        person_aliases.id,
        person_aliases.alias,
        coalesce(lead(person_aliases.alias) OVER (ORDER BY person_aliases.valid_from), persons.username) AS became
    FROM person_aliases
    INNER JOIN persons ON person_aliases.person_id = persons.id
    WHERE person_aliases.person_id = :person
),

things AS (
    SELECT
        'profile_notes' AS place,
        id::text AS key,
        CASE category
            WHEN 'pm' THEN 'Private messages' WHEN 'dm' THEN 'Direct messages' WHEN 'public_chat' THEN 'Chat log'
            WHEN 'tip_menu' THEN 'Tip menu' WHEN 'tips' THEN 'Tips' ELSE 'Note'
        END AS title,
        content AS text,
        NULL::bigint AS tokens,
        author AS source
    FROM profile_notes
    WHERE id = ANY(:profile_notes)
    UNION ALL
    SELECT
        'attribute_history' AS place,
        lpad(history.id::text, 19, '0') AS key,
        coalesce(known.label, history.attribute_key) || CASE WHEN history.new_value THEN ': yes' ELSE ': no' END AS title,
        '' AS text,
        NULL AS tokens,
        history.changed_by AS source
    FROM attribute_history AS history
    LEFT JOIN attribute_definitions AS known ON history.attribute_key = known.key
    WHERE history.id = ANY(:attribute_history)
    UNION ALL
    SELECT
        'profile_relationship_history' AS place,
        lpad(id::text, 19, '0') AS key,
        CASE WHEN is_over THEN 'No longer: ' ELSE '' END
        || CASE WHEN is_theirs THEN other || ' is their ' ELSE 'Is ' END
        || coalesce(nullif(said ->> 'custom_label', ''), said ->> 'type')
        || CASE WHEN is_theirs THEN '' ELSE ' of ' || other END
        || ' (' || replace(said ->> 'status', '_', ' ') || ')' AS title,
        said ->> 'notes' AS text,
        NULL AS tokens,
        changed_by AS source
    FROM ties
    UNION ALL
    SELECT
        'collaborations' AS place,
        pair.id::text AS key,
        'On camera with ' || other.username AS title,
        pair.notes AS text,
        NULL AS tokens,
        '' AS source
    FROM collaborations_view AS pair
    INNER JOIN persons AS other ON pair.collaborator_id = other.id
    WHERE pair.id = ANY(:collaborations) AND pair.person_id = :person
    UNION ALL
    SELECT
        'alternate_accounts' AS place,
        pair.id::text AS key,
        'Is also ' || other.username AS title,
        pair.notes AS text,
        NULL AS tokens,
        '' AS source
    FROM alternate_accounts_view AS pair
    INNER JOIN persons AS other ON pair.alternate_id = other.id
    WHERE pair.id = ANY(:alternate_accounts) AND pair.person_id = :person
    UNION ALL
    SELECT
        'person_aliases' AS place,
        id::text AS key,
        'Renamed from ' || alias || ' to ' || became AS title,
        '' AS text,
        NULL AS tokens,
        '' AS source
    FROM names
    WHERE id = ANY(:person_aliases)
    UNION ALL
    SELECT
        'follow_history' AS place,
        id::text AS key,
        CASE direction || ' ' || action
            WHEN 'followers follow' THEN 'Follows me' WHEN 'followers unfollow' THEN 'Follows me no longer'
            WHEN 'following follow' THEN 'Is followed by me' ELSE 'Is followed by me no longer'
        END AS title,
        CASE
            WHEN is_baseline THEN 'So it was when we first looked.'
            WHEN last_seen_at < first_missing_at THEN 'Some time after '
                || to_char(last_seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
                || CASE WHEN status = 'provisional' THEN ' UTC; provisional.' ELSE ' UTC.' END
            ELSE ''
        END AS text,
        NULL AS tokens,
        source
    FROM follow_history
    WHERE id = ANY(:follow_history)
    UNION ALL
    SELECT
        'event_logs' AS place,
        id::text AS key,
        CASE method
            WHEN 'chatMessage' THEN 'Chat' WHEN 'tip' THEN 'Tip' WHEN 'userEnter' THEN 'Came in' WHEN 'userLeave' THEN 'Left the room'
            WHEN 'fanclubJoin' THEN 'Joined the fan club' WHEN 'mediaPurchase' THEN 'Bought media'
            WHEN 'broadcastStart' THEN 'Broadcast began' WHEN 'broadcastStop' THEN 'Broadcast ended'
            WHEN 'roomSubjectChange' THEN 'New room subject'
            WHEN 'privateMessage' THEN CASE broadcaster WHEN '' THEN 'Direct message' ELSE 'Private message' END
            WHEN 'directMessage' THEN 'Direct message'
            ELSE method
        END
        || CASE
            WHEN method IN ('privateMessage', 'directMessage') AND lower(username) = (SELECT username FROM me) THEN ' from me'
            ELSE ''
        END
        || CASE
            WHEN broadcaster <> '' AND broadcaster <> (SELECT username FROM me) THEN ', in the room of ' || broadcaster
            ELSE ''
        END AS title,
        content AS text,
        tokens,
        'cb_events' AS source
    FROM event_logs
    WHERE id = ANY(:event_logs)
    UNION ALL
    SELECT
        'interactions' AS place,
        id::text AS key,
        CASE type
            WHEN 'CHAT_MESSAGE' THEN 'Chat' WHEN 'TIP_EVENT' THEN 'Tip' WHEN 'USER_ENTER' THEN 'Came in'
            WHEN 'USER_LEAVE' THEN 'Left the room' WHEN 'FANCLUB_JOIN' THEN 'Joined the fan club'
            WHEN 'MEDIA_PURCHASE' THEN 'Bought media' WHEN 'FOLLOW' THEN 'Follows me' WHEN 'UNFOLLOW' THEN 'Follows me no longer'
            WHEN 'MANUAL_NOTE' THEN 'Note' ELSE initcap(replace(type, '_', ' '))
        END AS title,
        content AS text,
        CASE WHEN metadata ->> 'tokens' ~ '^[0-9]{1,18}$' THEN (metadata ->> 'tokens')::bigint END AS tokens,
        source
    FROM interactions
    WHERE id = ANY(:interactions)
)

SELECT
    place,
    key,
    title,
    CASE WHEN length(text) > :longest THEN left(text, :longest) || '…' ELSE coalesce(text, '') END AS text,
    tokens,
    source
FROM things
