"""Which pictures look alike, for a person to judge?"""

from __future__ import annotations

from polars.testing import assert_frame_equal

from mhc_lab.analytics.near_duplicates import near_duplicates
from tests.support.tables import mirror_of, table

STORAGES = """
    id | name
    s  | ssd
"""
PERSONS = """
    id | username | is_excluded
    a  | ann      | no
    b  | bo       | no
    x  | spam     | yes
"""
FILES = """
    id | storage_id | person_id | relative_path | byte_id | width | height | size_bytes | look_id                 | created_at | deleted_at
    1  | s          | a         | small.jpg     | f1      | 10    | 10     | 100        | phash1:ff00000000000000 | 2026-01-01 | -
    2  | s          | a         | large.jpg     | f2      | 40    | 30     | 900        | phash1:ff00000000000001 | 2026-01-02 | -
    3  | s          | a         | copy.jpg      | f2      | 40    | 30     | 900        | phash1:ff00000000000001 | 2026-01-03 | -
    4  | s          | a         | resaved.jpg   | f4      | 40    | 29     | 700        | phash1:ff00000000000001 | 2026-01-04 | -
    5  | s          | b         | bo.jpg        | f5      | 50    | 50     | 950        | phash1:ff00000000000003 | 2026-01-05 | -
    6  | s          | -         | lost.jpg      | f6      | 1     | 1      | 10         | phash1:ff00000000000000 | 2026-01-06 | -
    7  | s          | a         | other.jpg     | f7      | 40    | 30     | 900        | phash1:00000000000000ff | 2026-01-07 | -
    8  | s          | a         | deleted.jpg   | f8      | 40    | 30     | 900        | phash1:ff00000000000001 | 2026-01-08 | 2026-02-01
    9  | s          | x         | spam.jpg      | f9      | 40    | 30     | 900        | phash1:ff00000000000001 | 2026-01-09 | -
    10 | s          | a         | video.mp4     | f10     | 40    | 30     | 900        | -                       | 2026-01-10 | -
"""


def test_each_picture_is_told_once_for_its_person_with_what_it_looks_like_as_a_number() -> None:
    told = mirror_of(persons=PERSONS, file_storages=STORAGES, media_locator=FILES).query("media/look_ids")

    assert told.select("media_id", "username", "place", "look").rows() == [
        ("1", "ann", "ssd:small.jpg", 0xFF << 56),
        ("2", "ann", "ssd:large.jpg", (0xFF << 56) + 1),
        ("4", "ann", "ssd:resaved.jpg", (0xFF << 56) + 1),
        ("5", "bo", "ssd:bo.jpg", (0xFF << 56) + 3),
        ("6", None, "ssd:lost.jpg", 0xFF << 56),
        ("7", "ann", "ssd:other.jpg", 0xFF),
    ]


def test_pictures_of_one_person_are_told_side_by_side_the_larger_first() -> None:
    found = near_duplicates(mirror_of(persons=PERSONS, file_storages=STORAGES, media_locator=FILES))

    expected = table("""
        distance | place         | other_place     | width | other_width
        0        | ssd:large.jpg | ssd:resaved.jpg | 40    | 40
        1        | ssd:large.jpg | ssd:small.jpg   | 40    | 10
    """)
    assert_frame_equal(found.frame.select(expected.columns), expected, check_dtypes=False)
    assert repr(found) == "2 pairs of pictures that look alike · 3 pictures"


def test_those_of_others_and_of_nobody_known_are_told_when_asked_for() -> None:
    found = near_duplicates(
        mirror_of(persons=PERSONS, file_storages=STORAGES, media_locator=FILES), across_persons=True
    )

    assert found.frame.select("distance", "place", "other_place").rows() == [
        (0, "ssd:large.jpg", "ssd:resaved.jpg"),
        (0, "ssd:small.jpg", "ssd:lost.jpg"),
        (1, "ssd:large.jpg", "ssd:small.jpg"),
        (1, "ssd:bo.jpg", "ssd:large.jpg"),
        (2, "ssd:bo.jpg", "ssd:small.jpg"),
    ]


def test_both_are_shown_with_their_sizes() -> None:
    found = near_duplicates(mirror_of(persons=PERSONS, file_storages=STORAGES, media_locator=FILES), distance=0)

    assert found.pairs == 1
    assert "ann\nssd:large.jpg\n40 × 30" in found._repr_html_()
    assert "ann\nssd:resaved.jpg\n40 × 29" in found._repr_html_()
