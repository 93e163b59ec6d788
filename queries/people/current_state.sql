-- question: What is known of everybody now, each thing from the first source that knows it?
-- grain: one row per person, by name
-- params: none
-- reads: v_person_current_state
SELECT
    username,
    role,
    display_name,
    age,
    gender,
    location,
    country,
    current_show,
    room_subject,
    followers,
    viewers,
    rank,
    grank,
    tags,
    image_url,
    image_path,
    following,
    follower,
    following_checked_at,
    follower_checked_at,
    interaction_count,
    snapshot_count,
    affiliate_last_seen,
    cbhours_last_seen,
    has_cbhours_trophy,
    source,
    first_seen_at,
    last_seen_at
FROM v_person_current_state
ORDER BY username
