"""What is known of everybody now? Which source is believed is decided in PostgreSQL: see the integration tests."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mhc_lab.core.errors import MirrorError
from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

_STATE = """
    username | role   | display_name | age | gender | location | country | current_show | room_subject | followers | viewers | rank
    cy       | VIEWER | -            | -   | -      | -        | -       | -            | -            | -         | -       | -
    ann      | MODEL  | Ann          | 25  | f      | Porto    | PT      | public       | Hello        | 1200      | 31      | 12
"""
_REST = """
    grank: int | tags: texts | image_url | image_path | following: bool | follower: bool | following_checked_at | follower_checked_at
    -          | -           | -         | -          | no              | yes            | -                    | 2026-03-01
    4          | new boots   | u         | p          | yes             | no             | 2026-03-02           | -
"""
_COUNTS = """
    interaction_count | snapshot_count | affiliate_last_seen: time | cbhours_last_seen: time | has_cbhours_trophy | source
    -                 | 0              | -                         | -                       | -                  | list_scrape
    -                 | 7              | 2026-03-02 20:00          | 2026-03-02 19:30        | yes                | cbhours
"""
_SEEN = """
    first_seen_at | last_seen_at
    2026-01-01    | 2026-03-01
    2026-01-02    | 2026-03-02
"""


def test_everybody_is_a_row_in_order_of_name_and_nothing_is_changed() -> None:
    state = pl.concat(map(table, (_STATE, _REST, _COUNTS, _SEEN)), how="horizontal")
    mirror = Mirror.from_tables({"v_person_current_state": state})

    found = mirror.query("people/current_state")

    assert_frame_equal(found, state.reverse())


def test_a_mirror_without_the_state_says_what_to_do() -> None:
    mirror = mirror_of(persons="id | username")

    with pytest.raises(MirrorError, match="v_person_current_state"):
        mirror.query("people/current_state")
