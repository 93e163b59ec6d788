"""Which files are there more than once, byte for byte?"""

from __future__ import annotations

from polars.testing import assert_frame_equal

from tests.support.tables import mirror_of, table

STORAGES = """
    id | name
    s  | ssd
    t  | attic
"""
PERSONS = """
    id | username | is_excluded
    a  | ann      | no
    b  | bo       | yes
"""


def test_copies_on_every_storage_count_and_the_largest_saving_comes_first() -> None:
    mirror = mirror_of(
        persons=PERSONS,
        file_storages=STORAGES,
        media_locator="""
            byte_id | storage_id | person_id | relative_path | size_bytes | deleted_at
            f1      | s          | a         | x.jpg         | 10         | -
            f1      | t          | a         | y.jpg         | 10         | -
            f1      | s          | -         | w.jpg         | 10         | -
            f2      | s          | a         | big.jpg       | 900        | -
            f2      | s          | a         | big2.jpg      | 900        | -
            f3      | s          | a         | once.jpg      | 5000       | -
        """,
    )

    groups = mirror.query("media/exact_duplicates")

    expected = table("""
        byte_id | copy_count | size_bytes | reclaimable_bytes | paths: texts      | storages: texts | persons: texts
        f2      | 2          | 900        | 900               | big.jpg big2.jpg  | ssd             | ann
        f1      | 3          | 10         | 20                | y.jpg w.jpg x.jpg | attic ssd       | ann
    """)
    assert_frame_equal(groups, expected)


def test_a_copy_that_was_removed_is_no_copy() -> None:
    mirror = mirror_of(
        persons=PERSONS,
        file_storages=STORAGES,
        media_locator="""
            byte_id | storage_id | person_id | relative_path | size_bytes | deleted_at
            f1      | s          | a         | x.jpg         | 10         | -
            f1      | s          | a         | y.jpg         | 10         | 2026-01-01
        """,
    )

    groups = mirror.query("media/exact_duplicates")

    assert groups.height == 0


def test_an_excluded_person_is_not_named_beside_the_copies() -> None:
    mirror = mirror_of(
        persons=PERSONS,
        file_storages=STORAGES,
        media_locator="""
            byte_id | storage_id | person_id | relative_path | size_bytes | deleted_at
            f1      | s          | b         | x.jpg         | 10         | -
            f1      | s          | b         | y.jpg         | 10         | -
        """,
    )

    groups = mirror.query("media/exact_duplicates")

    assert groups["persons"].to_list() == [[]]
