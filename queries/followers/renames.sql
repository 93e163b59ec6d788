-- question: Who, of those who follow or did, took another name in the window?
-- grain: one row per name given up, newest first
-- params: direction, since, until
-- reads: persons, person_aliases, follow_spells
WITH known AS (
    SELECT DISTINCT person_id
    FROM follow_spells
    WHERE direction = $direction
)

SELECT
    person_aliases.alias AS name_before,
    persons.username,
    person_aliases.valid_to AS renamed_at
FROM person_aliases
INNER JOIN persons ON person_aliases.person_id = persons.id
SEMI JOIN known ON person_aliases.person_id = known.person_id
WHERE
    NOT persons.is_excluded
    AND person_aliases.alias <> persons.username
    AND person_aliases.valid_to > $since
    AND person_aliases.valid_to <= $until
ORDER BY renamed_at DESC, name_before ASC
